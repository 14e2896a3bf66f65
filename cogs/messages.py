"""Plain direct messages: a picture and a video are a request too."""

import discord
from discord.ext import commands

from bot import cards
from bot.errors import Refused
from bot.service import GivenFile, Place, Service
from cogs.faces import given


class Messages(commands.Cog):
    """Listens to direct messages only."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take a request, or explain how to make one, once."""
        if message.guild is not None or message.author.bot:
            return
        files = [given(attachment) for attachment in message.attachments]
        image, video = _first(files, "image"), _first(files, "video")
        if image is None and video is None:
            if await self._service.explain_once(message.author.id):
                await message.channel.send(view=cards.explanation(self._service.prices()))
            return
        place = Place(
            server_id=0,
            channel_id=message.channel.id,
            person_id=message.author.id,
            upload_limit_bytes=discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES,
        )
        try:
            await self._service.draft(place, message.id, image, video)
        except Refused as refused:
            await message.channel.send(view=cards.refusal(refused.problem, refused.facts))


def _first(files: list[GivenFile], family: str) -> GivenFile | None:
    return next((file for file in files if file.family == family), None)
