"""When to poll a running job next, when it will be ready, and how many requests that may cost.

Polls buy news. For run times with hazard rate λ(t), the spacing with the least mean delay for a
number of polls is h(t) = sqrt(2 / (w · λ(t))), where w is what a second of delay is worth in polls.
Here the polls are put where the integral of 1/h reaches whole numbers. Times are in seconds.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from bot.core.jobs import Quality

TYPICAL_RUN_S = 133.0
"""The provider's page states 132.61 s for a typical run."""

TYPICAL_SIGMA = 0.25
PRIOR_RUNS = 4.0
"""As many past runs as the typical run time counts for."""

SURPRISE = 0.1
SHORTEST_RUN_S, LONGEST_RUN_S = 2.0, 3600.0
"""Before anything is learned, one run in ten may end at any time, evenly on a logarithmic scale."""

ODD_SPAN = math.log(LONGEST_RUN_S / SHORTEST_RUN_S)

WORTH = 7.5
"""A second of delay is worth so many polls: 2 s of mean delay at 15 polls a job."""

POLLS_SHARE = 0.8
"""So much of the request budget is for runs that go on; the rest is for what comes unforeseen."""

OTHER_REQUESTS = 2.5
"""A run's submit, its result, and half a poll between its end and when that is seen."""

LEAST_SHARE = 0.01
MEAN_POLLS = 1.25
"""Late runs are asked after more often: so many times the polls that are due by the typical end."""

REQUESTS_A_RUN = 25
"""A run of typical length costs so many requests when nothing is saved on polls."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STEP_S = 0.25
LAST_STEP = round(LONGEST_RUN_S / STEP_S)
MINUTE_S = 60.0
EIGHT_OF_TEN = NormalDist().inv_cdf(0.9)
"""So many standard deviations to each side of the middle."""

SIMILAR_LENGTH_S = 5.0
OTHER_QUALITY = 0.3
"""A run in another quality says this much about this one."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A finished run: its quality, its motion's length, and the time from submit to finish."""

    quality: Quality
    duration_s: float
    run_s: float


@dataclass(frozen=True, slots=True)
class RunTimes:
    """How long runs of one kind take: log-normal, and with a small share of surprises."""

    mu: float
    sigma: float
    surprise: float

    @classmethod
    def learn(
        cls,
        past: Iterable[PastRun],
        quality: Quality,
        duration_s: float,
        usual_s: float = TYPICAL_RUN_S,
    ) -> "RunTimes":
        """What a model's past runs, the likest most, say about its next one.

        `usual_s` is what is known before there are any.
        """
        typical = math.log(usual_s)
        known = [
            (_likeness(run, quality, duration_s), math.log(max(1.0, run.run_s))) for run in past
        ]
        weight = PRIOR_RUNS + sum(likeness for likeness, _ in known)
        mu = (PRIOR_RUNS * typical + sum(likeness * x for likeness, x in known)) / weight
        spread = PRIOR_RUNS * (TYPICAL_SIGMA**2 + (typical - mu) ** 2)
        spread += sum(likeness * (x - mu) ** 2 for likeness, x in known)
        return cls(mu, max(0.02, math.sqrt(spread / weight)), SURPRISE / (weight - PRIOR_RUNS + 1))

    @property
    def typical_s(self) -> float:
        """The median run time."""
        return math.exp(self.mu)

    def next_poll_s(self, elapsed_s: float, share: float = 1.0) -> float:
        """How long to wait for the next poll; the last one was `elapsed_s` after the submit.

        With a `share` below 1 only so many of the polls are made: w is lower by its square.
        """
        schedule, begins = _schedule(self), max(0.0, elapsed_s)
        due_s = schedule.reaches(schedule.polls_until(begins) + 1 / share) - begins
        return min(max(SHORTEST_WAIT_S, due_s), LONGEST_WAIT_S)

    def affordable_share(self, running: float, requests_per_minute: int) -> float:
        """The share of its polls that each of so many runs can have of the request budget."""
        each = POLLS_SHARE * requests_per_minute / 60 * self.typical_s / max(1.0, running)
        polls = MEAN_POLLS * _schedule(self).polls_until(self.typical_s)
        return min(1.0, max(LEAST_SHARE, (each - OTHER_REQUESTS) / polls))

    @property
    def usual_s(self) -> tuple[float, float]:
        """Between which times eight of ten runs last; in tens of seconds, or in whole minutes."""
        least, most = (math.exp(self.mu + z * self.sigma) for z in (-EIGHT_OF_TEN, EIGHT_OF_TEN))
        step_s = MINUTE_S if most > MINUTE_S else 10.0
        return round(least / step_s) * step_s, math.ceil(most / step_s) * step_s

    def hazard(self, t: float) -> float:
        """λ(t) = f(t) / S(t), per second."""
        z = (math.log(t) - self.mu) / self.sigma
        usual = math.exp(-z * z / 2) / (t * self.sigma * math.sqrt(2 * math.pi))
        odd = 1 / (t * ODD_SPAN) if SHORTEST_RUN_S <= t <= LONGEST_RUN_S else 0.0
        density = (1 - self.surprise) * usual + self.surprise * odd
        return density / max(self.left(t), 1e-12)

    def left(self, t: float) -> float:
        """S(t): the share of runs that last longer."""
        usual = 0.5 * math.erfc((math.log(t) - self.mu) / self.sigma / math.sqrt(2))
        odd = min(1.0, max(0.0, math.log(LONGEST_RUN_S / t) / ODD_SPAN))
        return (1 - self.surprise) * usual + self.surprise * odd


class _Schedule:
    """The integral of 1/h, how many polls are due until when, as far as anybody has asked."""

    def __init__(self, times: RunTimes) -> None:
        self._times = times
        self._due = array("d", [0.0])

    def polls_until(self, at_s: float) -> float:
        """How many are due by then."""
        step = min(math.ceil(at_s / STEP_S), LAST_STEP)
        while len(self._due) <= step:
            self._grow()
        return self._due[step]

    def reaches(self, polls: float) -> float:
        """When so many are due (s); never, where that is after the longest run."""
        while self._due[-1] < polls:
            if len(self._due) > LAST_STEP:
                return math.inf
            self._grow()
        return bisect_left(self._due, polls) * STEP_S

    def _grow(self) -> None:
        rate = math.sqrt(WORTH * self._times.hazard((len(self._due) - 0.5) * STEP_S) / 2)
        self._due.append(self._due[-1] + STEP_S * rate)


@lru_cache(maxsize=16)  # as many kinds of runs go on at once
def _schedule(times: RunTimes) -> _Schedule:
    return _Schedule(times)


def most_running(requests_per_minute: int) -> int:
    """How many runs at once the request budget is good for, at least one."""
    return max(1, int(POLLS_SHARE * requests_per_minute * TYPICAL_RUN_S / (60 * REQUESTS_A_RUN)))


def _likeness(run: PastRun, quality: Quality, duration_s: float) -> float:
    same = 1.0 if run.quality == quality else OTHER_QUALITY
    return same * math.exp(-abs(run.duration_s - duration_s) / SIMILAR_LENGTH_S)
