"""The file of a Discord message whose link was given: for whoever could open that message, alone.

Who may see what is worked out from what Discord has told of the server, and whether they are a
member is asked as always: whoever may not see a message makes the bot ask for nothing of it. So
nothing is asked that Discord would refuse, which it counts, and nothing is learned by asking.
"""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Protocol

import aiohttp
import discord

from bot.accounts.authors import Authors
from bot.accounts.links import MessageLink, message_behind
from bot.accounts.members import FRESH_S, DiscordMembers
from bot.accounts.message_files import files_in
from bot.accounts.sight import ReadableChannel, is_age_restricted, may_both_read
from bot.clock import Clock
from bot.core.uploads import Upload
from bot.errors import MembersUnknown, Problem, Refused
from bot.gateway.client import ShardedBot
from bot.media.turns import Turns

A_MINUTE, AN_HOUR = 12, 60
"""So many links of one person are followed in each: a link costs them nothing, and us its file."""

MOST_PEOPLE = 10_000
AT_ONCE = 3
"""So many messages are asked for at a time: Discord has other things to do for the bot."""

TOLD_WITHIN_S = 15.0
ONLINE_WITHIN_S = 60.0
"""So long a start may take until the bot knows its servers."""

UNTOLD = (MembersUnknown, discord.DiscordException, aiohttp.ClientError, OSError)
"""What is raised where Discord does not answer, or not in time."""


class Asker(Protocol):
    """Who gives a link, where, and for what: of one thing each link counts once."""

    @property
    def id(self) -> str:
        """What for."""

    @property
    def person_id(self) -> int:
        """Who."""

    @property
    def server_id(self) -> int:
        """In which server; 0 in direct messages."""

    @property
    def channel_id(self) -> int:
        """Where."""


class LinkedMessages:
    """Reads such messages, a few at once, and of each person a few a minute."""

    def __init__(
        self, client: ShardedBot, members: DiscordMembers, authors: Authors, clock: Clock
    ) -> None:
        self._client = client
        self._members = members
        self._authors = authors
        self._clock = clock
        self._turns = Turns(AT_ONCE, clock)
        self._followed_at: dict[int, deque[float]] = {}
        self._followed: dict[tuple[str, str], None] = {}

    async def file_behind(self, upload: Upload, job: Asker, *, is_motion: bool) -> Upload:
        """What a job's link leads to, where that is a message; whatever else is given as it was.

        Raises `Refused`.
        """
        if not upload.is_link:
            return upload
        if (job.id, upload.url) not in self._followed:  # of one job each counts once
            self._refuse_many(job.person_id)
            self._followed[job.id, upload.url] = None
            if len(self._followed) > MOST_PEOPLE:
                del self._followed[next(iter(self._followed))]
        link = message_behind(upload.url)
        if link is None:
            return upload
        what = "video" if is_motion else "picture"
        try:
            await self._wait_until_told(link.server_id, job.server_id)
            async with self._turns.turn(job.person_id), asyncio.timeout(TOLD_WITHIN_S):
                message = await self._read(link, job)
        except (discord.NotFound, discord.Forbidden):
            message = None
        except UNTOLD as error:
            raise Refused(Problem.DOWNLOAD_FAILED, what=what) from error
        if message is None:
            raise Refused(Problem.MESSAGE_UNSEEN, what=what)
        files = files_in(message, is_motion=is_motion)
        if not files:
            raise Refused(Problem.MESSAGE_WITHOUT, what=what)
        origin = await self._authors.origin(message, message.channel, files)
        await self._authors.refuse_private(origin, job.person_id)
        if origin.is_age_restricted and not self._is_restricted(job):
            raise Refused(Problem.AGES_MIXED)
        return replace(files[0], among=len(files), origin=origin)

    def _refuse_many(self, person_id: int) -> None:
        now = self._clock.monotonic()
        times = self._followed_at.pop(person_id, None) or deque(maxlen=AN_HOUR)
        self._followed_at[person_id] = times
        if len(self._followed_at) > MOST_PEOPLE:
            del self._followed_at[next(iter(self._followed_at))]
        for most, within_s in ((A_MINUTE, 60.0), (AN_HOUR, 3600.0)):
            if sum(at > now - within_s for at in times) >= most:
                raise Refused(Problem.LINKS_TOO_OFTEN)
        times.append(now)

    async def _wait_until_told(self, *servers: int) -> None:
        """After a start the bot knows no servers yet. Raises `TimeoutError`."""
        patience_s = ONLINE_WITHIN_S
        while any(map(self._client.is_yet_to_hear_of, servers)):
            if patience_s <= 0:
                raise TimeoutError
            patience_s -= 1
            await self._clock.sleep(1.0)

    async def _read(self, link: MessageLink, job: Asker) -> discord.Message | None:
        """The message, if whoever asks can see it where they ask; `None` else.

        Raises `MembersUnknown`, and what discord.py does.
        """
        await self._client.learn(job.server_id, job.channel_id)
        channel = await (self._direct(link, job) if not link.server_id else self._shared(link, job))
        return await channel.fetch_message(link.message_id) if channel else None

    async def _direct(self, link: MessageLink, job: Asker) -> discord.DMChannel | None:
        """Their own with the bot: it is opened by their name, and others' are never asked for."""
        channel = await self._client.create_dm(discord.Object(job.person_id))
        return channel if channel.id == link.channel_id else None

    async def _shared(self, link: MessageLink, job: Asker) -> ReadableChannel | None:
        """One of a server that both are in; of its threads, only those that are open are known."""
        if not await self._client.is_in(link.server_id):
            return None
        await self._client.learn(link.server_id, link.channel_id)
        guild = self._client.get_guild(link.server_id)
        channel = guild and guild.get_channel_or_thread(link.channel_id)
        if not isinstance(channel, ReadableChannel):
            return None
        member = await self._members.member(job.person_id, link.server_id, FRESH_S)
        if member is None or not await may_both_read(channel, job.person_id, member.roles):
            return None
        if is_age_restricted(channel) and not self._is_restricted(job):
            return None
        return channel

    def _is_restricted(self, job: Asker) -> bool:
        return is_age_restricted(self._client.get_channel(job.channel_id))
