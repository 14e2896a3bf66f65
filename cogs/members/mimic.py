"""`/mimic`: a picture and a video become a job."""

from functools import partial

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.cards import parts
from bot.core.jobs import DEFAULT_QUALITY, Job, Quality
from bot.errors import Problem, Refused
from bot.services.requests import RequestService
from cogs.shared.answers import (
    ALREADY_ACKNOWLEDGED,
    Late,
    answering,
    defer_publicly,
    show_privately,
)
from cogs.shared.interactions import Interaction, given, place_of

log = structlog.get_logger()


class Mimic(commands.Cog):
    """Asking for a video."""

    def __init__(self, requests: RequestService) -> None:
        self._requests = requests

    @app_commands.command(description="Make a still picture move like a video")
    @app_commands.describe(
        image="The picture that should move: JPEG, PNG, WebP, HEIC",
        video="The motion it should follow: a video or an animated GIF, up to 30 seconds",
        quality="540p unless you say otherwise; a higher one costs more",
    )
    async def mimic(
        self,
        interaction: Interaction,
        image: discord.Attachment,
        video: discord.Attachment,
        quality: Quality = DEFAULT_QUALITY,
    ) -> None:
        """Save the request, reply, and leave the rest to the runner."""
        async with answering(interaction, Late.BUSY):
            request = partial(
                self._requests.request,
                place_of(interaction),
                interaction_id=interaction.id,
                token=interaction.token,
                image=given(image),
                video=given(video),
                quality=quality,
            )
            try:
                job = await interaction.client.crowd.in_time(interaction.user.id, request)
            except Refused as refused:
                if refused.problem is not Problem.BUSY:
                    raise
                await self._turn_away(interaction)
                return
            if job is not None:
                await self._reply(interaction, job)

    async def _turn_away(self, interaction: Interaction) -> None:
        """Told first, while there is time; what may have been saved is ended by the next write."""
        try:
            await show_privately(interaction, parts.refusal(Problem.BUSY, {}))
        finally:
            await self._requests.abandon(interaction.id)

    async def _reply(self, interaction: Interaction, job: Job) -> None:
        try:
            message_id = await defer_publicly(interaction)
        except Exception as error:  # noqa: BLE001  # it is logged, and the job must go on or end
            log.warning("the first reply was not taken", job=job.id, reason=str(error))
            if _is_refusal(error):
                await self._requests.unanswered(job)
            else:  # perhaps it was taken: whether there is a reply is looked up
                await self._requests.replied(job.id, None)
            return
        await self._requests.replied(job.id, message_id)


def _is_refusal(error: Exception) -> bool:
    """Whether there is certainly no reply: "already acknowledged" says that there is one."""
    if not isinstance(error, discord.HTTPException):
        return False
    return error.status < 500 and error.code != ALREADY_ACKNOWLEDGED
