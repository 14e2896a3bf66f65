"""Several processes of one bot on one PostgreSQL: what each commits, and tells, all others know."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url
from structlog.testing import capture_logs

from bot.core.jobs import JobState
from bot.errors import CannotSave, StoreError
from bot.jobs.live import LiveJobs
from bot.store.database import BUSY_TIMEOUT_S, Database
from bot.store.group_commit import Changes
from bot.store.server import link
from bot.store.server.news import MOST_BYTES, ServerNews, parts
from bot.store.sharing import others
from bot.store.store import Store
from tests.bot.databases import beside, only_postgres, place_database, place_nothing, rows
from tests.bot.store.server.test_server import CUT_OFF
from tests.bot.store.test_jobs import AT, LIMITS, begin, queue, submit

pytestmark = only_postgres

LISTENERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'SELECT pg_notify%said%'"
)


class Process:
    """What one of them has open."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = Store(database, LIMITS)
        self.jobs = LiveJobs(self.store)
        self.others: list[Changes] = []
        self.heard: list[tuple[str, int]] = []
        database.on_others.append(self.others.append)
        database.news.hear("count", self._hear)

    def _hear(self, process: str, facts: Mapping[str, Any]) -> None:
        self.heard.append((process, facts["number"]))

    def knows(self, job_id: str, state: JobState) -> Callable[[], bool]:
        """Whether it remembers the job to be there."""
        return lambda: (job := self.jobs._jobs.get(job_id)) is not None and job.state is state


@asynccontextmanager
async def processes(folder: Path, count: int = 2) -> AsyncIterator[list[Process]]:
    """Several, all with what is under way."""
    url = place_database(folder)
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            opened = await Database.open(url, is_peer=True, folder=folder / "data")
            made.append(Process(await stack.enter_async_context(opened)))
            await made[-1].jobs.load()
        yield made


async def until(is_so: Callable[[], bool]) -> None:
    """Fails after ten seconds."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_one_commits_another_knows_in_that_order_and_its_own_never_comes_back(
    tmp_path: Path,
) -> None:
    async with processes(tmp_path, 3) as (first, second, third):
        job = await queue(first.store)
        await until(second.knows(job.id, JobState.QUEUED))
        assert list((await second.jobs.queue(job.model)).places()) == [job.id]
        assert await submit(second.store, job) is not None
        await first.store.grant(1, 3, 5, actor_id=0, reason="x", at=AT)
        await until(first.knows(job.id, JobState.SUBMITTING))
        await until(third.knows(job.id, JobState.SUBMITTING))
        await until(lambda: any(each.acted for each in third.others))
        states = [known.state for each in third.others for known in each.jobs]
        assert states == sorted(states, key=list(JobState).index)
        assert {3} == set().union(*(each.wallets_of for each in third.others))
        assert not any(each.acted for each in first.others)
        assert {known.state for each in first.others for known in each.jobs} == {
            JobState.SUBMITTING
        }


async def test_what_another_has_changed_is_so_no_more_before_that_is_heard(tmp_path: Path) -> None:
    async with processes(tmp_path) as (first, second):
        job = await queue(first.store)
        assert await first.jobs.is_so(job)
        await submit(second.store, job)
        assert not await first.jobs.is_so(job)


async def test_who_stands_still_in_an_event_keeps_nobody_from_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = link.SOON_MISSED.replace(f"'{link.STILL_S}s'", "'0.2s'")
    monkeypatch.setattr(link, "SOON_MISSED", soon)
    begun, is_over = threading.Event(), threading.Event()

    def stand_still(connection: Connection) -> None:
        begun.set()
        assert is_over.wait(10)
        connection.exec_driver_sql("DELETE FROM entries")

    async with processes(tmp_path) as (still, other):
        saving = asyncio.create_task(still.database.write(stand_still))
        await asyncio.to_thread(begun.wait)
        await begin(other.store, 1)
        is_over.set()
        with pytest.raises(CannotSave):
            await saving
        await begin(still.store, 2)
    assert link.STILL_S < BUSY_TIMEOUT_S


async def test_of_an_event_that_was_undone_nobody_is_told(tmp_path: Path) -> None:
    def fail(connection: Connection) -> None:
        Changes.on(connection).wallets_of.add(99)
        raise LookupError

    async with processes(tmp_path) as (first, second):
        undone, done = await asyncio.gather(
            first.database.write(fail), begin(first.store), return_exceptions=True
        )
        assert isinstance(undone, LookupError)
        assert not isinstance(done, BaseException)
        await until(second.knows(done.id, JobState.CHECKING))
        assert not any(each.wallets_of for each in second.others)


async def test_a_command_beside_them_tells_them_too(tmp_path: Path) -> None:
    async with processes(tmp_path) as (first, second):
        async with await Database.open(place_database(tmp_path)) as command:
            await Store(command, LIMITS).grant(1, 3, 5, actor_id=0, reason="x", at=AT)
        for process in (first, second):
            await until(lambda heard=process.others: bool(heard))  # type: ignore[misc]
            assert process.others[0].wallets_of == {3}


async def test_what_is_told_is_heard_in_order_once_and_elsewhere(tmp_path: Path) -> None:
    async with processes(tmp_path, 3) as (first, second, third):
        for number in range(100):
            first.database.news.tell("count", number=number)
            third.database.news.tell("count", number=number)
        for hearer, tellers in ((first, [third]), (second, [first, third]), (third, [first])):
            await until(lambda h=hearer, t=tellers: len(h.heard) == 100 * len(t))  # type: ignore[misc]
            for teller in tellers:
                heard = [n for p, n in hearer.heard if p == teller.database.news.process]
                assert heard == list(range(100))


async def test_what_was_missed_is_made_up_for(tmp_path: Path) -> None:
    async with processes(tmp_path) as (first, second):
        gone = await queue(first.store, 1)
        stays = await queue(first.store, 2)
        await until(second.knows(stays.id, JobState.QUEUED))
        first.database.news.tell("count", number=1)
        await until(lambda: len(second.heard) == 1)
        missed: list[bool] = []
        second.database.news.on_missed.append(lambda: missed.append(True))
        with capture_logs() as logs:
            rows(tmp_path, CUT_OFF)
            new = await begin(first.store, 3)
            await first.store.cancel(gone, AT)
            await until(lambda: bool(missed))
            await until(second.knows(new.id, JobState.CHECKING))
            assert gone.id not in second.jobs._jobs
            assert second.knows(stays.id, JobState.QUEUED)()
        await until(lambda: first.database.news.is_heard)
        first.database.news.tell("count", number=2)
        await until(lambda: [number for _, number in second.heard] == [1, 2])
        assert "other processes of the bot are not heard" in {each["event"] for each in logs}


def test_what_is_long_goes_in_pieces() -> None:
    facts = {
        "jobs": [f"job-{number}" for number in range(3000)],
        "acted": True,
        "wallets_of": [10**18 + number for number in range(2000)],
        "languages": [[0, 10**18 + number, "de"] for number in range(1000)],
    }
    pieces = list(parts(facts))
    assert max(len(json.dumps(piece)) for piece in pieces) < MOST_BYTES
    assert len(pieces) < 20
    together: dict[str, Any] = {}
    for piece in pieces:
        for name, value in piece.items():
            together[name] = [*together.get(name, ()), *value] if name != "acted" else value
    assert together == facts


async def test_many_changes_at_once_arrive_whole(tmp_path: Path) -> None:
    def change(connection: Connection) -> None:
        Changes.on(connection).wallets_of.update(range(10**17, 10**17 + 3000))

    async with processes(tmp_path) as (first, second):
        await first.database.write(change)
        await until(lambda: sum(len(each.wallets_of) for each in second.others) >= 3000)


async def test_what_follows_closely_is_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "GATHER_S", 0.5)
    async with processes(tmp_path) as (first, second):
        saved = {(await begin(first.store, number)).id for number in range(20)}
        await until(lambda: saved == {job.id for each in second.others for job in each.jobs})
        assert len(second.others) < len(saved) / 2


async def test_what_cannot_be_told_harms_nobody(tmp_path: Path) -> None:
    async with processes(tmp_path) as (first, second):
        with capture_logs() as logs:
            first.database.news.tell("count", number="x" * MOST_BYTES)
            first.database.news.tell("count", wrong=1)
            first.database.news.tell("count", number=1)
            await until(lambda: len(second.heard) == 1)
        assert [each["event"] for each in logs if each["log_level"] == "error"] == [
            "what other processes were to be told is too long",
            "what another process told could not be heeded",
        ]


async def test_last_words_are_heard(tmp_path: Path) -> None:
    async with processes(tmp_path, 1) as (first,):
        url = place_database(tmp_path)
        async with await Database.open(url, is_peer=True, folder=tmp_path / "data") as leaving:
            leaving.news.tell("count", number=7)
        await until(lambda: [number for _, number in first.heard] == [7])


async def test_processes_share_database_and_folder_and_nobody_else_has_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.server.link._OTHER_BOT_PATIENCE_S", 0.1)
    async with processes(tmp_path) as (first, _):
        url = place_database(tmp_path)
        with pytest.raises(StoreError, match="Another bot is running on the database t_"):
            await Database.open(url, exclusive=True)
        with pytest.raises(StoreError, match=r"Another bot is running on .*data: stop it"):
            await Database.open(url, exclusive=True, folder=tmp_path / "data")
        other = place_database(tmp_path / "other")
        with pytest.raises(StoreError, match=r"Another bot is running on .*data: stop it"):
            await Database.open(other, is_peer=True, folder=tmp_path / "data")
        await begin(first.store)
    async with await Database.open(other, is_peer=True, folder=tmp_path / "data"):
        pass
    monkeypatch.setattr("bot.store.server.link._PEER_PATIENCE_S", 0.1)
    async with await Database.open(url, exclusive=True):
        with pytest.raises(StoreError, match="wait until that is over"):
            await Database.open(url, is_peer=True, folder=tmp_path / "data")


async def test_several_may_start_first_and_one_makes_the_tables(tmp_path: Path) -> None:
    url = place_nothing(tmp_path)
    opened = await asyncio.gather(
        *(Database.open(url, is_peer=True, folder=tmp_path / "data") for _ in range(3))
    )
    await begin(Store(opened[2], LIMITS))
    for database in opened:
        assert len(await Store(database, LIMITS).read.unended()) == 1
        await database.close()


async def test_tables_are_changed_while_nobody_else_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.server.link._TRY_S", 0.05)
    older = "UPDATE alembic_version SET version_num = '0018'"
    url = place_database(tmp_path)
    async with processes(tmp_path, 1) as (first,):
        with beside(tmp_path) as opened:
            opened.execute(older)
        with pytest.raises(StoreError, match="stop all processes of the bot first"):
            await Database.open(url, is_peer=True, folder=tmp_path / "data")
        await begin(first.store)
        rows(tmp_path, CUT_OFF)
        with pytest.raises(CannotSave, match="was brought to another version"):
            await begin(first.store, 2)


async def test_its_connection_is_lost_while_nothing_is_told(tmp_path: Path) -> None:
    """The listening one alone: what is committed goes on, and what is told is told again."""
    async with processes(tmp_path) as (first, second):
        first.database.news.tell("count", number=0)
        await until(lambda: len(second.heard) == 1)
        rows(tmp_path, LISTENERS)
        for number in range(1, 50):
            first.database.news.tell("count", number=number)
        await until(lambda: [n for _, n in second.heard][-1:] == [49])
        assert [n for _, n in second.heard] == list(range(50))


def test_who_does_not_listen_keeps_nothing_to_tell() -> None:
    silent = ServerNews(make_url("postgresql+psycopg://nobody@/x"))
    silent.tell("count", number=1)
    assert not silent._waiting
