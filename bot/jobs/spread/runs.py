"""How a provider's requests are shared out: to each process as many as its runs need."""

from collections.abc import Callable, Collection

from bot.jobs.live import LiveJobs

IDLE = 0.5
"""Who follows no run has so much of what one has: a submit, or a look, comes at any time."""


class SharedRequests:
    """`led` names the jobs that this process follows, `processes` how many there are with it.

    Every process knows all jobs; so what each takes for its own adds up to the whole, but for the
    moments in which they do not agree who follows one.
    """

    def __init__(self, jobs: LiveJobs, processes: Callable[[], int]) -> None:
        self.led: Callable[[], Collection[str]] = tuple
        self._jobs = jobs
        self._processes = processes

    def share(self, provider: str) -> float:
        """This process's part of what may be asked of a provider in a while."""
        here, all_ = self._jobs.asking(provider, self.led())
        return (here + IDLE) / (max(here, all_) + IDLE * max(1, self._processes()))

    def kept_back(self) -> float:
        """What the others have however few runs they follow, in runs: polls leave it to them."""
        return IDLE * max(0, self._processes() - 1)
