"""The card that tells a moderator whether somebody may run a video now, and why."""

from discord import ui

from bot.cards import status_text
from bot.cards.parts import AMBER, GREEN, view, words
from bot.cards.refusals import obstacle
from bot.cards.wording import clean
from bot.core.accounts import Eligibility
from bot.core.jobs import QUALITIES
from bot.core.ledger import Period
from bot.core.queue import may_start

EVERY = {Period.DAY: "daily", Period.WEEK: "weekly", Period.MONTH: "monthly"}
SHOWN_JOBS = 5
SHOWN_CHANNELS = 10


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
    return reasons if seen.rules.qualities else [*reasons, "No quality is open to them."]


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
        f"**{balance.granted}** granted, which stay until they are spent.",
        f"**{balance.held}** held by unfinished jobs." if balance.held else None,
    ]


def _videos(seen: Eligibility) -> list[str | None]:
    rules, standing = seen.rules, seen.standing
    more = len(seen.under_way) - SHOWN_JOBS
    return [
        (
            f"In this server: {_count(standing.running_here, rules.max_running_here)} being made, "
            f"{_count(standing.waiting_here, rules.max_waiting_here)} waiting."
        ),
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
    allowed = [quality for quality in QUALITIES if quality in rules.qualities]
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
        f"Qualities open to them: {', '.join(allowed) or 'none'}.",
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
