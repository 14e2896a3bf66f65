"""Messages that somebody deletes, as Discord tells of them."""

from collections.abc import Callable, Iterable

import discord
from discord.ext import commands


class Deletions(commands.Cog):
    """Hands the ids on; whose they were is looked up elsewhere."""

    def __init__(self, saw: Callable[[Iterable[int]], None]) -> None:
        self._saw = saw

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """One is gone."""
        self._saw([event.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many are gone at once."""
        self._saw(event.message_ids)
