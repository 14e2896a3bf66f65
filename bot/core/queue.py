"""The queue: who waits, and whose turn it is. Times are unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.admission import Load
from bot.core.rules import Rules


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job in the queue."""

    job_id: str
    person_id: int
    server_id: int
    queued_at: float


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue in order of arrival; running jobs by person and server; servers' own caps."""

    queued: Sequence[QueuedJob]
    running: Mapping[tuple[int, int], int] = field(default_factory=dict)
    caps: Mapping[int, int] = field(default_factory=dict)

    def running_of(self, person_id: int) -> int:
        """How many jobs of this person are running in the whole bot."""
        return sum(count for (person, _), count in self.running.items() if person == person_id)


def may_start(rules: Rules, load: Load) -> bool:
    """Whether one more of this person's jobs may run now; otherwise it waits."""
    cap_here = rules.max_running_here
    return (
        load.running < rules.max_running
        and load.running_of_person < rules.max_running_per_person
        and (cap_here is None or load.running_here < cap_here)
    )


def fair_order(queue: Queue, max_running_per_person: int) -> list[QueuedJob]:
    """The queue in the order in which it should start, without those who run enough already.

    Each takes their turn: whoever has fewer jobs running or ahead in this order comes first, and
    among equals who came first.
    """
    ahead = {queued.person_id: queue.running_of(queued.person_id) for queued in queue.queued}
    ahead_here = dict(queue.running)
    turns: list[tuple[int, int]] = []
    for position, queued in enumerate(queue.queued):
        here = (queued.person_id, queued.server_id)
        turn, turn_here = ahead[queued.person_id], ahead_here.get(here, 0)
        cap_here = queue.caps.get(queued.server_id)
        if turn < max_running_per_person and (cap_here is None or turn_here < cap_here):
            turns.append((turn, position))
            ahead[queued.person_id], ahead_here[here] = turn + 1, turn_here + 1
    return [queue.queued[position] for _, position in sorted(turns)]


def waits_for_own(
    queue: Queue, person_id: int, server_id: int, max_running_per_person: int
) -> bool:
    """Whether this person's next job here waits until another of theirs is done."""
    cap_here = queue.caps.get(server_id)
    return queue.running_of(person_id) >= max_running_per_person or (
        cap_here is not None and queue.running.get((person_id, server_id), 0) >= cap_here
    )
