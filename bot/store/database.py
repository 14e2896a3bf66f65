"""The database file: opened, locked, migrated; and its transactions."""

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

import filelock
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.alarms import Alarm, Alarms
from bot.errors import CannotSave, SettingsError, StoreError
from bot.store.backup import back_up_before

log = structlog.get_logger()

BUSY_TIMEOUT_S = 10.0
MIGRATIONS = Path(__file__).parent / "migrations"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
"""With the last one a REPLACE fires the triggers that keep the journal as it is."""

UNUSABLE = {
    sqlite3.SQLITE_BUSY: "close the other program that holds it",
    sqlite3.SQLITE_LOCKED: "close the other program that holds it",
    sqlite3.SQLITE_PROTOCOL: "close the other program that holds it",
    sqlite3.SQLITE_READONLY: "make it writable",
    sqlite3.SQLITE_FULL: "free space on its disk",
    sqlite3.SQLITE_IOERR: "free space on its disk, or look whether that fails",
    sqlite3.SQLITE_CANTOPEN: "look at its folder's permissions",
    sqlite3.SQLITE_CORRUPT: "restore a backup",
    sqlite3.SQLITE_NOTADB: "restore a backup",
}
"""SQLite's primary result codes (sqlite.org/rescode.html) about the file, and what helps."""

ACTED = "acted"
"""What a transaction notes in its connection's `info` when somebody has decided something."""


class Database:
    """One SQLite file. `open()` for work beside a running bot, `open(exclusive=True)` to run it.

    Exclusive takes the data folder's lock and brings the schema up to date; the other opens only
    a database whose schema is this program's, or (`any_version`) any to be copied or named.
    `on_action` is called after each transaction of this program that adds to the actions.
    """

    def __init__(
        self, engine: AsyncEngine, path: Path, lock: filelock.FileLock | None, alarms: Alarms
    ) -> None:
        self.engine = engine
        self.path = path
        self.under_way: set[asyncio.Task[Any]] = set()
        self.on_action: Callable[[], None] = lambda: None
        self._lock = lock
        self._alarms = alarms
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        exclusive: bool = False,
        any_version: bool = False,
        alarms: Alarms | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> Self:
        """Raises `StoreError` (locked, damaged, full, of another version) or `SettingsError`."""
        path = _path_in(url)
        if not exclusive and not path.exists():
            raise StoreError(f"There is no database {path}: start the bot once first.")
        lock = _locked(path) if exclusive else None
        engine = create_async_engine(url, connect_args={"timeout": busy_timeout_s})
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "begin", _begin)
        database = cls(engine, path, lock, alarms or Alarms())
        try:
            if exclusive:
                await database._bring_up_to_date()
            elif not any_version:
                await database._check_version()
        except BaseException:
            await database.close()
            raise
        return database

    async def _check_version(self) -> None:
        current, head = await self.versions()
        if current != head:
            raise StoreError(
                "The database is not set up for this version: start the bot once first."
            )

    async def versions(self) -> tuple[str | None, str]:
        """The database's revision (`None` before its first) and this program's.

        Raises `StoreError` for one that this program does not know.
        """
        async with self.read() as connection:
            return await connection.run_sync(_versions)

    async def _bring_up_to_date(self) -> None:
        current, head = await self.versions()
        if current not in {None, head}:
            backup = await asyncio.to_thread(back_up_before, self.path, head)
            log.info("the database is migrated", left=current, entered=head, backup=str(backup))
        async with self._write() as connection:
            await connection.run_sync(lambda plain: command.upgrade(_config(plain), "head"))
            version = await connection.exec_driver_sql("PRAGMA user_version")
            # Written back as it is: better to learn now than at the first job that this fails.
            await connection.exec_driver_sql(f"PRAGMA user_version = {version.scalar_one()}")

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
        """A transaction that holds the write lock from its first moment.

        This program's own wait for it in turn: SQLite lets whoever is luckiest go first, and who
        is not would give up after its time-out.
        """
        try:
            async with self._turn, self._write() as connection:
                yield connection
        except CannotSave as error:
            self._alarms.raise_(Alarm.DISK, "database", reason=str(error))
            raise
        self._alarms.clear(Alarm.DISK, "database")

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncConnection]:
        with self._explained():
            async with self.engine.connect() as connection:
                await connection.execution_options(write=True)
                connection.info.pop(ACTED, None)
                async with connection.begin():
                    yield connection
                if ACTED in connection.info:
                    self.on_action()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of the database."""
        with self._explained():
            async with self.engine.connect() as connection:
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What SQLite says of its file, as one sentence; errors in what it was asked pass."""
        try:
            yield
        except DBAPIError as error:
            code = getattr(error.orig, "sqlite_errorcode", None)
            if code is None or code & 0xFF not in UNUSABLE:
                raise
            advice = UNUSABLE[code & 0xFF]
            raise CannotSave(f"{self.path} cannot be used: {error.orig}; {advice}.") from error


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


def transaction(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Run a method as one write transaction that cancelling its caller does not tear apart."""
    return _to_its_end(Database.write, method)


def query(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Run a method on one consistent view of the database, to its end."""
    return _to_its_end(Database.read, method)


def _to_its_end(
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
    for pragma in PRAGMAS:
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


def _path_in(url: str) -> Path:
    """The file of a database. Raises `SettingsError`."""
    name = make_url(url).database
    if not name:
        raise SettingsError("DATABASE_URL is wrong: it names no file.")
    return Path(name)


def _locked(path: Path) -> filelock.FileLock:
    """The lock that only one bot can have; also makes the folder."""
    lock = filelock.FileLock(f"{path}.lock", timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise StoreError(
            f"Another bot is running on {path}: stop it, or give this one its own DATA_DIR."
        ) from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
            raise CannotSave(f"{path.parent} cannot be written: {error.strerror}.") from None
        raise SettingsError(
            f"DATA_DIR is wrong: {path.parent} cannot be written ({error.strerror})."
        ) from None
    return lock


def _versions(connection: Connection) -> tuple[str | None, str]:
    scripts = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    known: set[str | None] = {None} | {script.revision for script in scripts.walk_revisions()}
    if current not in known:
        raise StoreError(
            f"The database was written by a newer version of this program (revision {current}): "
            "run that version, or restore a backup from before it."
        )
    head = scripts.get_current_head()
    assert head is not None
    return current, head
