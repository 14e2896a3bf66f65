"""The provider's one rate limit, whoever asks."""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.clock import Clock
from bot.core.token_bucket import TokenBucket
from bot.provider.peers import ASKED, Peers

log = structlog.get_logger()

UNSTATED_PAUSE_S = 10.0
LONGEST_NAP_S = 10.0
"""Who waits for a share of the requests asks again so soon: it may be more by then."""

LEAST_SHARE = 0.001
THROTTLED = "throttled"
BUSY_ADVICE = "Lower SEGMIND_REQUESTS_PER_MINUTE if this comes often."


class RateLimiter:
    """Counts every request to the provider, whoever sends it; a 429 to one pauses all.

    Of what the operator allows each process of the bot sends its share; a pause is everybody's.
    """

    def __init__(
        self, clock: Clock, per_minute: int, name: str = "", peers: Peers | None = None
    ) -> None:
        self._clock = clock
        self.per_minute = per_minute
        self._name = name
        self._peers = peers or Peers()
        self._bucket = TokenBucket(per_minute, clock.monotonic())
        if self._peers.may_come:
            self._bucket.empty(clock.monotonic())
        self._peers.news.hear(THROTTLED, self._hear)
        self._peers.news.hear(ASKED, lambda *_: self._tell())

    @property
    def kept_back(self) -> float:
        """How many runs' requests other processes have that follow none."""
        return self._peers.kept_back()

    @property
    def paused_s(self) -> float:
        """The seconds for which the provider wants to be left alone altogether."""
        return max(0.0, self._bucket.paused_until - self._clock.monotonic())

    def wait_s(self, *, submit: bool = False) -> float:
        """0 if a request may be sent now, else the seconds after which to ask again."""
        if paused_s := self.paused_s:
            return paused_s
        share = self._share()
        wait_s = self._bucket.wait_s(self._clock.monotonic(), submit=submit)
        return wait_s if share == 1.0 else min(wait_s, LONGEST_NAP_S)

    def record_request(self) -> None:
        """A request goes out."""
        self._share()
        self._bucket.take(self._clock.monotonic())

    def record_throttled(self, retry_after_s: float | None) -> None:
        """A request was answered with 429, and perhaps how long to wait."""
        pause_s = retry_after_s or UNSTATED_PAUSE_S
        if not self.paused_s:
            told = {"pause_s": round(pause_s), "advice": BUSY_ADVICE}
            log.warning("the provider has had too many requests", **told)
        self._bucket.pause(self._clock.monotonic(), pause_s)
        self._tell()

    def _share(self) -> float:
        """What it is now, which the bucket follows."""
        share = max(LEAST_SHARE, self._peers.share(self._name))
        self._bucket.set_share(self._clock.monotonic(), share)
        return share

    def _tell(self) -> None:
        if self.paused_s:
            self._peers.news.tell(THROTTLED, provider=self._name, pause_s=self.paused_s)

    def _hear(self, _process: str, facts: Mapping[str, Any]) -> None:
        if facts["provider"] == self._name:
            self._bucket.pause(self._clock.monotonic(), facts["pause_s"])
