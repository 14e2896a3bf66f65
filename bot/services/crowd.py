"""Everybody gets an answer in time, however many ask at once.

Discord shows "the application did not respond" three seconds after a command or a press, and takes
no answer after that (Discord's documentation, Receiving and Responding).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from bot.alarms import Alarm, Alarms
from bot.clock import Clock, wait_for_event
from bot.errors import Problem, Refused

T = TypeVar("T")

ANSWER_WITHIN_S = 1.8
"""Of Discord's three seconds; the rest is for the way there and back."""

MOST_AT_ONCE = 5
"""So many things of one person are looked after at once; a flood waits for itself alone."""

MANY = 4
"""While so many wait for their answer, the bot's own work lets them go first."""

LONGEST_PAUSE_S = 2.0
CALM_S = 60.0


class Crowd:
    """Who is waiting for an answer. `turned_away` were told that the bot is too busy, `missed`
    could not be told anything any more."""

    def __init__(self, clock: Clock, alarms: Alarms) -> None:
        self.clock = clock
        self._alarms = alarms
        self._waiting = 0
        self._turns: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._calm = asyncio.Event()
        self._calm.set()
        self._turned_away_at = -CALM_S
        self._at_work = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.answered = 0
        self.turned_away = 0
        self.missed = 0

    def turn_of(self, person_id: int) -> AbstractAsyncContextManager[None]:
        """Wait until few enough other things of this person are looked after, and hold a turn."""
        return self._turns.setdefault(person_id, asyncio.Semaphore(MOST_AT_ONCE))

    def has_turn(self, person_id: int) -> bool:
        """Whether a turn of this person is free now."""
        turns = self._turns.get(person_id)
        return turns is None or not turns.locked()

    async def in_time(self, person_id: int, work: Callable[[], Awaitable[T]]) -> T:
        """What must be done, in this person's turn, before there is an answer.

        Raises `Refused` with BUSY where it takes too long: it is cancelled then, and whatever it
        has saved meanwhile is for the caller to undo.
        """

        async def in_turn() -> T:
            async with self.turn_of(person_id):
                return await work()

        task = asyncio.ensure_future(in_turn())
        timer = asyncio.ensure_future(self.clock.sleep(ANSWER_WITHIN_S))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            if not task.done():
                task.cancel()
                task.add_done_callback(lambda late: late.cancelled() or late.exception())
        if task.done():
            return task.result()
        self._turn_away()
        raise Refused(Problem.BUSY)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Something that somebody has asked for is done in here, to its end."""
        self._at_work += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._is_idle.set()

    async def until_idle(self, patience_s: float) -> None:
        """Until nothing is done for anybody, or so long."""
        if self._at_work:
            await wait_for_event(self._is_idle, self.clock, patience_s)

    def begin(self) -> None:
        """Somebody waits for an answer from now on."""
        self._waiting += 1
        if self._waiting >= MANY:
            self._calm.clear()

    def end(self, *, missed: bool) -> None:
        """They have one, or (`missed`) can have none any more."""
        self._waiting -= 1
        if self._waiting < MANY:
            self._calm.set()
        self.missed += missed
        self.answered += not missed
        if self.clock.monotonic() - self._turned_away_at > CALM_S:
            self._alarms.clear(Alarm.CROWD, "answers")

    async def pause(self) -> None:
        """Let those go first who wait for an answer; a while at most, so that work goes on."""
        if not self._calm.is_set():
            await wait_for_event(self._calm, self.clock, LONGEST_PAUSE_S)

    def counts(self) -> dict[str, int]:
        """How many were answered, turned away and missed so far."""
        return {
            "answered": self.answered,
            "turned_away": self.turned_away,
            "missed": self.missed,
        }

    def _turn_away(self) -> None:
        self.turned_away += 1
        self._turned_away_at = self.clock.monotonic()
        self._alarms.raise_(Alarm.CROWD, "answers")
