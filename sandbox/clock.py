"""Real time that a test can push forward."""

import asyncio
import time
from heapq import heappop, heappush
from itertools import count


class MovableClock:
    """Unix time plus an offset; it runs on its own and jumps when told to. For one event loop.

    A client in real time works with it, and a test need not wait for a deadline to pass.
    """

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

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
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock, jumps included, is that many seconds further."""
        if seconds <= 0:
            return
        sleeper = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.monotonic() + seconds, next(self._numbers), sleeper))
        if self._sleepers[0][-1] is sleeper:
            self._wake()
        await sleeper

    def next_look_s(self, left_s: float) -> float:
        """How long (s of real time) to wait until this clock is asked again."""
        return left_s

    def _wake(self) -> None:
        """Wake whose moment has come, and do so again at the next one's."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.monotonic()
        while self._sleepers:
            moment, _, sleeper = self._sleepers[0]
            if moment > now and not sleeper.done():
                look_s = self.next_look_s(moment - now)
                self._timer = asyncio.get_running_loop().call_later(look_s, self._wake)
                return
            heappop(self._sleepers)
            if not sleeper.done():  # who was cancelled waits for nothing any more
                sleeper.set_result(None)
