"""A copy each day, a week of them, an alarm for one that cannot be made; and damage at start."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import StoreError
from bot.store.database import Database
from bot.store.file.dailies import DailyBackups
from bot.store.store import Store
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_backup import granted, names, url
from tests.bot.store.test_jobs import LIMITS

DAY_S = 86400.0


async def give(database: Database, credits: int) -> None:
    await Store(database, LIMITS).grant(1, 2, credits, actor_id=0, reason="gift", at=1.0)


async def test_a_week_of_days_is_kept(tmp_path: Path) -> None:
    clock = StoppedClock()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        backups = DailyBackups(database.path, tmp_path / "b", clock, Alarms())
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
        await DailyBackups(database.path, tmp_path / "b", clock, Alarms()).keep()
        await give(database, 4)
    (backup,) = (tmp_path / "b").iterdir()
    database.path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="restore a backup"):
        await Database.open(url(tmp_path), exclusive=True)
    backup.rename(database.path)
    async with await Database.open(url(tmp_path), exclusive=True):
        pass
    assert granted(database.path) == [(30,)]


async def test_one_that_cannot_be_made_is_an_alarm(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        (tmp_path / "b").write_text("in the way")
        with capture_logs() as logs:
            backups = DailyBackups(database.path, tmp_path / "b", StoppedClock(), Alarms())
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
    path = database.path
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
