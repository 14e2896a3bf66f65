"""How somebody stands, told to moderators: whether they may ask for a video, and why."""

from discord import ui

from bot.cards import status_text
from bot.cards.languages.speech import mark, tr
from bot.cards.members.wallet import held_text
from bot.cards.obstacles import obstacle
from bot.cards.parts import AMBER, GREEN, view, words
from bot.cards.wording import bonus_text, clean, listed, model_text
from bot.core.accounts import Eligibility
from bot.core.ledger import Period
from bot.core.queue import may_start
from bot.core.rules import Rules

EVERYBODYS_ALLOWANCE = {
    Period.DAY: mark(
        "**{left}** of {credits} left of the daily allowance (everybody’s), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.WEEK: mark(
        "**{left}** of {credits} left of the weekly allowance (everybody’s), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.MONTH: mark(
        "**{left}** of {credits} left of the monthly allowance (everybody’s), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
}
ALLOWANCE_OF_A_ROLE = {
    Period.DAY: mark(
        "**{left}** of {credits} left of the daily allowance (from <@&{role}>), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.WEEK: mark(
        "**{left}** of {credits} left of the weekly allowance (from <@&{role}>), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.MONTH: mark(
        "**{left}** of {credits} left of the monthly allowance (from <@&{role}>), which renews "
        "<t:{renews_at:.0f}:R>."
    ),
}
SERVER_BUDGET = {
    Period.DAY: mark(
        "This server’s daily budget: **{left}** of {credits} left, which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.WEEK: mark(
        "This server’s weekly budget: **{left}** of {credits} left, which renews "
        "<t:{renews_at:.0f}:R>."
    ),
    Period.MONTH: mark(
        "This server’s monthly budget: **{left}** of {credits} left, which renews "
        "<t:{renews_at:.0f}:R>."
    ),
}
SHOWN_JOBS = 5
SHOWN_CHANNELS = 10


def eligibility(seen: Eligibility) -> ui.LayoutView:
    """What `/quota show` answers."""
    reasons = _reasons(seen)
    if reasons:
        title = tr("### <@{person}> cannot ask for a video now", person=seen.person_id)
    else:
        title = tr("### <@{person}> can ask for a video now", person=seen.person_id)
    items: list[ui.Item[ui.LayoutView]] = [
        words(title, *reasons),
        words(tr("**Credits**"), *_credits(seen)),
        words(tr("**Videos**"), *_videos(seen)),
        words(tr("**Rules**"), *_rules(seen)),
    ]
    return view(*items, colour=AMBER if reasons else GREEN)


def _reasons(seen: Eligibility) -> list[str]:
    """Everything that stands in the way, the weightiest first."""
    reasons = [] if seen.is_member else [tr("They are not a member of this server now.")]
    reasons += [obstacle(refused) for refused in seen.obstacles]
    return reasons if seen.rules.open_qualities else [*reasons, tr("No quality is open to them.")]


def _credits(seen: Eligibility) -> list[str | None]:
    balance = seen.standing.balance
    return [
        _allowance(seen),
        tr("**{credits}**, which stay until they are spent.", credits=bonus_text(balance.granted))
        if balance.granted
        else None,
        held_text(balance),
    ]


def _allowance(seen: Eligibility) -> str:
    rules = seen.rules
    if not rules.allowance_credits:
        return tr("No allowance.")
    told = ALLOWANCE_OF_A_ROLE if rules.allowance_role_id else EVERYBODYS_ALLOWANCE
    return tr(
        told[rules.period],
        left=seen.standing.balance.allowance_left,
        credits=rules.allowance_credits,
        role=rules.allowance_role_id,
        renews_at=seen.renews_at,
    )


def _videos(seen: Eligibility) -> list[str | None]:
    rules, standing = seen.rules, seen.standing
    under_way = [*filter(None, (_running(seen), _waiting(seen)))]
    more = len(seen.under_way) - SHOWN_JOBS
    return [
        tr("In this server: {counts}.", counts=listed(under_way))
        if under_way
        else tr("None is under way in this server."),
        None if may_start(rules, standing) else tr("Their next one would wait for its turn."),
        *(
            f"`{job.id}` · {status_text.title(job)} · <t:{job.created_at:.0f}:R>"
            for job in seen.under_way[:SHOWN_JOBS]
        ),
        tr("… and {more} more: `/moderate jobs` lists them.", more=more) if more > 0 else None,
    ]


def _running(seen: Eligibility) -> str | None:
    count, most = seen.standing.running_here, seen.rules.max_running_here
    if not count:
        return None
    if most is None:
        return tr("**{running}** being made", running=count)
    return tr("**{running}** of at most {most} being made", running=count, most=most)


def _waiting(seen: Eligibility) -> str | None:
    count, most = seen.standing.waiting_here, seen.rules.max_waiting_here
    if not count:
        return None
    if most is None:
        return tr("**{waiting}** waiting", waiting=count)
    return tr("**{waiting}** of at most {most} waiting", waiting=count, most=most)


def _rules(seen: Eligibility) -> list[str | None]:
    rules = seen.rules
    return [
        _block(seen),
        _server_budget(seen),
        _person_cap(seen),
        _server_cap(seen),
        tr(
            "The whole bot’s budget: **{left}** of {credits} left today, which renews "
            "<t:{renews_at:.0f}:R>.",
            left=max(0, rules.daily_budget_credits - seen.standing.budget_spent),
            credits=rules.daily_budget_credits,
            renews_at=seen.day_ends_at,
        ),
        _channels(rules.channels),
        tr("Qualities open to them: {qualities}.", qualities=listed(rules.open_qualities))
        if rules.open_qualities
        else tr("Qualities open to them: none."),
        _models(rules),
    ]


def _models(rules: Rules) -> str | None:
    names = [model_text(slug) for slug in rules.models]
    if len(names) == 1:
        return None
    if not names:
        return tr("Models open to them: none.")
    return tr("Models open to them: {models}.", models=listed(names))


def _block(seen: Eligibility) -> str:
    block = seen.standing.block
    if block is None:
        return tr("Not blocked.")
    reason = clean(block.reason)
    if block.until is None:
        if block.is_everywhere:
            return tr("Blocked for good in the whole bot, by its operator: {reason}", reason=reason)
        return tr("Blocked for good: {reason}", reason=reason)
    if block.is_everywhere:
        return tr(
            "Blocked until <t:{until:.0f}:F> in the whole bot, by its operator: {reason}",
            until=block.until,
            reason=reason,
        )
    return tr("Blocked until <t:{until:.0f}:F>: {reason}", until=block.until, reason=reason)


def _server_budget(seen: Eligibility) -> str:
    budget = seen.rules.budget_credits
    if budget is None:
        return tr("This server has no budget of its own.")
    return tr(
        SERVER_BUDGET[seen.rules.period],
        left=max(0, budget - seen.standing.server_spent),
        credits=budget,
        renews_at=seen.renews_at,
    )


def _person_cap(seen: Eligibility) -> str | None:
    cap = seen.rules.daily_person_cap_credits
    if cap is None:
        return None
    return tr(
        "They may use **{left}** of {credits} more today, says the operator.",
        left=max(0, cap - seen.standing.person_spent_today),
        credits=cap,
    )


def _server_cap(seen: Eligibility) -> str | None:
    cap = seen.rules.daily_server_cap_credits
    if cap is None:
        return None
    return tr(
        "This server may use **{left}** of {credits} more today, says the operator.",
        left=max(0, cap - seen.standing.server_spent_today),
        credits=cap,
    )


def _channels(channels: frozenset[int]) -> str:
    if not channels:
        return tr("Videos may be asked for in every channel.")
    shown = listed([f"<#{channel}>" for channel in sorted(channels)[:SHOWN_CHANNELS]])
    if (more := len(channels) - SHOWN_CHANNELS) > 0:
        return tr(
            "Videos may be asked for in {channels} and {more} more.", channels=shown, more=more
        )
    return tr("Videos may be asked for in {channels}.", channels=shown)
