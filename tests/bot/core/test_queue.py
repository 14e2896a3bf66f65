"""Who may start, who waits, and whose turn it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.queue import Queue, QueuedJob, fair_order, may_start, waits_for_own
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


def line(*people: int, server: int = 1) -> list[QueuedJob]:
    return [QueuedJob(f"j{n}", person, server, float(n)) for n, person in enumerate(people)]


def test_a_servers_cap_holds_back_its_jobs_and_no_others() -> None:
    here, there = line(1, 1, server=1), [QueuedJob("there", 1, 2, 9.0)]
    order = fair_order(Queue([*here, *there], {(1, 1): 1}, {1: 1}), 5)
    assert [queued.job_id for queued in order] == ["there"]
    order = fair_order(Queue([*here, *there], {}, {1: 1}), 5)
    assert [queued.job_id for queued in order] == ["j0", "there"]
    order = fair_order(Queue([*here, *there], {}, {1: 9}), 2)
    assert [queued.job_id for queued in order] == ["j0", "j1"]


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
    assert waits_for_own(Queue([], running, caps), 1, 1, 2) is waits


def test_nobodys_tenth_runs_before_anothers_first() -> None:
    order = fair_order(Queue(line(*[1] * 10, 2, 3)), 99)
    assert [queued.person_id for queued in order][:3] == [1, 2, 3]
    assert [queued.job_id for queued in order][3:5] == ["j1", "j2"]


def test_what_runs_counts_as_a_turn_taken() -> None:
    order = fair_order(Queue(line(1, 2, 1), {(1, 1): 1}), 2)
    assert [queued.job_id for queued in order] == ["j1", "j0"]


@given(
    st.lists(st.integers(1, 4), max_size=20),
    st.dictionaries(st.integers(1, 4), st.integers(0, 3)),
    st.integers(1, 3),
)
def test_the_order_is_fair(people: list[int], running: dict[int, int], most: int) -> None:
    order = fair_order(
        Queue(line(*people), {(person, 1): n for person, n in running.items()}), most
    )
    started = dict(running)
    for position, queued in enumerate(order):
        started[queued.person_id] = started.get(queued.person_id, 0) + 1
        assert started[queued.person_id] <= most
        for later in order[position + 1 :]:
            ahead = started.get(later.person_id, 0)
            assert started[queued.person_id] <= ahead + 1
    for person in set(people):
        theirs = [queued.queued_at for queued in order if queued.person_id == person]
        assert theirs == sorted(theirs)
        free = max(0, most - running.get(person, 0))
        assert len(theirs) == min(free, people.count(person))
