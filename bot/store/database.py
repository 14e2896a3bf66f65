"""The database file: opened, locked, migrated; and its transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

import filelock
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import SettingsError, StoreError

BUSY_TIMEOUT_S = 10
MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Database:
    """One SQLite file. `open()` for work beside a running bot, `open(exclusive=True)` to run it.

    Exclusive takes the data folder's lock and brings the schema up to date; the other opens only
    a database whose schema is this program's.
    """

    def __init__(self, engine: AsyncEngine, lock: filelock.FileLock | None) -> None:
        self.engine = engine
        self.under_way: set[asyncio.Task[Any]] = set()
        self._lock = lock

    @classmethod
    async def open(cls, url: str, *, exclusive: bool = False) -> Self:
        """Raises `StoreError` (locked, damaged, of another version) or `SettingsError`."""
        name = make_url(url).database
        if not name:
            raise StoreError("DATABASE_URL names no file.")
        path = Path(name)
        lock = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if exclusive:
                lock = filelock.FileLock(f"{path}.lock", timeout=0)
                lock.acquire()
        except filelock.Timeout:
            raise StoreError(
                f"Another bot is running on {path}: stop it, or give this one its own DATA_DIR."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"DATA_DIR is wrong: {path.parent} cannot be written ({error.strerror})."
            ) from None
        engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "begin", _begin)
        database = cls(engine, lock)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_migrate if exclusive else _check_version)
        except DBAPIError as error:
            await database.close()
            raise StoreError(f"{path} cannot be used: {error.orig}.") from None
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Let what is under way end, close every connection, and give the lock back."""
        while self.under_way:
            await asyncio.wait(self.under_way)
        await self.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that holds the write lock from its first moment."""
        async with self.engine.connect() as connection:
            await connection.execution_options(write=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of the database."""
        async with self.engine.connect() as connection:
            yield connection


class HasDatabase(Protocol):
    """What events and questions stand on."""

    @property
    def database(self) -> Database:
        """Where its transactions happen."""


S = TypeVar("S", bound=HasDatabase)
P = ParamSpec("P")
R = TypeVar("R")
Method = Callable[Concatenate[S, AsyncConnection, P], Awaitable[R]]
Bound = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def business_event(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Run a method as one write transaction that cancelling its caller does not tear apart."""
    return _whole(Database.write, method)


def question(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Run a method on one consistent view of the database, to its end."""
    return _whole(Database.read, method)


def _whole(
    begin: Callable[[Database], AbstractAsyncContextManager[AsyncConnection]],
    method: Method[S, P, R],
) -> Bound[S, P, R]:
    """Cancelling a task does not stop a statement that SQLite already runs, and can lose a
    connection that is just being made; so the work ends first, and the cancellation is felt after.
    """

    @wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        async def work() -> R:
            async with begin(self.database) as connection:
                return await method(self, connection, *args, **kwargs)

        task = asyncio.create_task(work())
        self.database.under_way.add(task)
        task.add_done_callback(self.database.under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # the caller is gone: nobody else will retrieve it
            raise

    return run


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN is the one below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    config = _config(connection)
    _refuse_newer(connection, config)
    command.upgrade(config, "head")
    connection.commit()


def _check_version(connection: Connection) -> None:
    config = _config(connection)
    _refuse_newer(connection, config)
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != head:
        raise StoreError("The database is not set up for this version: start the bot once first.")


def _refuse_newer(connection: Connection, config: Config) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known: set[Any] = {s.revision for s in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            "The database was written by a newer version of this program: run that version, "
            "or restore a backup from before it."
        )
