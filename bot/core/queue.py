"""The queue: who waits, and whose turn it is. Times are unix seconds."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, merge
from itertools import count, islice, takewhile
from typing import Self

from bot.core.actions import EVERYWHERE
from bot.core.admission import Load
from bot.core.jobs import DEFAULT_MODEL
from bot.core.models import MODELS
from bot.core.rules import OperatorLimits, Rules, slots
from bot.errors import Problem

MAX_IN_FLIGHT = 8
"""At most so many submits wait for their answer at once: that many are lost together."""

PASSING = frozenset({Problem.PROVIDER_BUSY, Problem.GENERATION_FAILED})
"""Failures of a run after which another one may succeed."""

MOST_RETRIES = 2

LATE_RUN_S, LATE_RUN_EVERY_S, LATEST_RUN_S = 900.0, 1800.0, 7200.0
"""A run gives its slot back when it is so old; where more than may run are late, each further one
so much later; and at the latest then."""


LAST_LOOKED_AT = 500
"""In an outage each that waits may ask who is to try: however many these are, no more is gone
through for one of them."""


@dataclass(frozen=True, slots=True, order=True)
class QueuedJob:
    """A job in the queue; they compare by who came first."""

    queued_at: float
    job_id: str
    person_id: int = field(compare=False)
    server_id: int = field(compare=False)
    model: str = field(default=DEFAULT_MODEL, compare=False)


def may_start(
    rules: Rules, load: Load, model: str = DEFAULT_MODEL, *, one_at_a_time: bool = False
) -> bool:
    """Whether one more of this person's jobs may run now by this model; otherwise it waits.

    `one_at_a_time`: no other submit to the model is under way, whichever process has sent it.

    Of one person no more may come to be in doubt than may run: so each submit that has no answer
    yet counts against that as well. All together may have more, or two people, whose files no
    submit survives, would stop all others: the circuit breaker spaces what follows a lost submit,
    and this bounds what several starts of the program add to that.
    """
    cap_here, most = rules.max_running_here, slots(rules, model)
    return (
        load.running < most.running
        and load.running_of_person < most.of_person
        and load.running_of_model < most.of_model
        and (cap_here is None or load.running_here < cap_here)
        and load.in_flight < MAX_IN_FLIGHT
        and load.unanswered < most.running + MAX_IN_FLIGHT
        and load.unanswered_of_person < most.of_person
        and not (one_at_a_time and load.in_flight_of_model)
    )


def given_back(began: Iterable[float], max_running: int, at: float) -> int:
    """How many of the runs that `began` then, oldest first, do not keep others waiting any more.

    They are followed, and count against their person, as before. Each may be billed: so where the
    provider hangs on everything, soon twice as many as may run are under way, and then few more.
    """
    late = takewhile(lambda since: at - since >= LATE_RUN_S, began)
    return sum(
        at - since >= min(LATE_RUN_S + max(0, more) * LATE_RUN_EVERY_S, LATEST_RUN_S)
        for more, since in enumerate(late, 1 - max_running)
    )


@dataclass(slots=True)
class _Person:
    """What somebody has waiting, in order of arrival, running, by server, and unanswered."""

    queued: list[QueuedJob] = field(default_factory=list)
    running: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    stamp: int = 0

    @property
    def taken(self) -> int:
        """How many turns they have: what is in doubt takes no slot, but it was a turn."""
        return max(self.running.total(), self.unanswered)


def _any(_: str) -> bool:
    return True


_Turn = tuple[int, QueuedJob]
"""A job behind how many turns of its requester's: the lowest is next."""

_Head = tuple[_Turn, int, int]
"""Somebody's first turn, who that is, and which of their changes it stands for."""


class Queue:
    """Each takes their turn: whoever has fewer jobs running, in doubt, or ahead in this order comes
    first, and among equals who came first. Nobody runs more than their most, in the bot or (`caps`)
    in a server, or has more in doubt; a cap of 0, in a server or `EVERYWHERE`, is a pause.

    It is kept up to date change by change: a change, and the next turn, cost the same however many
    wait. Of the submits that are `unanswered`, those `in_flight` are among the `running` jobs.
    """

    def __init__(self, max_running_per_person: int, caps: Mapping[int, int] | None = None) -> None:
        self._most = max_running_per_person
        self._caps = caps or {}
        self._people: dict[int, _Person] = {}
        self._waiting: dict[str, QueuedJob] = {}
        self._heads: list[_Head] = []
        self._stamps = count(1)
        self._began: defaultdict[str, list[float]] = defaultdict(list)
        self._running_of: Counter[str] = Counter()
        self._in_flight_of: Counter[str] = Counter()
        self.running = 0
        self.in_flight = 0
        self.unanswered = 0

    @classmethod
    def of_each(cls, limits: OperatorLimits) -> dict[str, Self]:
        """An empty one for each provider, by its name."""
        by_provider = {known.provider: slug for slug, known in MODELS.items()}
        return {name: cls(slots(limits, slug).of_person) for name, slug in by_provider.items()}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def set_caps(self, caps: Mapping[int, int]) -> None:
        """How many jobs one person may run at once in each server, or everywhere."""
        if caps != self._caps:
            self._caps = caps
            for person_id in list(self._people):
                self._renew(person_id)

    def enter(self, job: QueuedJob) -> None:
        """It waits from now on."""
        self._waiting[job.job_id] = job
        insort(self._people.setdefault(job.person_id, _Person()).queued, job)
        self._renew(job.person_id)

    def leave(self, job_id: str) -> None:
        """It waits no longer."""
        job = self._waiting.pop(job_id)
        self._people[job.person_id].queued.remove(job)
        self._renew(job.person_id)

    def count_running(
        self,
        person_id: int,
        server_id: int,
        more: int,
        *,
        began: float | None = None,
        model: str = DEFAULT_MODEL,
    ) -> None:
        """So many `more` of this person's jobs are running here: one, where its run `began`."""
        self.running += more
        self._running_of[model] += more
        began_of = self._began[model]
        if began is not None and more > 0:
            insort(began_of, began)
        elif began is not None:
            del began_of[bisect_left(began_of, began)]
        self._people.setdefault(person_id, _Person()).running[server_id] += more
        self._renew(person_id)

    def count_submitting(
        self, person_id: int, more: int, *, is_in_doubt: bool, model: str = DEFAULT_MODEL
    ) -> None:
        """So many `more` of this person's submits have no answer; in doubt, nobody waits for it."""
        self.unanswered += more
        if not is_in_doubt:
            self.in_flight += more
            self._in_flight_of[model] += more
        self._people.setdefault(person_id, _Person()).unanswered += more
        self._renew(person_id)

    def free(self, max_running: int, at: float) -> int:
        """How many more may start now, whosever they are."""
        return min(
            max_running - self.running + given_back(merge(*self._began.values()), max_running, at),
            max_running + MAX_IN_FLIGHT - self.unanswered,
            MAX_IN_FLIGHT - self.in_flight,
        )

    def is_full(self, model: str, max_running: int, at: float) -> bool:
        """Whether so many are running by this model alone, without those that were given back."""
        late = given_back(self._began[model], max_running, at)
        return self._running_of[model] - late >= max_running

    def is_submitting(self, model: str) -> bool:
        """Whether somebody, in any process, waits for the answer to a submit to this model."""
        return self._in_flight_of[model] > 0

    def next_turns(
        self,
        most: int,
        without: Container[str] = (),
        without_people: Collection[int] = (),
        preparing: Collection[str] = (),
        of_model: Callable[[str], object] = _any,
    ) -> list[QueuedJob]:
        """The next jobs to start, in order, at most so many.

        Those that somebody has `preparing` keep nobody else's jobs waiting, but their own.
        """
        chosen: list[QueuedJob] = []
        looked_at: list[_Head] = []
        open_turns: list[tuple[_Turn, Iterator[_Turn]]] = []
        while len(chosen) < most:
            head = self._first_head()
            if open_turns and (head is None or open_turns[0][0] <= head[0]):
                (_, job), later = heappop(open_turns)
                chosen.append(job)
            elif head is not None:
                looked_at.append(heappop(self._heads))
                if head[1] in without_people:
                    continue
                later = self._turns_of(self._people[head[1]], without, preparing, of_model)
            else:
                break
            following = next(later, None)
            if following is not None:
                heappush(open_turns, (following, later))
        for head in looked_at:
            heappush(self._heads, head)
        return chosen

    def able(
        self,
        without: Container[str] = (),
        without_people: Collection[int] = (),
        of_model: Callable[[str], object] = _any,
    ) -> list[QueuedJob]:
        """Of those who came last, the jobs that might start if it were their turn."""
        return [
            job
            for job in islice(reversed(self._waiting.values()), LAST_LOOKED_AT)
            if job.job_id not in without
            and job.person_id not in without_people
            and of_model(job.model)
            and self._has_room(self._people[job.person_id], job.server_id, Counter())
        ]

    def places(self) -> dict[str, int]:
        """Everybody's place from 1, as it would be without limits on what runs."""
        turns = sorted(
            turn
            for person in self._people.values()
            for turn in enumerate(person.queued, person.taken)
        )
        return {job.job_id: place for place, (_, job) in enumerate(turns, 1)}

    def place_of(self, job_id: str) -> int:
        """One job's place, as `places` tells it. Raises `KeyError` for one that does not wait."""
        job = self._waiting[job_id]
        theirs = self._people[job.person_id]
        mine = (theirs.taken + theirs.queued.index(job), job)
        return 1 + sum(
            turn < mine
            for person in self._people.values()
            for turn in enumerate(person.queued, person.taken)
        )

    def is_paused(self, server_id: int) -> bool:
        """Whether nothing may start here."""
        return 0 in (self._caps.get(EVERYWHERE), self._caps.get(server_id))

    def waits_for_own(self, person_id: int, server_id: int) -> bool:
        """Whether this person's next job here waits until another of theirs is done."""
        person = self._people.get(person_id)
        return person is not None and not self._has_room(person, server_id, Counter())

    def _has_room(self, person: _Person, server_id: int, ahead: Counter[int]) -> bool:
        """Whether one more of theirs may start here, with so many `ahead` of it by server."""
        cap_here = 0 if self.is_paused(server_id) else self._caps.get(server_id)
        return person.taken + ahead.total() < self._most and (
            cap_here is None or person.running[server_id] + ahead[server_id] < cap_here
        )

    def _turns_of(
        self,
        person: _Person,
        without: Container[str] = (),
        preparing: Collection[str] = (),
        of_model: Callable[[str], object] = _any,
    ) -> Iterator[_Turn]:
        first = person.taken
        ahead = Counter(job.server_id for job in person.queued if job.job_id in preparing)
        for job in person.queued:
            is_left_out = job.job_id in without or job.job_id in preparing
            if is_left_out or not of_model(job.model):
                continue
            if not self._has_room(person, job.server_id, ahead):
                continue
            yield first + ahead.total(), job
            ahead[job.server_id] += 1

    def _renew(self, person_id: int) -> None:
        """After a change: an earlier head of theirs counts no more."""
        person = self._people[person_id]
        person.stamp = next(self._stamps)
        first = next(self._turns_of(person), None)
        if first is not None:
            heappush(self._heads, (first, person_id, person.stamp))
        elif not (person.queued or person.running.total() or person.unanswered):
            del self._people[person_id]
        if len(self._heads) > 2 * len(self._people) + 64:
            self._heads = [head for head in self._heads if self._is_current(head)]
            heapify(self._heads)

    def _is_current(self, head: _Head) -> bool:
        person = self._people.get(head[1])
        return person is not None and person.stamp == head[2]

    def _first_head(self) -> _Head | None:
        while self._heads and not self._is_current(self._heads[0]):
            heappop(self._heads)
        return self._heads[0] if self._heads else None


def may_retry(problem: Problem, earlier: Problem | None, retries: int) -> bool:
    """Whether a run that failed so is followed by another one, after so many `retries` before.

    The last of these was because of `earlier`. What has no known cause is tried again once.
    """
    is_again = problem is earlier is Problem.GENERATION_FAILED
    return problem in PASSING and retries < MOST_RETRIES and not is_again
