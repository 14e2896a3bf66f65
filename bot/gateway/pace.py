"""How fast one process may ask Discord, where others ask with the same token.

Discord takes fifty requests a second from all of them together. What answers an interaction does
not count, and never waits here.
"""

from collections.abc import Callable

from bot.clock import Clock

PER_S = 45.0
"""Of fifty: what was sent evenly does not arrive so."""

BURST_S = 0.5
UNCOUNTED = ("/interactions/", "/webhooks/")


class Pace:
    """`wait` before each request. `share` says which part is this process's; all of it waits for
    nothing, since Discord tells whoever is alone when to stop."""

    def __init__(self, share: Callable[[], float], clock: Clock) -> None:
        self._share = share
        self._clock = clock
        self._held_until = clock.monotonic()
        self._next_at = self._held_until - BURST_S

    def hold(self, seconds: float) -> None:
        """Discord has had too many of all processes' requests: none for so long."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    async def wait(self, path: str) -> None:
        """Until this request may be sent."""
        if path.startswith(UNCOUNTED):
            return
        while (wait_s := self._held_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait_s)
        share = self._share()
        if share >= 1:
            return
        now = self._clock.monotonic()
        self._next_at = max(self._next_at, now - BURST_S) + 1 / (PER_S * share)
        if self._next_at > now:
            await self._clock.sleep(self._next_at - now)
