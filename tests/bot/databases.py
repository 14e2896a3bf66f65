"""The tests' databases: SQLite's files, or on the PostgreSQL that `TEST_POSTGRES` names."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url

from bot.store.database import Database
from bot.store.migrations.upgrade import upgrade
from bot.store.server import link
from tests.postgres import MIGRATED, SERVER, Asked

_KEPT = tempfile.TemporaryDirectory(prefix="database-")
_MADE: set[str] = set()

ON_POSTGRES = SERVER in os.environ

BEGIN_TO_WRITE = link.BEGIN_TO_WRITE if ON_POSTGRES else "BEGIN IMMEDIATE"
BUSY = (sqlite3.OperationalError, psycopg.OperationalError)
BROKEN_RULE = (sqlite3.IntegrityError, psycopg.IntegrityError)

ROW = "ctid" if ON_POSTGRES else "rowid"
"""Rows that are never changed stand in the order of this."""

only_sqlite = pytest.mark.skipif(ON_POSTGRES, reason="this is about SQLite's file")
only_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="`make test-postgres` runs these")


def url_of(folder: Path) -> str:
    """The address of this folder's database, whether it is there or not."""
    if ON_POSTGRES:
        name = f"t_{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"
        return os.environ[SERVER].replace("/?", f"/{name}?")
    return f"sqlite+aiosqlite:///{folder / 'marionette.db'}"


def place_database(folder: Path) -> str:
    """Where there is none yet: one as the bot's first start makes it; its address."""
    url = url_of(folder)
    if ON_POSTGRES:
        _make(url, MIGRATED)
    else:
        _copy(folder / "marionette.db")
    return url


def place_nothing(folder: Path) -> str:
    """The address of a database in which the bot was never started."""
    url = url_of(folder)
    if ON_POSTGRES:
        _make(url, "template0")
    return url


def path_of(database: Database) -> Path:
    """The file that SQLite has it in."""
    return Path(database.place.name)


def drop_databases() -> None:
    """Those that were made since the last time, whoever is still connected."""
    while _MADE:
        with _server() as server:
            server.execute(f"DROP DATABASE {_MADE.pop()} WITH (FORCE)")


class Opened(Protocol):
    """A connection as of another program."""

    def execute(self, query: str, values: Any = ..., /) -> Any:
        """In SQLite's words for values."""


@contextmanager
def beside(where: Path | Database, *, is_patient: bool = True) -> Iterator[Opened]:
    """Another program at this database, or this folder's, without transactions of its own."""
    if ON_POSTGRES:
        url = url_of(where) if isinstance(where, Path) else where.writer.engine.url
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = {10_000 if is_patient else 20}")
            yield Asked(connection)
    else:
        path = where / "marionette.db" if isinstance(where, Path) else path_of(where)
        patience_s = 10.0 if is_patient else 0.0
        with closing(sqlite3.connect(path, isolation_level=None, timeout=patience_s)) as database:
            yield database


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else can save anything there."""
    with beside(folder) as opened:
        assert begins_to_write(opened)
        yield
        opened.execute("ROLLBACK")


def begins_to_write(opened: Opened) -> bool:
    """Whether nobody else can save anything, until it ends what it has begun here."""
    try:
        opened.execute(BEGIN_TO_WRITE)
    except BUSY:
        if ON_POSTGRES:
            opened.execute("ROLLBACK")
        return False
    return True


def rows(where: Path | Database, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What a database holds at this moment."""
    with beside(where) as opened:
        return list(opened.execute(query, values).fetchall())


def free(opened: Opened) -> None:
    """Let it be changed as no program of ours would."""
    if ON_POSTGRES:
        opened.execute("SET session_replication_role = replica")
        return
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for (name,) in opened.execute(triggers).fetchall():
        opened.execute(f"DROP TRIGGER {name}")


def refuse(opened: Opened, change: str, table: str) -> None:
    """Let each such change of a table fail."""
    if ON_POSTGRES:
        opened.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        )
        opened.execute(
            f"CREATE TRIGGER fails BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION no()"
        )
        return
    opened.execute(
        f"CREATE TRIGGER fails BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
    )


def _server() -> "psycopg.Connection[Any]":
    return psycopg.connect(_plain(os.environ[SERVER].replace("/?", "/postgres?")), autocommit=True)


def _plain(url: str | URL) -> str:
    """Without the name of a driver."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _make(url: str, template: str) -> None:
    name = make_url(url).database
    assert name
    if name not in _MADE:
        with _server() as server:
            quickly = " STRATEGY FILE_COPY" if server.info.server_version >= 150000 else ""
            server.execute(f"CREATE DATABASE {name} TEMPLATE {template}{quickly}".encode())
        _MADE.add(name)


def _copy(path: Path) -> None:
    kept = Path(_KEPT.name) / "empty.db"
    if not kept.exists():
        made = kept.with_suffix(".part")
        engine = create_engine(f"sqlite:///{made}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        made.rename(kept)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(kept, path)
