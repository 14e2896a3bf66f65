"""PostgreSQL as the bot needs it: one bot alone, nothing lost unheard, nothing done twice."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.core.jobs import Job, JobState
from bot.errors import CannotSave, Refused, StoreError
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, only_postgres, place_database, place_nothing, rows
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_backup import names
from tests.bot.store.test_jobs import AT, FILE, LIMITS, begin

pytestmark = only_postgres

SERVER, PERSON = 1, 3
CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def give(database: Database, credits: int, reason: str = "gift") -> None:
    store = Store(database, LIMITS)
    await store.grant(SERVER, PERSON, credits, actor_id=0, reason=reason, at=AT)


async def granted(database: Database) -> int:
    return (await Store(database, LIMITS).read.balance(SERVER, PERSON, AT)).granted


async def test_connections_that_were_lost_meanwhile_are_made_anew(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        await give(database, 1)
        rows(tmp_path, CUT_OFF)
        await give(database, 1)
        assert await granted(database) == 2
        with pytest.raises(StoreError, match="Another bot is running on the database t_"):
            await Database.open(place_database(tmp_path), exclusive=True)


async def test_what_is_under_way_when_its_connection_is_lost_is_undone_and_said(
    tmp_path: Path,
) -> None:
    def event(connection: Connection) -> None:
        connection.execute(text("UPDATE wallets SET granted = 99"))
        rows(tmp_path, CUT_OFF)
        connection.execute(text("UPDATE wallets SET granted = 100"))

    url, alarms = place_database(tmp_path), Alarms()
    with capture_logs() as logs:
        async with await Database.open(url, exclusive=True, alarms=alarms) as database:
            await give(database, 1)
            with pytest.raises(CannotSave, match=r"^The database t_\w+ on .+ cannot be used: "):
                await database.write(event)
            assert await granted(database) == 1
            await give(database, 1)
            assert await granted(database) == 2
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [Alarm.DISK]
    assert [entry.get("trouble") for entry in logs if "over" in entry["event"]] == [Alarm.DISK]


async def test_who_has_lost_its_lock_saves_nothing_while_another_bot_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.server.link._OTHER_BOT_PATIENCE_S", 0.2)
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as first:
        rows(tmp_path, CUT_OFF)
        async with await Database.open(url, exclusive=True) as second:
            await give(second, 1)
            for _ in range(2):
                with pytest.raises(CannotSave, match="Another bot is running"):
                    await give(first, 1)
        await give(first, 1)
        assert await granted(first) == 2


class Between:
    """Hands on what a program and the server say, until it is to lose an answer to a COMMIT of
    something new."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.loses = False
        self.serving: list[asyncio.Task[None]] = []
        self._server = server

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection more."""
        self.serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_unix_connection(self._server)
        is_lost = is_writer = False

        async def back() -> None:
            while data := await answers.read(65536):
                if is_lost:
                    break
                writer.write(data)
            writer.close()

        answering = asyncio.create_task(back())
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                is_writer = is_writer or b"pg_advisory_xact_lock" in data
                is_lost = self.loses and is_writer and b"COMMIT\0" in data
                asks.write(data)
        asks.close()
        await answering
        for each in (asks, writer):
            with suppress(ConnectionError):
                await each.wait_closed()


@asynccontextmanager
async def between(url: str) -> AsyncIterator[tuple[str, Between]]:
    """The address that leads through it."""
    parts = make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="between-"))  # a socket's path has to be short
    through = Between(folder, Path(str(parts.query["host"])) / ".s.PGSQL.5432")
    server = await asyncio.start_unix_server(through.accept, folder / ".s.PGSQL.5432")
    try:
        yield (
            parts.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False),
            through,
        )
    finally:
        server.close()
        await asyncio.gather(*through.serving)
        shutil.rmtree(folder)


async def test_a_commit_whose_answer_is_lost_is_said_and_not_made_twice(tmp_path: Path) -> None:
    async with (
        between(place_database(tmp_path)) as (url, through),
        await Database.open(url, exclusive=True) as database,
    ):
        await give(database, 1)
        through.loses = True
        with pytest.raises(CannotSave, match="look whether its server runs"):
            await give(database, 5)
        through.loses = False
        assert await granted(database) == 6, "it was saved, once"
        await give(database, 1)
        assert await granted(database) == 7


@pytest.mark.slow
async def test_of_a_thousand_at_once_a_budget_of_ten_lets_ten_in_whoever_asks(
    tmp_path: Path,
) -> None:
    """As from a bot and from commands beside it: each has connections of its own."""
    url, limits = place_database(tmp_path), replace(LIMITS, daily_budget_credits=10)
    async with (
        await Database.open(url, exclusive=True) as database,
        await Database.open(url, busy_timeout_s=60.0) as other,
        await Database.open(url, busy_timeout_s=60.0) as third,
    ):
        stores = [Store(each, limits) for each in (database, other, third)]
        first = await begin(stores[0], 1)
        with beside(tmp_path) as opened:
            columns = [
                row[0]
                for row in opened.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = 'jobs'"
                ).fetchall()
            ]
            own = {"id": "'n' || n", "origin_id": "1000 + n", "person_id": "n"}
            values = ", ".join(own.get(column, column) for column in columns)
            opened.execute(
                f"INSERT INTO jobs ({', '.join(columns)})"
                f" SELECT {values} FROM jobs, generate_series(1, 1000) AS n"
            )

        async def admitted(number: int) -> bool:
            store = stores[number % 3]
            job: Job = replace(first, id=f"n{number}", person_id=number)
            try:
                await store.admit(job, quality="540p", duration_s=1.0, price=1, at=AT)
            except Refused:
                return False
            return True

        came = await asyncio.gather(*(admitted(number) for number in range(1, 1001)))
        assert sum(came) == 10
        tally = await stores[1].read.tally(AT)
        assert (tally.budget_spent, tally.jobs[JobState.QUEUED]) == (10, 10)


async def test_what_no_database_text_may_hold_breaks_nothing(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        await give(database, 1, reason="a\0b \ud83d")
        assert rows(tmp_path, "SELECT reason FROM entries") == [("a\ufffdb ?",)]
        odd = replace(FILE, name="c\0d\ud83d.png")
        store = Store(database, LIMITS)
        job = await store.add_to_offer(await begin(store, 1), 7, at=AT, subject=odd)
        assert job.subject is not None
        assert job.subject.name == odd.name


async def test_a_server_that_forgets_is_asked_to_remember(tmp_path: Path) -> None:
    """What was committed is on its disk, whatever is usual there."""
    url = place_database(tmp_path)
    name = make_url(url).database
    rows_of = text("SHOW synchronous_commit")
    with beside(tmp_path) as opened:
        opened.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    async with await Database.open(url, exclusive=True) as database:
        assert await database.write(lambda opened: opened.scalar(rows_of)) == "on"


async def test_one_in_which_the_bot_never_ran_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="start the bot once first"):
        await Database.open(place_nothing(tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist; look whether'),
        ({"username": "nobody"}, 'role "nobody" does not exist'),
        ({"query": {"host": "/nowhere"}}, "on /nowhere cannot be used: "),
        ({"query": {"host": "/nowhere", "odd": "1"}}, 'invalid connection option "odd"'),
    ],
)
async def test_what_cannot_be_reached_is_one_sentence_without_the_password(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    url = make_url(place_database(tmp_path)).set(password="SG_secret").set(**change)  # type: ignore[arg-type]
    with pytest.raises(StoreError) as caught:
        await Database.open(url.render_as_string(hide_password=False), exclusive=True)
    sentence = str(caught.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "SG_secret" not in sentence


async def test_its_operator_makes_the_backups(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        with pytest.raises(StoreError, match="use pg_dump"):
            await database.back_up(tmp_path / "copy")
        backups = database.daily_backups(tmp_path / "backups", StoppedClock())
        await backups.run()
        assert backups.age_s() is None
    assert names(tmp_path) == set()
