"""The card of somebody's own wallet, and the select of who pays for their direct messages."""

from collections.abc import Iterator, Mapping

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.parts import AMBER, BLURPLE, view, words
from bot.cards.refusals import sentence
from bot.cards.wording import clean, credits_text
from bot.core.accounts import Wallet
from bot.core.actions import HistoryLine
from bot.core.jobs import QUALITIES
from bot.core.ledger import EntryKind
from bot.errors import Problem

PAYER_SELECT = "marionette:payer"
"""The `custom_id` of the select."""

DID = {
    EntryKind.HOLD: "held for",
    EntryKind.CAPTURE: "what was held was spent on",
    EntryKind.RELEASE: "given back from",
    EntryKind.GRANT: "granted",
    EntryKind.REVOKE: "taken away",
    EntryKind.REFUND: "refunded for",
}


def wallet(has: Wallet) -> ui.LayoutView:
    """What `/credits` answers."""
    items: list[ui.Item[ui.LayoutView]] = [words(*_purses(has))]
    if has.under_way:
        lines = [f"`{job.id}` · {status_text.title(job)}" for job in has.under_way]
        items.append(words("**Under way**", *lines))
    if has.last:
        items.append(words("**Last entries**", *map(entry_line, has.last)))
    allowed = [quality for quality in QUALITIES if quality in has.rules.qualities]
    costs = " · ".join(f"{quality} {has.prices[quality]}" for quality in allowed)
    items.append(words(f"-# Ten seconds of motion cost, in credits: {costs}."))
    if has.payers or has.payer:
        items.append(ui.ActionRow(_select(has)))
    return view(*items, colour=AMBER if has.unusable or has.barred else BLURPLE)


def _purses(has: Wallet) -> list[str | None]:
    rules, balance = has.rules, has.balance
    if has.unusable:
        told = sentence(has.unusable.problem, has.unusable.facts)
        return ["### Your direct messages have nobody who pays", told]
    if has.payer:
        where = f"direct messages, paid by {clean(has.payer.name, 100)}"
    else:
        where = "this server" if rules.server_id else "direct messages"
    role = f" (from <@&{rules.allowance_role_id}>)" if rules.allowance_role_id else ""
    if has.barred:
        told = sentence(has.barred.problem, has.barred.facts)
        return [f"### You cannot spend anything in {where} now", told]
    return [
        f"### You can spend {credits_text(has.spendable)} in {where}",
        (
            f"**{balance.allowance_left}** of {rules.allowance_credits} left of your allowance"
            f"{role}, which renews <t:{has.renews_at:.0f}:R>."
            if rules.allowance_credits
            else "You have no allowance here: only credits that somebody grants you."
        ),
        f"**{balance.granted}** granted, which stay until you spend them.",
        f"**{balance.held}** held by unfinished jobs." if balance.held else None,
        *_narrower(has),
    ]


NARROWER: Mapping[Problem, str] = {
    Problem.SERVER_BUDGET_SPENT: (
        "This server's budget has **{left}** of {credits} left until <t:{renews_at:.0f}:f>."
    ),
    Problem.PERSON_CAP_SPENT: (
        "Of what one person may use in a day, all servers together, **{left}** of {credits} are "
        "left until <t:{renews_at:.0f}:f>."
    ),
    Problem.SERVER_CAP_SPENT: (
        "Of what this server may use in a day, **{left}** of {credits} are left until "
        "<t:{renews_at:.0f}:f>."
    ),
    Problem.BUDGET_SPENT: "Today's budget for everybody has only **{left}** left.",
}
"""What bounds somebody before their own credits do, by what is said once it is spent."""


def _narrower(has: Wallet) -> Iterator[str]:
    """A line for each budget that has less left than all before it."""
    least = has.balance.available
    for budget in has.budgets:
        left = max(0, budget.left)
        if left < least:
            least = left
            yield NARROWER[budget.all_spent].format(
                left=left, credits=budget.credits, renews_at=budget.renews_at
            )


def entry_line(line: HistoryLine) -> str:
    """One entry of the journal, as its owner reads it."""
    kind = EntryKind(line.kind)
    amount = f"**{line.credits:+d}** " if line.credits else ""
    job = f" `{line.job_id}`" if line.job_id else ""
    return f"<t:{line.at:.0f}:R> · {amount}{DID[kind]}{job}"


def _select(has: Wallet) -> ui.Select[ui.LayoutView]:
    chosen = has.payer.server_id if has.payer else 0
    options = [
        discord.SelectOption(
            label="My own credits in direct messages", value="0", default=not chosen
        )
    ]
    payers = list(has.payers)
    if has.payer and has.payer.server_id not in {payer.server_id for payer in payers}:
        payers.insert(0, has.payer)
    options += [
        discord.SelectOption(
            label=clean(payer.name, 80, "plain") or str(payer.server_id),
            value=str(payer.server_id),
            default=payer.server_id == chosen,
        )
        for payer in payers[:24]
    ]
    return ui.Select(
        custom_id=PAYER_SELECT, placeholder="Who pays for your direct messages?", options=options
    )
