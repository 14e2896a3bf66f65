"""`/credits`: what one can spend, what it is worth, and who pays for direct messages."""

import re
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.cards.languages.speech import mark
from bot.cards.members import wallet as wallet_cards
from bot.cards.members.wallet import PAYER_SELECT
from bot.core.accounts import Wallet
from bot.errors import Problem, Refused
from bot.services.requests import RequestService
from cogs.shared.answers import Late, answering, show_in_place, show_privately
from cogs.shared.interactions import Interaction, ids_chosen_in, place_of


class Credits(commands.Cog):
    """One's own wallet."""

    def __init__(self, requests: RequestService) -> None:
        self._requests = requests

    @app_commands.command(description=mark("What you can spend here, and what videos cost"))
    async def credits(self, interaction: Interaction) -> None:
        """Both purses, what is held, and the prices."""
        async with answering(interaction):
            wallet = await self._requests.wallets.wallet(place_of(interaction))
            await show_privately(interaction, _card(interaction, wallet))


def _card(interaction: Interaction, wallet: Wallet) -> ui.LayoutView:
    return wallet_cards.wallet(wallet, interaction.created_at.timestamp())


class PayerSelect(ui.DynamicItem[ui.Item[Any]], template=PAYER_SELECT):
    """Who pays for one's direct messages."""

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """The select as it stands on the card."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose, and show what can be spent now in the card's place."""
        requests: RequestService = interaction.client.requests
        async with answering(interaction, Late.IN_PLACE):
            chosen = ids_chosen_in(interaction)
            if not chosen:
                raise Refused(Problem.NOT_OF_THIS_SERVER)
            wallet = await requests.choose_payer(place_of(interaction), chosen[0])
            await show_in_place(interaction, _card(interaction, wallet))
