"""The torture's world, in which time leaps in the end, when nobody is in the middle of anything."""

import time

from tests.torture.world import World

STUCK_AFTER_S = 2.0
LEAP_S = 900.0


class Hurried(World):
    """`hurry` lets time leap while nothing happens."""

    _seen: object = None
    _seen_at = 0.0

    def hurry(self) -> None:
        """Leap, if nothing has changed for a while (s of real time) and nobody waits."""
        now, progress = time.monotonic(), self.progress()
        if progress != self._seen:
            self._seen, self._seen_at = progress, now
        elif now - self._seen_at > STUCK_AFTER_S:
            self._seen_at = now
            self.advance(LEAP_S)
