"""The form that asks for the picture which a motion is to be used with."""

from functools import partial
from typing import Any

import discord
from discord import ui

from bot.cards.languages.speech import tr
from bot.cards.offers.choices import name_of, shown, usual
from bot.cards.wording import clean, cost_text
from bot.core.jobs import Job
from bot.core.library.motions import Motion
from bot.core.models import Choice
from bot.errors import Problem, Refused
from bot.services.links import one_of
from bot.services.motions.library import Library
from cogs.shared.answers import open_form
from cogs.shared.interactions import Interaction, given, place_of
from cogs.shared.requesting import take_request

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""

MOST_TITLE_CHARS = 45


class MotionForm(ui.Modal):
    """Which picture, and in which quality? What is sent is a request like any other."""

    def __init__(self, motion: Motion, prices: dict[Choice, int], likes: Choice | None) -> None:
        title = clean(tr("Motion: {motion}", motion=motion.name), MOST_TITLE_CHARS, "plain")
        super().__init__(title=title, timeout=FORM_LIFE_S)
        self._motion_id = motion.id
        self._choices = {str(number): choice for number, choice in enumerate(shown(prices, likes))}
        self._picture: ui.FileUpload[Any] = ui.FileUpload(custom_id="picture")
        self.add_item(ui.Label(text=tr("Your picture"), component=self._picture))
        first = usual(prices, likes)
        self._choice: ui.Select[Any] = ui.Select(
            custom_id="choice",
            options=[
                discord.SelectOption(
                    label=f"{name_of(choice, prices)} · {cost_text(prices[choice])}",
                    value=number,
                    default=choice == first,
                )
                for number, choice in self._choices.items()
            ],
        )
        self.add_item(ui.Label(text=tr("How it is made"), component=self._choice))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Save the request, reply, and leave the rest to the runner."""
        await take_request(interaction, partial(self._save, interaction))

    async def _save(self, interaction: Interaction) -> Job | None:
        place = place_of(interaction)
        library: Library = interaction.client.library
        motion = await library.by_id(interaction.guild_id or 0, self._motion_id)
        picture = next(iter(self._picture.values), None)
        choice = self._choices.get(next(iter(self._choice.values), ""))
        if choice is None:
            raise Refused(Problem.CONTROL_UNKNOWN)
        return await interaction.client.requests.request(
            place,
            interaction_id=interaction.id,
            token=interaction.token,
            image=one_of("picture", given(picture) if picture else None, None),
            video=library.as_given(motion),
            **choice._asdict(),
        )


async def use_motion(interaction: Interaction, motion_id: str) -> None:
    """Open the form for a motion that can be chosen here. Raises `Refused`."""
    library: Library = interaction.client.library
    person_id, server_id = interaction.user.id, interaction.guild_id or 0

    async def look() -> tuple[Motion, Choice | None]:
        motion = await library.by_id(server_id, motion_id)
        return motion, (await interaction.client.preferences.of(person_id)).choice

    motion, likes = await interaction.client.crowd.in_time(person_id, look)
    prices = library.prices(motion)
    if not prices:
        raise Refused(Problem.CONTROL_UNKNOWN)
    await open_form(interaction, MotionForm(motion, prices, likes))
