"""What is known of how a model's submits, probes and polls went, wherever that was seen.

Every process of the bot applies the same events, its own and those that it is told of.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Any, TypedDict

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.provider.rejections import clear_for_account

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

FAILURES_OF_AN_OUTAGE = 2
"""One lost answer is bad luck; after two in a row, nobody new is let in."""

POLL_FAILURE_LIFE_S = 120.0
"""So long a failed poll says something of now."""

MOST_NAMED = 60
"""Of so many people's failures a process hears that has just come."""


class Event(StrEnum):
    """What processes tell one another."""

    POLL_FAILED = "poll failed"
    POLLED = "polled"
    SUBMITTED = "submitted"
    LOST = "lost"
    REJECTED = "rejected"
    COUNTED = "counted"
    FORGOTTEN = "forgotten"
    PROBED = "probed"
    PROBE_FAILED = "probe failed"
    AS_IT_IS = "as it is"


class Rejection(TypedDict):
    """What a submit that was not accepted says of the next ones."""

    is_alarming: bool
    is_busy: bool
    may_be_theirs: bool
    retry_after_s: float | None


class Outage:
    """The state of a circuit breaker, event by event."""

    def __init__(self, clock: Clock, alarms: Alarms, source: str) -> None:
        self._clock = clock
        self._alarms = alarms
        self._source = source
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
        self.failed_probes = 0
        self.outages_over = 0

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

    @property
    def quiet_s(self) -> float:
        """The seconds for which it could have been asked again."""
        return max(0.0, self._clock.monotonic() - max(self._until, self._polled_at))

    @property
    def idle_s(self) -> float:
        """The seconds for which a submit could have been tried again."""
        return max(0.0, self._clock.monotonic() - max(self._submits_from, self._until))

    def as_it_is(self) -> dict[str, Any]:
        """What `_become` takes."""
        now = self._clock.monotonic()
        return {
            "trips": self._trips,
            "failures": self._failures,
            "cooldown_s": self.cooldown_s,
            "submit_wait_s": self.submit_wait_s,
            "is_busy": self._is_busy,
            "is_half_open": self._is_half_open,
            "failed": sorted(self._failed)[:MOST_NAMED],
            "suspects": [(who, now - self._suspects[who]) for who in self.suspects][-MOST_NAMED:],
            "failed_polls": sorted(self._recent_failed_polls)[:FAILURES_OF_AN_OUTAGE],
        }

    def _become(
        self,
        *,
        trips: int,
        failures: int,
        cooldown_s: float,
        submit_wait_s: float,
        is_busy: bool,
        is_half_open: bool,
        failed: Collection[int],
        suspects: Collection[tuple[int, float]],
        failed_polls: Collection[str],
    ) -> None:
        """As another has it, who knows of more failures."""
        now = self._clock.monotonic()
        if failed_polls and not self._recent_failed_polls:
            self._failed_polls, self._polled_at = set(failed_polls), now
        if trips <= self._trips:
            return
        self._trips, self._failures = trips, failures
        self._until, self._submits_from = now + cooldown_s, now + submit_wait_s
        self._is_busy, self._is_half_open = is_busy, is_half_open
        self._failed.update(failed)
        self._suspects |= {person_id: now - age_s for person_id, age_s in suspects}

    def _poll_failed(self, job_id: str) -> None:
        self._failed_polls = self._recent_failed_polls | {job_id}
        self._polled_at = self._clock.monotonic()

    def _polled(self, job_id: str) -> None:
        if self._failed_polls:
            self._is_half_open = True
        self._unpollable_runs.discard(job_id)
        self._failed_polls = set()

    def _submitted(self, person_id: int) -> None:
        clear_for_account(self._alarms, self._source)
        self._alarms.clear(Alarm.MODEL, self._source)
        self.outages_over += self.is_tripped
        self._trips, self._failures, self._until, self._submits_from = 0, 0, 0.0, 0.0
        self._failed.clear()
        self._suspects.pop(person_id, None)
        self._served.add(person_id)
        self._is_half_open = False
        self._successes += 1
        self.failed_probes = 0

    def _probed(self) -> None:
        self._is_half_open = True
        self._unpollable_runs |= self._recent_failed_polls
        self._failed_polls = set()
        self.failed_probes = 0

    def _lost(self, person_id: int) -> None:
        is_news = self._suspect(person_id)
        wait_s = DOUBTS_WAIT_S[min(len(self._failed), len(DOUBTS_WAIT_S)) - 1]
        submits_s = wait_s if is_news else min(wait_s, REPEATED_WAIT_S)
        self._trip(DOUBTS_WAIT_S[0], submits_s=submits_s, is_news=is_news)

    def _probe_failed(self) -> None:
        self.failed_probes += 1
        self._trip(self._doubled(5.0), is_news=True)

    def _rejected(self, person_id: int, said: Rejection) -> float:
        wait_s = rest_s = said["retry_after_s"] or self._doubled(
            60.0 if said["is_alarming"] else 5.0
        )
        is_news, failures = True, FAILURES_OF_AN_OUTAGE if said["is_alarming"] else 1
        if said["may_be_theirs"]:
            wait_s = min(OTHERS_WAIT_S, self._doubled(5.0))
            is_news, failures = self._suspect(person_id), 1
        is_busy = said["is_busy"]
        self._trip(wait_s, is_news=is_news, failures=0 if is_busy else failures, is_busy=is_busy)
        return rest_s if said["may_be_theirs"] else self.cooldown_s

    def _count(self, job_id: str) -> bool:
        """One more rejection; whether somebody came through since the one before."""
        seen = self._rejections.setdefault(job_id, [])
        if seen[-1:] == [self._successes]:
            return False
        seen.append(self._successes)
        return True

    def _forget(self, job_id: str) -> None:
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
