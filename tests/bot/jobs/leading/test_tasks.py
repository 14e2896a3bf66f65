"""Who is to look at which job, as procrastinate's tables have it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from bot.clock import awake_or_not
from bot.jobs.leading import manager
from bot.jobs.leading.manager import FencedManager, Lost
from bot.jobs.leading.tasks import QUEUE, adopt, defer, prepare
from bot.store.database import Database
from tests.bot.databases import beside, only_postgres, place_database, rows

pytestmark = only_postgres

JOB = "a0b1c2d3e4"
TASKS = (
    "SELECT status::text, scheduled_at IS NULL, attempts, worker_id FROM procrastinate_jobs "
    "WHERE lock = ? ORDER BY id"
)
A_JOB = (
    "INSERT INTO jobs (id, revision, state, state_since, source, origin_id, server_id, "
    "channel_id, person_id, created_at, upload_limit_bytes) "
    "VALUES (?, 1, ?, 0, 'slash', ?, 1, 2, 3, 0, 0)"
)
DUE, LATER = ("todo", True, 0, None), ("todo", False, 0, None)


class Desk:
    """A database, and a worker's manager, which is `lost` as often as it is told so."""

    def __init__(self, folder: Path, database: Database, connector: PsycopgConnector) -> None:
        self.folder = folder
        self.database = database
        self.lost: list[str] = []
        self.workers = FencedManager(connector, lambda: self.lost.append("told"))

    async def defer(self, after_s: float) -> None:
        """Somebody is to look at the job."""
        await self.database.write(partial(defer, due={JOB: after_s}))

    async def fetch(self) -> tuple[int, Job]:
        """By a worker that has just come."""
        number = await self.workers.register_worker()
        job = await self.workers.fetch_job([QUEUE], number)
        assert job is not None
        return number, job

    def tasks(self) -> list[tuple[Any, ...]]:
        """Each of the job's: its state, whether it is due at once, how often it was planned anew,
        and whose it is."""
        return rows(self.folder, TASKS, JOB)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await Database.open(place_database(tmp_path), is_peer=True) as database:
        url = database.writer.engine.url
        _, dialled = url.get_dialect()().create_connect_args(url)
        connector = PsycopgConnector(conninfo="", kwargs=dialled, min_size=1, max_size=2)
        await connector.open_async()
        try:
            yield Desk(tmp_path, database, connector)
        finally:
            await connector.close_async()


async def test_a_job_has_one_task_that_waits(desk: Desk) -> None:
    await desk.defer(0.0)
    await desk.defer(0.0)
    await desk.defer(60.0)  # it is due already
    assert desk.tasks() == [DUE]


async def test_what_was_planned_for_later_is_due_now(desk: Desk) -> None:
    await desk.defer(60.0)
    assert desk.tasks() == [LATER]
    await desk.defer(0.0)
    assert desk.tasks() == [DUE]


async def test_what_changes_while_it_is_done_is_looked_at_again(desk: Desk) -> None:
    await desk.defer(0.0)
    number, job = await desk.fetch()
    await desk.defer(0.0)
    assert desk.tasks() == [("doing", True, 0, number), DUE]
    assert await desk.workers.fetch_job([QUEUE], number) is None
    await desk.workers.retry_job(job)  # planned anew, it would be one too many
    assert desk.tasks() == [DUE]


async def test_a_task_is_ended_only_by_who_has_it(desk: Desk) -> None:
    await desk.defer(0.0)
    _, mine = await desk.fetch()
    await desk.workers.retry_job(mine)  # as whoever found the worker dead
    number, theirs = await desk.fetch()
    await desk.workers.finish_job(mine, Status.SUCCEEDED, delete_job=True)
    await desk.workers.retry_job(mine)
    assert desk.tasks() == [("doing", False, 1, number)]
    await desk.workers.finish_job(theirs, Status.SUCCEEDED, delete_job=True)
    assert desk.tasks() == []


async def test_a_fetch_without_an_answer_keeps_no_task_from_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.defer(0.0)
    number, mine = await desk.fetch()
    await desk.database.write(partial(defer, due={"another": 0.0}))
    fetch = JobManager.fetch_job

    async def lose_the_answer(*given: Any) -> None:
        await fetch(*given)
        raise ConnectorException

    with monkeypatch.context() as lossy:
        lossy.setattr(JobManager, "fetch_job", lose_the_answer)
        assert await desk.workers.fetch_job([QUEUE], number) is None
    found = await desk.workers.fetch_job([QUEUE], number)
    assert (found and found.lock, mine.lock) == ("another", JOB)
    assert desk.tasks() == [("doing", True, 0, number)], "that one went on"


async def test_a_late_heartbeat_may_have_cost_everything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await desk.workers.register_worker()
    await desk.workers.update_heartbeat(number)
    assert not desk.lost
    late_s = manager.LOST_AFTER_S + 1.0
    monkeypatch.setattr(manager, "awake_or_not", lambda: awake_or_not() + late_s)
    with pytest.raises(Lost):
        await desk.workers.update_heartbeat(number)
    assert desk.lost == ["told"]


async def test_what_nobody_has_is_adopted_once(desk: Desk) -> None:
    with beside(desk.folder) as opened:
        opened.execute(A_JOB, (JOB, "queued", 1))
        opened.execute(A_JOB, ("ended", "cancelled", 2))
    assert await desk.database.write(adopt) == 1
    assert desk.tasks() == [DUE]
    assert await desk.database.write(adopt) == 0


async def test_a_start_of_the_bot_looks_at_all_there_is(desk: Desk) -> None:
    with beside(desk.folder) as opened:
        opened.execute(A_JOB, (JOB, "queued", 1))
    await desk.defer(3600.0)
    assert await desk.database.write(partial(adopt, is_start=True)) == 1
    assert desk.tasks() == [DUE]


async def test_the_tables_are_made_once_and_brought_up_to_date(desk: Desk) -> None:
    comment = "SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')"
    [(version,)] = rows(desk.folder, comment)
    await desk.database.write(prepare)
    assert rows(desk.folder, comment) == [(version,)]
    with beside(desk.folder) as opened:
        opened.execute("COMMENT ON TABLE procrastinate_jobs IS '3.9.0'")
    await desk.database.write(prepare)
    assert rows(desk.folder, comment) == [(version,)]


async def test_what_a_dead_worker_left_is_due_again_and_once(desk: Desk) -> None:
    due = {JOB: 0.0, "f5e4d3c2b1": 0.0}
    await desk.database.write(partial(defer, due=due))
    for _ in due:
        await desk.fetch()
    await desk.defer(0.0)  # something happened to one of them since
    assert await desk.workers.retry_stalled() == 0, "both are alive"
    with beside(desk.folder) as opened:
        opened.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '13 s'")
    assert await desk.workers.retry_stalled() == 2
    assert desk.tasks() == [DUE]
    other = rows(desk.folder, TASKS, "f5e4d3c2b1")
    assert [(state, attempts) for state, _, attempts, _ in other] == [("todo", 1)]
    assert await desk.workers.retry_stalled() == 0
