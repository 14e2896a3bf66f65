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
from itertools import accumulate, pairwise
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

REQUESTS_A_RUN = 25
"""A run of typical length costs so many requests when nothing is saved on polls."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STEP_S = 0.25
STEPS = round(LONGEST_RUN_S / STEP_S)
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
    def learn(cls, past: Iterable[PastRun], quality: Quality, duration_s: float) -> "RunTimes":
        """What past runs, the likest most, say about the next one."""
        typical = math.log(TYPICAL_RUN_S)
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
        expected = _expected_polls(self)
        step = min(math.ceil(max(0.0, elapsed_s) / STEP_S), len(expected) - 1)
        due = bisect_left(expected, expected[step] + 1 / share, lo=step)
        return min(max(SHORTEST_WAIT_S, (due - step) * STEP_S), LONGEST_WAIT_S)

    def affordable_share(self, running: int, requests_per_minute: int) -> float:
        """The share of its polls that each of so many runs can have of the request budget."""
        each = POLLS_SHARE * requests_per_minute / 60 * self.typical_s / max(1, running)
        return min(1.0, max(LEAST_SHARE, (each - OTHER_REQUESTS) / _polls_a_run(self)))

    def remaining_s(self, elapsed_s: float) -> float:
        """The median of what is left, for a run that has lasted `elapsed_s` and is not finished."""
        usual = NormalDist(self.mu, self.sigma)
        lasted = usual.cdf(math.log(max(elapsed_s, 1e-3)))
        half_way = min((1 + lasted) / 2, 1 - 1e-9)
        return max(1.0, math.exp(usual.inv_cdf(half_way)) - elapsed_s)

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


@lru_cache(maxsize=16)  # as many kinds of runs go on at once; the sum is long
def _expected_polls(times: RunTimes) -> "array[float]":
    """How many polls are due until each step: the integral of 1/h."""
    rates = (math.sqrt(WORTH * times.hazard((n + 0.5) * STEP_S) / 2) for n in range(STEPS))
    return array("d", accumulate((STEP_S * rate for rate in rates), initial=0.0))


@lru_cache(maxsize=16)
def _polls_a_run(times: RunTimes) -> float:
    """The mean number of polls until a run's end: the integral of S/h."""
    expected = _expected_polls(times)
    due = (later - before for before, later in pairwise(expected))
    return sum(polls * times.left((n + 0.5) * STEP_S) for n, polls in enumerate(due))


def most_running(requests_per_minute: int) -> int:
    """How many runs at once the request budget is good for, at least one."""
    return max(1, int(POLLS_SHARE * requests_per_minute * TYPICAL_RUN_S / (60 * REQUESTS_A_RUN)))


def _likeness(run: PastRun, quality: Quality, duration_s: float) -> float:
    same = 1.0 if run.quality == quality else OTHER_QUALITY
    return same * math.exp(-abs(run.duration_s - duration_s) / SIMILAR_LENGTH_S)
