"""The database file: migrated to what the tables say, locked for one bot, never torn."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import SettingsError, StoreError
from bot.store.database import Database
from bot.store.store import Store
from bot.store.tables import metadata
from tests.bot.store.test_jobs import LIMITS


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'marionette.db'}"


async def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    async with (
        await Database.open(url(tmp_path), exclusive=True) as database,
        database.read() as connection,
    ):
        assert not await connection.run_sync(
            lambda plain: compare_metadata(MigrationContext.configure(plain), metadata)
        )


async def pragmas(connection: AsyncConnection) -> list[object]:
    """What a power cut, and a careless statement, depend on."""
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    return [await connection.scalar(text(f"PRAGMA {name}")) for name in names]


@pytest.mark.parametrize("exclusive", [True, False])
async def test_every_connection_commits_to_the_disk_itself(tmp_path: Path, exclusive: bool) -> None:
    async with await Database.open(url(tmp_path), exclusive=True):
        pass
    async with (
        await Database.open(url(tmp_path), exclusive=exclusive) as database,
        database.write() as one,
        database.read() as two,
        database.read() as three,
    ):
        for connection in (one, two, three):
            assert await pragmas(connection) == ["wal", 2, 1, 1]


async def test_a_second_bot_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True):
        with pytest.raises(StoreError, match="Another bot is running"):
            await Database.open(url(tmp_path), exclusive=True)
        async with await Database.open(url(tmp_path)):
            pass
    async with await Database.open(url(tmp_path), exclusive=True):
        pass


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    async with (
        await Database.open(url(tmp_path), exclusive=True) as database,
        database.write() as connection,
    ):
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for exclusive in (True, False):
        with pytest.raises(StoreError, match="newer version"):
            await Database.open(url(tmp_path), exclusive=exclusive)


async def test_looking_beside_the_bot_needs_its_schema(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="start the bot once"):
        await Database.open(url(tmp_path))


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="DATA_DIR is wrong"):
        await Database.open(url(tmp_path / "file"), exclusive=True)


async def test_cancelling_the_caller_does_not_tear_an_event(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        store = Store(database, LIMITS)
        task = asyncio.create_task(store.explain_once(7, 60.0, 1000.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await store.explain_once(7, 60.0, 1001.0) is False


async def test_a_command_beside_the_bot_waits_for_its_transaction(tmp_path: Path) -> None:
    """What an event has read is still so when it writes, whichever program writes too."""
    async with (
        await Database.open(url(tmp_path), exclusive=True) as database,
        await Database.open(url(tmp_path)) as beside,
    ):
        async with database.write() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM explained")) == 0
            grant = asyncio.create_task(
                Store(beside, LIMITS).grant(1, 2, 5, actor_id=0, reason="gift", at=1000.0)
            )
            done, _ = await asyncio.wait({grant}, timeout=0.2)
            assert not done
            await connection.execute(text("INSERT INTO explained VALUES (7, 1000.0)"))
        await grant
        assert await Store(database, LIMITS).explain_once(7, 60.0, 1001.0) is False


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "marionette.db").write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match=r"marionette.db cannot be used: file is not a database"):
        await Database.open(url(tmp_path), exclusive=True)
