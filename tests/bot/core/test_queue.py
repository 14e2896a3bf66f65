"""Who may start, who waits, and whose turn it is."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.queue import MAX_IN_FLIGHT, Queue, QueuedJob, given_back, may_start
from tests.bot.core.test_admission import IDLE, RULES


@pytest.mark.parametrize(
    ("here", "running", "of_person", "running_here", "starts"),
    [
        (None, 0, 0, 0, True),
        (None, 3, 0, 0, False),  # the whole bot's limit
        (None, 2, 2, 0, False),  # the person's in the whole bot
        (None, 2, 1, 1, True),
        (1, 1, 1, 1, False),  # the server's is lower than the bot's
        (1, 1, 1, 0, True),  # and counts in this server alone
        (9, 2, 2, 2, False),  # a server cannot raise the bot's
        (1, 0, 0, 0, True),
    ],
)
def test_over_a_running_limit_a_job_waits(
    here: int | None, running: int, of_person: int, running_here: int, starts: bool
) -> None:
    rules = replace(RULES, max_running_here=here)
    standing = replace(
        IDLE, running=running, running_of_person=of_person, running_here=running_here
    )
    assert may_start(rules, standing) is starts


@pytest.mark.parametrize(
    ("in_flight", "unanswered", "of_person", "starts"),
    [
        (0, 1, 1, True),
        (1, 2, 1, True),
        (0, 3, 0, True),  # as many in doubt, of others, as the whole bot may run
        (0, 10, 0, True),
        (0, 11, 0, False),
        (0, 2, 2, False),  # as the person may run
        (1, 11, 1, False),  # what is in flight may come to be in doubt
    ],
)
def test_no_more_may_come_to_be_in_doubt_than_may_run(
    in_flight: int, unanswered: int, of_person: int, starts: bool
) -> None:
    standing = replace(
        IDLE, in_flight=in_flight, unanswered=unanswered, unanswered_of_person=of_person
    )
    assert may_start(RULES, standing) is starts
    assert not may_start(replace(RULES, max_running=99), replace(IDLE, in_flight=MAX_IN_FLIGHT))


MINUTE_S = 60.0


def test_a_run_that_lasts_gives_its_slot_back() -> None:
    queue = queue_of([])
    queue.count_running(1, 1, 1, began=0.0)
    assert (queue.free(1, 15 * MINUTE_S - 1), queue.free(1, 15 * MINUTE_S)) == (0, 1)
    assert queue.waits_for_own(1, 1) is False
    queue.count_running(1, 1, -1, began=0.0)
    queue.count_running(1, 1, 1, began=15 * MINUTE_S)
    assert queue.free(1, 15 * MINUTE_S) == 0


def test_where_all_runs_last_ever_fewer_are_added() -> None:
    """A provider that hangs on everything may bill everything."""
    began: list[float] = []
    for minute in range(24 * 60):
        while len(began) - given_back(began, 3, minute * MINUTE_S) < 3:
            began.append(minute * MINUTE_S)
        if minute == 40:
            assert len(began) == 6
    assert len(began) == 41
    assert max(later - earlier for earlier, later in pairwise(began)) <= 2 * 60 * MINUTE_S


def test_a_run_of_the_future_takes_its_slot() -> None:
    """The clock was set back."""
    assert given_back([1e9], 3, 0.0) == 0


def jobs(*people: int, server: int = 1) -> list[QueuedJob]:
    return [QueuedJob(float(n), f"j{n}", person, server) for n, person in enumerate(people)]


def queue_of(
    queued: list[QueuedJob],
    running: dict[tuple[int, int], int] | None = None,
    caps: dict[int, int] | None = None,
    most: int = 99,
) -> Queue:
    queue = Queue(most, caps)
    for (person_id, server_id), number in (running or {}).items():
        queue.count_running(person_id, server_id, number)
    for job in queued:
        queue.enter(job)
    return queue


def order(queue: Queue) -> list[str]:
    return [job.job_id for job in queue.next_turns(10**6)]


def test_a_servers_cap_holds_back_its_jobs_and_no_others() -> None:
    both = [*jobs(1, 1, server=1), QueuedJob(9.0, "there", 1, 2)]
    assert order(queue_of(both, {(1, 1): 1}, {1: 1}, 5)) == ["there"]
    assert order(queue_of(both, {}, {1: 1}, 5)) == ["j0", "there"]
    assert order(queue_of(both, {}, {1: 9}, 2)) == ["j0", "j1"]


def test_a_cap_that_is_raised_counts_at_once() -> None:
    queue = queue_of(jobs(1, 1), {(1, 1): 1}, {1: 1})
    assert order(queue) == []
    queue.set_caps({1: 2})
    assert order(queue) == ["j0"]
    queue.set_caps({})
    assert order(queue) == ["j0", "j1"]


@pytest.mark.parametrize(
    ("running", "caps", "waits"),
    [
        ({}, {}, False),
        ({(1, 1): 2}, {}, True),
        ({(1, 2): 2}, {}, True),  # elsewhere counts for the bot's limit
        ({(1, 2): 1}, {1: 1}, False),  # and not for the server's
        ({(1, 1): 1}, {1: 1}, True),
        ({(9, 1): 2}, {1: 1}, False),  # somebody else's
    ],
)
def test_who_waits_for_their_own(
    running: dict[tuple[int, int], int], caps: dict[int, int], waits: bool
) -> None:
    assert queue_of([], running, caps, 2).waits_for_own(1, 1) is waits


def test_what_is_in_doubt_keeps_nobody_waiting_up_to_as_many_as_may_run() -> None:
    queue = queue_of(jobs(1, 1, 2), most=2)
    queue.count_submitting(1, 1, is_in_doubt=True)
    assert not queue.waits_for_own(1, 1)
    assert order(queue) == ["j2", "j0"], "who has none in doubt comes first"
    assert queue.places() == {"j2": 1, "j0": 2, "j1": 3}
    queue.count_submitting(1, 1, is_in_doubt=True)
    assert queue.waits_for_own(1, 1)
    assert order(queue) == ["j2"]
    assert queue.free(2, 0.0) == 2
    queue.count_submitting(1, -1, is_in_doubt=True)
    assert order(queue) == ["j2", "j0"]


@pytest.mark.parametrize(
    ("running", "in_flight", "in_doubt", "free"),
    [(0, 0, 0, 8), (3, 1, 0, 6), (3, 1, 11, 5), (2, 2, 15, 0), (8, 8, 0, 0), (9, 0, 0, 0)],
)
def test_how_many_more_may_start(running: int, in_flight: int, in_doubt: int, free: int) -> None:
    queue = queue_of([], {(1, 1): running})
    queue.count_submitting(1, in_flight, is_in_doubt=False)
    queue.count_submitting(1, in_doubt, is_in_doubt=True)
    assert queue.free(9, 0.0) == free


def test_nobodys_tenth_runs_before_anothers_first() -> None:
    first = queue_of(jobs(*[1] * 10, 2, 3)).next_turns(99)
    assert [job.person_id for job in first][:3] == [1, 2, 3]
    assert [job.job_id for job in first][3:5] == ["j1", "j2"]


def test_what_runs_counts_as_a_turn_taken() -> None:
    assert order(queue_of(jobs(1, 2, 1), {(1, 1): 1}, most=2)) == ["j1", "j0"]


def test_what_cannot_start_yet_is_passed_over() -> None:
    queue = queue_of(jobs(1, 1, 2))
    assert [job.job_id for job in queue.next_turns(2, without={"j0", "j2"})] == ["j1"]
    assert order(queue) == ["j0", "j2", "j1"]


def test_what_is_being_prepared_keeps_its_own_persons_jobs_waiting_alone() -> None:
    queue = queue_of(jobs(1, 1, 1, 2, 2), most=2)
    turns = queue.next_turns(2, preparing={"j0"})
    assert [job.job_id for job in turns] == ["j3", "j1"], "of the first, one more may start"
    assert [job.job_id for job in queue.next_turns(9, preparing={"j0", "j2"})] == ["j3", "j4"]
    here = queue_of(jobs(1, 1), caps={1: 1})
    assert here.next_turns(9, preparing={"j1"}) == []


# --- held against the plain rule ---------------------------------------------------------------

MOST, CAPS = 2, {1: 1}


def fair_order(
    queued: list[QueuedJob], running: Counter[tuple[int, int]], in_doubt: Counter[int]
) -> list[str]:
    """The rule as one would say it: look at all, in order of arrival."""
    turns: list[tuple[int, QueuedJob]] = []
    ahead, unanswered = Counter[int](), Counter(in_doubt)
    ahead_here = Counter(running)
    for (person_id, _), number in running.items():
        ahead[person_id] += number
    for job in sorted(queued):
        here = (job.person_id, job.server_id)
        cap = CAPS.get(job.server_id)
        is_room = max(ahead[job.person_id], unanswered[job.person_id]) < MOST
        if is_room and (cap is None or ahead_here[here] < cap):
            turns.append((max(ahead[job.person_id], unanswered[job.person_id]), job))
            ahead[job.person_id] += 1
            unanswered[job.person_id] += 1
            ahead_here[here] += 1
    return [job.job_id for _, job in sorted(turns)]


def plain_places(
    queued: list[QueuedJob], running: Counter[tuple[int, int]], in_doubt: Counter[int]
) -> dict[str, int]:
    ahead = Counter[int]()
    for (person_id, _), number in running.items():
        ahead[person_id] += number
    ahead |= in_doubt  # the larger of both
    turns = []
    for job in sorted(queued):
        turns.append((ahead[job.person_id], job))
        ahead[job.person_id] += 1
    return {job.job_id: place for place, (_, job) in enumerate(sorted(turns), 1)}


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 4), st.integers(1, 2), st.integers(0, 2)),
        max_size=40,
    )
)
def test_kept_up_to_date_it_is_the_plain_rule(
    changes: list[tuple[int, int, int, int]],
) -> None:
    """Each change: somebody's job arrives, or starts, perhaps into a doubt, or leaves the queue,
    or one is done, or a doubt is settled."""
    queue, queued, running = Queue(MOST, CAPS), list[QueuedJob](), Counter[tuple[int, int]]()
    in_doubt = Counter[int]()
    for number, (when, person_id, server_id, fate) in enumerate(changes):
        here = (person_id, server_id)
        theirs = [job for job in queued if (job.person_id, job.server_id) == here]
        if when < 5:
            queued.append(QueuedJob(float(when), f"j{number}", person_id, server_id))
            queue.enter(queued[-1])
        elif theirs:
            queued.remove(theirs[0])
            queue.leave(theirs[0].job_id)
            running[here] += fate == 1
            queue.count_running(*here, int(fate == 1))
            in_doubt[person_id] += fate == 2
            queue.count_submitting(person_id, int(fate == 2), is_in_doubt=True)
        elif running[here]:
            running[here] -= 1
            queue.count_running(*here, -1)
        elif in_doubt[person_id]:
            in_doubt[person_id] -= 1
            queue.count_submitting(person_id, -1, is_in_doubt=True)
        whole = fair_order(queued, running, in_doubt)
        for most in (1, 2, 99):
            assert [job.job_id for job in queue.next_turns(most)] == whole[:most]
        assert queue.places() == plain_places(queued, running, in_doubt)
        assert queue.places() == {job.job_id: queue.place_of(job.job_id) for job in queued}
        assert (queue.running, len(queue)) == (running.total(), len(queued))
        assert (queue.unanswered, queue.in_flight) == (in_doubt.total(), 0)


def test_whoever_is_to_go_last_can_be_passed_over() -> None:
    queue = queue_of(jobs(1, 1, 2, 3))
    assert [job.job_id for job in queue.next_turns(9, {"j2"}, {1})] == ["j3"]
    queue.count_running(2, 1, 99)
    assert {job.job_id for job in queue.able({"j1"}, {3})} == {"j0"}
    assert [job.job_id for job in queue.next_turns(9)] == ["j0", "j3", "j1"], "nobody has left"


def test_a_change_looks_at_nobody_else() -> None:
    """What a step costs does not grow with the queue: counted in jobs that are looked at."""
    looked_at = Counter[str]()

    class Watched(str):
        __slots__ = ()

        def __hash__(self) -> int:
            looked_at["ids"] += 1
            return super().__hash__()

        def __eq__(self, other: object) -> bool:
            return super().__eq__(other)

    costs = []
    for size in (10, 5000):
        queue = queue_of([QueuedJob(float(n), Watched(f"j{n}"), n, 1) for n in range(size)])
        looked_at.clear()
        for job in queue.next_turns(3, without={"none"}):
            queue.leave(job.job_id)
            queue.count_running(job.person_id, 1, 1)
        costs.append(looked_at["ids"])
    assert costs[0] == costs[1]
