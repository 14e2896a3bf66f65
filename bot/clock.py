"""The one source of time: handed in, so that tests can move it.

The machine's clock may be set while the bot runs, forwards or back. So what is written down or
shown to people is by `time`, and how long something has lasted in this run is by `monotonic`.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")


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
