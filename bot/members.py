"""Who is a member of a server, asked of Discord one member at a time (no privileged intent)."""

import asyncio

import discord
import structlog

log = structlog.get_logger()

KNOWN_NAMES = 1000
"""So many names are remembered, so that typing does not ask Discord at each letter."""


class DiscordMembers:
    """Asks Discord; a server that cannot be asked counts as one where they are no member."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._names: dict[tuple[int, int], str] = {}

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers."""
        asked = await asyncio.gather(*(self._is_in(person_id, server) for server in servers))
        return any(asked)

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

    async def _is_in(self, person_id: int, server_id: int) -> bool:
        guild = self._client.get_guild(server_id)
        if guild is None:
            return False
        try:
            await guild.fetch_member(person_id)
        except discord.HTTPException as error:
            if error.status != 404:
                log.warning("membership is unknown", server=server_id, reason=str(error))
            return False
        return True
