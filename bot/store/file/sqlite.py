"""SQLite: a database that is one file of this machine."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import filelock
from sqlalchemy import Column, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from bot.alarms import Alarms
from bot.clock import Clock
from bot.errors import StoreError
from bot.store.file.aside import aside
from bot.store.file.backup import back_up, back_up_before
from bot.store.file.dailies import DailyBackups
from bot.store.file.integrity import damage
from bot.store.file.lock import locked, path_in
from bot.store.group_commit import BeforeCommit
from bot.store.sharing.claims import Claim
from bot.store.sharing.folder import SharedFolder
from bot.store.sharing.news import News, NobodyElse

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


class File:
    """As `bot.store.database.Place` has it."""

    errors = (DBAPIError, sqlite3.Error)
    is_shared = False
    byte_order = "BINARY"

    def __init__(self, url: str) -> None:
        self.path = path_in(url)
        self.name = str(self.path)
        self.files = [self.path]
        self.news: News = NobodyElse()
        self.before_commit: BeforeCommit | None = None
        self.dialled: dict[str, Any] = {}
        self._lock: filelock.FileLock | None = None
        self._folder: SharedFolder | None = None

    def claim(self, claim: Claim, folder: Path | None) -> None:
        """Take the locks of the file and of the folder, in which a bot with another database would
        clear away what this one keeps; or see that the file is there."""
        if claim is Claim.BESIDE:
            if not self.path.exists():
                raise StoreError(f"There is no database {self.path}: start the bot once first.")
            return
        if folder is not None:
            self._folder = SharedFolder(folder)
            self._folder.hold(None)
        try:
            self._lock = locked(self.path)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the locks back."""
        if self._folder is not None:
            self._folder.release()
        if self._lock is not None:
            self._lock.release()

    async def link(self, *, writes: bool, patience_s: float) -> "FileLink":
        """One more connection; it waits so long for others that write."""
        return FileLink(await aiosqlite.connect(self.path, timeout=patience_s), writes=writes)

    async def try_alone(self) -> bool:
        """There is never another process of the bot."""
        return True

    async def join_again(self, revision: str) -> None:
        """None comes."""

    def trouble(self, error: BaseException) -> str | None:
        """What SQLite says of its file; `None` for errors in what it was asked."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in UNUSABLE:
            return None
        return f"{self.path} cannot be used: {error}; {UNUSABLE[code & 0xFF]}."

    def check(self, unwanted: threading.Event) -> asyncio.Future[str | None]:
        """Read all of it, in a thread of its own: what is wrong with it, if anything is."""
        return aside(partial(damage, self.path, unwanted))

    async def back_up_before(self, revision: str) -> str:
        """Copy it before it is migrated; where the copy is."""
        return str(await asyncio.to_thread(back_up_before, self.path, revision))

    async def back_up(self, target: Path) -> int:
        """Copy it, whole; its size in bytes. Raises `StoreError`."""
        return await asyncio.to_thread(back_up, self.path, target)

    def daily_backups(self, folder: Path, clock: Clock, alarms: Alarms) -> DailyBackups:
        """Copies of each day, there."""
        return DailyBackups(self.path, folder, clock, alarms)

    def prove_writable(self, connection: Connection) -> None:
        """Write its version back: better to learn now than at the first job that this fails."""
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")

    def findings(self, connection: Connection) -> list[str]:
        """What SQLite itself finds wrong; few lines, since one is enough to act."""
        checked = connection.exec_driver_sql("PRAGMA quick_check(5)")
        found = [str(row[0]) for row in checked if row[0] != "ok"]
        strays = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
        return found + [f"row {row[1]} of {row[0]} points to no {row[2]}" for row in strays[:5]]

    def kept(self, text: str) -> str:
        """It keeps all that Python can hand over."""
        return text

    def linger(self, connection: Connection) -> None:
        """Nobody ends it but who has begun it."""

    def number_on(self, connection: Connection, numbers: Column[Any]) -> None:
        """It looks for the highest itself."""


class FileLink:
    """As `bot.store.group_commit.Link` has it; the thread is aiosqlite's."""

    def __init__(self, connection: aiosqlite.Connection, *, writes: bool) -> None:
        self.writes = writes
        self._connection = connection
        self.plainly: Callable[[str], object] = connection._conn.execute
        self.engine: Engine = create_engine(
            "sqlite://", creator=lambda: connection._conn, poolclass=StaticPool
        )
        event.listen(self.engine, "connect", _prepare)
        # who writes begins so that nobody else can, from then on
        begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        event.listen(self.engine, "begin", lambda opened: opened.exec_driver_sql(begin))

    async def do(self, work: Callable[[], None]) -> None:
        """In the thread."""
        # Its one way to have more than a statement done there.
        await self._connection._execute(work)  # type: ignore[no-untyped-call]

    @contextmanager
    def transaction(self, *, is_urgent: bool = True) -> Iterator[Connection]:
        """One, from its beginning to its commit."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @property
    def is_in_transaction(self) -> bool:
        """Whether SQLite has not given up the whole of it."""
        return self._connection.in_transaction

    @property
    def is_whole(self) -> bool:
        """A statement that fails undoes itself alone, or all."""
        return self.is_in_transaction

    async def close(self) -> None:
        """Let the thread end."""
        await self._connection.close()


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN is the one above
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
