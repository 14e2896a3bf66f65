"""A copy is the same row by row, or it is not there; and what it is made from stays as it is."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    func,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import IntegrityError

from bot.errors import StoreError
from bot.store.database import Database, place_of
from bot.store.group_commit import Work
from bot.store.moving import copying
from bot.store.moving.copying import copy
from bot.store.moving.side import Side
from bot.store.server import link
from bot.store.store import Store
from bot.store.tables import entries, jobs, metadata, trays, wallets
from tests.bot.databases import beside, only_postgres, place_database, place_nothing
from tests.bot.store.test_jobs import AT, LIMITS
from tests.postgres import SERVER, plain

ODD = "'\"\\%s:x\n\t\u2028é\U0001f600\U0010ffff"
ROWS = 5
FRESH = """
SELECT 1 FROM pg_stat_activity
WHERE datname = ANY(%s) AND clock_timestamp() - state_change < interval '1200 ms'
"""


def quietly(*_: object) -> None:
    """Nobody waits."""


def file(folder: Path) -> str:
    """The address of SQLite's file there, whatever the other tests are about."""
    return f"sqlite+aiosqlite:///{folder / 'copy.db'}"


async def fill(url: str) -> None:
    """Some rows in each table, of all kinds of values."""

    def write(connection: Connection) -> None:
        for table in metadata.sorted_tables:
            rows = [row_of(table, number) for number in range(1, ROWS + 1)]
            connection.execute(insert(table), rows)

    async with await Database.open(url, exclusive=True) as database:
        await database.write(write)


def row_of(table: Table, number: int) -> dict[str, Any]:
    known: dict[Table, dict[str, Any]] = {
        jobs: {"state": "failed"},
        entries: {"kind": "grant", "job_id": None},
    }
    row = {column.name: value_of(column, number) for column in table.columns}
    return row | known.get(table, {})


def value_of(column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return value_of(key.column, number)
    if column.nullable and number == 1:
        return None
    match column.type:
        case BigInteger():
            return 2**63 - number
        case Integer():
            return number * 7
        case Boolean():
            return number % 2 == 0
        case Float():
            return number / 3
        case JSON():
            return {"z": [None, True, 1.5, 2**60, ODD, "\ud83d", "\0"], "a": {}, str(number): 1}
        case String():
            return f"{'aBéz~'[number - 1]}{number}{ODD}"[: column.type.length]
    raise AssertionError(column)


async def content(url: str) -> dict[str, Sequence[Any]]:
    """All that is in it, as the program reads it."""

    def read(connection: Connection) -> dict[str, Sequence[Any]]:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
        }

    async with await Database.open(url) as database:
        return await database.read(read)


async def is_empty(url: str) -> bool:
    if not all(path.exists() for path in place_of(url).files):
        return True
    async with await Database.open(url, any_version=True) as database:
        return not await database.read(lambda opened: inspect(opened).get_table_names())


async def test_all_of_it_is_copied_there_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH_ROWS", 2)
    source = place_database(tmp_path)
    await fill(source)
    before, heard = await content(source), []
    there = await copy(source, file(tmp_path), lambda *said: heard.append(said))
    assert there.rows == dict.fromkeys(metadata.tables, ROWS)
    assert there.altered == 0
    assert any("of person" in each for each in there.differences), "they were made up"
    assert [said for said in heard if said[1] == "trays"] == [
        (done, "trays", rows) for done in ("copied", "compared") for rows in (2, 4, 5)
    ]
    back = place_nothing(tmp_path / "back")
    again = await copy(file(tmp_path), back, quietly)
    assert again == there
    assert await content(file(tmp_path)) == await content(back) == await content(source) == before


async def test_a_copy_goes_on_behind_its_last_row_and_keeps_its_past(tmp_path: Path) -> None:
    await fill(source := place_database(tmp_path))
    await copy(source, file(tmp_path), quietly)
    back = place_nothing(tmp_path / "back")
    await copy(file(tmp_path), back, quietly)
    for url in (file(tmp_path), back):
        async with await Database.open(url, exclusive=True) as database:
            store = Store(database, LIMITS)
            await store.grant(1, 3, 5, actor_id=0, reason="a gift", at=AT)
            highest = await database.read(
                lambda opened: opened.execute(select(func.max(entries.c.id))).scalar()
            )
            assert highest == ROWS * 7 + 1
            with pytest.raises(IntegrityError, match="never changed"):
                await database.write(lambda opened: opened.execute(entries.delete()))


@only_postgres
async def test_what_postgresql_does_not_take_is_replaced_and_counted(tmp_path: Path) -> None:
    def spoil(connection: Connection) -> None:
        connection.execute(jobs.update().where(jobs.c.id.like("a1%")).values(remark="a\0b"))

    await fill(source := place_database(tmp_path))
    await copy(source, file(tmp_path), quietly)
    async with await Database.open(file(tmp_path), exclusive=True) as database:
        await database.write(spoil)
    back = place_nothing(tmp_path / "back")
    assert (await copy(file(tmp_path), back, quietly)).altered == 1
    async with await Database.open(back) as database:
        found = await database.read(lambda opened: opened.execute(select(jobs.c.remark)).scalars())
        assert "a\ufffdb" in list(found)


@only_postgres
async def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    """SQLite does not look how large a number is."""

    def spoil(connection: Connection) -> None:
        connection.execute(wallets.update().values(granted=2**40))

    await fill(source := place_database(tmp_path))
    await copy(source, file(tmp_path), quietly)
    async with await Database.open(file(tmp_path), exclusive=True) as database:
        await database.write(spoil)
    back = place_nothing(tmp_path / "back")
    with pytest.raises(StoreError, match=r"does not take all wallets from .* out of range\. Not"):
        await copy(file(tmp_path), back, quietly)
    assert await is_empty(back)


@only_postgres
async def test_a_server_that_sorts_by_a_language_is_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH_ROWS", 2)
    await fill(source := place_database(tmp_path))
    english = place_nothing(tmp_path / "english")
    with beside(tmp_path) as server:
        name = make_url(english).database
        server.execute(f"DROP DATABASE {name}")
        server.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        )
    await copy(source, english, quietly)
    await copy(english, file(tmp_path), quietly)
    assert await content(file(tmp_path)) == await content(source)


@only_postgres
async def test_one_side_waits_as_long_as_the_other_one_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = link.SOON_MISSED.replace(f"'{link.STILL_S}s'", "'1s'")
    monkeypatch.setattr(link, "SOON_MISSED", impatient)
    await fill(source := place_database(tmp_path))
    target = place_nothing(tmp_path / "other")
    both = [make_url(url).database for url in (source, target)]

    def wait(done: str, name: str, _rows: int) -> None:
        """Until their server would have ended either session, were it not told otherwise."""
        if (done, name) == ("copied", "jobs"):
            with psycopg.connect(plain(os.environ[SERVER]), autocommit=True) as watching:
                while watching.execute(FRESH, [both]).fetchone():
                    pass

    await copy(source, target, wait)


@pytest.mark.parametrize("is_lost", [False, True])
async def test_of_a_copy_that_is_not_the_same_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    put, third = copying._put, 2**63 - 3

    async def spoilt(new: Side, table: Table, rows: Sequence[Any]) -> None:
        await put(new, table, rows)
        change = trays.delete() if is_lost else trays.update().values(since=0.0)
        await new.do(lambda opened: opened.execute(change.where(trays.c.person_id == third)))

    monkeypatch.setattr(copying, "_put", spoilt)
    monkeypatch.setattr(copying, "BATCH_ROWS", 2)
    await fill(source := place_database(tmp_path))
    before = await content(source)
    for url in (file(tmp_path), place_nothing(tmp_path / "other")):
        with pytest.raises(StoreError, match=f"not as the original in trays {third}: nothing"):
            await copy(source, url, quietly)
        assert await is_empty(url)
    assert await content(source) == before


async def test_who_interrupts_it_leaves_nothing_there(tmp_path: Path) -> None:
    await fill(source := place_database(tmp_path))
    before = await content(source)
    for url in (file(tmp_path), place_nothing(tmp_path / "other")):
        task: list[asyncio.Task[object]] = []

        def interrupt(done: str, name: str, _rows: int, task: Any = task) -> None:
            if (done, name) == ("compared", "entries"):
                task[0].cancel()

        task.append(asyncio.create_task(copy(source, url, interrupt)))
        with pytest.raises(asyncio.CancelledError):
            await task[0]
        assert await is_empty(url)
        assert not (tmp_path / "copy.db").exists()
    assert await content(source) == before


def counted(monkeypatch: pytest.MonkeyPatch, each: Callable[[int], None]) -> None:
    """Before each step that a copy takes in a database."""
    do, steps = Side.do, count(1)

    async def do_counted(side: Side, work: Work[Any]) -> Any:
        each(next(steps))
        return await do(side, work)

    monkeypatch.setattr(Side, "do", do_counted)
    monkeypatch.setattr(copying, "BATCH_ROWS", 2)


def die(source: str, target: str, step: int) -> None:
    """In a process of its own."""

    def kill(now: int) -> None:
        if now == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patched:
        counted(patched, kill)
        asyncio.run(copy(source, target, quietly))


async def test_who_kills_it_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(source := place_database(tmp_path))
    before, target = await content(source), place_nothing(tmp_path / "other")
    steps: list[int] = []
    counted(monkeypatch, steps.append)
    await copy(source, file(tmp_path), quietly)
    for share in (0.02, 0.3, 0.7, 1.0):
        at = max(1, round(len(steps) * share))
        process = get_context("forkserver").Process(target=die, args=(source, target, at))
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode == -signal.SIGKILL
        assert await is_empty(target)
        assert await content(source) == before
    await copy(source, target, quietly)
    assert await content(target) == before


async def test_a_database_that_is_in_use_is_neither_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.server.link._OTHER_BOT_PATIENCE_S", 0.1)
    source, other = place_database(tmp_path), file(tmp_path)
    async with await Database.open(source, exclusive=True):
        with pytest.raises(StoreError, match="Another bot is running on"):
            await copy(source, other, quietly)
        assert await is_empty(other)
    async with await Database.open(other, exclusive=True):
        with pytest.raises(StoreError, match="Another bot is running on"):
            await copy(source, other, quietly)


async def test_while_it_is_copied_nobody_runs_on_it_or_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.server.link._OTHER_BOT_PATIENCE_S", 0.1)
    await fill(source := place_database(tmp_path))
    tried: list[str] = []
    tables = copying._copy_table

    async def beside(original: Side, new: Side, table: Table, tell: copying.Tell) -> int:
        if not tried:
            for url in (source, file(tmp_path)):
                with pytest.raises(StoreError) as refused:
                    await Database.open(url, exclusive=True)
                tried.append(str(refused.value))
            async with await Database.open(source, busy_timeout_s=0.1) as database:
                with pytest.raises(StoreError) as refused:
                    await Store(database, LIMITS).grant(1, 3, 5, actor_id=0, reason="x", at=AT)
                tried.append(str(refused.value))
        return await tables(original, new, table, tell)

    monkeypatch.setattr(copying, "_copy_table", beside)
    await copy(source, file(tmp_path), quietly)
    assert [each[:22] for each in tried[:2]] == ["Another bot is running"] * 2
    assert "close the other program that holds it" in tried[2]
    assert (await content(file(tmp_path))) == await content(source)
