"""`/mimic`: a picture and a video become a job."""

from functools import partial
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.cards import parts
from bot.cards.offers.choices import model_line
from bot.core.jobs import Job
from bot.core.models import MODELS, MOST_PROMPT_CHARS, made_by
from bot.errors import Problem, Refused
from bot.services.requests import RequestService
from cogs.shared.answers import (
    ALREADY_ACKNOWLEDGED,
    Late,
    answering,
    defer_publicly,
    show_privately,
)
from cogs.shared.interactions import Bot, Interaction, given, place_of

log = structlog.get_logger()


IMAGE = "The picture that should move: JPEG, PNG, WebP, HEIC"
VIDEO = "The motion it should follow: a video or an animated GIF, up to 30 seconds"


Prompt = app_commands.Range[str, 0, MOST_PROMPT_CHARS]


class Mimic(commands.Cog):
    """Asking for a video; who makes it is an option once there are several."""

    def __init__(self, requests: RequestService, tree: app_commands.CommandTree[Bot]) -> None:
        self._requests = requests
        self._tree = tree

    async def cog_load(self) -> None:
        """Add the command, with what the operator offers."""
        rates = self._requests.rates
        models = list(rates.by_model)
        usual = MODELS[models[0]]
        options = {
            "image": IMAGE,
            "video": VIDEO,
            "quality": f"{usual.usual_quality} unless you say otherwise; a higher one costs more",
        }
        has_more = len(models) > 1 or usual.prompt is not None
        if has_more:
            options["model"] = f"Who makes it: {usual.name} unless you say otherwise"
            options["quality"] = "Of each model its usual one unless you say otherwise"
            options["prompt"] = "What else to tell the model, where it listens"
        command: app_commands.Command[Any, ..., None] = app_commands.Command(
            name="mimic",
            description="Make a still picture move like a video",
            callback=self.mimic if has_more else self.mimic_usually,
        )
        app_commands.describe(**options)(command)
        qualities = made_by(models)
        app_commands.choices(quality=[Choice(name=each, value=each) for each in qualities])(command)
        if has_more:
            said = [Choice(name=model_line(slug, rates), value=slug) for slug in models]
            app_commands.choices(model=said)(command)
        self._tree.add_command(command)

    async def mimic(
        self,
        interaction: Interaction,
        image: discord.Attachment,
        video: discord.Attachment,
        *,
        model: str | None = None,
        quality: str | None = None,
        prompt: Prompt = "",
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
                model=model,
                quality=quality,
                prompt=prompt,
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

    async def mimic_usually(
        self,
        interaction: Interaction,
        image: discord.Attachment,
        video: discord.Attachment,
        quality: str | None = None,
    ) -> None:
        """The same, where there is one model."""
        await self.mimic(interaction, image, video, quality=quality)

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
