"""The circuit breaker before a model: whether to submit to it now.

Closed, submits go out freely. After a failure it is degraded: one submit at a time goes out, each
after a free probe, and whoever's failed goes last. One person's failures may be their files'; after
those of two, or such as are nobody's, it is tripped: nobody new is let in until a probe succeeds.
Then it is half open, and the next submit decides.

Every process of the bot has one, and all apply the same events: whoever sees one tells the others,
where it says anything new.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.alarms import Alarms
from bot.clock import Clock
from bot.errors import ModelMissing, NotAccepted, ProviderBusy
from bot.provider.outage import FAILURES_OF_AN_OUTAGE, POLL_FAILURE_LIFE_S, Event, Outage, Rejection
from bot.provider.rejections import alarm_of

log = structlog.get_logger()

SOURCE = "submits"
NOT_ABOUT_INPUTS = frozenset({401, 402, 429})
"""Any other 4xx may mean these inputs alone: the text does not always tell."""

REJECTIONS_OF_A_POISON_JOB = 2

BUSY_ADVICE = "It is tried again by itself; lower MAX_RUNNING if it comes often."
OUTAGE_ADVICE = "It is tried again by itself; check SEGMIND_API_URL and the network if it lasts."

Tell = Callable[..., None]


class CircuitBreaker(Outage):
    """Learns from each submit, probe and poll of one model, and sends nothing itself.

    `source` is whose alarms it raises, `advice` what the operator may look at, `tell` lets the
    other processes know of an event.
    """

    def __init__(
        self,
        clock: Clock,
        alarms: Alarms | None = None,
        source: str = SOURCE,
        advice: str = OUTAGE_ADVICE,
        tell: Tell = lambda *_, **__: None,
    ) -> None:
        super().__init__(clock, alarms or Alarms(), source)
        self._advice = advice
        self._tell = tell
        self._polls_told_at = 0.0

    def record_poll_failure(self, job_id: str) -> None:
        """A poll failed; says nothing new of a run that alone cannot be polled.

        Once enough are known to fail, that is told anew only before it is forgotten.
        """
        if job_id in self._unpollable_runs:
            return
        failed, now = self._recent_failed_polls, self._clock.monotonic()
        is_one_more = job_id not in failed and len(failed) < FAILURES_OF_AN_OUTAGE
        if is_one_more or now - self._polls_told_at > POLL_FAILURE_LIFE_S / 2:
            self._polls_told_at = now
            self._tell(Event.POLL_FAILED, job_id=job_id)
        self._poll_failed(job_id)

    def record_poll_success(self, job_id: str) -> None:
        """A poll was answered; after some that were not, that says as much as a probe."""
        if self._failed_polls:
            self._tell(Event.POLLED, job_id=job_id)
        self._polled(job_id)

    def record_success(self, person_id: int) -> None:
        """A submit of theirs came through."""
        if self._trips:
            log.info("the provider takes requests again")
        is_known = person_id in self._served and not self._failed and not self._suspects
        if self.is_degraded or self._rejections or not is_known:
            self._tell(Event.SUBMITTED, person_id=person_id)
        self._submitted(person_id)

    def record_probe_success(self) -> None:
        """A free probe was answered: half open, one more submit may try.

        Runs that could not be polled have a trouble of their own then.
        """
        if self._recent_failed_polls or not self._is_half_open or self.failed_probes:
            self._tell(Event.PROBED)
        self._probed()

    def record_lost_submit(self, person_id: int, reason: str) -> None:
        """A submit's reply was lost: whatever broke it, the next would follow it.

        Somebody's further ones say no more than their first: it may be their files. Free questions
        find out sooner whether anything is answered.
        """
        self._tell(Event.LOST, person_id=person_id)
        self._lost(person_id)
        next_try_in_s = round(self.submit_wait_s)
        log.warning("a submit is in doubt", reason=reason, next_try_in_s=next_try_in_s)

    def record_probe_failure(self, reason: str) -> None:
        """Not even a free probe was answered."""
        self._tell(Event.PROBE_FAILED)
        self._probe_failed()
        told = {"next_try_in_s": round(self.cooldown_s), "advice": self._advice}
        log.warning("the provider does not answer", reason=reason, **told)

    def record_rejection(self, person_id: int, error: NotAccepted) -> float:
        """Somebody's submit was provably not accepted; the seconds that this job rests.

        If it may be about their files, the others are tried long before it.
        """
        alarm, is_busy = alarm_of(error), isinstance(error, ProviderBusy)
        said = Rejection(
            is_alarming=alarm is not None,
            is_busy=is_busy,
            may_be_theirs=may_be_about_inputs(error),
            retry_after_s=error.retry_after_s,
        )
        self._tell(Event.REJECTED, person_id=person_id, said=said)
        rest_s = self._rejected(person_id, said)
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
        if not may_be_about_inputs(error):
            return False
        if self._count(job_id):
            self._tell(Event.COUNTED, job_id=job_id)
        return len(self._rejections[job_id]) > REJECTIONS_OF_A_POISON_JOB

    def hear(self, event: str, facts: Mapping[str, Any]) -> None:
        """Another process has seen this."""
        meaning: dict[Event, Callable[..., object]] = {
            Event.POLL_FAILED: self._poll_failed,
            Event.POLLED: self._polled,
            Event.SUBMITTED: self._submitted,
            Event.LOST: self._lost,
            Event.REJECTED: self._rejected,
            Event.COUNTED: self._count,
            Event.FORGOTTEN: self._forget,
            Event.PROBED: self._probed,
            Event.PROBE_FAILED: self._probe_failed,
            Event.AS_IT_IS: self._become,
        }
        meaning[Event(event)](**facts)

    def forget(self, job_id: str) -> None:
        """A job has left the queue, or its run has ended."""
        if job_id in self._rejections:
            self._tell(Event.FORGOTTEN, job_id=job_id)
        self._forget(job_id)

    def tell_all(self) -> None:
        """How it is, to who has not been there: nothing where it is closed."""
        if self.is_degraded:
            self._tell(Event.AS_IT_IS, **self.as_it_is())


def may_be_about_inputs(error: NotAccepted) -> bool:
    """Whether another job might fare better; without a key or a balance none would."""
    status = error.status or 0
    return 400 <= status < 500 and status not in NOT_ABOUT_INPUTS
