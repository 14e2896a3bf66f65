"""The circuit breaker before the provider: whether to submit now, and how long to leave it alone.

Closed, submits go out freely. After a failure it is degraded: one submit at a time goes out, each
after a free probe. After failures that are more than one job's trouble it is tripped: while it is
open nobody new is let in; once a probe has succeeded it is half open, and the next submit decides.
"""

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.errors import ModelMissing, NotAccepted, OutOfCredits, ProviderBusy
from bot.provider.rejections import alarm_of, clear_for_account

log = structlog.get_logger()

SOURCE = "submits"
LONGEST_WAIT_S = 600.0
DOUBTS_WAIT_S = (5.0, 60.0, 720.0)
"""After each further person's lost submit: every try in an outage puts one more job in doubt."""

REPEATED_WAIT_S = 60.0
"""After another one of somebody whose submit was lost before, who has only so many in doubt."""

ABOUT_INPUTS = frozenset({403, 404, 405, 410})
"""Answers that may mean these inputs alone: the text does not always tell."""

REJECTIONS_OF_A_POISON_JOB = 2
FAILURES_OF_AN_OUTAGE = 2
"""One lost answer is bad luck; after two in a row, nobody new is let in."""

POLL_FAILURE_LIFE_S = 120.0
"""So long a failed poll says something of now."""

BUSY_ADVICE = "It is tried again by itself; lower MAX_RUNNING if it comes often."
OUTAGE_ADVICE = "It is tried again by itself; check SEGMIND_API_URL and the network if it lasts."


class CircuitBreaker:
    """Learns from each submit, probe and poll; it is told of them and sends nothing itself."""

    def __init__(self, clock: Clock, alarms: Alarms | None = None) -> None:
        self._clock = clock
        self._alarms = alarms or Alarms()
        self._trips = 0
        self._failures = 0
        self._until = 0.0
        self._is_busy = False
        self._is_half_open = False
        self._lost_by: set[int] = set()
        self._successes = 0
        self._rejections: dict[str, list[int]] = {}
        self._failed_polls: set[str] = set()
        self._unpollable_runs: set[str] = set()
        self._polled_at = 0.0
        self.submits_in_flight = 0

    @property
    def cooldown_s(self) -> float:
        """The seconds until a submit or a probe may be tried again."""
        return max(0.0, self._until - self._clock.monotonic())

    def has_lost(self, person_id: int) -> bool:
        """Whether a submit of theirs was lost since one came through: it may be their files."""
        return person_id in self._lost_by

    @property
    def has_twin(self) -> bool:
        """Whether another bot with this token may have bought the same: it is for a person."""
        return self._alarms.is_raised(Alarm.TWIN)

    @property
    def is_tripped(self) -> bool:
        """Whether it is an outage: more than one job's trouble."""
        return self.polls_fail or (self.is_unavailable and self._failures >= FAILURES_OF_AN_OUTAGE)

    @property
    def is_unavailable(self) -> bool:
        """Whether queued jobs wait for the provider, and not for their turn."""
        return self.polls_fail or (self._trips > 0 and not self._is_busy)

    @property
    def is_half_open(self) -> bool:
        """Whether something free was answered since the last failure, and no submit yet."""
        return self._is_half_open

    @property
    def is_degraded(self) -> bool:
        """Whether the last submit failed, or a poll has since: submits go out one at a time."""
        return self._trips > 0 or bool(self._recent_failed_polls)

    @property
    def is_open(self) -> bool:
        """Whether it is tripped and nothing says yet that it is over: no probe has succeeded."""
        return self.is_tripped and (
            self.polls_fail or self.cooldown_s > 0 or not self._is_half_open
        )

    @property
    def polls_fail(self) -> bool:
        """Whether more than one run cannot be polled, and none can."""
        return len(self._recent_failed_polls) >= FAILURES_OF_AN_OUTAGE

    @property
    def _recent_failed_polls(self) -> set[str]:
        is_news = self._clock.monotonic() - self._polled_at < POLL_FAILURE_LIFE_S
        return self._failed_polls if is_news else set()

    def record_poll_failure(self, job_id: str) -> None:
        """A poll failed; says nothing new of a run that alone cannot be polled."""
        if job_id not in self._unpollable_runs:
            self._failed_polls = self._recent_failed_polls | {job_id}
            self._polled_at = self._clock.monotonic()

    def record_poll_success(self, job_id: str) -> None:
        """A poll was answered; after some that were not, that says as much as a probe."""
        if self._failed_polls:
            self._is_half_open = True
        self._unpollable_runs.discard(job_id)
        self._failed_polls = set()

    def record_success(self) -> None:
        """A submit came through."""
        if self._trips:
            log.info("the provider takes requests again")
        clear_for_account(self._alarms, SOURCE)
        self._alarms.clear(Alarm.MODEL, SOURCE)
        self._trips, self._failures, self._until = 0, 0, 0.0
        self._lost_by.clear()
        self._is_half_open = False
        self._successes += 1

    def record_probe_success(self) -> None:
        """A free probe was answered: half open, one more submit may try.

        Runs that could not be polled have a trouble of their own then.
        """
        self._is_half_open = True
        self._unpollable_runs |= self._recent_failed_polls
        self._failed_polls = set()

    def record_lost_submit(self, person_id: int, reason: str) -> None:
        """A submit's reply was lost: whatever broke it, the next would follow it.

        Somebody's further ones say no more than their first: it may be their files.
        """
        is_news = not self._trips or person_id not in self._lost_by
        self._lost_by.add(person_id)
        step = self._trips if is_news else self._trips - 1
        wait_s = DOUBTS_WAIT_S[min(step, len(DOUBTS_WAIT_S) - 1)]
        self._trip(wait_s if is_news else min(wait_s, REPEATED_WAIT_S), is_news=is_news)
        log.warning("a submit is in doubt", reason=reason, next_try_in_s=round(self.cooldown_s))

    def record_probe_failure(self, reason: str) -> None:
        """Not even a free probe was answered."""
        self._trip(self._doubled(5.0))
        log.warning(
            "the provider does not answer", reason=reason, next_try_in_s=round(self.cooldown_s)
        )

    def record_rejection(self, job_id: str, error: NotAccepted) -> None:
        """A job's submit was provably not accepted."""
        alarm = alarm_of(error)
        is_about_one = False
        if _may_be_about_inputs(error):
            self._rejections.setdefault(job_id, [])
            is_first = len(self._rejections) < REJECTIONS_OF_A_POISON_JOB
            is_about_one = is_first and not isinstance(error, ModelMissing)
        wait_s = self._doubled(60.0 if alarm else 5.0)
        is_busy = isinstance(error, ProviderBusy)
        failures = 0 if is_busy or is_about_one else FAILURES_OF_AN_OUTAGE if alarm else 1
        self._trip(error.retry_after_s or wait_s, failures=failures, is_busy=is_busy)
        facts: dict[str, object] = {
            "reason": str(error),
            "status": error.status,
            "next_try_in_s": round(self.cooldown_s),
        }
        if isinstance(error, ModelMissing):
            facts |= {"address": error.address, "model": error.model}
        if alarm and not is_about_one:
            self._alarms.raise_(alarm, SOURCE, **facts)
        elif error.status != 429:  # of which the limiter tells
            advice = BUSY_ADVICE if is_busy else OUTAGE_ADVICE
            log.warning("the provider does not take requests", **facts, advice=advice)

    def is_poison(self, job_id: str, error: NotAccepted) -> bool:
        """Whether a rejection is this job's own fault: others came through between its rejections.

        Counts the rejection. Without this, one picture that the provider will never take would
        stop everybody.
        """
        if not _may_be_about_inputs(error):
            return False
        seen = self._rejections.setdefault(job_id, [])
        if seen[-1:] != [self._successes]:
            seen.append(self._successes)
        return len(seen) > REJECTIONS_OF_A_POISON_JOB

    def forget(self, job_id: str) -> None:
        """A job has left the queue, or its run has ended."""
        self._rejections.pop(job_id, None)
        self._unpollable_runs.discard(job_id)

    def _doubled(self, base_s: float) -> float:
        return min(LONGEST_WAIT_S, base_s * float(2 ** min(self._trips, 7)))

    def _trip(
        self, wait_s: float, *, failures: int = 1, is_busy: bool = False, is_news: bool = True
    ) -> None:
        """Leave the provider alone; submits that fail at once count as one trip."""
        self._failures += failures
        self._is_half_open = False
        if not self.cooldown_s:
            self._trips += is_news
            self._until = self._clock.monotonic() + wait_s
            self._is_busy = is_busy


def _may_be_about_inputs(error: NotAccepted) -> bool:
    """Whether another job might fare better; with an empty balance none would."""
    return error.status in ABOUT_INPUTS and not isinstance(error, OutOfCredits)
