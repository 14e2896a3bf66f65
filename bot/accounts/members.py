"""Who is a member of a server, with which roles, whether timed out, and what they are called.

Asked of Discord one member at a time, which needs no privileged intent; commands bring it along.
"""

import asyncio
import math
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import aiohttp
import discord

from bot.clock import deciding
from bot.core.accounts import Member
from bot.errors import MembersUnknown
from bot.gateway.client import ShardedBot

TRUSTED_S, FRESH_S = 60.0, 5.0
"""So old may Discord's word on a member be; and where a server is to pay for what is asked for
outside of it: there Discord itself keeps nobody back who has left, or is timed out.
"""

ASK_WITHIN_S = 1.2
"""An interaction must be answered within three seconds, whether or not Discord tells in time."""

AT_ONCE = 5
"""So many are asked about at a time for one answer. Discord stops a bot that makes more than fifty
requests in a second, with everything that it does."""

MOST_ASKED = 100
"""Of so many, all together, Discord may owe the answer; no more is asked before it has told."""

MOST_KNOWN = 10_000

Key = tuple[int, int]
"""A server, and a person."""

Found = Member | None
"""`None` is no member."""


class DiscordMembers:
    """What Discord said is trusted for a minute, and a name for good. `now` gives seconds that only
    go on."""

    def __init__(self, client: ShardedBot, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self._names: dict[Key, str] = {}
        self._members: dict[Key, tuple[float, Found]] = {}
        self._asked: dict[Key, asyncio.Task[Found]] = {}

    def seen(self, person_id: int, server_id: int, member: Found) -> None:
        """Discord has just told this; `None` is no member."""
        if len(self._members) >= MOST_KNOWN:
            self._members.clear()
        self._members[server_id, person_id] = (self._now(), member)

    async def member(self, person_id: int, server_id: int, trusted_s: float = TRUSTED_S) -> Found:
        """Somebody in a server, as of so long ago at most; `None` for who is no member.

        Raises `MembersUnknown`.
        """
        key = (server_id, person_id)
        return self._members[key][1] if self._is_fresh(key, trusted_s) else await self._ask(key)

    async def member_in(
        self, person_id: int, servers: Sequence[int], *, is_one_enough: bool = False
    ) -> dict[int, Found]:
        """The same for each of these servers of which Discord tells in time, the first ones first.
        With `is_one_enough` no more are asked about once they are known to be a member of one."""
        keys = [(server_id, person_id) for server_id in servers]

        def is_enough() -> bool:
            return is_one_enough and any(
                self._is_fresh(key) and not self._has_left(key) for key in keys
            )

        await self._ask_each([key for key in keys if not self._is_fresh(key)], is_enough)
        return {key[0]: self._members[key][1] for key in keys if self._is_fresh(key)}

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers. Raises `MembersUnknown`."""
        likely_first = sorted(servers, key=lambda server_id: not self._was_in(server_id, person_id))
        told = await self.member_in(person_id, likely_first, is_one_enough=True)
        if any(told.values()):
            return True
        if len(told) < len(servers):
            raise MembersUnknown("Discord has not told of each server in time.")
        return False

    def server_name(self, server_id: int) -> str:
        """What a server is called, or its id where the bot is not."""
        guild = self._client.get_guild(server_id)
        return guild.name if guild else f"server {server_id}"

    async def names(self, people: Collection[int], server_id: int) -> dict[int, str]:
        """What these people are called in a server; the id of whom Discord does not tell in time,
        or who is no member."""
        keys = [(server_id, person_id) for person_id in people]
        unknown = [key for key in keys if key not in self._names and not self._has_left(key)]
        await self._ask_each(unknown)
        return {key[1]: self._names.get(key, str(key[1])) for key in keys}

    def _is_fresh(self, key: Key, trusted_s: float = TRUSTED_S) -> bool:
        at, _ = self._members.get(key, (None, None))
        return at is not None and self._now() - at < trusted_s

    def _has_left(self, key: Key) -> bool:
        return self._is_fresh(key) and self._members[key][1] is None

    def _was_in(self, server_id: int, person_id: int) -> bool:
        _, member = self._members.get((server_id, person_id), (None, None))
        return member is not None

    async def _ask_each(
        self, keys: Sequence[Key], is_enough: Callable[[], bool] = lambda: False
    ) -> None:
        """Learn what Discord tells in time, a few asked about at once, until it is enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_WITHIN_S):
                for first in range(0, len(keys), AT_ONCE):
                    if is_enough():
                        return
                    await asyncio.gather(*map(self._try, keys[first : first + AT_ONCE]))

    async def _try(self, key: Key) -> None:
        with suppress(MembersUnknown):
            await self._ask(key)

    async def _ask(self, key: Key) -> Found:
        """What Discord says now, asked once for all who want to know. Raises `MembersUnknown`.

        Where nobody waits any longer it is asked all the same, for whoever asks next.
        """
        asked = self._asked.get(key)
        if asked is None:
            if len(self._asked) >= MOST_ASKED:
                raise MembersUnknown("Discord has not told yet of others.")
            with deciding(math.inf):  # also for whoever joins it
                asked = self._asked[key] = asyncio.create_task(self._learn(key))
            asked.add_done_callback(lambda asked: self._is_told(key, asked))
        done, _ = await asyncio.wait([asked], timeout=ASK_WITHIN_S)
        if not done:
            raise MembersUnknown("Discord has not told in time.")
        return asked.result()

    def _is_told(self, key: Key, asked: asyncio.Task[Found]) -> None:
        del self._asked[key]
        if not asked.cancelled():
            asked.exception()  # which nobody may be there to look at

    async def _learn(self, key: Key) -> Found:
        server_id, person_id = key
        found = None
        try:
            await self._client.learn(server_id)
            guild = self._client.get_guild(server_id)
            if guild is not None:
                member = await guild.fetch_member(person_id)
                found = member_of(member)
                self._call(key, member.display_name)
            elif not self._client.knows(server_id):
                raise MembersUnknown("Discord has not told yet which servers there are.")
        except discord.HTTPException as error:
            if error.status not in {403, 404}:
                raise MembersUnknown(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise MembersUnknown(str(error) or type(error).__name__) from error
        self.seen(person_id, server_id, found)
        return found

    def _call(self, key: Key, name: str) -> None:
        if len(self._names) >= MOST_KNOWN:
            self._names.clear()
        self._names[key] = name


def member_of(member: discord.Member) -> Member:
    """What counts of what Discord tells about a member."""
    until = member.timed_out_until
    return Member(frozenset(role.id for role in member.roles), until.timestamp() if until else None)
