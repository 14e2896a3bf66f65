"""Of a long past no more is gone through than is shown, and what came of nothing is deleted."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.core.jobs import Failure, JobState, Source
from bot.errors import Problem
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, only_sqlite, place_database
from tests.bot.store.test_jobs import AT, LIMITS, begin, queue

SERVER, PERSON = 1, 3


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


@contextmanager
def overheard(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with their values."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        said.append((statement, values))

    engines = [each.engine for each in database._connections]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)


async def plans(store: Store, asked: Awaitable[object]) -> str:
    """How SQLite finds what this asks for."""
    with overheard(store.database) as said:
        await asked
    with beside(store.database) as opened:
        explained = [
            opened.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            for statement, values in said
            if statement.startswith(("SELECT", "DELETE"))
        ]
    return str(explained)


@only_sqlite
async def test_ones_newest_jobs_are_found_among_any_number_of_offers(store: Store) -> None:
    for server_id in (None, SERVER):
        plan = await plans(store, store.read.jobs_of(PERSON, server_id, 10))
        assert "USING INDEX jobs_by_person (person_id=?)" in plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan, "they stand in order already"


@only_sqlite
@pytest.mark.parametrize("person_id", [None, PERSON])
async def test_a_page_of_a_long_past_goes_through_no_more_than_its_lines(
    store: Store, person_id: int | None
) -> None:
    plan = await plans(store, store.audit_log.lines(SERVER, person_id=person_id, limit=10))
    name = "entries_by_wallet" if person_id else "entries_by_server"
    assert f"SEARCH entries USING INDEX {name}" in plan
    assert "SEARCH actions USING INDEX actions_by_server" in plan


async def test_what_came_to_nothing_is_forgotten_after_a_while(store: Store) -> None:
    refused = await begin(store, 1)
    await store.fail(refused, Failure(Problem.NOT_A_VIDEO, {"name": "x"}), AT)
    declined = await begin(store, 2, Source.MESSAGE)
    await store.cancel(declined, AT)
    decided = await begin(store, 3)
    await store.cancel_for(decided, actor_id=9, reason="spam", at=AT)
    paid_back = await queue(store, 4)
    await store.cancel(paid_back, AT)
    new = await begin(store, 5)
    await store.fail(new, Failure(Problem.INTERRUPTED), AT + 1)
    waiting = await queue(store, 6)

    assert await store.forget_unqueued(AT, 9) == 0
    assert [await store.forget_unqueued(AT + 1, 1) for _ in range(3)] == [1, 1, 0]
    kept = {job.id: job.state for job in await store.read.find()}
    assert kept == {
        decided.id: JobState.CANCELLED,
        paid_back.id: JobState.CANCELLED,
        new.id: JobState.FAILED,
        waiting.id: JobState.QUEUED,
    }


@only_sqlite
async def test_what_is_to_be_forgotten_is_found_by_an_index(store: Store) -> None:
    assert "USING INDEX jobs_to_forget" in await plans(store, store.forget_unqueued(AT, 9))
