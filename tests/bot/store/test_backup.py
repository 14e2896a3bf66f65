"""Backups: whole, made beside a writer, and made by themselves before a migration."""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.core.rules import ServerRules
from bot.errors import CannotSave, StoreError
from bot.store.database import Database
from bot.store.file.backup import back_up, back_up_before
from bot.store.migrations.upgrade import MIGRATIONS, upgrade
from bot.store.store import Store
from tests.bot.databases import only_sqlite, path_of
from tests.bot.disk import files_may_have, without_override
from tests.bot.store.test_jobs import LIMITS
from tests.bot.test_settings import NEEDED, ROOT

OLD = "0001"
pytestmark = only_sqlite


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'marionette.db'}"


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def write_old(folder: Path, version: str = OLD) -> Path:
    """A database as an earlier release left it, with somebody's credits in it."""
    path = folder / "marionette.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, version)
        connection.exec_driver_sql("INSERT INTO wallets VALUES (1, 2, 30, 0)")
    engine.dispose()
    return path


def head() -> str:
    """The newest revision there is."""
    found = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert found is not None
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def granted(path: Path) -> list[tuple[int]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT granted FROM wallets").fetchall()


async def test_a_migration_is_preceded_by_a_backup(tmp_path: Path) -> None:
    path = write_old(tmp_path)
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        current, head = await database.versions()
    assert current == head != OLD
    backup = tmp_path / f"marionette.db.before-{head}"
    assert (revision(backup), granted(backup)) == (OLD, [(30,)])
    assert (revision(path), granted(path)) == (head, [(30,)])


async def test_what_was_asked_in_direct_messages_stays_so(tmp_path: Path) -> None:
    path = write_old(tmp_path, "0002")
    with closing(sqlite3.connect(path)) as database:
        for number, server_id in enumerate((0, 7)):
            database.execute(
                "INSERT INTO jobs (id, revision, state, state_since, source, origin_id, server_id,"
                " channel_id, person_id, created_at, upload_limit_bytes)"
                " VALUES (?, 1, 'failed', 1, 'slash', ?, ?, 5, 2, 1, 10)",
                (f"j{server_id}", number, server_id),
            )
        database.commit()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        store = Store(database, LIMITS)
        for server_id in (0, 7):
            job = await store.read.job(f"j{server_id}")
            assert job is not None
            assert job.is_direct is (server_id == 0)
        assert await store.rulebook.of(7) == ServerRules()


async def test_plain_messages_requests_go_on_waiting_for_their_word(tmp_path: Path) -> None:
    path = write_old(tmp_path, "0011")
    with closing(sqlite3.connect(path)) as database:
        for number, source in enumerate(("slash", "message")):
            database.execute(
                "INSERT INTO jobs (id, revision, state, state_since, source, origin_id, server_id,"
                " channel_id, person_id, created_at, upload_limit_bytes)"
                " VALUES (?, 1, 'checking', 1, ?, ?, 7, 5, 2, 1, 10)",
                (source, source, number),
            )
        database.commit()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        offers = await Store(database, LIMITS).read.offers_of(2)
        assert [offer.id for offer in offers] == ["message"]
        assert offers[0].is_offer


async def test_what_may_be_billed_is_counted_on_by_attempt(tmp_path: Path) -> None:
    path = write_old(tmp_path, "0006")
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "INSERT INTO jobs (id, revision, state, state_since, source, origin_id, server_id,"
            " channel_id, person_id, created_at, upload_limit_bytes, attempt_id)"
            " VALUES ('j', 1, 'failed', 50, 'slash', 1, 7, 5, 2, 1, 10, 2)"
        )
        for number in (1, 2):
            database.execute(
                "INSERT INTO attempts (id, job_id, image_url, video_url, quality, began_at)"
                " VALUES (?, 'j', 'i', 'v', '360p', 9)",
                (number,),
            )
        database.execute("INSERT INTO unproven VALUES ('j', 7, 40, 3)")
        database.commit()
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        rows = text("SELECT * FROM unproven")
        assert await database.read(lambda opened: opened.execute(rows).all()) == [
            (2, "j", 7, 40.0, 3, 50.0)
        ]
        [(job, since)] = await Store(database, LIMITS).read.unproven(0)
        assert (job.id, job.attempt and job.attempt.id, since) == ("j", 2, 50.0)


async def test_nothing_to_migrate_makes_no_backup(tmp_path: Path) -> None:
    for _ in range(2):
        async with await Database.open(url(tmp_path), exclusive=True):
            pass
    assert names(tmp_path) == {"marionette.db", "marionette.db.lock"}


async def test_a_backup_that_cannot_be_made_stops_the_migration(tmp_path: Path) -> None:
    path = write_old(tmp_path)
    (tmp_path / f"marionette.db.before-{head()}").mkdir()
    with pytest.raises(StoreError, match="could not be made"):
        await Database.open(url(tmp_path), exclusive=True)
    assert revision(path) == OLD


def test_the_last_three_are_kept(tmp_path: Path) -> None:
    path = write_old(tmp_path)
    for number, name in enumerate(("0002", "0003", "0004", "0005")):
        os.utime(back_up_before(path, name), (number, number))
    back_up_before(path, "0006")
    kept = sorted(backup.name[-4:] for backup in tmp_path.glob("*.before-*"))
    assert kept == ["0004", "0005", "0006"]


async def test_a_backup_beside_a_writer_is_whole(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        store = Store(database, LIMITS)
        await store.grant(1, 2, 5, actor_id=0, reason="gift", at=1.0)
        copy = tmp_path / "copy.db"

        def write(connection: Connection) -> int:
            connection.exec_driver_sql("UPDATE wallets SET granted = 6")
            return back_up(path_of(database), copy)

        size_bytes = await database.write(write)
    assert granted(copy) == [(5,)]
    assert copy.stat().st_size == size_bytes
    assert names(tmp_path) == {"copy.db", "marionette.db", "marionette.db.lock"}


# --- a disk that fails ------------------------------------------------------------------------


async def test_a_full_disk_is_told_once_and_once_that_it_is_over(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with await Database.open(url(tmp_path), exclusive=True, alarms=Alarms()) as database:
            store = Store(database, LIMITS)
            with files_may_have(4096):
                for number in range(3):
                    with pytest.raises(CannotSave, match="free space"):
                        await store.grant(1, number, 5, actor_id=0, reason="gift", at=1.0)
            assert granted(path_of(database)) == []
            await store.grant(1, 2, 5, actor_id=0, reason="gift", at=1.0)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [Alarm.DISK]
    assert [entry.get("trouble") for entry in logs if "over" in entry["event"]] == [Alarm.DISK]


async def test_a_database_without_room_is_full(tmp_path: Path) -> None:
    """SQLite's own word for it, by SQLite's own limit."""

    def fill(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE more (x)")
        connection.exec_driver_sql("INSERT INTO more VALUES (zeroblob(1000000))")

    async with await Database.open(url(tmp_path), exclusive=True) as database:
        with pytest.raises(CannotSave, match="disk is full; free space"):
            await database.write(fill)


async def test_a_database_that_another_program_holds_is_one_sentence(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        path = path_of(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked; close the other program"):
            await Database.open(url(tmp_path), exclusive=True, busy_timeout_s=0.1)
    async with await Database.open(url(tmp_path), exclusive=True):
        pass


def run_bot(folder: Path, *before: str, size_bytes: int | None = None) -> tuple[int, str]:
    """Start the bot as a process of its own; its exit code and what it said."""

    def limit() -> None:
        if size_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))

    nobody = {"DISCORD_API_URL": "http://127.0.0.1:9/api", "SEGMIND_API_URL": "http://127.0.0.1:9"}
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [*before, sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env=env | NEEDED | nobody | {"DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        preexec_fn=limit,
    )
    return ended.returncode, ended.stderr


@pytest.mark.slow
async def test_starting_on_a_read_only_database_is_one_sentence(tmp_path: Path) -> None:
    async with await Database.open(url(tmp_path), exclusive=True) as database:
        path_of(database).chmod(0o444)
    code, said = await asyncio.to_thread(run_bot, tmp_path, *without_override())
    assert (code, said.count("\n")) == (1, 1), said
    assert "attempt to write a readonly database; make it writable." in said


@pytest.mark.slow
def test_starting_in_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    code, said = run_bot(tmp_path, *without_override())
    tmp_path.chmod(0o755)
    assert (code, said.count("\n")) == (2, 1), said
    assert said.startswith(f"DATA_DIR is wrong: {tmp_path} cannot be written")


@pytest.mark.slow
@pytest.mark.parametrize("is_new", [True, False])
async def test_starting_on_a_full_disk_is_one_sentence(tmp_path: Path, is_new: bool) -> None:
    if not is_new:
        async with await Database.open(url(tmp_path), exclusive=True):
            pass
    code, said = await asyncio.to_thread(run_bot, tmp_path, size_bytes=2048)
    assert code == 1, said
    assert "free space on its disk" in said
    assert "Traceback" not in said
