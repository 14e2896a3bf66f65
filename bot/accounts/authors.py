"""Whose a message is of which somebody takes a file, and whether they want that."""

from collections.abc import Sequence
from contextlib import suppress

import discord

from bot.accounts.sight import ReadableChannel, is_age_restricted
from bot.cards.job import job_in_file_name
from bot.core.jobs import Job
from bot.core.uploads import Origin, Upload
from bot.errors import Problem, Refused
from bot.gateway.asking import UNTOLD
from bot.gateway.client import ShardedBot
from bot.store.store import Store


class Authors:
    """Finds them, and asks for what they have chosen."""

    def __init__(self, client: ShardedBot, store: Store) -> None:
        self._client = client
        self._store = store

    async def origin(
        self, message: discord.Message, channel: object, files: Sequence[Upload]
    ) -> Origin:
        """Where these files of a message, which stands in that channel, come from.

        A finished video is its requester's, and of where they asked for it, wherever we show it
        and whoever forwards that; what a webhook has written is nobody's. Raises `Refused` for a
        message of ours that shows no video we know.
        """
        author_id, is_restricted = message.author.id, is_age_restricted(channel)
        job = await self._shown_in(message, files)
        if job is not None:
            author_id = job.person_id
            is_restricted = is_restricted or await self._was_restricted(job, channel)
        elif files and message.author == self._client.user:
            raise Refused(Problem.VIDEO_UNKNOWN)
        elif message.webhook_id is not None and message.application_id is None:
            author_id = 0
        return Origin(
            author_id=author_id,
            server_id=channel.guild.id if isinstance(channel, ReadableChannel) else 0,
            channel_id=message.channel.id,
            message_id=message.id,
            is_age_restricted=is_restricted,
        )

    async def _shown_in(self, message: discord.Message, files: Sequence[Upload]) -> Job | None:
        """The job whose video a message of ours shows, or a forward of one."""
        shown_by = [message.id] if message.author == self._client.user else []
        if message.message_snapshots and message.reference and message.reference.message_id:
            shown_by.append(message.reference.message_id)
        if not shown_by:
            return None
        for name in {file.name for file in files}:
            job_id = job_in_file_name(name)
            if job_id and (job := await self._store.read.job(job_id)):
                return job
        return next(iter(await self._store.read.posted_as(shown_by)), None)

    async def _was_restricted(self, job: Job, channel: object) -> bool:
        """Whether a job was asked for in an age-restricted channel, as far as Discord has told."""
        if job.is_direct:
            return False
        place_id = job.moved_from_id or job.channel_id
        if isinstance(channel, ReadableChannel) and channel.id == place_id:
            return is_age_restricted(channel)
        with suppress(*UNTOLD):
            await self._client.learn(job.server_id, place_id)
        place = self._client.get_channel(place_id)
        return place is None or is_age_restricted(place)

    async def refuse_private(self, origin: Origin, person_id: int) -> None:
        """Raises `Refused` where somebody else has said that nobody is to use theirs."""
        if origin.author_id in {0, person_id}:
            return
        if (await self._store.preferences.of(origin.author_id)).keep_private:
            raise Refused(Problem.KEPT_PRIVATE)
