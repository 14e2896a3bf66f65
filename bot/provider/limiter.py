"""The provider's one rate limit, whoever asks."""

import structlog

from bot.clock import Clock
from bot.core.token_bucket import TokenBucket

log = structlog.get_logger()

UNSTATED_PAUSE_S = 10.0
BUSY_ADVICE = "Lower SEGMIND_REQUESTS_PER_MINUTE if this comes often."


class RateLimiter:
    """Counts every request to the provider, whoever sends it; a 429 to one pauses all."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self.per_minute = per_minute
        self._bucket = TokenBucket(per_minute, clock.monotonic())

    @property
    def paused_s(self) -> float:
        """The seconds for which the provider wants to be left alone altogether."""
        return max(0.0, self._bucket.paused_until - self._clock.monotonic())

    def wait_s(self, *, submit: bool = False) -> float:
        """0 if a request may be sent now, else the seconds after which to ask again."""
        return self._bucket.wait_s(self._clock.monotonic(), submit=submit)

    def record_request(self) -> None:
        """A request goes out."""
        self._bucket.take(self._clock.monotonic())

    def record_throttled(self, retry_after_s: float | None) -> None:
        """A request was answered with 429, and perhaps how long to wait."""
        pause_s = retry_after_s or UNSTATED_PAUSE_S
        if not self.paused_s:
            told = {"pause_s": round(pause_s), "advice": BUSY_ADVICE}
            log.warning("the provider has had too many requests", **told)
        self._bucket.pause(self._clock.monotonic(), pause_s)
