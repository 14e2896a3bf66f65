"""Who is a member of a server, and with which roles.

Asked of Discord one member at a time, which needs no privileged intent; commands bring it along.
"""

import asyncio
from collections.abc import Callable

import discord

from bot.errors import MembersUnknown

KNOWN_NAMES = 1000
"""So many names are remembered, so that typing does not ask Discord at each letter."""

TRUSTED_S = 60.0
ASK_WITHIN_S = 1.2
"""An interaction must be answered within three seconds, whether or not Discord tells in time."""

KNOWN_MEMBERS = 10_000


class DiscordMembers:
    """What Discord said is trusted for a minute. `now` gives unix seconds."""

    def __init__(self, client: discord.Client, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self._names: dict[tuple[int, int], str] = {}
        self._roles: dict[tuple[int, int], tuple[float, frozenset[int] | None]] = {}

    def seen(self, person_id: int, server_id: int, roles: frozenset[int] | None) -> None:
        """Discord has just told these roles; `None` is no member."""
        if len(self._roles) >= KNOWN_MEMBERS:
            self._roles.clear()
        self._roles[server_id, person_id] = (self._now(), roles)

    async def roles(self, person_id: int, server_id: int) -> frozenset[int] | None:
        """Somebody's roles in a server; `None` for who is no member. Raises `MembersUnknown`."""
        at, known = self._roles.get((server_id, person_id), (None, None))
        if at is not None and 0 <= self._now() - at < TRUSTED_S:
            return known
        roles = await self._ask(person_id, server_id)
        self.seen(person_id, server_id, roles)
        return roles

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers. Raises `MembersUnknown`."""
        asked = await asyncio.gather(
            *(self.roles(person_id, server) for server in servers), return_exceptions=True
        )
        if any(isinstance(answer, frozenset) for answer in asked):
            return True
        for answer in asked:
            if isinstance(answer, BaseException):
                raise answer
        return False

    def server_name(self, server_id: int) -> str:
        """What a server is called, or its id where the bot is not."""
        guild = self._client.get_guild(server_id)
        return guild.name if guild else f"server {server_id}"

    async def name(self, person_id: int, server_id: int) -> str:
        """What a person is called in a server, or their id where that cannot be found out."""
        guild = self._client.get_guild(server_id)
        if guild is None:
            return str(person_id)
        known = self._names.get((server_id, person_id))
        if known is None:
            try:
                known = (await guild.fetch_member(person_id)).display_name
            except discord.HTTPException:  # they left, or Discord does not say: no name this time
                return str(person_id)
            if len(self._names) >= KNOWN_NAMES:
                self._names.clear()
            self._names[server_id, person_id] = known
        return known

    async def _ask(self, person_id: int, server_id: int) -> frozenset[int] | None:
        guild = self._client.get_guild(server_id)
        if guild is None:
            if not self._client.is_ready():
                raise MembersUnknown("Discord has not told yet which servers there are.")
            return None
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                member = await guild.fetch_member(person_id)
        except discord.HTTPException as error:
            if error.status in {403, 404}:
                return None
            raise MembersUnknown(str(error)) from error
        except OSError as error:  # also that it took too long
            raise MembersUnknown(str(error) or type(error).__name__) from error
        return frozenset(role.id for role in member.roles)
