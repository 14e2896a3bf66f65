"""Whether somebody else's finished video is there for a person to see."""

import asyncio

import discord

from bot.accounts.messages import TOLD_WITHIN_S, UNTOLD
from bot.accounts.sight import ReadableChannel, may_both_read
from bot.core.jobs import Job
from bot.errors import Problem, Refused
from bot.gateway.client import ShardedBot


class PublicPosts:
    """The posts in the channels of servers."""

    def __init__(self, client: ShardedBot) -> None:
        self._client = client

    async def is_seen(self, job: Job, person_id: int, roles: frozenset[int]) -> bool:
        """Whether a job's post stands in a channel that a member with these roles can read.

        Raises `Refused` where Discord does not tell.
        """
        if job.delivery_message_id is None:
            return False
        channel_id = job.delivery_channel_id or job.channel_id
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                await self._client.learn(job.server_id, channel_id)
                guild = self._client.get_guild(job.server_id)
                channel = guild and guild.get_channel_or_thread(channel_id)
                if not isinstance(channel, ReadableChannel):
                    return False
                if not await may_both_read(channel, person_id, roles):
                    return False
                await channel.fetch_message(job.delivery_message_id)
        except (discord.NotFound, discord.Forbidden):
            return False
        except UNTOLD as error:
            raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error
        return True
