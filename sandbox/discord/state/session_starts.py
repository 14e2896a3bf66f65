"""How a bot's sessions may begin: on how many shards, how often, how soon after one another."""

from dataclasses import dataclass, field

from sandbox.clock import MovableClock
from sandbox.discord.wire import Json

PACE_S = 5.0
RENEWED_EVERY_S = 24 * 3600.0


@dataclass(slots=True)
class SessionStarts:
    """What `/gateway/bot` tells of it, and IDENTIFY is held to.

    `shards` are recommended, and with fewer than `least_shards` nobody is let in. Of those that are
    the same by `shard_id % max_concurrency`, one may identify in five seconds: `too_soon` counts
    those that did not wait, and where it `is_paced` they are refused.
    """

    clock: MovableClock
    shards: int = 1
    least_shards: int = 1
    max_concurrency: int = 1
    total: int = 1000
    is_paced: bool = False
    too_soon: int = 0
    _left: int | None = None
    _renewed_at: float = 0.0
    _begun_at: dict[int, float] = field(default_factory=dict)

    @property
    def remaining(self) -> int:
        """How many sessions may still be started until the number is renewed."""
        if self._left is None or self.clock.time() >= self._renewed_at:
            return self.total
        return self._left

    def run_out(self, renewed_in_s: float) -> None:
        """From now on none may be started for so long."""
        self._left, self._renewed_at = 0, self.clock.time() + renewed_in_s

    def limit(self) -> Json:
        """The `session_start_limit` of `/gateway/bot`."""
        is_full = self.remaining == self.total
        after_s = 0.0 if is_full else self._renewed_at - self.clock.time()
        return {
            "total": self.total,
            "remaining": self.remaining,
            "reset_after": int(after_s * 1000),
            "max_concurrency": self.max_concurrency,
        }

    def begin(self, shard_id: int) -> bool:
        """Whether this shard may start a session now; then it is counted."""
        now, key = self.clock.time(), shard_id % self.max_concurrency
        is_soon = now - self._begun_at.get(key, -PACE_S) < PACE_S
        self.too_soon += is_soon
        if is_soon and self.is_paced:
            return False
        self._begun_at[key] = now
        left = self.remaining
        if left == self.total:
            self._renewed_at = now + RENEWED_EVERY_S
        self._left = left - 1
        return True
