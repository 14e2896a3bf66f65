"""`/credits`: what one can spend, and what it is worth."""

from discord import app_commands
from discord.ext import commands

from bot import wallet_cards
from bot.service import Service
from cogs.faces import Interaction, place_of, refusals_shown, show_privately


class Credits(commands.Cog):
    """One's own wallet."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @app_commands.command(description="What you can spend here, and what videos cost")
    async def credits(self, interaction: Interaction) -> None:
        """Both purses, what is held, and the prices."""
        async with refusals_shown(interaction):
            wallet = await self._service.wallets.wallet(place_of(interaction))
            await show_privately(interaction, wallet_cards.wallet(wallet))
