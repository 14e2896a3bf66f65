"""The one source of time: handed in, so that tests can move it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Unix time in seconds, and a way to wait."""

    def time(self) -> float:
        """Now, in unix seconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""


class SystemClock:
    """The machine's own time."""

    def time(self) -> float:
        """Now, in unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)
