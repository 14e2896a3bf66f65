"""The form that asks which part of a video is wanted."""

from functools import partial
from typing import Any

import discord
from discord import ui

from bot.cards.languages.speech import tr
from bot.core.typed.until import seconds
from bot.core.uploads import Cut
from bot.errors import Problem, Refused
from bot.services.given import LONGEST_PART_S, SHORTEST_PART_S
from bot.services.requests import RequestService
from cogs.shared.answers import Late, answering, defer, open_form
from cogs.shared.interactions import Interaction

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""

USUAL_LENGTH = "10"


class PartForm(ui.Modal):
    """From when on, and for how long? What comes of it is priced before anything is spent."""

    def __init__(self, requests: RequestService, job_id: str) -> None:
        super().__init__(title=tr("Which part of the video?"), timeout=FORM_LIFE_S)
        self._requests = requests
        self._job_id = job_id
        self._start: ui.TextInput[Any] = ui.TextInput(
            label=tr("Where it begins, such as 12 or 1:05"),
            custom_id="start",
            default="0:00",
            max_length=10,
        )
        self._length: ui.TextInput[Any] = ui.TextInput(
            label=tr("For how many seconds, up to {most:g}", most=LONGEST_PART_S),
            custom_id="length",
            default=USUAL_LENGTH,
            max_length=10,
        )
        self.add_item(self._start).add_item(self._length)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Say what is wrong with it, or have it looked at."""
        async with answering(interaction, Late.IN_PLACE):
            part = Cut(seconds(self._start.value), seconds(self._length.value))
            if part.length_s is None or part.length_s < SHORTEST_PART_S:
                raise Refused(
                    Problem.CUT_TOO_SHORT, length_s=part.length_s or 0.0, least_s=SHORTEST_PART_S
                )
            await self._requests.name_part(self._job_id, interaction.user.id, part)
            await defer(interaction, Late.IN_PLACE)


async def ask_for_part(interaction: Interaction, requests: RequestService, job_id: str) -> None:
    """Open the form, for whoever may fill it in. Raises `Refused`."""
    look = partial(requests.nameable, job_id, interaction.user.id)
    await interaction.client.crowd.in_time(interaction.user.id, look)
    await open_form(interaction, PartForm(requests, job_id))
