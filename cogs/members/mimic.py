"""`/mimic`: a picture and a video become a job."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.accounts.links import MOST_CHARS
from bot.cards.languages.speech import mark, tr
from bot.cards.offers.choices import model_line
from bot.core.jobs import Job
from bot.core.library.motions import MOST_NAME_CHARS
from bot.core.models import MODELS, MOST_PROMPT_CHARS, Model, made_by
from bot.core.uploads import Cut
from bot.errors import Problem, Refused
from bot.services.given import LATEST_START_S, LONGEST_PART_S, SHORTEST_PART_S, GivenFile
from bot.services.links import one_of
from bot.services.requests import RequestService
from cogs.shared.command_words import worded
from cogs.shared.interactions import Bot, Interaction, given, place_of
from cogs.shared.motion_choices import motion_choices
from cogs.shared.requesting import take_request

GIVEN: Mapping[str, str] = {
    "image": mark("The picture that should move: JPEG, PNG, WebP, HEIC"),
    "video": mark("The motion it should follow: a video or an animated GIF, or 30 seconds of one"),
    "image_url": mark(
        "Instead of the picture, its https link, or the link of a message that has it"
    ),
    "video_url": mark("Instead of the video, its https link, or the link of a message that has it"),
    "motion": mark("Instead of the video, one of the motions of /motions list, by its name"),
    "start": mark("Cut the video: where it begins, in seconds"),
    "length": mark("Cut the video: for how many seconds it goes on"),
}
"""The options that there always are; of a command that is made by hand, discord.py makes no text
translatable by itself."""

Prompt = app_commands.Range[str, 0, MOST_PROMPT_CHARS]
Link = app_commands.Range[str, 0, MOST_CHARS]
Start = app_commands.Range[float, 0.0, LATEST_START_S]
MotionName = app_commands.Range[str, 0, MOST_NAME_CHARS]
Length = app_commands.Range[float, SHORTEST_PART_S, LONGEST_PART_S]


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
        has_more = len(models) > 1 or usual.prompt is not None
        command: app_commands.Command[Any, ..., None] = app_commands.Command(
            name="mimic",
            description=mark("Make a still picture move like a video"),
            callback=self.mimic if has_more else self.mimic_usually,
        )
        _describe(command, usual, has_more=has_more)
        qualities = made_by(models)
        app_commands.choices(quality=[Choice(name=each, value=each) for each in qualities])(command)
        if has_more:
            said = [
                Choice(name=worded(partial(model_line, slug, rates)), value=slug) for slug in models
            ]
            app_commands.choices(model=said)(command)
        command.autocomplete("motion")(_offer_motions)
        self._tree.add_command(command)

    async def mimic(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        video: discord.Attachment | None = None,
        *,
        image_url: Link | None = None,
        video_url: Link | None = None,
        motion: MotionName | None = None,
        model: str | None = None,
        quality: str | None = None,
        prompt: Prompt = "",
        start: Start | None = None,
        length: Length | None = None,
    ) -> None:
        """Save the request, reply, and leave the rest to the runner."""

        async def save() -> Job | None:
            texts = (text.strip() for text in (image_url, video_url, motion) if text)
            if not (image or video or any(texts)):
                raise Refused(Problem.NOTHING_GIVEN)
            return await self._requests.request(
                place_of(interaction),
                interaction_id=interaction.id,
                token=interaction.token,
                image=one_of("picture", given(image) if image else None, image_url),
                video=await self._video(interaction, video, video_url, motion),
                model=model,
                quality=quality,
                prompt=prompt,
                cut=_cut(start, length),
            )

        await take_request(interaction, save)

    async def _video(
        self,
        interaction: Interaction,
        video: discord.Attachment | None,
        video_url: str | None,
        motion: str | None,
    ) -> GivenFile:
        """The one that was given, or that a library has by this name. Raises `Refused`."""
        file = given(video) if video else None
        if not (motion and motion.strip()):
            return one_of("video", file, video_url)
        if file or (video_url and video_url.strip()):
            raise Refused(Problem.VIDEO_TWICE)
        return await interaction.client.library.given(interaction.guild_id or 0, motion)

    async def mimic_usually(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        video: discord.Attachment | None = None,
        *,
        image_url: Link | None = None,
        video_url: Link | None = None,
        motion: MotionName | None = None,
        quality: str | None = None,
        start: Start | None = None,
        length: Length | None = None,
    ) -> None:
        """The same, where there is one model."""
        await self.mimic(
            interaction,
            image,
            video,
            image_url=image_url,
            video_url=video_url,
            motion=motion,
            quality=quality,
            start=start,
            length=length,
        )


def _describe(
    command: app_commands.Command[Any, ..., None], usual: Model, *, has_more: bool
) -> None:
    """Say what each option is for; with `has_more` there are the model and the prompt."""
    more: dict[str, locale_str] = {}
    if has_more:
        more["model"] = worded(
            lambda: tr("Who makes it: {model} unless you say otherwise", model=tr(usual.name))
        )
        more["prompt"] = locale_str(mark("What else to tell the model, where it listens"))
    app_commands.describe(
        **{name: locale_str(said) for name, said in GIVEN.items()},
        quality=locale_str(mark("Of each model its usual one unless you say otherwise"))
        if has_more
        else worded(
            lambda: tr(
                "{quality} unless you say otherwise; a higher one costs more",
                quality=usual.usual_quality,
            )
        ),
        **more,
    )(command)


async def _offer_motions(interaction: Interaction, typed: str) -> list[Choice[str]]:
    return await motion_choices(interaction, typed)


def _cut(start_s: float | None, length_s: float | None) -> Cut | None:
    """What of the video was asked for; `None` for all of it."""
    return None if start_s is length_s is None else Cut(start_s or 0.0, length_s)
