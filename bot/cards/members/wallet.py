"""The wallet: what somebody may spend, what they spent lately, and the select of who pays."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.job import with_picture
from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.offers.choices import prices_text
from bot.cards.parts import AMBER, BLURPLE, view, words
from bot.cards.refusals import sentence
from bot.cards.wording import bonus_text, clean, credits_text
from bot.core.accounts import MOST_PAYERS, Wallet
from bot.core.actions import HistoryLine
from bot.core.jobs import Job
from bot.core.ledger import Balance, EntryKind
from bot.errors import Problem

PAYER_SELECT = "marionette:payer"
"""The `custom_id` of the select."""

DID = {
    EntryKind.HOLD: mark("**{amount}** reserved for {video}"),
    EntryKind.CAPTURE: mark("**{amount}** for {video}"),
    EntryKind.RELEASE: mark("{video} was not made, and cost nothing"),
    EntryKind.GRANT: mark("**{amount}** bonus"),
    EntryKind.REVOKE: mark("**{amount}** taken away"),
    EntryKind.REFUND: mark("**{amount}** back for {video}"),
}


class Place(NamedTuple):
    """The title of somebody's wallet in one place: when they can spend, and when they cannot."""

    spendable: str
    barred: str


A_SERVER = Place(
    mark("### You can spend {credits} in this server"),
    mark("### You cannot spend anything in this server now"),
)
DIRECT_MESSAGES = Place(
    mark("### You can spend {credits} in direct messages"),
    mark("### You cannot spend anything in direct messages now"),
)
PAID_DIRECT_MESSAGES = Place(
    mark("### You can spend {credits} in direct messages, paid by {server}"),
    mark("### You cannot spend anything in direct messages, paid by {server} now"),
)


def wallet(has: Wallet, now: float) -> ui.LayoutView:
    """What `/credits` answers; `now` in unix seconds."""
    items: list[ui.Item[ui.LayoutView]] = [words(*_purses(has))]
    if has.under_way:
        lines = [f"{status_text.made_of(job)} · {status_text.title(job)}" for job in has.under_way]
        items.append(words(tr("**Under way**"), *lines))
    if has.last:
        items.append(words(tr("**Lately**")))
        items += (item for line in has.last for item in _entry(line, has.jobs, now))
    costs = prices_text(has.prices)
    items.append(words(tr("-# Ten seconds of motion cost, in credits: {prices}.", prices=costs)))
    if has.payers_unknown:
        items.append(words(_unknown_payers(has.payers_unknown)))
    if has.payers or has.payer:
        items.append(ui.ActionRow(_select(has)))
    return view(*items, colour=AMBER if has.unusable or has.barred else BLURPLE)


def _purses(has: Wallet) -> list[str | None]:
    if has.unusable:
        told = sentence(has.unusable.problem, has.unusable.facts)
        return [tr("### Your direct messages have nobody who pays"), told]
    where = {"server": clean(has.payer.name, 100)} if has.payer else {}
    if has.barred:
        told = sentence(has.barred.problem, has.barred.facts)
        return [tr(_place(has).barred, **where), told]
    rules, balance = has.rules, has.balance
    return [
        tr(_place(has).spendable, credits=credits_text(has.spendable), **where),
        _own_allowance(has),
        tr("**{credits}**, which stay until you spend them.", credits=bonus_text(balance.granted))
        if balance.granted
        else None,
        held_text(balance),
        tr(
            "**{left}** of {drafts} free drafts left today.",
            left=has.drafts_left,
            drafts=rules.drafts_per_day,
        )
        if has.drafts_left is not None
        else None,
        *_narrower(has),
    ]


def _place(has: Wallet) -> Place:
    if has.payer:
        return PAID_DIRECT_MESSAGES
    return A_SERVER if has.rules.server_id else DIRECT_MESSAGES


def _own_allowance(has: Wallet) -> str:
    rules = has.rules
    if not rules.allowance_credits:
        return tr("You have no allowance here: only bonus credits that somebody gives you.")
    told = (
        mark(
            "**{left}** of {credits} left of your allowance (from <@&{role}>), which renews "
            "<t:{renews_at:.0f}:R>."
        )
        if rules.allowance_role_id
        else mark(
            "**{left}** of {credits} left of your allowance, which renews <t:{renews_at:.0f}:R>."
        )
    )
    return tr(
        told,
        left=has.balance.allowance_left,
        credits=rules.allowance_credits,
        role=rules.allowance_role_id,
        renews_at=has.renews_at,
    )


def held_text(balance: Balance) -> str | None:
    """What is held, for whoever looks at it."""
    if not balance.held:
        return None
    return tr("**{credits}** reserved for videos that are not done yet.", credits=balance.held)


NARROWER: Mapping[Problem, str] = {
    Problem.SERVER_BUDGET_SPENT: mark(
        "This server's budget has **{left}** of {credits} left until <t:{renews_at:.0f}:f>."
    ),
    Problem.PERSON_CAP_SPENT: mark(
        "Of what one person may use in a day, all servers together, **{left}** of {credits} are "
        "left until <t:{renews_at:.0f}:f>."
    ),
    Problem.SERVER_CAP_SPENT: mark(
        "Of what this server may use in a day, **{left}** of {credits} are left until "
        "<t:{renews_at:.0f}:f>."
    ),
    Problem.BUDGET_SPENT: mark("Today's budget for everybody has only **{left}** left."),
}
"""What bounds somebody before their own credits do, by what is said once it is spent."""


def _narrower(has: Wallet) -> Iterator[str]:
    """A line for each budget that has less left than all before it."""
    least = has.balance.available
    for budget in has.budgets:
        left = max(0, budget.left)
        if left < least:
            least = left
            yield tr(
                NARROWER[budget.all_spent],
                left=left,
                credits=budget.credits,
                renews_at=budget.renews_at,
            )


def _entry(line: HistoryLine, jobs: Mapping[str, Job], now: float) -> list[ui.Item[ui.LayoutView]]:
    said = words(entry_line(line, jobs))
    job = jobs.get(line.job_id) if line.job_id else None
    return with_picture(job, now, said) if job else [said]


def entry_line(line: HistoryLine, jobs: Mapping[str, Job]) -> str:
    """One line of the journal, as its owner reads it; a video is told by its files, where known."""
    video = _made_of(line.job_id, jobs) if line.job_id else ""
    did = tr(DID[EntryKind(line.kind)], amount=_signed(line.credits or 0), video=video)
    return f"<t:{line.at:.0f}:R> · {did}"


def _signed(credits: int) -> str:
    return f"+{credits}" if credits > 0 else f"−{-credits}"


def _made_of(job_id: str, jobs: Mapping[str, Job]) -> str:
    return status_text.made_of(jobs[job_id]) if job_id in jobs else f"`{job_id}`"


def _unknown_payers(count: int) -> str:
    return tr_many(
        "-# One more server may pay for direct messages. Whether you are a member there was not "
        "found out this time.",
        "-# {count} more servers may pay for direct messages. Whether you are a member there was "
        "not found out this time.",
        count,
    )


def _select(has: Wallet) -> ui.Select[ui.LayoutView]:
    chosen = has.payer.server_id if has.payer else 0
    options = [
        discord.SelectOption(
            label=tr("My own credits in direct messages"), value="0", default=not chosen
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
        for payer in payers[:MOST_PAYERS]
    ]
    return ui.Select(
        custom_id=PAYER_SELECT,
        placeholder=tr("Who pays for your direct messages?"),
        options=options,
    )
