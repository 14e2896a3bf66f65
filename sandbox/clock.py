"""Real time that a test can push forward."""

import asyncio
import time


class MovableClock:
    """Unix time plus an offset; it runs on its own and jumps when told to.

    A client in real time works with it, and a test need not wait for a deadline to pass.
    """

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._moved = asyncio.Event()

    def time(self) -> float:
        """Now, in unix seconds."""
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        """Seconds that only go on, jumps included."""
        return time.monotonic() + self.ahead_s

    def advance(self, seconds: float) -> None:
        """Jump forward and wake whoever sleeps past its moment; ValueError for a jump back."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("This clock only moves forward.")
        self.ahead_s += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock, jumps included, is that many seconds further."""
        until = self.monotonic() + seconds
        while (left_s := until - self.monotonic()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._moved.wait()
            except TimeoutError:
                continue
