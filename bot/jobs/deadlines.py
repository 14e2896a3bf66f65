"""When a step that fails again and again is given up."""

from dataclasses import dataclass

from bot.clock import Clock


@dataclass(slots=True)
class _Tries:
    """How often, and since when (monotonic s)."""

    since: float
    count: int = 0


class RetryDeadline:
    """Gives a job up after so long *and* so many tries, in this run of the program.

    Time alone proves nothing: the bot may have been off, or nobody could be asked.
    """

    def __init__(self, clock: Clock, *, limit_s: float, min_tries: int = 3) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._min_tries = min_tries
        self._tries: dict[str, _Tries] = {}

    def elapsed_s(self, job_id: str) -> float:
        """The seconds since the first try."""
        return self._clock.monotonic() - self._of(job_id).since

    def left_s(self, job_id: str) -> float | None:
        """The seconds until it may be given up; `None` before the first try."""
        if job_id not in self._tries:
            return None
        return max(0.0, self._limit_s - self.elapsed_s(job_id))

    def record_try(self, job_id: str) -> None:
        """One more try has failed."""
        self._of(job_id).count += 1

    def has_passed(self, job_id: str) -> bool:
        """Whether it was tried long and often enough to give it up."""
        enough = self._of(job_id).count >= self._min_tries
        return enough and self.elapsed_s(job_id) >= self._limit_s

    def forget(self, job_id: str) -> None:
        """It succeeded, or was given up."""
        self._tries.pop(job_id, None)

    def _of(self, job_id: str) -> _Tries:
        return self._tries.setdefault(job_id, _Tries(self._clock.monotonic()))
