"""A wallet's card says what can be spent, and what bounds that."""

from dataclasses import replace
from typing import Any

import pytest
from discord import ui

from bot.cards.members import wallet as wallet_cards
from bot.core import admission
from bot.core.admission import Block
from bot.core.jobs import Job
from bot.core.uploads import Upload
from tests.bot.cards.test_cards import JOB, text_of, wallets
from tests.bot.core.test_admission import IDLE


@pytest.mark.parametrize(
    ("rules", "spent", "told"),
    [
        ({"budget_credits": 2}, {"server_spent": 2}, "This server's budget has **0** of 2 left"),
        ({"budget_credits": 2}, {"server_spent": 3}, "This server's budget has **0** of 2 left"),
        (
            {"daily_person_cap_credits": 9},
            {"person_spent_today": 8},
            "Of what one person may use in a day, all servers together, **1** of 9 are left",
        ),
        (
            {"daily_server_cap_credits": 9},
            {"server_spent_today": 7},
            "Of what this server may use in a day, **2** of 9 are left",
        ),
        ({}, {"budget_spent": 300}, "Today's budget for everybody has only **0** left"),
        ({"budget_credits": 2}, {"server_spent": 2, "budget_spent": 300}, "This server's budget"),
        ({}, {}, None),
    ],
)
def test_a_wallet_names_the_limit_that_counts_and_no_other(
    rules: dict[str, Any], spent: dict[str, Any], told: str | None
) -> None:
    has = next(wallet for wallet in wallets() if wallet.payer is None)
    laid_down = replace(has.rules, daily_budget_credits=300, **rules)
    budgets = list(admission.budgets(laid_down, replace(IDLE, **spent), 2e9))
    bounded = replace(has, budgets=budgets)
    text = text_of(wallet_cards.wallet(bounded, 2e9))
    found = [line for line in text.splitlines() if "budget" in line or "may use" in line]
    assert len(found) == (told is not None)
    assert told is None or found[0].startswith(told)


def test_what_videos_took_is_shown_with_their_pictures_as_long_as_these_are_there() -> None:
    has = next(wallet for wallet in wallets() if wallet.payer is None)
    until = 1_999_999_000.0
    veiled = Upload(f"https://x/a.png?ex={int(until):x}", "a.png", 10, is_spoiler=True)
    job = replace(JOB, subject=veiled)

    def shown(job: Job, now: float) -> list[bool]:
        card = wallet_cards.wallet(replace(has, jobs={job.id: job}), now)
        return [one.spoiler for one in card.walk_children() if isinstance(one, ui.Thumbnail)]

    assert shown(job, until - 1) == [True] * len(has.last)
    assert shown(job, until) == shown(replace(job, removed_by_id=9), until - 1) == []


def test_a_blocked_persons_wallet_says_so_first() -> None:
    has = next(wallet for wallet in wallets() if wallet.payer is None)
    barred = replace(has, unusable=None, barred=admission.blocked(Block(None, "spam")))
    text = text_of(wallet_cards.wallet(barred, 2e9))
    assert text.startswith("### You cannot spend anything in ")
    assert "You are blocked here for good" in text
    assert "You can spend" not in text


@pytest.mark.parametrize(
    ("count", "told"), [(0, ""), (1, "One more server"), (36, "36 more servers")]
)
def test_a_wallet_says_of_how_many_servers_it_does_not_know(count: int, told: str) -> None:
    has = next(wallet for wallet in wallets() if wallet.payer is not None)
    text = text_of(wallet_cards.wallet(replace(has, payers_unknown=count), 2e9))
    assert (f"{told} may pay for direct messages." in text) == bool(count)
