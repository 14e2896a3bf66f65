"""Finding our own messages again, by what their buttons lead to."""

from typing import TYPE_CHECKING

import discord

from bot.cards.job import Button, custom_id, job_of
from bot.cards.status_text import job_in_small_print
from bot.core.jobs import Job

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import MessageableChannel

SEARCHED_MESSAGES = 100
"""So many messages after a request are looked through for cards that were posted before."""


def marks(message: discord.Message) -> set[str]:
    """What the buttons of a message lead to: what they ask for, or a link."""
    view = discord.ui.LayoutView.from_message(message)
    buttons = [item for item in view.walk_children() if isinstance(item, discord.ui.Button)]
    return {mark for button in buttons if (mark := button.custom_id or button.url)}


def jobs_named(message: discord.Message) -> set[str]:
    """The jobs that a card of ours is about, by its buttons and its small print.

    Its other texts may be somebody else's words.
    """
    view, named = discord.ui.LayoutView.from_message(message), set[str | None]()
    for item in view.walk_children():
        if isinstance(item, discord.ui.Button):
            named.add(job_of(item.custom_id or ""))
        elif isinstance(item, discord.ui.TextDisplay):
            named.add(job_in_small_print(item.content))
    return {job_id for job_id in named if job_id}


def is_card_of(job: Job, message: discord.Message) -> bool:
    """Whether a message of ours is the card of an offer."""
    return custom_id(Button.CANCEL, job.id) in marks(message)


async def ours_since(
    job: Job, channel: "MessageableChannel", me: discord.ClientUser | None
) -> list[discord.Message]:
    """What was written with our token in the job's channel since it was asked for, oldest first."""
    since = discord.Object(job.origin_id)
    history = channel.history(limit=SEARCHED_MESSAGES, after=since)
    return [message async for message in history if message.author == me]


async def cards_of(
    job: Job, channel: "MessageableChannel", me: discord.ClientUser | None
) -> list[discord.Message]:
    """The job's cards in its channel, oldest first, whether or not they were ever saved."""
    ours = await ours_since(job, channel, me)
    return [message for message in ours if is_card_of(job, message)]
