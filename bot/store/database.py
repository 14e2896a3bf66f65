"""The database: opened, locked, migrated; and what is asked of it, each as one business event."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

import aiosqlite
import filelock
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.alarms import Alarm, Alarms
from bot.errors import CannotSave, StoreError
from bot.store.file.aside import aside
from bot.store.file.backup import back_up_before
from bot.store.file.integrity import damage
from bot.store.file.lock import locked, path_in
from bot.store.file.upgrade import upgrade, versions
from bot.store.group_commit import IMMEDIATELY, Changes, GroupCommit, Work

log = structlog.get_logger()

R = TypeVar("R")

BUSY_TIMEOUT_S = 10.0
CHECK_PATIENCE_S = 5.0
"""A start waits so long for the check of its file; that of a big one goes on beside it."""

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


class Database:
    """One SQLite file. `open()` for work beside a running bot, `open(exclusive=True)` to run it.

    Exclusive takes the data folder's lock and brings the schema up to date; the other opens only
    a database whose schema is this program's, or (`any_version`) any to be copied or named.
    `on_commit` are told of what each event of this program has changed, in the order of commits.
    """

    def __init__(self, path: Path, lock: filelock.FileLock | None, alarms: Alarms) -> None:
        self.path = path
        self.on_commit: list[Callable[[Changes], None]] = []
        self._lock = lock
        self._alarms = alarms
        self._connections: list[GroupCommit] = []
        self._check: asyncio.Future[str | None] | None = None
        self._closing = threading.Event()

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
        """Raises `StoreError` (locked, damaged, full, of another version) or `SettingsError`.

        Of a big file opened exclusively only `whole` tells whether it is damaged.
        """
        path = path_in(url)
        if not exclusive and not path.exists():
            raise StoreError(f"There is no database {path}: start the bot once first.")
        database = cls(path, locked(path) if exclusive else None, alarms or Alarms())
        try:
            await database._connect(busy_timeout_s)
            if exclusive:
                await database._begin_check()
                await database._bring_up_to_date()
            elif not any_version:
                await database._check_version()
        except BaseException:
            await database.close()
            raise
        return database

    async def _connect(self, busy_timeout_s: float) -> None:
        with self._explained():
            for begin, on_commit in ((IMMEDIATELY, self._tell), ("BEGIN", lambda _: None)):
                connection = await aiosqlite.connect(self.path, timeout=busy_timeout_s)
                self._connections.append(GroupCommit(connection, begin=begin, on_commit=on_commit))

    def _tell(self, changes: Changes) -> None:
        for told in self.on_commit:
            told(changes)

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
        return await self.read(versions)

    async def _begin_check(self) -> None:
        self._check = aside(partial(damage, self.path, self._closing))
        done, _ = await asyncio.wait([self._check], timeout=CHECK_PATIENCE_S)
        if done:
            await self._checked()

    async def whole(self) -> None:
        """Come back once the file has been checked. Raises `StoreError` for a damaged one.

        The bot is at work by now, and who looks after it reads its log.
        """
        try:
            await self._checked()
        except StoreError as error:
            self._alarms.raise_(Alarm.DAMAGE, "database", reason=str(error))
            raise

    async def _checked(self) -> None:
        if self._check is None:
            return
        with self._explained():
            found = await asyncio.shield(self._check)
        if found:
            raise StoreError(
                f"{self.path} is damaged ({found}): restore a backup, as docs/operations.md says."
            )

    async def _bring_up_to_date(self) -> None:
        current, head = await self.versions()
        if current not in {None, head}:
            backup = await asyncio.to_thread(back_up_before, self.path, head)
            log.info("the database is migrated", left=current, entered=head, backup=str(backup))

        def migrate(connection: Connection) -> None:
            upgrade(connection)
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            # Written back as it is: better to learn now than at the first job that this fails.
            connection.exec_driver_sql(f"PRAGMA user_version = {version}")

        with self._explained():
            await self.writer.run(migrate)

    async def close(self) -> None:
        """Let what is under way end, close every connection, and give the lock back.

        A check that goes on changes nothing, and ends with the program.
        """
        self._closing.set()
        if self._check is not None and not self._check.cancel() and not self._check.cancelled():
            self._check.exception()  # whoever wanted to know has been told
        for connection in self._connections:
            await connection.close()
        if self._lock is not None:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def writer(self) -> GroupCommit:
        """Where all writes of this program wait for their turn."""
        return self._connections[0]

    async def write(self, work: Work[R]) -> R:
        """One business event: committed whole, or not at all. Raises what `work` does."""
        try:
            with self._explained():
                outcome = await self.writer.run(work)
        except CannotSave as error:
            self._alarms.raise_(Alarm.DISK, "database", reason=str(error))
            raise
        self._alarms.clear(Alarm.DISK, "database")
        return outcome

    async def read(self, work: Work[R]) -> R:
        """Ask, on one consistent view of what is committed."""
        with self._explained():
            return await self._connections[1].run(work)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What SQLite says of its file, as one sentence; errors in what it was asked pass."""
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            code = getattr(said, "sqlite_errorcode", None)
            if code is None or code & 0xFF not in UNUSABLE:
                raise
            advice = UNUSABLE[code & 0xFF]
            raise CannotSave(f"{self.path} cannot be used: {said}; {advice}.") from error


class HasDatabase(Protocol):
    """What events and questions stand on."""

    @property
    def database(self) -> Database:
        """Where its transactions happen."""


S = TypeVar("S", bound=HasDatabase)
P = ParamSpec("P")
Method = Callable[Concatenate[S, Connection, P], R]
Bound = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def transaction(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Make a method of plain statements one business event of its own."""

    @wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.database.write(lambda opened: method(self, opened, *args, **kwargs))

    return run


def query(method: Method[S, P, R]) -> Bound[S, P, R]:
    """Make a method of plain statements one question, on one consistent view."""

    @wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.database.read(lambda opened: method(self, opened, *args, **kwargs))

    return run
