"""What all commands share: the bot they belong to, and who asks where with which files."""

import mimetypes
import re
from collections.abc import Mapping
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.accounts.languages import Languages
from bot.accounts.sight import is_age_restricted
from bot.accounts.wallets import Place
from bot.cards.paging import LARGEST_ID
from bot.core.people.languages import Language
from bot.core.uploads import Upload
from bot.errors import Problem, Refused
from bot.gateway.client import ShardedBot
from bot.services.copies import Copies
from bot.services.crowd import Crowd
from bot.services.given import GivenFile
from bot.services.moderation import Moderation
from bot.services.motions.library import Library
from bot.services.preferences import PreferenceService
from bot.services.quotas import Quotas
from bot.services.remakes import Remakes
from bot.services.removals import Removals
from bot.services.requests import RequestService
from bot.services.trays import Trays
from cogs.shared.access import CardAccess, roles_of, timeout_of
from cogs.shared.confirmations import Confirmations

log = structlog.get_logger()


class Bot(ShardedBot):
    """discord.py's bot, with what the persistent buttons need at hand."""

    requests: RequestService
    library: Library
    remakes: Remakes
    copies: Copies
    trays: Trays
    quotas: Quotas
    moderation: Moderation
    preferences: PreferenceService
    removals: Removals
    confirmations: Confirmations
    card_access: CardAccess
    crowd: Crowd
    languages: Languages

    async def on_message(self, message: discord.Message, /) -> None:
        """There are no text commands; `cogs.members.messages` listens for itself."""


Interaction = discord.Interaction[Bot]

servers_only = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
"""Not `guild_only`: that one leaves direct messages open where the bot opens them by default, and
there nobody's permissions are looked at."""


def place_of(interaction: Interaction) -> Place:
    """Where an interaction comes from."""
    channel = interaction.channel
    return Place(
        server_id=interaction.guild_id or 0,
        channel_id=interaction.channel_id or 0,
        person_id=interaction.user.id,
        upload_limit_bytes=interaction.filesize_limit,
        is_direct=interaction.guild_id is None,
        roles=roles_of(interaction),
        timed_out_until=timeout_of(interaction.user),
        above_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        is_age_restricted=is_age_restricted(channel),
        language=language_of(interaction),
    )


def language_of(interaction: Interaction) -> Language:
    """What is spoken to whoever this comes from."""
    languages, locale = interaction.client.languages, interaction.locale.value
    return languages.of_interaction(interaction.user.id, locale)


def server_of(interaction: Interaction) -> int:
    """The server of what only servers have. Raises `Refused` in a direct message."""
    if interaction.guild_id is None:
        raise Refused(Problem.CONTROL_UNKNOWN)
    return interaction.guild_id


def chosen_in(interaction: Interaction) -> list[str]:
    """What was chosen in a select, as the client sent it."""
    data: Mapping[str, Any] = interaction.data or {}
    return [str(value) for value in data.get("values", [])]


def ids_chosen_in(interaction: Interaction) -> list[int]:
    """The same where ids can be chosen: whatever is none, or larger than any, is left out."""
    digits = (value for value in chosen_in(interaction) if re.fullmatch("[0-9]{1,19}", value))
    return [id_ for id_ in map(int, digits) if id_ <= LARGEST_ID]


def given(attachment: discord.Attachment) -> GivenFile:
    """An attachment as the service wants it; a missing content type is guessed from the name."""
    guess = attachment.content_type or mimetypes.guess_type(attachment.filename)[0]
    is_spoiler = attachment.is_spoiler()
    upload = Upload(attachment.url, attachment.filename, attachment.size, is_spoiler)
    return GivenFile(upload, guess)
