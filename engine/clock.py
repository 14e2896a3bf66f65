"""Time that can be moved forward: an hour's expiry is tested in no time."""

import asyncio
import time


class MovableClock:
    """Real time plus whatever it was advanced by; for one event loop."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._moved = asyncio.Event()

    def time(self) -> float:
        """Now, in unix seconds."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move on, and wake whoever waits. Raises `ValueError` for a step back."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("A clock can be advanced by 0 seconds or more.")
        self._ahead_s += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        await self.sleep_until(self.time() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Wait until this clock shows `moment`, in unix seconds."""
        while (left_s := moment - self.time()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._moved.wait()
            except TimeoutError:
                pass
