"""Finding our own messages again, by what their buttons lead to."""

from typing import TYPE_CHECKING

import discord

from bot.cards.job import Button, custom_id
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


async def cards_of(
    job: Job, channel: "MessageableChannel", me: discord.ClientUser | None
) -> list[discord.Message]:
    """The job's cards in its channel, oldest first, whether or not they were ever saved."""
    button = custom_id(Button.CANCEL, job.id)
    since = discord.Object(job.origin_id)
    return [
        message
        async for message in channel.history(limit=SEARCHED_MESSAGES, after=since)
        if message.author == me and button in marks(message)
    ]
