"""Whose turn it is among those who want the same: a decoder, or a place on the line."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.clock import Clock


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the turns' time one owner may have: so much at once, and so many seconds in each
    that passes.
    """

    at_once_s: float
    per_s: float


LOOKS_SHARE, REWRITES_SHARE = Share(30.0, 0.1), Share(240.0, 0.2)
EVERYTHING = Share(math.inf, 1.0)
LONGEST_REST_S = 600.0


@dataclass(eq=False, slots=True)
class _Waiting:
    """Who waits for a turn, and when it counts as having come: the first of these is served."""

    owner: int
    late_s: float
    came: tuple[float, int] = (0.0, 0)
    served: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Turns:
    """So many at once, one of each owner; whoever waits takes turns by owner, then by arrival.

    The time that turns take is counted. Owners who have used some come later than they came, by as
    long as it takes to win it back; those who have used more than their share rest first. Nobody
    comes later than by a bounded time, so nobody waits for ever.
    """

    def __init__(self, at_once: int, clock: Clock, share: Share = EVERYTHING) -> None:
        self._free = at_once
        self._clock = clock
        self._share = share
        self._count = 0
        self._served: set[int] = set()
        self._waiting: list[_Waiting] = []
        self._used: dict[int, tuple[float, float]] = {}

    @asynccontextmanager
    async def turn(
        self, owner: int, *, late_s: float = 0.0, takes_s: float = 0.0
    ) -> AsyncIterator[None]:
        """Wait for this owner's turn, and keep it until the block ends.

        Others who come within `late_s` come first, and so it is with what is known to take long.
        """
        over_s = self._used_s(owner) - self._share.at_once_s
        if over_s > 0:
            await self._clock.sleep(min(over_s / self._share.per_s, LONGEST_REST_S))
        mine = _Waiting(owner, late_s + takes_s / self._share.per_s)
        self._comes(mine)
        self._waiting.append(mine)
        self._serve()
        began_at = self._clock.monotonic()
        try:
            await mine.served
            began_at = self._clock.monotonic()
            yield
        finally:
            self._waiting.remove(mine)
            if mine.served.done() and not mine.served.cancelled():
                self._end(owner, self._clock.monotonic() - began_at)
            self._serve()

    def _serve(self) -> None:
        while self._free:
            ready = [
                each
                for each in self._waiting
                if each.owner not in self._served and not each.served.done()
            ]
            if not ready:
                return
            first = min(ready, key=lambda each: each.came)
            self._free -= 1
            self._served.add(first.owner)
            first.served.set_result(None)

    def _end(self, owner: int, took_s: float) -> None:
        self._free += 1
        self._served.discard(owner)
        # Kept of those alone who have not won back all, and no more than is ever waited for.
        most_s = self._share.at_once_s + LONGEST_REST_S * self._share.per_s
        used_s = min(self._used_s(owner) + took_s, most_s)
        self._used = {each: used for each, used in self._used.items() if self._used_s(each) > 0}
        self._used[owner] = (used_s, self._clock.monotonic())
        for each in self._waiting:
            if each.owner == owner:  # others had no turn meanwhile
                self._comes(each)

    def _used_s(self, owner: int) -> float:
        used_s, at = self._used.get(owner, (0.0, 0.0))
        return max(0.0, used_s - (self._clock.monotonic() - at) * self._share.per_s)

    def _comes(self, waiting: _Waiting) -> None:
        self._count += 1
        late_s = waiting.late_s + self._used_s(waiting.owner) / self._share.per_s
        waiting.came = self._clock.monotonic() + late_s, self._count
