"""What procrastinate has planned, on a world's time; its own is the database's."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from procrastinate.jobs import Job
from procrastinate.psycopg_connector import PsycopgConnector
from sqlalchemy import Connection

from bot.jobs.leading.manager import FencedManager
from bot.jobs.leading.shared import Shared
from bot.store.group_commit import Changes
from tests.bot.databases import ON_POSTGRES
from tests.bot.life import pace

Rows = Callable[..., list[tuple[Any, ...]]]
"""Asks the database of the world."""

_MOVE = """
WITH planned AS (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND scheduled_at IS NOT NULL AND task_name = 'lead' {}
    FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - make_interval(secs => ?)
    WHERE id IN (SELECT id FROM planned) RETURNING id, lock, scheduled_at
)
SELECT lock, pg_notify(
    'procrastinate_queue_v1#jobs', json_build_object('type', 'job_inserted', 'job_id', id)::text
) FROM moved WHERE scheduled_at <= now()
"""

_moved_s = 0.0
_left_at: dict[str, float] = {}
_rows: Rows | None = None


def move(rows: Rows, seconds: float, only: str = "") -> None:
    """What was planned there comes by so much sooner."""
    global _moved_s, _rows
    if not ON_POSTGRES:
        return
    if not only:
        _moved_s, _rows = _moved_s + seconds, rows
    which, values = (" AND lock = ?", (only, seconds)) if only else ("", (seconds,))
    for job_id, _ in rows(_MOVE.format(which), *values):
        pace.asked["task", job_id] = time.monotonic()


def watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on its way to be led is at work; what is planned while time moves has moved, too."""
    _patch(monkeypatch, Shared)
    for name in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        monkeypatch.setattr(PsycopgConnector, name, _seen(getattr(PsycopgConnector, name)))
    end = FencedManager._end

    async def ended(self: FencedManager, job: Job, query: Any, **values: Any) -> None:
        await end(self, job, query, **values)
        late_s = _moved_s - _left_at.pop(job.lock or "", _moved_s)
        if values.get("wait_s") and late_s and _rows is not None:
            move(_rows, late_s, job.lock or "")

    monkeypatch.setattr(FencedManager, "_end", ended)


def _patch(monkeypatch: pytest.MonkeyPatch, shared: type[Shared]) -> None:
    save, looks, leaves = shared._save, shared.looks, shared.leaves

    def saved(self: Shared, connection: Connection, changes: list[Changes]) -> None:
        for each in changes:
            for job in each.jobs:
                if job.id in each.moved and job.id not in self._led and not job.awaits_reply:
                    pace.asked["task", job.id] = time.monotonic()
        save(self, connection, changes)

    def looked(self: Shared, job_id: str) -> None:
        pace.asked.pop(("task", job_id), None)
        looks(self, job_id)

    def left(self: Shared, job_id: str) -> bool:
        _left_at[job_id] = _moved_s
        return leaves(self, job_id)

    monkeypatch.setattr(shared, "_save", saved)
    monkeypatch.setattr(shared, "looks", looked)
    monkeypatch.setattr(shared, "leaves", left)


def _seen(asks: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def seen(*arguments: Any, **named: Any) -> Any:
        key = object()
        pace.asked[key] = time.monotonic()
        try:
            return await asks(*arguments, **named)
        finally:
            del pace.asked[key]

    return seen
