"""The circuit breakers before the provider, one for each model: whether to submit to it now.

Closed, submits go out freely. After a failure it is degraded: one submit at a time goes out, each
after a free probe, and whoever's failed goes last. One person's failures may be their files'; after
those of two, or such as are nobody's, it is tripped: nobody new is let in until a probe succeeds.
Then it is half open, and the next submit decides.
"""

from collections.abc import Collection

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import DEFAULT_MODEL
from bot.core.models import MODELS, of_one_provider
from bot.errors import AccountRefused, ModelMissing, NotAccepted, ProviderBusy
from bot.provider.rejections import alarm_of, clear_for_account

log = structlog.get_logger()

SOURCE = "submits"
LONGEST_WAIT_S = 600.0
OTHERS_WAIT_S = 30.0
"""After a rejection that may be about one person's files all others wait no longer."""

DOUBTS_WAIT_S = (5.0, *(60.0,) * 4, 300.0)
"""After each further person's lost submit: every try in an outage puts one more job in doubt, so
that five find out whether it is one, and then twelve an hour whether it lasts."""

REPEATED_WAIT_S = 60.0
"""After another one of somebody whose submit was lost before, who has only so many in doubt."""

SUSPECT_FOR_S = 3600.0
"""So long whoever's submit has failed goes last, unless one of theirs comes through."""

NOT_ABOUT_INPUTS = frozenset({401, 402, 429})
"""Any other 4xx may mean these inputs alone: the text does not always tell."""

REJECTIONS_OF_A_POISON_JOB = 2
FAILURES_OF_AN_OUTAGE = 2
"""One lost answer is bad luck; after two in a row, nobody new is let in."""

POLL_FAILURE_LIFE_S = 120.0
"""So long a failed poll says something of now."""

BUSY_ADVICE = "It is tried again by itself; lower MAX_RUNNING if it comes often."
ENGINE_ADVICE = "It is tried again by itself; check ENGINE_URL and ENGINE_KEY if it lasts."
OUTAGE_ADVICE = "It is tried again by itself; check SEGMIND_API_URL and the network if it lasts."


class CircuitBreaker:
    """Learns from each submit, probe and poll of one model, and sends nothing itself.

    `source` is whose alarms it raises, `advice` what the operator may look at.
    """

    def __init__(
        self,
        clock: Clock,
        alarms: Alarms | None = None,
        source: str = SOURCE,
        advice: str = OUTAGE_ADVICE,
    ) -> None:
        self._clock = clock
        self._alarms = alarms or Alarms()
        self._source = source
        self._advice = advice
        self._trips = 0
        self._failures = 0
        self._until = 0.0
        self._submits_from = 0.0
        self._is_busy = False
        self._is_half_open = False
        self._failed: set[int] = set()
        self._suspects: dict[int, float] = {}
        self._served: set[int] = set()
        self._successes = 0
        self._rejections: dict[str, list[int]] = {}
        self._failed_polls: set[str] = set()
        self._unpollable_runs: set[str] = set()
        self._polled_at = 0.0
        self.submits_in_flight = 0
        self.failed_probes = 0

    @property
    def cooldown_s(self) -> float:
        """The seconds until anything may be asked again."""
        return max(0.0, self._until - self._clock.monotonic())

    @property
    def submit_wait_s(self) -> float:
        """The seconds until a submit may be tried again."""
        return max(self.cooldown_s, self._submits_from - self._clock.monotonic())

    @property
    def suspects(self) -> Collection[int]:
        """The people whose last submit has failed within the hour: it may be their files."""
        now = self._clock.monotonic()
        self._suspects = {
            person_id: at for person_id, at in self._suspects.items() if now - at < SUSPECT_FOR_S
        }
        return self._suspects.keys()

    @property
    def served(self) -> Collection[int]:
        """The people whose last submit came through."""
        return self._served

    @property
    def is_second_try(self) -> bool:
        """Whether the next try is one of every two for which who has waited longest stands back."""
        return self._trips > 0 and self._trips % 2 == 0

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
        return self.is_tripped and (self.polls_fail or not self._is_half_open)

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

    def record_success(self, person_id: int) -> None:
        """A submit of theirs came through."""
        if self._trips:
            log.info("the provider takes requests again")
        clear_for_account(self._alarms, self._source)
        self._alarms.clear(Alarm.MODEL, self._source)
        self._trips, self._failures, self._until, self._submits_from = 0, 0, 0.0, 0.0
        self._failed.clear()
        self._suspects.pop(person_id, None)
        self._served.add(person_id)
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

        Somebody's further ones say no more than their first: it may be their files. Free questions
        find out sooner whether anything is answered.
        """
        is_news = self._suspect(person_id)
        wait_s = DOUBTS_WAIT_S[min(len(self._failed), len(DOUBTS_WAIT_S)) - 1]
        submits_s = wait_s if is_news else min(wait_s, REPEATED_WAIT_S)
        self._trip(DOUBTS_WAIT_S[0], submits_s=submits_s, is_news=is_news)
        next_try_in_s = round(self.submit_wait_s)
        log.warning("a submit is in doubt", reason=reason, next_try_in_s=next_try_in_s)

    def record_probe_failure(self, reason: str) -> None:
        """Not even a free probe was answered."""
        self._trip(self._doubled(5.0), is_news=True)
        told = {"next_try_in_s": round(self.cooldown_s), "advice": self._advice}
        log.warning("the provider does not answer", reason=reason, **told)

    def record_rejection(self, person_id: int, error: NotAccepted) -> float:
        """Somebody's submit was provably not accepted; the seconds that this job rests.

        If it may be about their files, the others are tried long before it.
        """
        alarm, is_busy = alarm_of(error), isinstance(error, ProviderBusy)
        wait_s = rest_s = error.retry_after_s or self._doubled(60.0 if alarm else 5.0)
        is_news, failures = True, FAILURES_OF_AN_OUTAGE if alarm else 1
        if may_be_theirs := _may_be_about_inputs(error):
            wait_s = min(OTHERS_WAIT_S, self._doubled(5.0))
            is_news, failures = self._suspect(person_id), 1
        self._trip(wait_s, is_news=is_news, failures=0 if is_busy else failures, is_busy=is_busy)
        if not may_be_theirs:
            rest_s = self.cooldown_s
        facts: dict[str, object] = {
            "reason": str(error),
            "status": error.status,
            "next_try_in_s": round(rest_s),
        }
        if isinstance(error, ModelMissing):
            facts |= {"address": error.address, "model": error.model}
        if alarm and (self.is_tripped or self._trips > 1):
            self._alarms.raise_(alarm, self._source, **facts)
        elif error.status != 429:  # of which the limiter tells
            advice = BUSY_ADVICE if is_busy else self._advice
            log.warning("the provider does not take requests", **facts, advice=advice)
        return rest_s

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

    def _suspect(self, person_id: int) -> bool:
        """Somebody's submit has failed; whether it is their first since one came through."""
        is_news = person_id not in self._failed
        self._failed.add(person_id)
        self._suspects[person_id] = self._clock.monotonic()
        self._served.discard(person_id)
        return is_news

    def _trip(
        self,
        wait_s: float,
        *,
        is_news: bool,
        submits_s: float = 0.0,
        failures: int = 1,
        is_busy: bool = False,
    ) -> None:
        """Leave the provider alone; submits that fail at once count as one trip."""
        if is_news:
            self._failures += failures
            self._is_half_open = False
        if not self.cooldown_s:
            now = self._clock.monotonic()
            self._trips += 1
            self._until = now + wait_s
            self._submits_from = max(self._submits_from, now + submits_s)
            self._is_busy = is_busy


class Breakers:
    """The models' circuit breakers. What an account is refused concerns all of its provider's."""

    def __init__(self, clock: Clock, alarms: Alarms | None = None) -> None:
        self._clock = clock
        self._alarms = alarms or Alarms()
        self._each: dict[str, CircuitBreaker] = {}

    def of(self, model: str) -> CircuitBreaker:
        """This model's."""
        if model not in self._each:
            source = SOURCE if model == DEFAULT_MODEL else f"{SOURCE} to {model}"
            advice = ENGINE_ADVICE if MODELS[model].is_free else OUTAGE_ADVICE
            self._each[model] = CircuitBreaker(self._clock, self._alarms, source, advice)
        return self._each[model]

    @property
    def degraded(self) -> dict[str, CircuitBreaker]:
        """Those of the models to which submits go one at a time, or not at all."""
        return {model: one for model, one in self._each.items() if one.is_degraded}

    @property
    def silent(self) -> set[str]:
        """The models of which nothing has been heard since the last failure."""
        each = self._each.items()
        return {model for model, one in each if one.is_unavailable and not one.is_half_open}

    @property
    def is_tripped(self) -> bool:
        """Whether any model's is."""
        return any(one.is_tripped for one in self._each.values())

    @property
    def has_twin(self) -> bool:
        """Whether another bot with this token may have bought the same: it is for a person."""
        return self._alarms.is_raised(Alarm.TWIN)

    def record_rejection(self, model: str, person_id: int, error: NotAccepted) -> float:
        """As `CircuitBreaker.record_rejection`; of what another model would meet, all learn."""
        rest_s = self.of(model).record_rejection(person_id, error)
        if isinstance(error, AccountRefused) and not _may_be_about_inputs(error):
            for other in of_one_provider(model):
                if other != model and other in self._each:
                    self._each[other].record_rejection(person_id, error)
        return rest_s

    def forget(self, job_id: str) -> None:
        """A job has left the queue, or its run has ended."""
        for breaker in self._each.values():
            breaker.forget(job_id)


def _may_be_about_inputs(error: NotAccepted) -> bool:
    """Whether another job might fare better; without a key or a balance none would."""
    status = error.status or 0
    return 400 <= status < 500 and status not in NOT_ABOUT_INPUTS
