"""Where an offer's card stands, what it answers there, and how it goes when nobody takes it."""

from functools import partial

import discord
import structlog

from bot.cards import job as job_cards
from bot.core.jobs import Job, Source
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.searches import cards_of, is_card_of
from bot.delivery.twins import Twins
from bot.errors import DeliveryError

log = structlog.get_logger()

Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.PartialMessageable
)
"""Where messages are written to the bot."""


def channel_of(client: discord.Client, job: Job) -> Channel:
    """The job's channel, known or not; whether it can be written to shows when it is tried."""
    known = client.get_channel(job.channel_id)
    return known if isinstance(known, Channel) else client.get_partial_messageable(job.channel_id)


def message_in_server(channel: Channel, message_id: int) -> discord.MessageReference | None:
    """What a card there is a reply to, where the bot may read back; otherwise it just follows."""
    guild = getattr(channel, "guild", None)
    if guild is None or not channel.permissions_for(guild.me).read_message_history:
        return None
    return discord.MessageReference(
        message_id=message_id, channel_id=channel.id, fail_if_not_exists=False
    )


async def answer(
    job: Job, view: discord.ui.LayoutView, channel: Channel, twins: Twins
) -> int | None:
    """Post an offer's card, once; `None` where another bot with this token has answered."""
    answered = job.completed_by_id or job.origin_id
    post = partial(channel.send, view=view, nonce=job_cards.answer_to(answered), silent=False)
    message = message_in_server(channel, answered)
    posted = await (post(reference=message) if message else post())
    if await twins.wrote(job, posted):
        return None
    if not is_card_of(job, posted):  # it is the word of one that has stopped
        await posted.edit(view=view)
    return posted.id


async def take_back(client: discord.Client, job: Job) -> None:
    """Delete the cards of an offer in a channel that nobody took. Raises `DeliveryError`."""
    channel = channel_of(client, job)
    try:
        ids = {card.id for card in await cards_of(job, channel, client.user)}
        if job.card.message_id is not None:
            ids.add(job.card.message_id)
        for message_id in ids:
            await delete(channel.get_partial_message(message_id))
    except LOST as error:
        if not is_refusal(error):
            raise DeliveryError(str(error)) from error
        log.info("an offer's card is out of reach", job=job.id, reason=str(error))


async def delete(message: discord.Message | discord.PartialMessage) -> None:
    """Delete one of our own messages, unless it is gone or out of reach for good."""
    try:
        await message.delete()
    except discord.HTTPException as error:
        if not is_refusal(error):
            raise


def is_card_unsure(job: Job) -> bool:
    """Whether a plain message's card is yet to be posted, or may stand without being saved."""
    is_unsaved = job.card.message_id is None or job.card_is_above_its_files
    return job.source is Source.MESSAGE and is_unsaved
