"""A copy each day, a week of them, an alarm for one that cannot be made; and damage at start."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import StoreError
from bot.store import database as databases
from bot.store.database import Database
from bot.store.file import integrity, sqlite
from bot.store.file.aside import aside
from bot.store.file.dailies import DailyBackups
from bot.store.store import Store
from tests.bot.databases import only_sqlite, path_of
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_backup import granted, names, url
from tests.bot.store.test_jobs import LIMITS

DAY_S = 86400.0
pytestmark = only_sqlite


async def give(database: Database, credits: int) -> None:
    await Store(database, LIMITS).grant(1, 2, credits, actor_id=0, reason="gift", at=1.0)


async def test_a_week_of_days_is_kept(tmp_path: Path) -> None:
    clock = StoppedClock()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        backups = DailyBackups(path_of(database), tmp_path / "b", clock, Alarms())
        assert backups.age_s() is None
        for _ in range(9):
            await give(database, 1)
            await backups.keep()
            await give(database, 1)
            await backups.keep()
            clock.now += DAY_S
    kept = sorted((tmp_path / "b").iterdir())
    assert len(kept) == 7
    assert [granted(path) for path in kept] == [[(n,)] for n in range(5, 19, 2)]


async def test_a_backup_takes_the_databases_place(tmp_path: Path) -> None:
    clock = StoppedClock()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        await give(database, 30)
        await DailyBackups(path_of(database), tmp_path / "b", clock, Alarms()).keep()
        await give(database, 4)
    (backup,) = (tmp_path / "b").iterdir()
    path_of(database).write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="restore a backup"):
        await Database.open(url(tmp_path), exclusive=True)
    backup.rename(path_of(database))
    async with await Database.open(url(tmp_path), exclusive=True):
        pass
    assert granted(path_of(database)) == [(30,)]


async def test_one_that_cannot_be_made_is_an_alarm(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        (tmp_path / "b").write_text("in the way")
        with capture_logs() as logs:
            backups = DailyBackups(path_of(database), tmp_path / "b", StoppedClock(), Alarms())
            await backups.keep()
            await backups.keep()
            (tmp_path / "b").unlink()
            await backups.keep()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [Alarm.BACKUP]
    assert [entry["trouble"] for entry in logs if "over" in entry["event"]] == [Alarm.BACKUP]


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


async def refusal(folder: Path) -> str | None:
    try:
        async with await Database.open(url(folder), exclusive=True):
            return None
    except StoreError as error:
        return str(error)


def spoil(path: Path, page: int) -> None:
    """Overwrite a page of the file."""
    with path.open("r+b") as file:
        file.seek(page * 4096 + 8)
        file.write(b"\xa5" * 2000)


async def test_a_damaged_database_is_told_in_one_sentence_before_it_is_used(
    tmp_path: Path,
) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        for number in range(400):
            await Store(database, LIMITS).grant(
                1, number, 5, actor_id=0, reason="gift" * 40, at=1.0
            )
    path = path_of(database)
    whole, told = path.read_bytes(), rows(path)
    refused = 0
    for page in range(1, len(whole) // 4096, 4):
        path.write_bytes(whole)
        spoil(path, page)
        said = await refusal(tmp_path)
        if said is None:  # nothing was written on that page
            assert rows(path) == told
        else:
            refused += 1
            assert "restore a backup" in said
            assert "\n" not in said
        for left in ("-wal", "-shm"):
            path.with_name(path.name + left).unlink(missing_ok=True)
    assert refused > 10
    assert names(tmp_path) == {"marionette.db", "marionette.db.lock"}


@asynccontextmanager
async def spoilt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A running bot's database whose last page, which nothing has needed yet, is damaged."""
    async with await Database.open(url(folder), exclusive=True) as database:
        pass
    with closing(sqlite3.connect(path_of(database))) as opened, opened:
        people = ((number, 1.0) for number in range(10_000))
        opened.executemany("INSERT INTO explained (person_id, at) VALUES (?, ?)", people)
    spoil(path_of(database), path_of(database).stat().st_size // 4096 - 1)
    is_open = threading.Event()

    def later(*file: Any) -> str | None:
        is_open.wait()
        return integrity.damage(*file)

    monkeypatch.setattr(sqlite, "damage", later)
    monkeypatch.setattr(databases, "CHECK_PATIENCE_S", 0.0)
    async with await Database.open(url(folder), exclusive=True, alarms=Alarms()) as running:
        is_open.set()
        yield running


async def test_damage_that_shows_beside_the_start_is_an_alarm_and_ends_the_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs:
        async with spoilt(tmp_path, monkeypatch) as database:
            with pytest.raises(StoreError, match="restore a backup") as raised:
                await database.whole()
    assert "\n" not in str(raised.value)
    [told] = [entry for entry in logs if entry["log_level"] == "error"]
    assert told["event"] == Alarm.DAMAGE
    assert told["reason"] == str(raised.value)
    assert "restore the last backup" in told["advice"]


async def test_a_restored_backup_comes_up_while_it_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup has no write-ahead log: nobody could set one up as long as it is read."""
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        await give(database, 1)
    path = path_of(database)
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    set_up: list[object] = []

    class Unwanted(threading.Event):
        def is_set(self) -> bool:
            with closing(sqlite3.connect(path, timeout=0)) as beside:
                set_up.append(beside.execute("PRAGMA journal_mode=WAL").fetchone())
            return False

    monkeypatch.setattr(integrity, "_STEPS", 100)
    assert integrity.damage(path, Unwanted()) is None
    assert set(set_up) == {("wal",)}


async def test_no_end_waits_for_what_is_done_aside(tmp_path: Path) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def long() -> None:
        begun.set()
        let_go.wait(60)

    def run() -> None:
        async def begin_and_end() -> None:
            aside(long)
            await asyncio.to_thread(begun.wait, 60)

        asyncio.run(begin_and_end())

    try:
        async with asyncio.timeout(30):
            await asyncio.to_thread(run)
    finally:
        let_go.set()


async def test_a_check_that_cannot_be_stopped_keeps_no_bot_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(databases, "CHECK_PATIENCE_S", 0.0)
    monkeypatch.setattr(sqlite, "damage", lambda *_: let_go.wait(60) and None)
    database = await Database.open(url(tmp_path), exclusive=True)
    try:
        async with asyncio.timeout(30):
            await database.close()
    finally:
        let_go.set()


async def test_a_copy_that_was_cut_off_is_not_kept(tmp_path: Path) -> None:
    cut_off = tmp_path / "b" / "marionette.db.1970-01-01.part"
    cut_off.parent.mkdir()
    cut_off.write_bytes(b"half")
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        await DailyBackups(path_of(database), cut_off.parent, StoppedClock(DAY_S), Alarms()).keep()
    assert names(cut_off.parent) == {"marionette.db.1970-01-02"}
