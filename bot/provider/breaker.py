"""Whether the provider takes submits just now, and how long to leave it alone when it does not."""

from dataclasses import dataclass

import structlog

from bot.alarms import Alarms, Trouble
from bot.clock import Clock
from bot.core.schedule import RequestBudget
from bot.errors import KeyRejected, NotAccepted, OutOfCredits

log = structlog.get_logger()

DOOR = "submits"
LONGEST_WAIT_S = 600.0
DOUBTS_WAIT_S = (5.0, 60.0, 720.0, 3600.0)
"""After each further lost submit: every try during an outage puts one more job in doubt."""

ABOUT_INPUTS = frozenset({403, 406})
"""Answers that may mean the account, or these inputs alone: the text does not always tell."""

REFUSALS_OF_ONE = 2
FAILURES_OF_AN_OUTAGE = 2
"""One lost answer is bad luck; after two in a row, nobody new is let in."""

POLL_NEWS_S = 120.0
"""So long a failed poll says something of now."""

UNSTATED_PAUSE_S = 10.0
BUSY_ADVICE = "Lower SEGMIND_REQUESTS_PER_MINUTE if this comes often."
OUTAGE_ADVICE = "It is tried again by itself; check SEGMIND_API_URL and the network if it lasts."


class Line:
    """What the last requests have taught. While it is doubtful, one job at a time tries."""

    def __init__(self, clock: Clock, alarms: Alarms | None = None) -> None:
        self._clock = clock
        self._alarms = alarms or Alarms()
        self._waves = 0
        self._failures = 0
        self._until = 0.0
        self._is_busy = False
        self._is_half_open = False
        self._successes = 0
        self._refused: dict[str, list[int]] = {}
        self._bad_polls: set[str] = set()
        self._odd_runs: set[str] = set()
        self._polled_at = 0.0
        self.posting = 0

    @property
    def left_s(self) -> float:
        """The seconds until it may be tried again."""
        return max(0.0, self._until - self._clock.monotonic())

    @property
    def is_broken(self) -> bool:
        """Whether it is an outage, and more than one job's trouble."""
        return self.polls_fail or (self.is_ailing and self._failures >= FAILURES_OF_AN_OUTAGE)

    @property
    def is_ailing(self) -> bool:
        """Whether jobs wait for the provider to be well, and not for their turn."""
        return self.polls_fail or (self._waves > 0 and not self._is_busy)

    @property
    def is_doubtful(self) -> bool:
        """Whether the last submit failed, or a poll has since."""
        return self._waves > 0 or bool(self._recent_bad_polls)

    @property
    def is_closed(self) -> bool:
        """Whether it is an outage as far as is known: not even a free question was answered."""
        return self.is_broken and (self.polls_fail or self.left_s > 0 or not self._is_half_open)

    @property
    def polls_fail(self) -> bool:
        """Whether more than one job cannot be asked after, and none can."""
        return len(self._recent_bad_polls) >= FAILURES_OF_AN_OUTAGE

    @property
    def _recent_bad_polls(self) -> set[str]:
        is_news = self._clock.monotonic() - self._polled_at < POLL_NEWS_S
        return self._bad_polls if is_news else set()

    def poll_failed(self, job_id: str) -> None:
        """A run could not be asked after; says nothing new of one known to be odd."""
        if job_id not in self._odd_runs:
            self._bad_polls = self._recent_bad_polls | {job_id}
            self._polled_at = self._clock.monotonic()

    def poll_works(self, job_id: str) -> None:
        """A run could be asked after."""
        self._odd_runs.discard(job_id)
        self._bad_polls = set()

    def works(self) -> None:
        """A submit came through."""
        if self._waves:
            log.info("the provider takes requests again")
        for trouble in (Trouble.KEY, Trouble.CREDITS):
            self._alarms.works(trouble, DOOR)
        self._waves, self._failures, self._until = 0, 0, 0.0
        self._is_half_open = False
        self._successes += 1

    def answers(self) -> None:
        """It has answered a free question: one more may try.

        Runs that could not be asked after are odd then: the trouble is theirs alone.
        """
        self._is_half_open = True
        self._odd_runs |= self._recent_bad_polls
        self._bad_polls = set()

    def in_doubt(self, reason: str) -> None:
        """A submit's reply was lost: whatever broke it, the next would follow it."""
        self._wait(DOUBTS_WAIT_S[min(self._waves, len(DOUBTS_WAIT_S) - 1)])
        log.warning("a submit is in doubt", reason=reason, next_try_in_s=round(self.left_s))

    def is_silent(self, reason: str) -> None:
        """It did not even answer a free question."""
        self._wait(self._doubled(5.0))
        log.warning("the provider does not answer", reason=reason, next_try_in_s=round(self.left_s))

    def turned_away(self, job_id: str, error: NotAccepted) -> None:
        """A job's submit was not accepted, provably."""
        is_known = _is_surely_the_account(error)
        is_account = is_known or isinstance(error, KeyRejected | OutOfCredits)
        if error.status in ABOUT_INPUTS:
            self._refused.setdefault(job_id, [])
        is_about_one = is_account and not is_known and len(self._refused) < REFUSALS_OF_ONE
        wait_s = self._doubled(60.0 if is_account else 5.0)
        is_busy = error.status == 429
        failures = 0 if is_busy or is_about_one else FAILURES_OF_AN_OUTAGE if is_account else 1
        self._wait(error.retry_after_s or wait_s, failures=failures, is_busy=is_busy)
        facts = {
            "reason": str(error),
            "status": error.status,
            "next_try_in_s": round(self.left_s),
        }
        if is_account and not is_about_one:
            trouble = Trouble.CREDITS if isinstance(error, OutOfCredits) else Trouble.KEY
            self._alarms.begins(trouble, DOOR, **facts)
        elif not is_busy:  # of which the throttle tells
            log.warning("the provider does not take requests", **facts, advice=OUTAGE_ADVICE)

    def is_about_inputs(self, job_id: str, error: NotAccepted) -> bool:
        """Whether a refusal concerns one job alone: others have come through between its refusals.

        Without this, one picture that the provider will never take would stop everybody.
        """
        if error.status not in ABOUT_INPUTS or _is_surely_the_account(error):
            return False
        seen = self._refused.setdefault(job_id, [])
        if seen[-1:] != [self._successes]:
            seen.append(self._successes)
        return len(seen) > REFUSALS_OF_ONE

    def forget(self, job_id: str) -> None:
        """A job has left the line, or its run has ended."""
        self._refused.pop(job_id, None)
        self._odd_runs.discard(job_id)

    def _doubled(self, base_s: float) -> float:
        return min(LONGEST_WAIT_S, base_s * float(2 ** min(self._waves, 7)))

    def _wait(self, wait_s: float, *, failures: int = 1, is_busy: bool = False) -> None:
        """Leave the provider alone; submits that fail in one wave lengthen the next wait once."""
        self._failures += failures
        self._is_half_open = False
        if not self.left_s:
            self._waves += 1
            self._until = self._clock.monotonic() + wait_s
            self._is_busy = is_busy


def _is_surely_the_account(error: NotAccepted) -> bool:
    """The key, or an empty balance: no other job would fare better."""
    words = ("credit", "balance", "spend")
    is_money = isinstance(error, OutOfCredits) and any(word in str(error).lower() for word in words)
    return error.status in {401, 402} or is_money


class Throttle:
    """The provider's one rate limit, whoever asks: counts every request, and heeds each 429."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._budget = RequestBudget(per_minute, clock.monotonic())

    @property
    def closed_s(self) -> float:
        """The seconds for which the provider wants to be left alone altogether."""
        return max(0.0, self._budget.closed_until - self._clock.monotonic())

    def wait_s(self, *, submit: bool = False) -> float:
        """0 if a request may be sent now, else the seconds after which to ask again."""
        return self._budget.wait_s(self._clock.monotonic(), submit=submit)

    def sent(self) -> None:
        """A request goes out."""
        self._budget.spend(self._clock.monotonic())

    def too_many(self, retry_after_s: float | None) -> None:
        """A request was answered with 429, and perhaps how long to wait."""
        pause_s = retry_after_s or UNSTATED_PAUSE_S
        if not self.closed_s:
            told = {"pause_s": round(pause_s), "advice": BUSY_ADVICE}
            log.warning("the provider has had too many requests", **told)
        self._budget.close(self._clock.monotonic(), pause_s)


@dataclass(slots=True)
class Tries:
    """How often something was tried in this run of the program, and since when (monotonic s)."""

    since: float
    count: int = 0


class Patience:
    """Counts tries, so that nothing is given up for time in which nobody could try."""

    def __init__(self, clock: Clock, *, patience_s: float, least_tries: int = 3) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._least_tries = least_tries
        self._tries: dict[str, Tries] = {}

    def age_s(self, job_id: str) -> float:
        """The seconds since the first try."""
        return self._clock.monotonic() - self._of(job_id).since

    def tried(self, job_id: str) -> None:
        """One more honest try has failed."""
        self._of(job_id).count += 1

    def is_spent(self, job_id: str) -> bool:
        """Whether it was tried long and often enough to give it up."""
        enough = self._of(job_id).count >= self._least_tries
        return enough and self.age_s(job_id) >= self._patience_s

    def forget(self, job_id: str) -> None:
        """It succeeded, or was given up."""
        self._tries.pop(job_id, None)

    def _of(self, job_id: str) -> Tries:
        return self._tries.setdefault(job_id, Tries(self._clock.monotonic()))
