"""One connection to PostgreSQL, made anew where it was lost."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError, ProgrammingError

from bot.errors import CannotSave, StoreError
from bot.store.server.trouble import first_line
from bot.store.sharing.claims import Claim

_OURS = int.from_bytes(b"mari")
_ONE_BOT, _ONE_WRITER, _ONE_PATIENT = 1, 2, 3
"""Advisory locks of the database, for a connection's and for a transaction's life. The processes of
one bot share the first. While the second is held nobody else of ours writes, so that what an event
has read is still so when it writes. Of those that write in the background, whoever has the third
waits for that: so one of them at most is before somebody for whom a person waits."""

_SHARED = "_shared"

BEGIN_TO_WRITE = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_OURS}, {_ONE_WRITER})"
)
BEGIN_PATIENTLY = BEGIN_TO_WRITE.replace(
    ";", f"; SELECT pg_advisory_xact_lock({_OURS}, {_ONE_PATIENT});"
)
BEGIN_TO_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

COUNT_PROCESSES = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND granted
    AND classid = %s AND objid = %s
"""
BOTS_LOCK = (_OURS, _ONE_BOT)
"""Those of the bot that are there, with this one: a statement and its values."""

_OTHER_BOT_PATIENCE_S = 3.0
"""A server takes a moment to see that a killed bot has gone."""

_PEER_PATIENCE_S = 20.0
"""Another process may be making the tables."""

_TRY_S = 0.5

_SOON_KNOWN = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""That the server is gone, here ..."""

STILL_S = 8
"""So long a process may stand still in the middle of an event, which it has not saved then: others
that want to save something wait for it, and are not to lose patience."""

SOON_MISSED = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    f"SET tcp_user_timeout = '25s'; SET idle_in_transaction_session_timeout = '{STILL_S}s'"
)
"""... and there, that this program is gone or stands still: it keeps no lock for long."""

_LASTING = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
_NAME = "SELECT oid FROM pg_database WHERE datname = current_database()"
_SERVERS_NAME = "SELECT system_identifier FROM pg_control_system()"
_IN_ONE = {TransactionStatus.INTRANS, TransactionStatus.INERROR}


class ServerLink:
    """As `bot.store.group_commit.Link` has it."""

    def __init__(
        self, url: URL, name: str, *, writes: bool, claim: Claim, patience_s: float
    ) -> None:
        self.writes = writes
        self.revision: str | None = None
        self._name = name
        self._claim = claim
        self._patience_ms = round(patience_s * 1000)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._connection: psycopg.Connection | None = None
        own = {key: value for key, value in _SOON_KNOWN.items() if key not in url.query}
        self.engine: Engine = create_engine(
            url,
            poolclass=StaticPool,
            use_native_hstore=False,
            connect_args={**own, "client_encoding": "utf8", "autocommit": True},
        )
        event.listen(self.engine, "connect", self._prepare)
        self._begin = BEGIN_TO_WRITE if writes else BEGIN_TO_READ
        event.listen(self.engine, "begin", lambda opened: opened.exec_driver_sql(self._begin))

    async def open(self) -> None:
        """Connect. Raises `StoreError`, and what SQLAlchemy and psycopg raise."""
        try:
            await self.do(lambda: self.engine.connect().close())
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.Error) and not error.orig.sqlstate:
                raise StoreError(f"DATABASE_URL is wrong: {first_line(error.orig)}.") from None
            raise

    async def do(self, work: Callable[[], None]) -> None:
        """In the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @contextmanager
    def transaction(self, *, is_urgent: bool = True) -> Iterator[Connection]:
        """One, from its beginning to its commit.

        Where nothing has been done yet, a lost connection is made anew. What was on its way when
        one was lost, or its commit, is not tried again: it may have been saved.
        """
        if self.writes:
            self._begin = BEGIN_TO_WRITE if is_urgent else BEGIN_PATIENTLY
        connection = self._begun() or self._begun(is_last=True)
        assert connection is not None
        with connection:
            transaction = connection.get_transaction()
            assert transaction is not None
            with transaction:
                yield connection

    def _begun(self, *, is_last: bool = False) -> Connection | None:
        connection = self.engine.connect()
        try:
            connection.begin()
        except DBAPIError as error:
            connection.close()
            if is_last or not error.connection_invalidated:
                raise
            return None
        return connection

    def plainly(self, statement: str) -> object:
        """A statement without SQLAlchemy."""
        assert self._connection is not None
        return self._connection.execute(statement)

    def only_name(self) -> str:
        """What no other database is called, as long as this one is."""
        assert self._connection is not None
        names: list[object] = []
        for asked in (_SERVERS_NAME, _NAME):
            with suppress(psycopg.errors.InsufficientPrivilege):  # others look after its server
                names += self._connection.execute(asked).fetchone() or ()
        return ":".join(str(name) for name in names)

    @property
    def is_in_transaction(self) -> bool:
        """Whether the connection is there, and its transaction with it."""
        connection = self._connection
        return connection is not None and connection.info.transaction_status in _IN_ONE

    @property
    def is_whole(self) -> bool:
        """Whether nothing in the transaction has failed."""
        connection = self._connection
        if connection is None:
            return False
        return connection.info.transaction_status is TransactionStatus.INTRANS

    async def close(self) -> None:
        """Close the connection, and let the thread end."""
        await self.do(self.engine.dispose)
        self._thread.shutdown(wait=False)

    def _prepare(self, made: psycopg.Connection, _record: object) -> None:
        """A new connection, before anything is asked of it; the bot takes its lock again."""
        try:
            made.adapters.register_dumper(str, _AnyText)
            self._set_up(made)
        except BaseException:
            made.close()
            raise
        self._connection = made

    def _set_up(self, connection: psycopg.Connection) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(
                f"{self._name[0].upper()}{self._name[1:]} keeps text as {encoding}: make one with "
                "ENCODING 'UTF8'."
            )
        connection.execute(f"{SOON_MISSED}; {_LASTING}")
        if self._claim is Claim.ALONE and not _locks(connection, "", _OTHER_BOT_PATIENCE_S):
            raise CannotSave(
                f"Another bot is running on {self._name}: stop it, with all its processes, and try "
                "again. A second bot needs a token of its own as well as its own DATABASE_URL."
            )
        if self._claim is Claim.PEER:
            self._join(connection)
        connection.execute(f"SET lock_timeout = {self._patience_ms}")

    def _join(self, connection: psycopg.Connection) -> None:
        """Be one of the bot's processes, which are all of one version."""
        if not _locks(connection, _SHARED, _PEER_PATIENCE_S):
            raise CannotSave(
                f"Another bot is running on {self._name} alone, copies it or mends it: wait until "
                "that is over, and start this one again."
            )
        if self.revision is None:
            return
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if found != (self.revision,):
            raise CannotSave(
                f"{self._name[0].upper()}{self._name[1:]} was brought to another version of this "
                "program: stop this process, and start one of that version."
            )

    def try_alone(self) -> bool:
        """Whether no other process of the bot is there, and none comes until `join_again`."""
        connection = self._connection
        assert connection is not None
        connection.execute(f"SELECT pg_advisory_unlock{_SHARED}({_OURS}, {_ONE_BOT})")
        if is_alone := _locks(connection, "", _TRY_S):
            _locks(connection, _SHARED, _TRY_S)
        else:
            self._join(connection)
        connection.execute(f"SET lock_timeout = {self._patience_ms}")
        return is_alone

    def join_again(self) -> None:
        """Others may come, too."""
        assert self._connection is not None
        self._connection.execute(f"SELECT pg_advisory_unlock({_OURS}, {_ONE_BOT})")


def dialled(url: URL) -> dict[str, Any]:
    """How psycopg reaches the database where SQLAlchemy does not ask it."""
    _, given = url.get_dialect()().create_connect_args(url)
    return {**_SOON_KNOWN, **given, "client_encoding": "utf8"}


def _locks(connection: psycopg.Connection, shared: str, patience_s: float) -> bool:
    connection.execute(f"SET lock_timeout = {round(patience_s * 1000)}")
    try:
        connection.execute(f"SELECT pg_advisory_lock{shared}({_OURS}, {_ONE_BOT})")
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def visible(text: str) -> str:
    """With something to be seen in the place of what PostgreSQL does not take."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class _AnyText(StrDumper):
    """PostgreSQL takes neither a NUL nor half a character, and strangers write both."""

    def dump(self, obj: str) -> Buffer | None:
        """With something visible in their place."""
        return visible(obj).encode()
