"""An offer says what its reader has, and which of it can be paid now."""

from dataclasses import replace
from typing import Any

import pytest
from discord import ui

from bot.cards.offers.beyond import BEYOND
from bot.cards.offers.offer import offer
from bot.cards.progress.fingerprints import fingerprint_of
from bot.cards.status_text import Outlook
from bot.core.accounts import Terms
from bot.core.admission import Block, Pause, refused_hold
from bot.core.jobs import Failure, Job
from bot.core.ledger import Balance
from bot.core.models import Choice
from bot.core.rules import ServerRules, rules_for
from bot.errors import Problem, Refused
from tests.bot.cards.test_cards import OFFER, PRICES, TERMS, text_of
from tests.bot.cards.test_moderator_cards import STANDING
from tests.bot.store.test_jobs import LIMITS

RENEWS_AT = 1_795_000_000.0
DEAR = Choice("pixverse-mimic", "720p")
USUAL = Choice("pixverse-mimic", "540p")


def buttons(job: Job, terms: Terms | None) -> dict[str, bool]:
    """The labels on the card, and whether they can be pressed."""
    items = offer(job, terms).walk_children()
    return {str(item.label): not item.disabled for item in items if isinstance(item, ui.Button)}


def beyond(problem: Problem, *choices: Choice, **facts: float) -> Terms:
    refused = Refused(problem, **facts)
    return replace(TERMS, payer=None, credits=9, beyond=dict.fromkeys(choices, refused))


def test_who_can_pay_for_all_reads_what_they_have() -> None:
    text = text_of(offer(OFFER, replace(TERMS, payer=None)))
    assert "You have **30 credits**, and **20** left after 540p." in text
    assert "renews" not in text
    assert all(buttons(OFFER, TERMS).values())
    paid = text_of(offer(OFFER, replace(TERMS, payer="Studio", credits=1)))
    assert "Your credits in Studio pay for it. You have **1 credit** there, and" in paid


def test_what_is_left_is_not_told_of_what_cannot_be_paid() -> None:
    terms = beyond(Problem.NO_CREDITS, USUAL, DEAR, price=10, left=9, renews_at=RENEWS_AT)
    assert "You have **9 credits**." in text_of(offer(OFFER, terms))
    one = replace(TERMS, payer=None, prices={DEAR: 12})
    assert "You have **30 credits**, and **18** left after this." in text_of(offer(OFFER, one))


def test_what_cannot_be_paid_cannot_be_pressed_and_says_why() -> None:
    terms = beyond(Problem.NO_CREDITS, USUAL, DEAR, price=10, left=9, renews_at=RENEWS_AT)
    assert buttons(OFFER, terms) == {
        "360p · 9 credits": True,
        "540p · 10 credits": False,
        "720p · 12 credits": False,
        "Never mind": True,
    }
    text = text_of(offer(OFFER, terms))
    assert "**540p**, **720p**: more than you have. Your allowance renews <t:1795000000:R>." in text


def test_different_reasons_are_told_apart() -> None:
    terms = replace(
        beyond(Problem.BUDGET_TOO_LOW, USUAL, price=10, left=9, renews_at=RENEWS_AT),
        beyond={
            USUAL: Refused(Problem.BUDGET_TOO_LOW, price=10, left=9, renews_at=RENEWS_AT),
            DEAR: Refused(Problem.OVER_BUDGET, price=12, budget=11),
        },
    )
    lines = text_of(offer(OFFER, terms)).splitlines()
    assert [line for line in lines if line.startswith("**540p**: more than is left of today")]
    assert [line for line in lines if line.startswith("**720p**: more than a whole day")]


@pytest.mark.parametrize(
    ("problem", "changes", "rules"),
    [
        (Problem.NO_CREDITS, {"balance": Balance(3, 0, 0)}, {"allowance_credits": 50}),
        (Problem.TOO_EXPENSIVE, {"balance": Balance(3, 0, 0)}, {"allowance_credits": 3}),
        (Problem.NO_ALLOWANCE, {"balance": Balance(0, 0, 0)}, {"allowance_credits": 0}),
        (Problem.NO_SERVER_BUDGET, {}, {"budget_credits": 0}),
        (Problem.SERVER_BUDGET_SPENT, {"server_spent": 9}, {"budget_credits": 9}),
        (Problem.SERVER_BUDGET_TOO_LOW, {"server_spent": 9}, {"budget_credits": 15}),
        (Problem.OVER_SERVER_BUDGET, {}, {"budget_credits": 9}),
        (Problem.BUDGET_SPENT, {"budget_spent": 40}, {"daily_budget_credits": 40}),
        (Problem.BUDGET_TOO_LOW, {"budget_spent": 35}, {"daily_budget_credits": 40}),
        (Problem.OVER_BUDGET, {"budget_spent": 0}, {"daily_budget_credits": 9}),
        (Problem.PERSON_CAP_SPENT, {"person_spent_today": 9}, {"daily_person_cap_credits": 9}),
        (Problem.PERSON_CAP_TOO_LOW, {"person_spent_today": 9}, {"daily_person_cap_credits": 15}),
        (Problem.OVER_PERSON_CAP, {}, {"daily_person_cap_credits": 9}),
        (Problem.SERVER_CAP_SPENT, {"server_spent_today": 9}, {"daily_server_cap_credits": 9}),
        (Problem.SERVER_CAP_TOO_LOW, {"server_spent_today": 9}, {"daily_server_cap_credits": 15}),
        (Problem.OVER_SERVER_CAP, {}, {"daily_server_cap_credits": 9}),
        (Problem.PAUSED, {"pause": Pause("spam", is_everywhere=True)}, {}),
        (Problem.PAUSED_HERE, {"pause": Pause("spam")}, {}),
        (Problem.BLOCKED, {"block": Block(RENEWS_AT, "spam")}, {}),
        (Problem.BLOCKED_FOR_GOOD, {"block": Block(None, "spam")}, {}),
        (
            Problem.BLOCKED_EVERYWHERE,
            {"block": Block(RENEWS_AT, "spam", is_everywhere=True)},
            {},
        ),
        (
            Problem.BLOCKED_EVERYWHERE_FOR_GOOD,
            {"block": Block(None, "spam", is_everywhere=True)},
            {},
        ),
    ],
)
def test_every_way_in_which_a_price_is_too_much_is_worded(
    problem: Problem, changes: dict[str, Any], rules: dict[str, Any]
) -> None:
    usual = replace(rules_for(LIMITS, 2, ServerRules()), allowance_credits=50)
    standing = replace(STANDING, **{"balance": Balance(50, 0, 0)} | changes)
    refused = refused_hold(replace(usual, **rules), standing, PRICES[DEAR], RENEWS_AT)
    assert refused is not None
    assert refused.problem is problem
    text = text_of(offer(OFFER, replace(TERMS, beyond={DEAR: refused})))
    assert "{" not in text
    assert "**720p**: " in text
    assert ("renews <t:" in text) == ("renews_at" in refused.facts)


def test_no_other_words_are_there_for_it() -> None:
    assert len(BEYOND) == 23
    assert all(text.endswith(".") for text in BEYOND.values())


def test_in_a_channel_it_says_whose_it_is_and_until_when_and_not_what_they_have() -> None:
    asked = replace(OFFER, is_direct=False, state_since=RENEWS_AT)
    text = text_of(offer(asked, TERMS))
    assert "Only whoever asked can press this. Unused, it goes away <t:1795000060:R>." in text
    assert "You have" not in text
    half = text_of(offer(replace(asked, motion=None), None))
    assert "Reply to this with it, or mention me again. Or choose a motion below." in half
    assert "mention" not in text_of(offer(replace(OFFER, motion=None), None))
    moved = replace(asked, moved_from_id=7, created_at=RENEWS_AT)
    text = text_of(offer(moved, TERMS))
    assert "it goes away <t:1795000300:R>." in text, "whatever comes meanwhile"
    assert "You have **30 credits**" in text, "nobody reads along"
    half = text_of(offer(replace(moved, motion=None), None))
    assert "choose a motion" not in half, "a press there comes from elsewhere"
    half = text_of(offer(replace(moved, motion=None), None))
    assert "Mention me with it in <#7>, where you asked." in half


def test_a_card_is_stale_once_its_reader_has_more_or_less() -> None:
    shown = {
        fingerprint_of(OFFER, Outlook(), terms)
        for terms in (
            None,
            TERMS,
            replace(TERMS, credits=29),
            replace(TERMS, prices={USUAL: 10}),
            replace(TERMS, prices={**PRICES, DEAR: 13}),
            beyond(Problem.NO_CREDITS, DEAR),
            beyond(Problem.BUDGET_TOO_LOW, DEAR, left=3),
        )
    }
    assert len(shown) == 7
    assert all(fingerprint.startswith("checking:") for fingerprint in shown)
    assert max(map(len, shown)) <= 40
    failed = replace(OFFER, failure=Failure(Problem.ANIMATED_IMAGE), duration_s=29.123456789)
    assert len(fingerprint_of(failed, Outlook(), TERMS)) <= 40


def test_a_card_is_not_stale_because_of_what_others_spend() -> None:
    first, second = (
        fingerprint_of(OFFER, Outlook(), beyond(Problem.BUDGET_TOO_LOW, DEAR, left=left))
        for left in (9, 8)
    )
    assert first == second
