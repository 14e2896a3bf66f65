"""How somebody stands: to themselves, with the select of who pays; and to moderators, with why."""

from collections.abc import Iterator, Mapping

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.job import with_picture
from bot.cards.obstacles import obstacle
from bot.cards.offers.choices import prices_text
from bot.cards.parts import AMBER, BLURPLE, GREEN, view, words
from bot.cards.refusals import sentence
from bot.cards.wording import bonus_text, clean, credits_text, listed
from bot.core.accounts import MOST_PAYERS, Eligibility, Wallet
from bot.core.actions import HistoryLine
from bot.core.jobs import Job
from bot.core.ledger import EntryKind, Period
from bot.core.models import MODELS
from bot.core.queue import may_start
from bot.errors import Problem

PAYER_SELECT = "marionette:payer"
"""The `custom_id` of the select."""

DID = {
    EntryKind.HOLD: "**{amount}** reserved for {video}",
    EntryKind.CAPTURE: "**{amount}** for {video}",
    EntryKind.RELEASE: "{video} was not made, and cost nothing",
    EntryKind.GRANT: "**{amount}** bonus",
    EntryKind.REVOKE: "**{amount}** taken away",
    EntryKind.REFUND: "**{amount}** back for {video}",
}

EVERY = {Period.DAY: "daily", Period.WEEK: "weekly", Period.MONTH: "monthly"}
SHOWN_JOBS = 5
SHOWN_CHANNELS = 10


def wallet(has: Wallet, now: float) -> ui.LayoutView:
    """What `/credits` answers; `now` in unix seconds."""
    items: list[ui.Item[ui.LayoutView]] = [words(*_purses(has))]
    if has.under_way:
        lines = [f"{status_text.made_of(job)} · {status_text.title(job)}" for job in has.under_way]
        items.append(words("**Under way**", *lines))
    if has.last:
        items.append(words("**Lately**"))
        items += (item for line in has.last for item in _entry(line, has.jobs, now))
    items.append(words(f"-# Ten seconds of motion cost, in credits: {prices_text(has.prices)}."))
    if has.payers_unknown:
        items.append(words(_unknown_payers(has.payers_unknown)))
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
            else "You have no allowance here: only bonus credits that somebody gives you."
        ),
        f"**{bonus_text(balance.granted)}**, which stay until you spend them."
        if balance.granted
        else None,
        f"**{balance.held}** reserved for videos that are not done yet." if balance.held else None,
        f"**{has.drafts_left}** of {rules.drafts_per_day} free drafts left today."
        if has.drafts_left is not None
        else None,
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


def _entry(line: HistoryLine, jobs: Mapping[str, Job], now: float) -> list[ui.Item[ui.LayoutView]]:
    said = words(entry_line(line, jobs))
    job = jobs.get(line.job_id) if line.job_id else None
    return with_picture(job, now, said) if job else [said]


def entry_line(line: HistoryLine, jobs: Mapping[str, Job]) -> str:
    """One line of the journal, as its owner reads it; a video is told by its files, where known."""
    video = _made_of(line.job_id, jobs) if line.job_id else ""
    did = DID[EntryKind(line.kind)].format(amount=_signed(line.credits or 0), video=video)
    return f"<t:{line.at:.0f}:R> · {did}"


def _signed(credits: int) -> str:
    return f"+{credits}" if credits > 0 else f"−{-credits}"


def _made_of(job_id: str, jobs: Mapping[str, Job]) -> str:
    return status_text.made_of(jobs[job_id]) if job_id in jobs else f"`{job_id}`"


def _unknown_payers(count: int) -> str:
    which = "One more server" if count == 1 else f"{count} more servers"
    return (
        f"-# {which} may pay for direct messages. Whether you are a member there was not found "
        "out this time."
    )


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
        for payer in payers[:MOST_PAYERS]
    ]
    return ui.Select(
        custom_id=PAYER_SELECT, placeholder="Who pays for your direct messages?", options=options
    )


def eligibility(seen: Eligibility) -> ui.LayoutView:
    """What `/quota show` answers."""
    reasons = _reasons(seen)
    can = "cannot" if reasons else "can"
    items: list[ui.Item[ui.LayoutView]] = [
        words(f"### <@{seen.person_id}> {can} ask for a video now", *reasons),
        words("**Credits**", *_credits(seen)),
        words("**Videos**", *_videos(seen)),
        words("**Rules**", *_rules(seen)),
    ]
    return view(*items, colour=AMBER if reasons else GREEN)


def _reasons(seen: Eligibility) -> list[str]:
    """Everything that stands in the way, the weightiest first."""
    reasons = [] if seen.is_member else ["They are not a member of this server now."]
    reasons += [obstacle(refused) for refused in seen.obstacles]
    return reasons if seen.rules.open_qualities else [*reasons, "No quality is open to them."]


def _credits(seen: Eligibility) -> list[str | None]:
    rules, balance = seen.rules, seen.standing.balance
    source = f"from <@&{rules.allowance_role_id}>" if rules.allowance_role_id else "everybody’s"
    return [
        (
            f"**{balance.allowance_left}** of {rules.allowance_credits} left of the "
            f"{EVERY[rules.period]} allowance ({source}), which renews <t:{seen.renews_at:.0f}:R>."
            if rules.allowance_credits
            else "No allowance."
        ),
        f"**{bonus_text(balance.granted)}**, which stay until they are spent."
        if balance.granted
        else None,
        f"**{balance.held}** reserved for videos that are not done yet." if balance.held else None,
    ]


def _videos(seen: Eligibility) -> list[str | None]:
    rules, standing = seen.rules, seen.standing
    more = len(seen.under_way) - SHOWN_JOBS
    under_way = [
        f"{_count(count, most)} {how}"
        for count, most, how in (
            (standing.running_here, rules.max_running_here, "being made"),
            (standing.waiting_here, rules.max_waiting_here, "waiting"),
        )
        if count
    ]
    return [
        f"In this server: {listed(under_way)}."
        if under_way
        else "None is under way in this server.",
        None if may_start(rules, standing) else "Their next one would wait for its turn.",
        *(
            f"`{job.id}` · {status_text.title(job)} · <t:{job.created_at:.0f}:R>"
            for job in seen.under_way[:SHOWN_JOBS]
        ),
        f"… and {more} more: `/moderate jobs` lists them." if more > 0 else None,
    ]


def _count(count: int, limit: int | None) -> str:
    return f"**{count}**" if limit is None else f"**{count}** of at most {limit}"


def _rules(seen: Eligibility) -> list[str | None]:
    rules, standing = seen.rules, seen.standing
    names = [MODELS[slug].name for slug in rules.models]
    today = max(0, rules.daily_budget_credits - standing.budget_spent)
    return [
        _block(seen),
        _server_budget(seen),
        _cap("They", rules.daily_person_cap_credits, standing.person_spent_today),
        _cap("This server", rules.daily_server_cap_credits, standing.server_spent_today),
        (
            f"The whole bot’s budget: **{today}** of {rules.daily_budget_credits} left today, "
            f"which renews <t:{seen.day_ends_at:.0f}:R>."
        ),
        f"Videos may be asked for in {_channels(rules.channels)}.",
        f"Qualities open to them: {', '.join(rules.open_qualities) or 'none'}.",
        f"Models open to them: {', '.join(names) or 'none'}." if len(names) != 1 else None,
    ]


def _block(seen: Eligibility) -> str:
    block = seen.standing.block
    if block is None:
        return "Not blocked."
    until = f"until <t:{block.until:.0f}:F>" if block.until is not None else "for good"
    where = " in the whole bot, by its operator" if block.is_everywhere else ""
    return f"Blocked {until}{where}: {clean(block.reason)}"


def _server_budget(seen: Eligibility) -> str:
    budget = seen.rules.budget_credits
    if budget is None:
        return "This server has no budget of its own."
    left = max(0, budget - seen.standing.server_spent)
    return (
        f"This server’s {EVERY[seen.rules.period]} budget: **{left}** of {budget} left, which "
        f"renews <t:{seen.renews_at:.0f}:R>."
    )


def _cap(whose: str, cap: int | None, spent: int) -> str | None:
    if cap is None:
        return None
    return f"{whose} may use **{max(0, cap - spent)}** of {cap} more today, says the operator."


def _channels(channels: frozenset[int]) -> str:
    if not channels:
        return "every channel"
    shown = [f"<#{channel}>" for channel in sorted(channels)[:SHOWN_CHANNELS]]
    more = len(channels) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
