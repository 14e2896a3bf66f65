"""The one source of time: handed in, so that tests can move it.

The machine's clock may be set while the bot runs, forwards or back. So what is written down or
shown to people is by `time`, and how long something has lasted in this run is by `monotonic`.
Whether the process itself stood still is a matter of real time.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")

CANCEL_AGAIN_S = 2.0
"""Before Python 3.12 `asyncio.wait_for`, by which discord.py connects, may lose a cancellation."""


class Clock(Protocol):
    """Unix time, seconds that only go on, and a way to wait."""

    def time(self) -> float:
        """Now, in unix seconds."""

    def monotonic(self) -> float:
        """Seconds since some moment of this run: only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""


async def wait_for_event(event: asyncio.Event, clock: Clock, timeout_s: float) -> None:
    """Until the event is set, or so long on this clock."""
    if timeout_s <= 0:
        await asyncio.sleep(0)
        return
    waker = asyncio.ensure_future(event.wait())
    timer = asyncio.ensure_future(clock.sleep(timeout_s))
    try:
        await asyncio.wait({waker, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waker.cancel()
        timer.cancel()


async def within(work: Awaitable[T], clock: Clock, timeout_s: float) -> T:
    """What this comes to. Raises `TimeoutError` where that takes longer, and ends it."""
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(timeout_s))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
        timer.cancel()


async def cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End them, however often they must be told."""
    while going_on := [task for task in tasks if not task.done()]:
        for task in going_on:
            task.cancel()
        await asyncio.wait(going_on, timeout=CANCEL_AGAIN_S)


class SystemClock:
    """The machine's own time."""

    def time(self) -> float:
        """Now, in unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment of this run."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


STOOD_STILL_S = 5.0
"""Sooner than others take its jobs over: three seconds may have passed since it was last heard."""

LOOK_S = 0.5

_ALWAYS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_decided_at: ContextVar[float] = ContextVar("decided_at", default=math.inf)


def awake_or_not() -> float:
    """Seconds since some moment, with those in which the machine slept, where it tells them."""
    return time.clock_gettime(_ALWAYS)


@contextmanager
def deciding(at: float | None = None) -> Iterator[None]:
    """What is done in here is decided by what is known as it begins: now, or `at`."""
    token = _decided_at.set(awake_or_not() if at is None else at)
    try:
        yield
    finally:
        _decided_at.reset(token)


class Stillness:
    """Whether this process stood still (a stopped container, a suspended machine) since somebody in
    it has decided what to do: others may have done it by now, and more.

    `run` it as long as the process is there.
    """

    def __init__(self, now: Callable[[], float] = awake_or_not) -> None:
        self._now = now
        self._seen_at = now()
        self._woke_at = -math.inf

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while True:
            self._look()
            await asyncio.sleep(LOOK_S)

    @property
    def has_been(self) -> bool:
        """Whether it was since the decision (`deciding`) that is acted upon here."""
        self._look()
        return _decided_at.get() < self._woke_at

    def _look(self) -> None:
        now = self._now()
        if now - self._seen_at >= STOOD_STILL_S:
            self._woke_at = now
        self._seen_at = now
