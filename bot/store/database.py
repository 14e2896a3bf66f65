"""The database: opened, locked, migrated; and what is asked of it, each as one business event."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

import structlog
from sqlalchemy import Column, Connection
from sqlalchemy.exc import DBAPIError

from bot.alarms import Alarm, Alarms
from bot.clock import Clock, cancel
from bot.errors import CannotSave, StoreError
from bot.store.group_commit import BeforeCommit, Changes, GroupCommit, Link, Work
from bot.store.migrations.upgrade import upgrade, versions
from bot.store.sharing.claims import Claim
from bot.store.sharing.news import News
from bot.store.sharing.others import Others

log = structlog.get_logger()

R = TypeVar("R")

BUSY_TIMEOUT_S = 10.0
MIGRATION_TRIES = 6
CHECK_PATIENCE_S = 5.0
"""A start waits so long for the check of its file; that of a big one goes on beside it."""


class Backups(Protocol):
    """The copies that are made by themselves."""

    async def run(self) -> None:
        """Make them, until cancelled."""

    def age_s(self) -> float | None:
        """How old the newest is, in seconds; `None` where none is known."""


class Place(Protocol):
    """What the kinds of databases differ in: where one is kept, and how that is spoken to."""

    name: str

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What may be raised where it is asked."""

    @property
    def files(self) -> Sequence[Path]:
        """What it consists of on this machine."""

    def claim(self, claim: Claim, folder: Path | None) -> None:
        """Before the first connection: who else may be there, and on the folder of the files that
        go with it; to work beside them it must be there."""

    def release(self) -> None:
        """After the last one."""

    async def link(self, *, writes: bool, patience_s: float) -> Link:
        """One more connection, which waits so long for others that write."""

    def trouble(self, error: BaseException) -> str | None:
        """Why it cannot be used, in a sentence; `None` for an error in what it was asked."""

    def check(self, unwanted: threading.Event) -> asyncio.Future[str | None]:
        """Look for damage in all of it, until that is `unwanted`."""

    async def back_up_before(self, revision: str) -> str | None:
        """Copy it before it is migrated, and say where to; `None` where that is not needed."""

    async def back_up(self, target: Path) -> int:
        """Copy it whole into a new file; its size in bytes. Raises `StoreError`."""

    def daily_backups(self, folder: Path, clock: Clock, alarms: Alarms) -> Backups:
        """Copies of each day in this folder."""

    def prove_writable(self, connection: Connection) -> None:
        """Change nothing, in a way that fails where nothing can be changed."""

    def findings(self, connection: Connection) -> list[str]:
        """What it finds wrong with itself."""

    is_shared: bool
    """Whether several processes of one bot may run on it."""

    news: News
    """From and to those."""

    dialled: dict[str, Any]
    """How the driver of a database that is shared reaches it, for whoever asks it beside."""

    before_commit: BeforeCommit | None
    """What tells them of changes, in the transaction."""

    async def try_alone(self) -> bool:
        """Whether no other process of the bot is there, and none comes until `join_again`."""

    async def join_again(self, revision: str) -> None:
        """Others may come that know this revision."""

    byte_order: str
    """The collation by which texts stand as their bytes do."""

    def kept(self, text: str) -> str:
        """A text as it reads once it was written here."""

    def linger(self, connection: Connection) -> None:
        """Let this transaction last, and wait between its statements as long as it takes."""

    def number_on(self, connection: Connection, numbers: Column[Any]) -> None:
        """Number new rows behind those that were written with their numbers."""


def place_of(url: str) -> Place:
    """Where the database with this address is kept. Raises `SettingsError`.

    Only what is used is loaded.
    """
    if url.startswith("sqlite"):
        from bot.store.file.sqlite import File  # noqa: PLC0415

        return File(url)
    from bot.store.server.postgresql import Server  # noqa: PLC0415

    return Server(url)


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """What a database says of itself, as one sentence; errors in what it was asked pass."""
    try:
        yield
    except place.errors as error:
        said = error.orig if isinstance(error, DBAPIError) and error.orig else error
        sentence = place.trouble(said)
        if sentence is None:
            raise
        raise CannotSave(sentence) from error


class Database:
    """One of either kind. `open()` for work beside a running bot, `open(is_peer=True)` to run it,
    `open(exclusive=True)` to have it alone.

    The last two take the bot's lock, also on its folder of files, and bring the schema up to date:
    a peer shares the lock with the bot's other processes, where the database can be shared, and
    hears of what they change. The first opens only a database whose schema is this program's, or
    (`any_version`) any to be copied or named.
    `on_commit` are told of what each event of this program has changed, in the order of commits;
    `on_doubt` of what one would have changed whose commit failed, or has no answer: it may have.
    `on_saving` are called in its thread at the end of a transaction, and may do more in it.
    `on_others` of what other processes of the bot have changed, in the order of commits.
    """

    def __init__(self, place: Place, alarms: Alarms) -> None:
        self.place = place
        self.on_commit: list[Callable[[Changes], None]] = []
        self.on_doubt: list[Callable[[Changes], None]] = []
        self.on_others: list[Callable[[Changes], None]] = []
        self.on_saving: list[BeforeCommit] = [place.before_commit] if place.before_commit else []
        self._others = Others(place.news, self.read, self.on_others)
        self._hearing: asyncio.Task[None] | None = None
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
        is_peer: bool = False,
        folder: Path | None = None,
        any_version: bool = False,
        alarms: Alarms | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> Self:
        """Raises `StoreError` (locked, damaged, full, of another version) or `SettingsError`.

        Of a big file opened exclusively only `whole` tells whether it is damaged.
        """
        place = place_of(url)
        claim = Claim.ALONE if exclusive else Claim.PEER if is_peer else Claim.BESIDE
        place.claim(claim, folder)
        database = cls(place, alarms or Alarms())
        try:
            await database._connect(busy_timeout_s)
            if claim is not Claim.BESIDE:
                await database._begin_check()
                await database._bring_up_to_date()
            elif not any_version:
                await database._check_version()
            if claim is Claim.PEER:
                await database._begin_to_hear()
        except BaseException:
            await database.close()
            raise
        return database

    async def _connect(self, busy_timeout_s: float) -> None:
        with explained(self.place):
            for writes in (True, False):
                link = await self.place.link(writes=writes, patience_s=busy_timeout_s)
                self._connections.append(self._writing(link) if writes else GroupCommit(link))

    def _writing(self, link: Link) -> GroupCommit:
        save = self._save if self.is_shared else None
        return GroupCommit(link, on_commit=self._tell, on_doubt=self._doubt, before_commit=save)

    def _save(self, connection: Connection, changes: Sequence[Changes]) -> None:
        for more in self.on_saving:
            more(connection, changes)

    async def _begin_to_hear(self) -> None:
        with explained(self.place):
            await self.news.open()
        if self.is_shared:
            self._hearing = asyncio.create_task(self._others.run(), name="what others change")

    def _tell(self, changes: Changes) -> None:
        self._others.committed(changes)
        for told in self.on_commit:
            told(changes)

    def _doubt(self, changes: Changes) -> None:
        for told in self.on_doubt:
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
        self._check = self.place.check(self._closing)
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
        with explained(self.place):
            found = await asyncio.shield(self._check)
        if found:
            raise StoreError(
                f"{self.place.name} is damaged ({found}): restore a backup, as docs/operations.md "
                "says."
            )

    async def _bring_up_to_date(self) -> None:
        for _ in range(MIGRATION_TRIES):
            current, head = await self.versions()
            if current == head or await self._migrated_alone(current, head):
                break
        else:
            raise StoreError(
                f"Another bot is running on {self.place.name}, and this version of the program has "
                "to change its tables: stop all processes of the bot first, and start this one "
                "again."
            )
        with explained(self.place):
            await self.writer.run(self.place.prove_writable)
        await self.place.join_again(head)

    async def _migrated_alone(self, current: str | None, head: str) -> bool:
        """Whether nobody else was there, so that it could be."""
        with explained(self.place):
            if not await self.place.try_alone():
                return False
        if (await self.versions())[0] == head:  # somebody was faster
            return True
        if current is not None:
            backup = await self.place.back_up_before(head)
            log.info("the database is migrated", left=current, entered=head, backup=backup)
        with explained(self.place):
            await self.writer.run(upgrade)
        return True

    async def close(self) -> None:
        """Let what is under way end, close every connection, and give the lock back.

        A check that goes on changes nothing, and ends with the program.
        """
        self._closing.set()
        if self._check is not None and not self._check.cancel() and not self._check.cancelled():
            self._check.exception()  # whoever wanted to know has been told
        if self._hearing is not None:
            await cancel([self._hearing])
        await self.news.close()
        for connection in self._connections:
            await connection.close()
        self.place.release()

    async def back_up(self, target: Path) -> int:
        """Copy it whole into a new file; its size in bytes. Raises `StoreError`."""
        return await self.place.back_up(target)

    def daily_backups(self, folder: Path, clock: Clock) -> Backups:
        """Copies of each day in this folder; a failed one is an alarm."""
        return self.place.daily_backups(folder, clock, self._alarms)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def is_shared(self) -> bool:
        """Whether other processes of this bot may run on it."""
        return self.place.is_shared

    @property
    def news(self) -> News:
        """From and to those."""
        return self.place.news

    @property
    def writer(self) -> GroupCommit:
        """Where all writes of this program wait for their turn."""
        return self._connections[0]

    async def write(self, work: Work[R]) -> R:
        """One business event: committed whole, or not at all. Raises what `work` does."""
        try:
            with explained(self.place):
                outcome = await self.writer.run(work)
        except CannotSave as error:
            self._alarms.raise_(Alarm.DISK, "database", reason=str(error))
            raise
        self._alarms.clear(Alarm.DISK, "database")
        return outcome

    async def read(self, work: Work[R]) -> R:
        """Ask, on one consistent view of what is committed."""
        with explained(self.place):
            return await self._connections[1].run(work)


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
