"""What the bot's own doctor finds in the end, with all servers well again."""

import aiohttp

from bot.console.findings import Doctor
from bot.provider.connect import providers
from bot.settings import Settings
from bot.store.database import Database
from tests.torture.world import World

DAYS = 7
LATE_S = 3600.0
"""Of what is younger the doctor says nothing yet: a run's row may be late."""


async def differences(world: World) -> list[str]:
    """Each in a sentence; the bot must have been stopped."""
    world.faults.rules.clear()
    world.faults.witness = None
    world.advance(LATE_S)
    named = {name.lower(): value for name, value in world.settings().items()}
    settings = Settings.model_validate(named)
    async with providers(settings, world.clock) as asked:
        doctor = Doctor(settings, asked, world.clock, aiohttp.ThreadedResolver())
        async with await Database.open(settings.database) as database:
            found = await doctor.examine(database, DAYS)
    return [f"The doctor says: {difference.text}" for difference in found.differences]
