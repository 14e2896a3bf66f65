"""Time that can be moved forward: an hour's expiry is tested in no time."""

import asyncio
import time
from collections.abc import Callable


class MovableClock:
    """Real time plus whatever it was advanced by; for one event loop."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._woken = asyncio.Event()

    def time(self) -> float:
        """Now, in unix seconds."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move on, and wake whoever waits. Raises `ValueError` for a step back."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("A clock can be advanced by 0 seconds or more.")
        self._ahead_s += seconds
        self.wake()

    def wake(self) -> None:
        """Let whoever waits look again at the moment they wait for."""
        self._woken.set()
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        moment = self.time() + seconds
        await self.sleep_until(lambda: moment)

    async def sleep_until(self, moment: Callable[[], float]) -> None:
        """Wait until this clock shows `moment()`, in unix seconds, whatever it is by then."""
        while (left_s := moment() - self.time()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._woken.wait()
            except TimeoutError:
                pass
