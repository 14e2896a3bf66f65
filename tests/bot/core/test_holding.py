"""Whether a price may be held: one's own credits, the server's budget, the bot's."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import admission
from bot.core.admission import Block, Pause
from bot.core.ledger import Balance, Period
from bot.errors import Problem, Refused
from tests.bot.core.test_admission import FEBRUARY, IDLE, MIDNIGHT, MONDAY, NOON, RULES

ENDS = {Period.DAY: MIDNIGHT, Period.WEEK: MONDAY, Period.MONTH: FEBRUARY}


@pytest.mark.parametrize(
    ("rules", "standing", "price", "problem", "facts"),
    [
        # What fits, to the last credit of each.
        ({}, {}, 30, None, {}),
        ({}, {"balance": Balance(0, 8, 30)}, 8, None, {}),  # granted, with the allowance gone
        ({"allowance_credits": 0}, {"balance": Balance(0, 8, 0)}, 8, None, {}),
        ({}, {"balance": Balance(5, 8, 25)}, 13, None, {}),  # both purses together
        ({"budget_credits": 20}, {"server_spent": 15}, 5, None, {}),
        ({}, {"budget_spent": 95}, 5, None, {}),
        # More than is left, and perhaps more than there ever is.
        (
            {},
            {"balance": Balance(5, 0, 25)},
            6,
            Problem.NO_CREDITS,
            {"price": 6, "left": 5, "renews_at": MIDNIGHT, "server_id": 7},
        ),
        (
            {"period": Period.WEEK},
            {"balance": Balance(5, 1, 25)},
            7,
            Problem.NO_CREDITS,
            {"price": 7, "left": 6, "renews_at": MONDAY, "server_id": 7},
        ),
        ({}, {}, 31, Problem.TOO_EXPENSIVE, {"price": 31, "most": 30, "server_id": 7}),
        (
            {},
            {"balance": Balance(0, 2, 30)},  # the next allowance and what is granted would pay 32
            33,
            Problem.TOO_EXPENSIVE,
            {"price": 33, "most": 32, "server_id": 7},
        ),
        (
            {},
            {"balance": Balance(0, 2, 30)},
            32,
            Problem.NO_CREDITS,
            {"price": 32, "left": 2, "renews_at": MIDNIGHT, "server_id": 7},
        ),
        # The server's budget: its whole, what is left of it, nothing.
        (
            {"budget_credits": 20},
            {},
            21,
            Problem.OVER_SERVER_BUDGET,
            {"price": 21, "budget": 20},
        ),
        (
            {"budget_credits": 20},
            {"server_spent": 1},
            20,
            Problem.SERVER_BUDGET_TOO_LOW,
            {"price": 20, "left": 19, "renews_at": MIDNIGHT},
        ),
        (
            {"budget_credits": 20, "period": Period.MONTH},
            {"server_spent": 15},
            6,
            Problem.SERVER_BUDGET_TOO_LOW,
            {"price": 6, "left": 5, "renews_at": FEBRUARY},
        ),
        (
            {"budget_credits": 20, "period": Period.MONTH},
            {"server_spent": 21},  # it was made smaller meanwhile
            1,
            Problem.SERVER_BUDGET_SPENT,
            {"budget": 20, "renews_at": FEBRUARY},
        ),
        ({"budget_credits": 0}, {}, 1, Problem.NO_SERVER_BUDGET, {}),
        # The bot's: always a day's, whatever the server's period is.
        (
            {"period": Period.MONTH},
            {"budget_spent": 90},
            11,
            Problem.BUDGET_TOO_LOW,
            {"price": 11, "left": 10, "renews_at": MIDNIGHT},
        ),
        (
            {"period": Period.MONTH},
            {"budget_spent": 100},
            1,
            Problem.BUDGET_SPENT,
            {"budget": 100, "renews_at": MIDNIGHT},
        ),
        (
            {"allowance_credits": 200},
            {"balance": Balance(200, 0, 0), "budget_spent": 1},
            100,
            Problem.BUDGET_TOO_LOW,
            {"price": 100, "left": 99, "renews_at": MIDNIGHT},
        ),
        (
            {"allowance_credits": 200},
            {"balance": Balance(200, 0, 0)},
            101,
            Problem.OVER_BUDGET,
            {"price": 101, "budget": 100},
        ),
        # What the operator lets one person, and one server, take of it.
        (
            {"daily_person_cap_credits": 20, "period": Period.MONTH},
            {"person_spent_today": 18},
            3,
            Problem.PERSON_CAP_TOO_LOW,
            {"price": 3, "left": 2, "renews_at": MIDNIGHT},
        ),
        ({"daily_person_cap_credits": 20}, {"person_spent_today": 18}, 2, None, {}),
        (
            {"daily_person_cap_credits": 20},
            {},
            21,
            Problem.OVER_PERSON_CAP,
            {"price": 21, "budget": 20},
        ),
        (
            {"daily_server_cap_credits": 40, "daily_person_cap_credits": 20},
            {"server_spent_today": 38, "person_spent_today": 1},
            3,
            Problem.SERVER_CAP_TOO_LOW,
            {"price": 3, "left": 2, "renews_at": MIDNIGHT},
        ),
        (
            {"daily_server_cap_credits": 20},
            {},
            21,
            Problem.OVER_SERVER_CAP,
            {"price": 21, "budget": 20},
        ),
        # What no credits help against.
        ({}, {"pause": Pause("a fire")}, 1, Problem.PAUSED_HERE, {"reason": "a fire"}),
        ({}, {"block": Block(None, "spam")}, 1, Problem.BLOCKED_FOR_GOOD, {"reason": "spam"}),
        # Two that disagree: the server's budget before the bot's …
        (
            {"budget_credits": 20},
            {"server_spent": 20, "budget_spent": 100},
            1,
            Problem.SERVER_BUDGET_SPENT,
            {"budget": 20, "renews_at": MIDNIGHT},
        ),
        (
            {"budget_credits": 20},
            {"server_spent": 18, "budget_spent": 99},
            3,
            Problem.SERVER_BUDGET_TOO_LOW,
            {"price": 3, "left": 2, "renews_at": MIDNIGHT},
        ),
        (
            {"budget_credits": 120},
            {"server_spent": 20, "budget_spent": 99},  # the server has more left than the bot
            3,
            Problem.BUDGET_TOO_LOW,
            {"price": 3, "left": 1, "renews_at": MIDNIGHT},
        ),
        # … one's own credits before a budget that has some left, and after one that is spent.
        (
            {"budget_credits": 20},
            {"server_spent": 18, "balance": Balance(2, 0, 28)},
            3,
            Problem.NO_CREDITS,
            {"price": 3, "left": 2, "renews_at": MIDNIGHT, "server_id": 7},
        ),
        (
            {"budget_credits": 20},
            {},
            31,
            Problem.TOO_EXPENSIVE,
            {"price": 31, "most": 30, "server_id": 7},
        ),
        (
            {"budget_credits": 20},
            {"server_spent": 20, "balance": Balance(0, 0, 30)},
            3,
            Problem.SERVER_BUDGET_SPENT,
            {"budget": 20, "renews_at": MIDNIGHT},
        ),
        (
            {},
            {"budget_spent": 100, "balance": Balance(0, 0, 30)},
            31,
            Problem.BUDGET_SPENT,
            {"budget": 100, "renews_at": MIDNIGHT},
        ),
    ],
)
def test_what_a_price_meets(
    rules: dict[str, Any],
    standing: dict[str, Any],
    price: int,
    problem: Problem | None,
    facts: dict[str, Any],
) -> None:
    laid_down, stands = replace(RULES, **rules), replace(IDLE, **standing)
    if problem is None:
        admission.may_hold(laid_down, stands, price, NOON)
        return
    with pytest.raises(Refused) as caught:
        admission.may_hold(laid_down, stands, price, NOON)
    assert caught.value.problem is problem
    assert caught.value.facts == facts


amounts = st.integers(0, 40)


@given(
    amounts, amounts, amounts, st.none() | amounts, amounts, amounts, st.integers(1, 60),
    st.sampled_from(Period),
)  # fmt: skip
def test_a_price_is_held_exactly_where_everything_has_room_for_it(
    left: int,
    granted: int,
    used: int,
    budget: int | None,
    server_spent: int,
    budget_spent: int,
    price: int,
    period: Period,
) -> None:
    rules = replace(
        RULES,
        allowance_credits=left + used,
        budget_credits=budget,
        daily_budget_credits=40,
        period=period,
    )
    standing = replace(
        IDLE,
        balance=Balance(left, granted, 0),
        server_spent=server_spent,
        budget_spent=budget_spent,
    )
    fits = (
        price <= left + granted
        and price <= 40 - budget_spent
        and (budget is None or price <= budget - server_spent)
    )
    if fits:
        admission.may_hold(rules, standing, price, NOON)
        return
    with pytest.raises(Refused) as caught:
        admission.may_hold(rules, standing, price, NOON)
    refused = caught.value
    for_good = refused.problem in {
        Problem.TOO_EXPENSIVE,
        Problem.NO_ALLOWANCE,
        Problem.OVER_SERVER_BUDGET,
        Problem.OVER_BUDGET,
        Problem.NO_SERVER_BUDGET,
    }
    assert for_good is ("renews_at" not in refused.facts)  # nobody waits for what never comes
    if not for_good:
        of_the_bot = refused.problem in {Problem.BUDGET_SPENT, Problem.BUDGET_TOO_LOW}
        assert refused.facts["renews_at"] == ENDS[Period.DAY if of_the_bot else period]


SUBMIT: dict[str, Any] = {
    "pause": None,
    "block": None,
    "server_spent_today": 0,
    "person_spent_today": 0,
    "at": NOON,
}


@pytest.mark.parametrize(
    ("rules", "meets", "problem"),
    [
        ({}, {}, None),
        ({}, {"server_spent_today": 999, "person_spent_today": 999}, None),
        # Its own hold is among what was spent.
        ({"daily_server_cap_credits": 20}, {"server_spent_today": 20}, None),
        ({"daily_server_cap_credits": 20}, {"server_spent_today": 21}, Problem.SERVER_CAP_SPENT),
        ({"daily_person_cap_credits": 20}, {"person_spent_today": 20}, None),
        ({"daily_person_cap_credits": 20}, {"person_spent_today": 21}, Problem.PERSON_CAP_SPENT),
        ({}, {"pause": Pause("x", is_everywhere=True)}, Problem.PAUSED),
        ({}, {"pause": Pause("x")}, Problem.PAUSED_HERE),
        ({}, {"block": Block(None, "x", is_everywhere=True)}, Problem.BLOCKED_EVERYWHERE_FOR_GOOD),
    ],
)
def test_what_is_decided_after_the_hold_keeps_a_job_from_being_sent_off(
    rules: dict[str, Any], meets: dict[str, Any], problem: Problem | None
) -> None:
    laid_down = replace(RULES, **rules)
    if problem is None:
        admission.may_submit(laid_down, **SUBMIT | meets)
        return
    with pytest.raises(Refused) as caught:
        admission.may_submit(laid_down, **SUBMIT | meets)
    assert caught.value.problem is problem
