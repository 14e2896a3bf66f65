"""Who may run what, and in which order."""

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import pytest

from bot.core import admission
from bot.core.admission import Ask, Block, Pause, Standing
from bot.core.ledger import Balance, Period
from bot.core.models import Choice
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
MIDNIGHT = 24 * 3600.0  # 1970-01-01 was a Thursday
MONDAY, FEBRUARY = 4 * MIDNIGHT, 31 * MIDNIGHT


@dataclass(frozen=True)
class Obstacle:
    """Something that keeps a request from being taken in, and what its requester is told.

    Of one `kind` only the first can be met, since the others are the same thing said otherwise.
    """

    problem: Problem
    kind: str
    rules: dict[str, Any] = field(default_factory=dict)
    standing: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


HERE, THREADS_PARENT, ELSEWHERE = 20, 21, 22
ASK = Ask(frozenset({HERE, THREADS_PARENT}), Choice("pixverse-mimic", "720p"))

IN_ORDER = [
    Obstacle(Problem.SERVER_NOT_ALLOWED, "server", {"allowed_servers": frozenset({8})}),
    Obstacle(
        Problem.PAUSED,
        "pause",
        standing={"pause": Pause("a fire", is_everywhere=True)},
        facts={"reason": "a fire"},
    ),
    Obstacle(
        Problem.PAUSED_HERE,
        "pause",
        standing={"pause": Pause("spam")},
        facts={"reason": "spam"},
    ),
    Obstacle(
        Problem.BLOCKED,
        "block",
        standing={"block": Block(NOON + 60, "spam")},
        facts={"until": NOON + 60, "reason": "spam"},
    ),
    Obstacle(
        Problem.BLOCKED_FOR_GOOD,
        "block",
        standing={"block": Block(None, "spam")},
        facts={"reason": "spam"},
    ),
    Obstacle(
        Problem.BLOCKED_EVERYWHERE,
        "block",
        standing={"block": Block(NOON + 60, "spam", is_everywhere=True)},
        facts={"until": NOON + 60, "reason": "spam"},
    ),
    Obstacle(
        Problem.BLOCKED_EVERYWHERE_FOR_GOOD,
        "block",
        standing={"block": Block(None, "spam", is_everywhere=True)},
        facts={"reason": "spam"},
    ),
    Obstacle(
        Problem.WRONG_CHANNEL,
        "channel",
        {"channels": frozenset({ELSEWHERE})},
        facts={"channels": "<#22>"},
    ),
    Obstacle(
        Problem.QUALITY_NOT_ALLOWED,
        "quality",
        {"qualities": frozenset({"540p", "360p"})},
        facts={"quality": "720p", "allowed": ["360p", "540p"]},
    ),
    Obstacle(Problem.NO_QUALITY, "quality", {"qualities": frozenset()}),
    Obstacle(
        Problem.TOO_MANY_WAITING, "waiting", standing={"waiting_of_person": 5}, facts={"limit": 5}
    ),
    Obstacle(
        Problem.TOO_MANY_WAITING_HERE,
        "waiting",
        {"max_waiting_here": 2},
        {"waiting_here": 2},
        {"limit": 2},
    ),
    Obstacle(Problem.QUEUE_FULL, "queue", standing={"waiting": 10}, facts={"limit": 10}),
    Obstacle(
        Problem.NOTHING_LEFT,
        "purse",
        {"period": Period.WEEK},
        {"balance": Balance(0, 0, 30)},
        {"allowance": 30, "renews_at": MONDAY, "server_id": 7},
    ),
    Obstacle(
        Problem.NO_ALLOWANCE,
        "purse",
        {"allowance_credits": 0},
        {"balance": Balance(0, 0, 0)},
        {"server_id": 7},
    ),
    Obstacle(
        Problem.SERVER_BUDGET_SPENT,
        "server budget",
        {"budget_credits": 50, "period": Period.WEEK},
        {"server_spent": 50},
        {"budget": 50, "renews_at": MONDAY},
    ),
    Obstacle(Problem.NO_SERVER_BUDGET, "server budget", {"budget_credits": 0}),
    Obstacle(
        Problem.PERSON_CAP_SPENT,
        "person cap",
        {"daily_person_cap_credits": 40, "period": Period.WEEK},
        {"person_spent_today": 40},
        {"budget": 40, "renews_at": MIDNIGHT},
    ),
    Obstacle(
        Problem.SERVER_CAP_SPENT,
        "server cap",
        {"daily_server_cap_credits": 60, "period": Period.WEEK},
        {"server_spent_today": 61},
        {"budget": 60, "renews_at": MIDNIGHT},
    ),
    Obstacle(
        Problem.BUDGET_SPENT,
        "budget",
        {"daily_budget_credits": 90},
        {"budget_spent": 90},
        {"budget": 90, "renews_at": MIDNIGHT},
    ),
]


def met(*obstacles: Obstacle) -> list[Refused]:
    """What speaks against a request that meets all of these."""
    rules, standing = RULES, IDLE
    for obstacle in obstacles:
        rules = replace(rules, **obstacle.rules)
        standing = replace(standing, **obstacle.standing)
    return list(admission.obstacles(rules, standing, ASK, NOON))


def test_nothing_speaks_against_a_request_that_meets_no_obstacle() -> None:
    assert met() == []


@pytest.mark.parametrize("obstacle", IN_ORDER, ids=lambda obstacle: obstacle.problem)
def test_each_obstacle_alone_is_told_with_its_facts(obstacle: Obstacle) -> None:
    [refused] = met(obstacle)
    assert refused.problem is obstacle.problem
    assert refused.facts == obstacle.facts


@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in combinations(IN_ORDER, 2) if pair[0].kind != pair[1].kind],
    ids=lambda obstacle: obstacle.problem,
)
def test_of_two_obstacles_both_are_known_and_one_is_told(first: Obstacle, second: Obstacle) -> None:
    for found in (met(first, second), met(second, first)):
        assert [refused.problem for refused in found] == [first.problem, second.problem]
    rules = replace(RULES, **{**second.rules, **first.rules})
    standing = replace(IDLE, **{**second.standing, **first.standing})
    with pytest.raises(Refused) as caught:
        admission.may_ask(rules, standing, ASK, NOON)
    assert caught.value.problem is first.problem


def test_everything_at_once_is_in_order() -> None:
    kinds: dict[str, Obstacle] = {}
    for obstacle in IN_ORDER:
        kinds.setdefault(obstacle.kind, obstacle)
    found = [refused.problem for refused in met(*kinds.values())]
    assert found == [obstacle.problem for obstacle in kinds.values()]


def test_the_bots_cap_is_told_before_the_servers() -> None:
    standing = replace(IDLE, waiting_of_person=5, waiting_here=5)
    for here in (1, 5, 9):  # whichever is lower: waiting elsewhere may be what counts
        rules = replace(RULES, max_waiting_here=here)
        [refused] = admission.obstacles(rules, standing, ASK, NOON)
        assert refused.problem is Problem.TOO_MANY_WAITING


@pytest.mark.parametrize(
    ("rules", "standing", "ask"),
    [
        ({"allowed_servers": frozenset({7, 8})}, {}, ASK),
        # Direct messages: whose wallet pays has no say in where they are sent …
        (
            {"channels": frozenset({ELSEWHERE})},
            {},
            Ask(frozenset(), Choice("pixverse-mimic", "540p")),
        ),
        # … and their own wallet is in no server; the caller has asked who is a member of one.
        ({"server_id": 0, "allowed_servers": frozenset({8})}, {}, ASK),
        # A thread is in its channel.
        ({"channels": frozenset({THREADS_PARENT})}, {}, ASK),
        ({"channels": frozenset({HERE, ELSEWHERE})}, {}, ASK),
        # What is not chosen yet is not refused yet.
        ({"qualities": frozenset({"360p"})}, {}, Ask(frozenset({HERE}))),
        # Granted credits are left when the allowance is gone, or never was.
        ({}, {"balance": Balance(0, 1, 30)}, ASK),
        ({"allowance_credits": 0}, {"balance": Balance(0, 1, 0)}, ASK),
        # What is free may be had in its place.
        (
            {"models": ("pixverse-mimic", "draft"), "budget_credits": 0},
            {"balance": Balance(0, 0, 30)},
            ASK,
        ),
        # One credit of a budget is left.
        ({"budget_credits": 50}, {"server_spent": 49, "budget_spent": 99}, ASK),
        # One more may wait.
        ({"max_waiting_here": 3}, {"waiting_here": 2, "waiting_of_person": 4, "waiting": 9}, ASK),
        # Over a running limit it waits its turn.
        (
            {"max_running_here": 1},
            {"running": 99, "running_of_person": 99, "running_here": 99},
            ASK,
        ),
    ],
)
def test_what_is_no_obstacle(rules: dict[str, Any], standing: dict[str, Any], ask: Ask) -> None:
    admission.may_ask(replace(RULES, **rules), replace(IDLE, **standing), ask, NOON)


@pytest.mark.parametrize("ask", [ASK, Ask(ASK.channels)])
def test_without_credits_one_thing_at_a_time_is_looked_at(ask: Ask) -> None:
    """Else who can pay nothing fills the line for who can; what has no price yet waits nowhere."""
    rules = replace(RULES, models=("pixverse-mimic", "draft"))
    standing = replace(IDLE, balance=Balance(0, 0, 30), waiting_of_person=1)
    refused = [each.problem for each in admission.obstacles(rules, standing, ask, NOON)]
    assert refused == ([Problem.NOTHING_LEFT] if ask.choice else [])
    admission.may_ask(rules, replace(standing, balance=Balance(1, 0, 30)), ask, NOON)
    admission.may_ask(rules, replace(standing, waiting_of_person=0), ask, NOON)


def test_a_block_holds_in_direct_messages_too() -> None:
    standing = replace(IDLE, block=Block(None, "spam"))
    with pytest.raises(Refused) as caught:
        admission.may_ask(RULES, standing, Ask(), NOON)
    assert caught.value.problem is Problem.BLOCKED_FOR_GOOD


def test_no_more_than_five_channels_are_named() -> None:
    rules = replace(RULES, channels=frozenset(range(1, 9)))
    [refused] = admission.obstacles(rules, IDLE, ASK, NOON)
    assert refused.facts == {"channels": "<#1>, <#2>, <#3>, <#4>, <#5>, …"}


@pytest.mark.parametrize("ask", [ASK, Ask()])
def test_where_no_quality_is_open_none_is_proposed(ask: Ask) -> None:
    [refused] = admission.obstacles(replace(RULES, qualities=frozenset()), IDLE, ask, NOON)
    assert (refused.problem, refused.facts) == (Problem.NO_QUALITY, {})
