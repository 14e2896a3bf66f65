"""How a provider's requests are shared out: to each process as many as its runs need."""

import math
from collections.abc import Callable, Collection

from bot.clock import Clock
from bot.jobs.live import LiveJobs

IDLE = 0.5
"""Who follows no run has so much of what one has: a submit, or a look, comes at any time."""


RENEWED_S = 0.5
"""Each request asks for the share, and to work it out each job that is led is looked at."""


class SharedRequests:
    """`led` names the jobs that this process follows, `processes` how many there are with it.

    Every process knows all jobs; so what each takes for its own adds up to the whole, but for the
    moments in which they do not agree who follows one.
    """

    def __init__(self, jobs: LiveJobs, processes: Callable[[], int], clock: Clock) -> None:
        self.led: Callable[[], Collection[str]] = tuple
        self._jobs = jobs
        self._processes = processes
        self._clock = clock
        self._shares: dict[str, tuple[float, float]] = {}

    def share(self, provider: str) -> float:
        """This process's part of what may be asked of a provider in a while, as of just now."""
        now = self._clock.monotonic()
        worked_out_at, share = self._shares.get(provider, (-math.inf, 1.0))
        if now - worked_out_at >= RENEWED_S:
            share = self._work_out(provider)
            self._shares[provider] = now, share
        return share

    def _work_out(self, provider: str) -> float:
        here, all_ = self._jobs.asking(provider, self.led())
        return (here + IDLE) / (max(here, all_) + IDLE * max(1, self._processes()))

    def kept_back(self) -> float:
        """What the others have however few runs they follow, in runs: polls leave it to them."""
        return IDLE * max(0, self._processes() - 1)
