"""`db copy` as the operator types it: what was done and what to do next, or one sentence."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.console import database
from bot.console.database import db
from bot.console.usage import parser
from bot.errors import MarionetteError, SettingsError
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, place_database, place_nothing
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import AT, LIMITS, queue

NEW = "sqlite+aiosqlite:///{}"


async def told(source: str, target: str) -> str:
    wanted = parser().parse_args(["db", "copy", source, target])
    return await db(wanted, Settings(_env_file=None), StoppedClock(AT))


async def test_it_says_what_was_copied_and_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, new = place_database(tmp_path), tmp_path / "new.db"
    async with await Database.open(source, exclusive=True) as opened:
        await queue(Store(opened, LIMITS))
    said = (await told(source, NEW.format(new))).splitlines()
    rows = [line.split() for line in said[: said.index("")]]
    assert rows == [["TABLE", "ROWS"], ["jobs", "1"], ["wallets", "1"], ["entries", "1"]]
    assert f"is in {new} now, compared row by row." in said[-3]
    assert said[-2] == "The books of both agree."
    assert "Set DATABASE_URL to TO" in said[-1]
    assert capsys.readouterr().err == ""

    with beside(tmp_path) as opened_beside:
        opened_beside.execute("UPDATE wallets SET held = 9")
    monkeypatch.setattr(database, "TOLD_EACH_S", 0.0)
    said = (await told(source, NEW.format(tmp_path / "newer.db"))).splitlines()
    assert said[-3:-1] == [
        "The doctor finds in both, as before:",
        "- The wallet of person 3 in server 1 says 0 granted and 9 held, the journal 0 and 2.",
    ]
    assert "copied: jobs, 1 rows so far\n" in capsys.readouterr().err


async def test_what_cannot_be_copied_is_refused_in_a_sentence(tmp_path: Path) -> None:
    source, path = place_database(tmp_path), tmp_path / "new.db"

    async def refused(source: str, target: str) -> str:
        with pytest.raises(MarionetteError) as error:
            await told(source, target)
        return str(error.value)

    new, gone = NEW.format(path), tmp_path / "no" / "x.db"
    assert await refused(NEW.format(gone), new) == (
        f"There is no database {gone}: start the bot once first."
    )
    assert await refused(source, source) == ("FROM and TO are the same database: name another one.")
    empty = place_nothing(tmp_path / "empty")
    async with await Database.open(empty, exclusive=True) as opened:
        await opened.write(lambda each: each.exec_driver_sql("DELETE FROM alembic_version"))
    assert "is not set up for this version: start the bot once on it" in await refused(empty, new)
    assert not path.exists()
    assert not gone.parent.exists()
    with closing(sqlite3.connect(path)) as there:
        there.execute("CREATE TABLE notes (text TEXT)")
    assert await refused(source, new) == (
        f"{path} is not empty, it has notes: name a new one, or empty that one first."
    )
    with closing(sqlite3.connect(path)) as there:
        assert there.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada:sesame@host/bot",
        "postgresql://ada:sesame@host/bot",
        "postgresql+psycopg://ada:se#same@host/bot",
        "postgresql+psycopg://ada:sesame@host",
        "postgresql+psycopg://ada:sesame@host:99999/bot",
        "postgresql+psycopg://ada:sesame@127.0.0.1:1/bot",
        "postgresql+psycopg://ada:sesame@127.0.0.1:1/bot?nonsense=1",
        "",
    ],
)
def test_no_password_is_ever_told(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source, new = place_database(tmp_path), NEW.format(tmp_path / "new.db")
    for ends in ((url, new), (source, url)):
        with pytest.raises(MarionetteError) as error:
            asyncio.run(told(*ends))
        assert "sesame" not in str(error.value)
        assert str(error.value).count("\n") == 0
        if ":1/" not in url:
            assert isinstance(error.value, SettingsError)
            assert str(error.value).startswith(("FROM is wrong: it ", "TO is wrong: it "))
    with pytest.raises(SystemExit):
        parser().parse_args(["db", "copy", new, new, "postgresql+psycopg://ada:sesame@host/bot"])
    heard = capsys.readouterr()
    assert "sesame" not in heard.err + heard.out
    assert "ada:…@host/bot" in heard.err
