"""Whose a message is of which somebody takes a file, and whether they want that."""

import discord

from bot.accounts.sight import ReadableChannel, is_age_restricted
from bot.core.uploads import Origin
from bot.errors import Problem, Refused
from bot.store.store import Store


class Authors:
    """Finds them, and asks for what they have chosen."""

    def __init__(self, client: discord.Client, store: Store) -> None:
        self._client = client
        self._store = store

    async def origin(self, message: discord.Message, channel: object) -> Origin:
        """Where a file of this message, which stands in that channel, comes from.

        A finished post is its requester's; what a webhook has written is nobody's.
        """
        author_id = message.author.id
        if message.author == self._client.user:
            posts = await self._store.read.posted_as([message.id])
            author_id = posts[0].person_id if posts else 0
        elif message.webhook_id is not None and message.application_id is None:
            author_id = 0
        return Origin(
            author_id=author_id,
            server_id=channel.guild.id if isinstance(channel, ReadableChannel) else 0,
            channel_id=message.channel.id,
            message_id=message.id,
            is_age_restricted=is_age_restricted(channel),
        )

    async def refuse_private(self, origin: Origin, person_id: int) -> None:
        """Raises `Refused` where somebody else has said that nobody is to use theirs."""
        if origin.author_id in {0, person_id}:
            return
        if (await self._store.preferences.of(origin.author_id)).keep_private:
            raise Refused(Problem.KEPT_PRIVATE)
