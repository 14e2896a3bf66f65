"""The motions that are offered while somebody types."""

from discord import app_commands

from bot.cards.offers.motions import motion_line
from bot.services.motions.library import Library
from cogs.shared.interactions import Interaction

MOST_CHOICES = 25


async def motion_choices(
    interaction: Interaction, typed: str, *, own: bool = False
) -> list[app_commands.Choice[str]]:
    """By name and length, all that can be chosen there; or only what is the server's `own`."""
    crowd, person_id = interaction.client.crowd, interaction.user.id
    if not crowd.has_turn(person_id):
        return []  # nobody reads the choices of five letters at once
    library: Library = interaction.client.library
    server_id = interaction.guild_id or 0
    async with crowd.turn_of(person_id):
        motions = await (library.own(server_id) if own else library.motions(server_id))
    wanted = typed.strip().casefold()
    found = [motion for motion in motions if wanted in motion_line(motion).casefold()]
    return [
        app_commands.Choice(name=motion_line(motion), value=motion.name)
        for motion in found[:MOST_CHOICES]
    ]
