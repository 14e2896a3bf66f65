"""The offer: a plain message's request before it starts, with a button for what it may become."""

from collections.abc import Mapping

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.job import Button, custom_id
from bot.cards.offers.choices import name_of, shown, uses, usual
from bot.cards.parts import view, words
from bot.cards.refusals import sentence
from bot.cards.wording import clean, credits_text, listed
from bot.core.accounts import Terms
from bot.core.jobs import Job
from bot.core.models import Choice
from bot.errors import Problem


def offer(job: Job, terms: Terms | None) -> ui.LayoutView:
    """A plain message's request: its files, the price of each quality, and its buttons.

    Without terms it says what is still missing or being looked at.
    """
    given = [file for file in (job.subject, job.motion) if file]
    items: list[ui.Item[ui.LayoutView]] = []
    if job.failure:
        wrong = sentence(job.failure.problem, job.failure.facts)
        items.append(words(f"{wrong} The rest of what you sent is still here."))
    how = status_text.how_to_send_more(job)
    if job.subject is None:
        items.append(words(f"Got the motion. Now send me the **picture** that should move.{how}"))
    elif job.motion is None:
        items.append(
            words(
                f"Got your picture. Now send me the **video** whose motion it should follow.{how}"
            )
        )
    elif terms is None:
        items.append(words("Looking at your picture and your video…"))
    else:
        items.append(
            words(
                "### Shall I make this picture move like this video?",
                f"{_motion(job)}. {uses(terms.prices)}",
                _means(terms) if job.is_shown_directly else None,
                *_beyond(terms),
            )
        )
    gallery = ui.MediaGallery[ui.LayoutView]()
    for file in given:
        gallery.add_item(
            media=file.url,
            description=clean(file.name, 200, "plain"),
            spoiler=file.is_spoiler,
        )
    items.append(gallery)
    row = ui.ActionRow[ui.LayoutView]()
    if terms is not None and job.subject and job.motion:
        for choice in shown(terms.prices):
            row.add_item(_start_button(job, choice, terms))
    row.add_item(ui.Button(label="Never mind", custom_id=custom_id(Button.CANCEL, job.id)))
    items.append(row)
    if not job.is_direct:
        ends = f"it goes away <t:{job.offer_ends_at:.0f}:R>."
        items.append(words(f"-# Only whoever asked can press this. Unused, {ends}"))
    return view(*items)


def _start_button(job: Job, choice: Choice, terms: Terms) -> ui.Button[ui.LayoutView]:
    is_usual = choice == usual(terms.prices)
    return ui.Button(
        label=f"{name_of(choice, terms.prices)} · {credits_text(terms.prices[choice])}",
        style=discord.ButtonStyle.primary if is_usual else discord.ButtonStyle.secondary,
        custom_id=custom_id(Button.START, job.id, choice),
        disabled=choice in terms.beyond,
    )


def _means(terms: Terms) -> str:
    has = f"You have **{credits_text(terms.credits)}**"
    if terms.payer is None:
        return f"{has}."
    return f"Your credits in {clean(terms.payer, 100)} pay for it. {has} there."


_TOO_LONG = "A shorter video costs less."
BEYOND: Mapping[Problem, str] = {
    Problem.NO_CREDITS: "more than you have. Your allowance renews <t:{renews_at:.0f}:R>.",
    Problem.TOO_EXPENSIVE: f"more than you can have at once. {_TOO_LONG}",
    Problem.NO_SERVER_BUDGET: "this server’s budget for videos is set to nothing.",
    Problem.SERVER_BUDGET_SPENT: "this server’s budget is spent. It renews <t:{renews_at:.0f}:R>.",
    Problem.SERVER_BUDGET_TOO_LOW: (
        "more than is left of this server’s budget. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_BUDGET: f"more than this server’s whole budget. {_TOO_LONG}",
    Problem.BUDGET_SPENT: (
        "today’s budget for everybody is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.BUDGET_TOO_LOW: (
        "more than is left of today’s budget for everybody. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_BUDGET: f"more than a whole day’s budget for everybody. {_TOO_LONG}",
    Problem.PERSON_CAP_SPENT: "you have used what one person may. It renews <t:{renews_at:.0f}:R>.",
    Problem.PERSON_CAP_TOO_LOW: (
        "more than is left of what one person may use. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_PERSON_CAP: f"more than one person may use in a day. {_TOO_LONG}",
    Problem.SERVER_CAP_SPENT: (
        "what this server may use in a day is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: (
        "more than is left of what this server may use in a day. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_CAP: f"more than this server may use in a day. {_TOO_LONG}",
    Problem.PAUSED: "my operator has paused me for now.",
    Problem.PAUSED_HERE: "my operator has paused me here for now.",
    Problem.BLOCKED: "you are blocked here until <t:{until:.0f}:f>.",
    Problem.BLOCKED_FOR_GOOD: "you are blocked here.",
    Problem.BLOCKED_EVERYWHERE: "my operator has blocked you until <t:{until:.0f}:f>.",
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: "my operator has blocked you.",
}
"""Why a price on an offer cannot be paid now, told behind the qualities that have it."""


def _beyond(terms: Terms) -> list[str]:
    """A line for each reason why some of it cannot be paid now, and when that changes."""
    reasons: dict[str, list[str]] = {}
    for choice in shown(terms.prices):
        if refused := terms.beyond.get(choice):
            reason = BEYOND[refused.problem].format_map(refused.facts)
            reasons.setdefault(reason, []).append(f"**{name_of(choice, terms.prices)}**")
    return [f"{listed(names)}: {reason}" for reason, names in reasons.items()]


def _motion(job: Job) -> str:
    parts = f"{status_text.length(job)} of motion", status_text.sent_as(job)
    return ", ".join(filter(None, parts))


def explanation(prices: Mapping[Choice, int]) -> ui.LayoutView:
    """How direct messages work; `prices` are for ten seconds of motion."""
    choice = usual(prices)
    return view(
        words(
            "### I make a still picture move like a video",
            "Send me a **picture** and a **video** (or an animated GIF; up to 30 seconds), in one "
            "message or one after the other. I show you the price first, and nothing is spent "
            "until you press the button.",
            f"-# Ten seconds of motion cost {credits_text(prices[choice])} at {choice.quality}. "
            "`/credits` shows what you have.",
        )
    )
