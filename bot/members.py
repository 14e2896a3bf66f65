"""Who is a member of a server, asked of Discord one member at a time (no privileged intent)."""

import asyncio

import discord
import structlog

log = structlog.get_logger()


class DiscordMembers:
    """Asks Discord; a server that cannot be asked counts as one where they are no member."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers."""
        asked = await asyncio.gather(*(self._is_in(person_id, server) for server in servers))
        return any(asked)

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
