"""Who may run what, and in which order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import policy
from bot.core.ledger import Balance, Period
from bot.core.policy import Ask, LineUp, Queued, Standing
from bot.core.rules import Rules
from bot.errors import Problem, Refused

RULES = Rules(
    server_id=7,
    allowance_credits=30,
    daily_budget_credits=100,
    max_running=3,
    max_running_per_person=2,
    max_waiting=10,
    max_waiting_per_person=5,
)
IDLE = Standing(
    balance=Balance(30, 0, 0),
    budget_spent=0,
    running=0,
    running_of_person=0,
    waiting=0,
    waiting_of_person=0,
)
NOON = 12 * 3600.0
MIDNIGHT = 24 * 3600.0


@pytest.mark.parametrize(
    ("rules", "standing", "problem"),
    [
        (replace(RULES, allowed_servers=frozenset({8})), IDLE, Problem.SERVER_NOT_ALLOWED),
        (RULES, replace(IDLE, waiting_of_person=5), Problem.TOO_MANY_WAITING),
        (RULES, replace(IDLE, waiting=10), Problem.QUEUE_FULL),
        (RULES, replace(IDLE, balance=Balance(0, 0, 30)), Problem.NOTHING_LEFT),
        (
            replace(RULES, allowance_credits=0),
            replace(IDLE, balance=Balance(0, 0, 0)),
            Problem.NO_ALLOWANCE,
        ),
        (RULES, replace(IDLE, budget_spent=100), Problem.BUDGET_SPENT),
        (RULES, replace(IDLE, running=99, running_of_person=99), None),
        (replace(RULES, allowed_servers=frozenset({7})), IDLE, None),
    ],
)
def test_who_may_ask(rules: Rules, standing: Standing, problem: Problem | None) -> None:
    if problem is None:
        policy.may_ask(rules, standing, Ask(), NOON)
        return
    with pytest.raises(Refused) as caught:
        policy.may_ask(rules, standing, Ask(), NOON)
    assert caught.value.problem is problem


def test_a_refusal_for_credits_says_what_is_missing_and_until_when() -> None:
    weekly = replace(RULES, period=Period.WEEK)
    with pytest.raises(Refused) as caught:
        policy.may_hold(weekly, replace(IDLE, balance=Balance(5, 0, 25)), 6, NOON)
    assert caught.value.problem is Problem.NO_CREDITS
    assert caught.value.facts == {"price": 6, "left": 5, "renews_at": 4 * MIDNIGHT}


def test_what_no_allowance_could_pay_is_not_put_off() -> None:
    with pytest.raises(Refused) as caught:
        policy.may_hold(RULES, replace(IDLE, balance=Balance(30, 2, 0)), 33, NOON)
    assert caught.value.problem is Problem.TOO_EXPENSIVE
    assert caught.value.facts == {"price": 33, "allowance": 30}


def test_the_budget_is_a_days_and_what_is_left_of_it_may_be_spent() -> None:
    standing = replace(IDLE, budget_spent=90)
    policy.may_hold(RULES, standing, 10, NOON)
    with pytest.raises(Refused) as caught:
        policy.may_hold(replace(RULES, period=Period.MONTH), standing, 11, NOON)
    assert caught.value.problem is Problem.BUDGET_TOO_LOW
    assert caught.value.facts == {"price": 11, "left": 10, "renews_at": MIDNIGHT}


def test_over_a_running_limit_a_job_waits() -> None:
    assert policy.may_start(RULES, IDLE)
    assert not policy.may_start(RULES, replace(IDLE, running=3))
    assert not policy.may_start(RULES, replace(IDLE, running_of_person=2))


def line(*people: int) -> list[Queued]:
    return [Queued(f"j{n}", person, 1, float(n)) for n, person in enumerate(people)]


def test_nobodys_tenth_runs_before_anothers_first() -> None:
    order = policy.next_fairly(LineUp(line(*[1] * 10, 2, 3)), 99)
    assert [queued.person_id for queued in order][:3] == [1, 2, 3]
    assert [queued.job_id for queued in order][3:5] == ["j1", "j2"]


def test_what_runs_counts_as_a_turn_taken() -> None:
    order = policy.next_fairly(LineUp(line(1, 2, 1), {(1, 1): 1}), 2)
    assert [queued.job_id for queued in order] == ["j1", "j0"]


@given(
    st.lists(st.integers(1, 4), max_size=20),
    st.dictionaries(st.integers(1, 4), st.integers(0, 3)),
    st.integers(1, 3),
)
def test_the_order_is_fair(people: list[int], running: dict[int, int], most: int) -> None:
    order = policy.next_fairly(
        LineUp(line(*people), {(person, 1): n for person, n in running.items()}), most
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
