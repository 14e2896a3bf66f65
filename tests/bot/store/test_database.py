"""The database file: migrated to what the tables say, locked for one bot, never torn."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Select, text
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import DBAPIError

from bot.errors import SettingsError, StaleJob, StoreError
from bot.store import group_commit
from bot.store.database import Database
from bot.store.group_commit import BATCH_S, PATIENCE_S, background
from bot.store.processes import tables as processes
from bot.store.rows import HAS_VIDEO, select_jobs
from bot.store.store import Store
from bot.store.tables import jobs, metadata
from tests.bot.databases import ROW, held, only_postgres, only_sqlite, place_nothing
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import LIMITS, begin


def url(folder: Path) -> str:
    """Where a start makes what is not there."""
    return place_nothing(folder)


def all_tables() -> MetaData:
    """Those that are copied, and those that are not."""
    together = MetaData()
    for known in (metadata, processes.metadata):
        for table in known.sorted_tables:
            table.to_metadata(together)
    return together


async def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        assert not await database.read(
            lambda opened: compare_metadata(MigrationContext.configure(opened), all_tables())
        )


def pragmas(connection: Connection) -> list[object]:
    """What a power cut, and a careless statement, depend on."""
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    return [connection.scalar(text(f"PRAGMA {name}")) for name in names]


@only_sqlite
@pytest.mark.parametrize("exclusive", [True, False])
async def test_every_connection_commits_to_the_disk_itself(tmp_path: Path, exclusive: bool) -> None:
    async with await Database.open(url(tmp_path), exclusive=True):
        pass
    async with await Database.open(url(tmp_path), exclusive=exclusive) as database:
        for run in (database.write, database.read):
            assert await run(pragmas) == ["wal", 2, 1, 1]


async def test_a_second_bot_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True):
        with pytest.raises(StoreError, match="Another bot is running"):
            await Database.open(url(tmp_path), exclusive=True)
        async with await Database.open(url(tmp_path)):
            pass
    async with await Database.open(url(tmp_path), exclusive=True):
        pass


async def test_a_second_bot_on_the_same_files_is_refused_whatever_its_database(
    tmp_path: Path,
) -> None:
    files, beside = tmp_path / "data", f"sqlite+aiosqlite:///{tmp_path / 'beside.db'}"
    async with await Database.open(url(tmp_path), is_peer=True, folder=files):
        with pytest.raises(StoreError, match=r"Another bot is running on .*data: stop it"):
            await Database.open(beside, is_peer=True, folder=files)
        assert not (tmp_path / "beside.db").exists()
    async with await Database.open(beside, is_peer=True, folder=files):
        with pytest.raises(StoreError, match=r"Another bot is running on .*data: stop it"):
            await Database.open(url(tmp_path), is_peer=True, folder=files)
    async with await Database.open(url(tmp_path), is_peer=True, folder=files):
        pass


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        await database.write(lambda opened: opened.execute(newer))
    for exclusive in (True, False):
        with pytest.raises(StoreError, match="newer version"):
            await Database.open(url(tmp_path), exclusive=exclusive)


async def test_looking_beside_the_bot_needs_its_schema(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="start the bot once"):
        await Database.open(url(tmp_path))


@only_sqlite
async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="DATA_DIR is wrong"):
        await Database.open(url(tmp_path / "file"), exclusive=True)


@asynccontextmanager
async def at_work(database: Database) -> AsyncIterator[None]:
    """The database's thread is in the middle of an event, and goes on at the end."""
    begun, goes_on = threading.Event(), threading.Event()

    def work(_: Connection) -> None:
        begun.set()
        assert goes_on.wait(10)

    event = asyncio.create_task(database.write(work))
    await asyncio.to_thread(begun.wait)
    try:
        yield
    finally:
        goes_on.set()
        await event


async def test_who_is_cancelled_before_their_turn_has_done_nothing(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        store = Store(database, LIMITS)
        async with at_work(database):
            task = asyncio.create_task(store.explain_once(7, 60.0, 1000.0))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await store.explain_once(7, 60.0, 1001.0) is True


async def test_cancelling_the_caller_does_not_tear_an_event(tmp_path: Path) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def event(connection: Connection) -> None:
        explain(connection, 7)
        begun.set()
        assert goes_on.wait(10)
        explain(connection, 8)

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        task = asyncio.create_task(database.write(event))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await database.read(explained) == [7, 8]


# --- many at once -----------------------------------------------------------------------------


def explain(connection: Connection, person_id: int) -> None:
    connection.execute(text(f"INSERT INTO explained VALUES ({person_id}, 1000.0)"))


def explained(connection: Connection) -> list[int]:
    """In the order of their rows."""
    return list(connection.scalars(text(f"SELECT person_id FROM explained ORDER BY {ROW}")))


async def test_events_that_wait_together_are_committed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "BATCH_S", 60.0)
    commits: list[Connection] = []
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        listen(database.writer.engine, "commit", commits.append)
        async with asyncio.TaskGroup() as group, at_work(database):
            for person_id in range(50):
                group.create_task(database.write(partial(explain, person_id=person_id)))
            await asyncio.sleep(0)
        assert await database.read(explained) == list(range(50))
        assert len(commits) <= 2


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_an_event_that_fails_undoes_itself_alone(tmp_path: Path, failing: int) -> None:
    def event(connection: Connection, number: int) -> None:
        explain(connection, number)
        if number == failing:
            raise LookupError

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        async with at_work(database):
            events = [
                asyncio.create_task(database.write(partial(event, number=number)))
                for number in (1, 2, 3)
            ]
            await asyncio.sleep(0)
        outcomes = await asyncio.gather(*events, return_exceptions=True)
        assert [isinstance(outcome, LookupError) for outcome in outcomes] == [
            number == failing for number in (1, 2, 3)
        ]
        assert await database.read(explained) == [n for n in (1, 2, 3) if n != failing]


@only_postgres
async def test_an_event_that_goes_on_after_a_failure_is_not_called_saved(tmp_path: Path) -> None:
    def event(connection: Connection) -> None:
        explain(connection, 1)
        with suppress(DBAPIError):
            connection.execute(text("SELECT 1 / 0"))

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        with pytest.raises(StoreError):
            await database.write(event)
        assert await database.read(explained) == []


async def test_a_commit_that_fails_fails_for_all_of_it(tmp_path: Path) -> None:
    def refuse(_: Connection) -> None:
        raise LookupError

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        listen(database.writer.engine, "commit", refuse)
        events = [database.write(partial(explain, person_id=number)) for number in (1, 2)]
        outcomes = await asyncio.gather(*events, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LookupError, LookupError]
        remove(database.writer.engine, "commit", refuse)
        assert await database.read(explained) == []
        await database.write(partial(explain, person_id=3))
        assert await database.read(explained) == [3]


async def test_who_asks_sees_what_was_saved_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while an older question, with an older view, is being answered, and one more waits."""
    monkeypatch.setattr("bot.store.group_commit.BATCH_S", 10.0)
    looked, go_on = threading.Event(), threading.Event()
    granted = text("SELECT sum(granted) FROM wallets")

    def slowly(connection: Connection) -> object:
        seen = connection.scalar(granted)
        looked.set()
        go_on.wait(10)
        return seen

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        first = asyncio.create_task(database.read(slowly))
        with background():
            behind = asyncio.create_task(database.read(lambda opened: opened.scalar(granted)))
        await asyncio.to_thread(looked.wait)
        await Store(database, LIMITS).grant(1, 2, 5, actor_id=0, reason="gift", at=1.0)
        second = asyncio.create_task(database.read(lambda opened: opened.scalar(granted)))
        await asyncio.sleep(0)
        go_on.set()
        assert (await first, await second) == (None, 5)
        await behind


async def test_whoever_somebody_waits_for_goes_first(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        async with asyncio.TaskGroup() as group, at_work(database):
            with background():
                for person_id in (1, 2):
                    group.create_task(database.write(partial(explain, person_id=person_id)))
            group.create_task(database.write(partial(explain, person_id=3)))
            await asyncio.sleep(0)
        assert await database.read(explained) == [3, 1, 2]


@pytest.mark.parametrize("people", [1, 2, 5])
@pytest.mark.parametrize("writes", [False, True])
async def test_whoever_asks_without_end_keeps_no_job_waiting(
    tmp_path: Path, people: int, writes: bool
) -> None:
    """Each question takes the whole of a batch's time."""
    asked = 0

    def slowly(_: Connection) -> None:
        nonlocal asked
        asked += 1
        time.sleep(2 * BATCH_S)

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        ask = database.write if writes else database.read

        async def without_end() -> None:
            while True:
                await ask(slowly)

        asking = [asyncio.create_task(without_end()) for _ in range(people)]
        await asyncio.sleep(0)
        with background():
            for _ in range(3):
                before = asked
                await ask(lambda _: None)
                assert asked - before <= 2 + PATIENCE_S / BATCH_S
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def test_listeners_hear_of_commits_in_their_order_and_of_no_failure(tmp_path: Path) -> None:
    heard: list[tuple[str, int]] = []
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        database.on_commit.append(
            lambda changes: heard.extend((job.id, job.revision) for job in changes.jobs)
        )
        store = Store(database, LIMITS)
        first, second = await begin(store, 1), await begin(store, 2)
        with pytest.raises(StaleJob):
            await store.cancel(replace(first, revision=7), 1000.0)
        await asyncio.gather(store.cancel(second, 1000.0), store.cancel(first, 1000.0))
        assert heard == [("j1", 1), ("j2", 1), ("j2", 2), ("j1", 2)]


async def test_a_command_beside_the_bot_waits_for_its_transaction(tmp_path: Path) -> None:
    """What an event has read is still so when it writes, whichever program writes too."""
    async with (
        await Database.open(url(tmp_path), exclusive=True) as database,
        await Database.open(url(tmp_path)) as beside,
    ):
        read, goes_on = threading.Event(), threading.Event()

        def explain(connection: Connection) -> None:
            assert connection.scalar(text("SELECT count(*) FROM explained")) == 0
            read.set()
            assert goes_on.wait(10)
            connection.execute(text("INSERT INTO explained VALUES (7, 1000.0)"))

        event = asyncio.create_task(database.write(explain))
        await asyncio.to_thread(read.wait)
        grant = asyncio.create_task(
            Store(beside, LIMITS).grant(1, 2, 5, actor_id=0, reason="gift", at=1000.0)
        )
        done, _ = await asyncio.wait({grant}, timeout=0.2)
        assert not done
        goes_on.set()
        await event
        await grant
        assert await Store(database, LIMITS).explain_once(7, 60.0, 1001.0) is False


@only_sqlite
async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "marionette.db").write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match=r"marionette.db cannot be used: file is not a database"):
        await Database.open(url(tmp_path), exclusive=True)


@only_sqlite
async def test_kept_videos_are_looked_up_by_an_index(tmp_path: Path) -> None:
    """There may be a million jobs, and everybody waits while files make room."""
    oldest = select_jobs().where(HAS_VIDEO).order_by(jobs.c.state_since, jobs.c.id).limit(20)
    over = select_jobs().where(HAS_VIDEO, jobs.c.state_since < 1.0).order_by(jobs.c.created_at)
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        plans = [await database.read(partial(plan, statement)) for statement in (oldest, over)]
    assert all("USING INDEX kept_videos" in plan for plan in plans), plans


def plan(statement: Select[Any], connection: Connection) -> str:
    """How SQLite finds its rows."""
    compiled = statement.compile(connection)
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all())


async def test_what_gathers_while_another_program_writes_is_committed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes: else programs that write by turns commit event by event."""
    clock, begins, commits = StoppedClock(), threading.Event(), list[Connection]()

    def begin(**how: bool) -> AbstractContextManager[Connection]:
        begins.set()
        return transaction(**how)

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        monkeypatch.setattr(group_commit, "time", clock)
        listen(database.writer.engine, "commit", commits.append)
        transaction = database.writer._link.transaction
        monkeypatch.setattr(database.writer._link, "transaction", begin)
        with held(tmp_path):
            waiting = [
                asyncio.create_task(database.write(partial(explain, person_id=person_id)))
                for person_id in range(5)
            ]
            await asyncio.to_thread(begins.wait)
            clock.now += 3 * BATCH_S
            assert not commits
        await asyncio.gather(*waiting)
        assert len(commits) == 1
