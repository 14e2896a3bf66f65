"""`/preferences`: what somebody likes, wherever they ask."""

import re
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.cards.languages.speech import mark, speak, tr
from bot.cards.members.preferences import (
    AS_DISCORD,
    PREFERENCE,
    USUAL,
    What,
    preferences,
    value_of,
)
from bot.core.accounts import Preferences
from bot.core.models import prices
from bot.core.people.languages import Language
from bot.core.rules import MOST_CREDITS
from bot.errors import Problem, Refused
from bot.services.preferences import PreferenceService
from cogs.shared.answers import Late, answering, open_form, show_in_place, show_privately
from cogs.shared.interactions import Interaction, chosen_in, language_of

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""


class PreferencesCog(commands.Cog, name="Preferences"):
    """One's own preferences."""

    @app_commands.command(
        name="preferences",
        description=mark("What I make for you, and how I tell you: your own choices"),
    )
    async def preferences(self, interaction: Interaction) -> None:
        """All of them, with how to change each."""
        async with answering(interaction):
            service = interaction.client.preferences
            has = await service.of(interaction.user.id)
            await show_privately(interaction, _card(service, has))


class PreferenceControl(ui.DynamicItem[ui.Item[Any]], template=PREFERENCE):
    """A button or the select of the card; made anew for each press, from its id alone."""

    def __init__(self, item: ui.Item[Any], what: What, *, wanted: bool) -> None:
        super().__init__(item)
        self._what = what
        self._wanted = wanted

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed, or chosen."""
        return cls(item, What(match["what"]), wanted=match["wanted"] == "on")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Change it, and show what holds now."""
        late = Late.BUSY if self._what is What.ASK else Late.IN_PLACE
        async with answering(interaction, late):
            service: PreferenceService = interaction.client.preferences
            person_id = interaction.user.id
            match self._what:
                case What.ASK:
                    has = await interaction.client.crowd.in_time(
                        person_id, lambda: service.of(person_id)
                    )
                    await open_form(interaction, AskAbove(service, has))
                    return
                case What.DIRECT:
                    has = await service.tell_directly(person_id, wanted=self._wanted)
                case What.PRIVATE:
                    has = await service.keep_private(person_id, wanted=self._wanted)
                case What.CHOICE:
                    has = await _choose(interaction, service)
                case What.LANGUAGE:
                    has = await _speak(interaction, service)
            await show_in_place(interaction, _card(service, has))


class AskAbove(ui.Modal):
    """Above which price?"""

    def __init__(self, service: PreferenceService, has: Preferences) -> None:
        super().__init__(title=tr("Ask me first"), timeout=FORM_LIFE_S)
        self._service = service
        self.credits: ui.TextInput[Any] = ui.TextInput(
            label=tr("Above how many credits? Empty: never"),
            custom_id="credits",
            default=None if has.ask_above is None else str(has.ask_above),
            placeholder="20",
            required=False,
            max_length=len(str(MOST_CREDITS)),
        )
        self.add_item(self.credits)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Say what is wrong with it, or show what holds now."""
        async with answering(interaction, Late.IN_PLACE):
            has = await self._service.ask_above(interaction.user.id, _credits(self.credits.value))
            await show_in_place(interaction, _card(self._service, has))


def _credits(typed: str) -> int | None:
    """Raises `Refused` for what is no number."""
    if not (flat := typed.strip()):
        return None
    if not re.fullmatch("[0-9]{1,9}", flat):
        raise Refused(Problem.OUT_OF_BOUNDS, least=0, most=MOST_CREDITS)
    return int(flat)


async def _choose(interaction: Interaction, service: PreferenceService) -> Preferences:
    """Raises `Refused` for what is not offered, on an old card."""
    value = next(iter(chosen_in(interaction)), "")
    choices = {value_of(choice): choice for choice in service.rates.choices}
    if value != USUAL and value not in choices:
        raise Refused(Problem.CONTROL_UNKNOWN)
    return await service.like(interaction.user.id, choices.get(value))


async def _speak(interaction: Interaction, service: PreferenceService) -> Preferences:
    """The answer is in what they have chosen. Raises `Refused` for what is not spoken here."""
    value = next(iter(chosen_in(interaction)), "")
    if value != AS_DISCORD and value not in set(Language):
        raise Refused(Problem.CONTROL_UNKNOWN)
    language = None if value == AS_DISCORD else Language(value)
    has = await service.speak(interaction.user.id, language)
    speak(language_of(interaction))
    return has


def _card(service: PreferenceService, has: Preferences) -> ui.LayoutView:
    return preferences(has, prices(10.0, service.rates))
