"""Asking somebody whether they mean it, and doing it when they say so."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.cards import moderator as moderator_cards
from bot.cards import parts
from bot.cards.moderator import ANSWER_PATTERN, Answer
from bot.cards.parts import Asked
from bot.errors import CannotSave, Problem, Refused
from cogs.shared.access import rights_of
from cogs.shared.answers import Late, answering, defer, show_in_place, show_privately
from cogs.shared.confirmations import Act
from cogs.shared.interactions import Interaction

Shows = Callable[[Interaction, ui.LayoutView], Awaitable[object]]
"""How a card is shown: beside the one that was pressed, or in its place."""


async def ask_to_confirm(
    interaction: Interaction, question: Asked, act: Act, shows: Shows = show_privately
) -> None:
    """Show what will happen; `act` is done when the same person confirms."""
    waiting = interaction.client.confirmations
    rights = rights_of(interaction)
    token = waiting.put(interaction.user.id, interaction.guild_id, rights, act)
    await shows(interaction, moderator_cards.question(question, token))


class AnswerButton(ui.DynamicItem[ui.Item[Any]], template=ANSWER_PATTERN):
    """Do it, or never mind."""

    def __init__(self, item: ui.Item[Any], answer: Answer, token: str) -> None:
        super().__init__(item)
        self._answer = answer
        self._token = token

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        return cls(item, Answer(match["answer"]), match["token"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what was asked about, once, and put what was done in the question's place."""
        async with answering(interaction, Late.IN_PLACE):
            waiting = interaction.client.confirmations
            act = waiting.take(
                self._token, interaction.user.id, interaction.guild_id, rights_of(interaction)
            )
            if self._answer is Answer.NO:
                await show_in_place(interaction, moderator_cards.unchanged())
                return
            await defer(interaction, Late.IN_PLACE)
            await show_in_place(interaction, await _outcome(act))


async def _outcome(act: Act) -> ui.LayoutView:
    try:
        return await act()
    except Refused as refused:
        return parts.refusal(refused.problem, refused.facts)
    except CannotSave:
        return parts.refusal(Problem.CANNOT_SAVE, {})
