"""Events that wait together are committed together.

One hop to the connection's thread, one transaction, one sync to disk for all of them. Each after
the first is a savepoint in it, so that one that fails undoes only itself; where the first fails,
all that the transaction has is that one.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from bot.core.jobs import Job
from bot.core.people.languages import Language
from bot.errors import StoreError

log = structlog.get_logger()

BATCH_S = 0.02
"""Who comes first in a batch waits for those behind it, but not longer than that."""

PATIENCE_S, OWED_S = 0.25, 0.1
"""What has waited so long in the background goes first, for as long as others have just taken, and
not longer than that at a time."""

R = TypeVar("R")
Work = Callable[[Connection], R]
"""Statements that belong together; it runs in the connection's thread."""

BeforeCommit = Callable[[Connection, Sequence["Changes"]], None]
"""Is called in that thread with what events change that are about to be committed together."""

_in_background: ContextVar[bool] = ContextVar("in_background", default=False)
_step_of: ContextVar[str | None] = ContextVar("step_of", default=None)


@contextmanager
def background() -> Iterator[None]:
    """Whatever is asked of a database in here lets those go first for whom somebody waits."""
    token = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(token)


@contextmanager
def step_of(job_id: str) -> Iterator[None]:
    """Whatever is changed in here is changed by this job's own step."""
    token = _step_of.set(job_id)
    try:
        yield
    finally:
        _step_of.reset(token)


@dataclass(slots=True)
class Changes:
    """What a committed event has changed, for those in this program who remember it."""

    jobs: list[Job] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    """Those of them that somebody is to look at; of the others something was noted."""

    step_of: str | None = None
    """The job whose own step it was, if it was one's."""

    acted: bool = False
    wallets_of: set[int] = field(default_factory=set)
    """Whose credits are more or less."""

    languages: dict[tuple[int, int], Language | None] = field(default_factory=dict)
    """What is spoken from now on: in a server (its id, 0), or to a person (0, their id)."""

    is_all: bool = False
    """Something was missed: the jobs are all that are under way, the languages all that were
    chosen."""

    @classmethod
    def on(cls, connection: Connection) -> "Changes":
        """Those of the event that the connection is at."""
        changes = connection.info["changes"]
        assert isinstance(changes, Changes)
        return changes


@dataclass(slots=True, eq=False)
class _Waiting:
    """Work that waits for its turn, and what came of it."""

    work: Work[Any]
    done: asyncio.Future[Any]
    is_patient: bool
    changes: Changes
    since: float = field(default_factory=time.monotonic)
    outcome: Any = None
    error: BaseException | None = None


class _Undone(Exception):
    """The first event of a transaction has failed."""


class Link(Protocol):
    """One connection to a database, and the thread that it is used in."""

    writes: bool
    engine: Engine

    @property
    def plainly(self) -> Callable[[str], object]:
        """A statement without SQLAlchemy, which takes ten times as long for the smallest."""

    async def do(self, work: Callable[[], None]) -> None:
        """In the thread."""

    def transaction(self, *, is_urgent: bool = True) -> AbstractContextManager[Connection]:
        """One, from its beginning to its commit. Of other programs that write, those go first for
        whom somebody waits."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether the database has not given up the whole of it."""

    @property
    def is_whole(self) -> bool:
        """Whether what was done in it will be committed."""

    async def close(self) -> None:
        """Let the thread end."""


class GroupCommit:
    """One connection in a thread of its own, and the work that waits for it.

    What somebody waits for goes first; what was begun in `background` fills the time that is left,
    and has a share where none is left: whoever asks without end keeps nobody's job waiting.
    """

    def __init__(
        self,
        link: Link,
        *,
        on_commit: Callable[[Changes], None] = lambda _: None,
        on_doubt: Callable[[Changes], None] = lambda _: None,
        before_commit: BeforeCommit | None = None,
    ) -> None:
        self._link = link
        self._on_commit = on_commit
        self._on_doubt = on_doubt
        self._before_commit = before_commit
        self._urgent: deque[_Waiting] = deque()
        self._patient: deque[_Waiting] = deque()
        self._owed_s = 0.0
        self._at_work: asyncio.Task[None] | None = None

    @property
    def engine(self) -> Engine:
        """What its transactions happen on."""
        return self._link.engine

    async def run(self, work: Work[R]) -> R:
        """Do it in its turn; cancelled before it begins, it is not done, and later it is done."""
        is_patient = _in_background.get()
        done, changes = asyncio.get_running_loop().create_future(), Changes(step_of=_step_of.get())
        waiting = _Waiting(work, done, is_patient, changes)
        queue = self._patient if is_patient else self._urgent
        queue.append(waiting)
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work_off())
        try:
            outcome: R = await asyncio.shield(waiting.done)
        except asyncio.CancelledError:
            try:
                queue.remove(waiting)
            except ValueError:  # the thread has it
                await asyncio.wait([waiting.done])
                waiting.done.exception()  # the caller is gone: nobody else will retrieve it
            raise
        return outcome

    async def close(self) -> None:
        """Let what waits be done, and close the connection."""
        while self._at_work:
            await asyncio.wait([self._at_work])
        await self._link.close()

    async def _work_off(self) -> None:
        try:
            while self._urgent or self._patient:
                batch: list[_Waiting] = []
                try:
                    await self._link.do(partial(self._do_together, batch))
                except BaseException as error:  # noqa: BLE001  # whoever waits is told
                    for waiting in batch or (batch := self._all_waiting()):
                        waiting.error = waiting.error or error
                        self._on_doubt(waiting.changes)
                for waiting in batch:
                    self._settle(waiting)
        finally:
            self._at_work = None

    def _do_together(self, batch: list[_Waiting]) -> None:
        """In the thread: one transaction of what waits; `batch` is what it has taken.

        Who only asks sees what was saved before the first question. Later ones are not among these:
        they must also see what was saved until they were asked.
        """
        with (
            suppress(_Undone),
            self._link.transaction(is_urgent=bool(self._urgent)) as connection,
        ):
            began = time.monotonic()  # others may have written until now
            until = began + BATCH_S
            asked_until = math.inf if self._link.writes else began
            while (waiting := self._next(began, asked_until)) is not None:
                batch.append(waiting)
                self._do(connection, waiting, is_first=len(batch) == 1)
                began = self._account(waiting, began)
                if began > until:
                    break
            if self._before_commit is not None:
                done = [waiting.changes for waiting in batch if waiting.error is None]
                self._before_commit(connection, done)

    def _account(self, waiting: _Waiting, began: float) -> float:
        """Note whose time that was, and return what time it is now."""
        now = time.monotonic()
        owed_s = self._owed_s + (began - now if waiting.is_patient else now - began)
        self._owed_s = min(max(owed_s, 0.0), OWED_S) if self._patient else 0.0
        return now

    def _next(self, now: float, asked_until: float = math.inf) -> _Waiting | None:
        """Whose turn it is of those that were asked for by then."""
        queues = [self._urgent, self._patient]
        with suppress(IndexError):  # it is empty, or its last one was just withdrawn
            if self._owed_s and now - self._patient[0].since > PATIENCE_S:
                queues.reverse()
        for queue in queues:
            try:
                waiting = queue.popleft()
            except IndexError:  # empty, or its last one was just withdrawn
                continue
            if waiting.since <= asked_until:
                return waiting
            queue.appendleft(waiting)
        return None

    def _do(self, connection: Connection, waiting: _Waiting, *, is_first: bool) -> None:
        """One event. Raises `_Undone` where it has failed alone, and what ends a transaction."""
        connection.info["changes"] = waiting.changes
        plainly = self._link.plainly
        if not is_first:
            plainly("SAVEPOINT event")
        try:
            waiting.outcome = waiting.work(connection)
        except Exception as error:
            waiting.error = error
            if not self._link.is_in_transaction:  # the whole of it is lost
                raise
            if is_first:
                raise _Undone from None
            plainly("ROLLBACK TO event")
        if not is_first:
            plainly("RELEASE event")
        elif not self._link.is_whole:
            waiting.error = StoreError("Something in an event has failed, and it went on.")
            raise _Undone

    def _all_waiting(self) -> list[_Waiting]:
        return list(iter(partial(self._next, 0.0), None))

    def _settle(self, waiting: _Waiting) -> None:
        if waiting.error is not None:
            waiting.done.set_exception(waiting.error)
            return
        try:
            self._on_commit(waiting.changes)
        except Exception:
            log.exception("what was saved could not be told of")
        waiting.done.set_result(waiting.outcome)
