"""The form that asks why, before something is done about a job."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot.cards.languages.speech import tr
from bot.services.moderation import REASON_LIMIT_CHARS
from cogs.shared.answers import Late, answering, defer
from cogs.shared.interactions import Interaction, server_of

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""

GoOn = Callable[[Interaction, str], Awaitable[None]]
"""What follows, with the reason: it answers. May raise `Refused`."""


class ReasonForm(ui.Modal):
    """Why? `title` is at most 45 characters long."""

    def __init__(self, *, title: str, go_on: GoOn) -> None:
        super().__init__(title=title, timeout=FORM_LIFE_S)
        self._go_on = go_on
        self._reason: ui.TextInput[Any] = ui.TextInput(
            label=tr("Why? It is kept on record"),
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            max_length=REASON_LIMIT_CHARS,
        )
        self.add_item(self._reason)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Go on, if whoever sent it still may: a form is a card's as well."""
        async with answering(interaction, Late.IN_PLACE):
            access = interaction.client.card_access
            access.check(interaction, interaction.user.id, server_of(interaction), "moderate")
            await defer(interaction, Late.IN_PLACE)
            await self._go_on(interaction, self._reason.value)
