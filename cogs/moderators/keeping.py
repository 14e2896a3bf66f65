"""*Add to library* on a tray's card: what was taken from the chat as motion, kept by a name."""

import re
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot.cards.languages.speech import tr
from bot.cards.members import motions as motion_cards
from bot.cards.members.motions import KEEP
from bot.core.library.motions import MOST_NAME_CHARS
from bot.core.uploads import Upload
from bot.errors import Problem, Refused
from bot.services.given import GivenFile
from bot.services.motions.library import Library
from cogs.shared.answers import Late, answering, defer, open_form, show_privately
from cogs.shared.interactions import Interaction, place_of, server_of

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""


class NameForm(ui.Modal):
    """What is it called? What is in the tray when this is sent is kept."""

    def __init__(self) -> None:
        super().__init__(title=tr("Add to this server's library"), timeout=FORM_LIFE_S)
        self._name: ui.TextInput[Any] = ui.TextInput(
            label=tr("What it is called, such as Moonwalk"),
            custom_id="name",
            max_length=MOST_NAME_CHARS,
        )
        self.add_item(self._name)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Look at it, and keep it, if whoever sent this still may."""
        library: Library = interaction.client.library
        async with answering(interaction):
            _refuse_others(interaction)
            motion = await _taken(interaction)
            await defer(interaction)
            kept = await library.add(
                place_of(interaction), self._name.value, GivenFile(motion, None)
            )
            loops = await library.loops([kept])
            card = motion_cards.added(kept, library.prices(kept), loops)
            await show_privately(interaction, card, partial(motion_cards.files_of, loops))


class KeepButton(ui.DynamicItem[ui.Item[Any]], template=KEEP):
    """It knows nothing: whose tray it is, and who may press it, Discord tells with each press."""

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """The button as it stands on the card."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask for a name."""
        async with answering(interaction, Late.BUSY):
            _refuse_others(interaction)
            look = partial(_taken, interaction)
            await interaction.client.crowd.in_time(interaction.user.id, look)
            await open_form(interaction, NameForm())


def _refuse_others(interaction: Interaction) -> None:
    """Discord looks at nobody's permissions when a button is pressed; it only tells them."""
    server_of(interaction)
    if not interaction.permissions.moderate_members:
        raise Refused(Problem.NOT_A_MODERATOR)


async def _taken(interaction: Interaction) -> Upload:
    """The motion in their tray, if whoever posted it lets others use theirs. Raises `Refused`."""
    trays = interaction.client.trays
    motion = (await trays.tray(place_of(interaction))).motion
    if motion is None or motion.motion_ref:
        raise Refused(Problem.NO_MOTION_TAKEN)
    if motion.origin is not None:
        await trays.authors.refuse_private(motion.origin, interaction.user.id)
    return motion
