"""`db`: back the database up, and say its version."""

import argparse

from bot.clock import Clock
from bot.errors import MarionetteError
from bot.settings import Settings
from bot.store.database import Database


async def db(wanted: argparse.Namespace, settings: Settings, _: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    async with await Database.open(settings.database, any_version=True) as database:
        if wanted.action == "version":
            current, head = await database.versions()
            said = f"database {current or 'empty'}, program {head}"
            return said if current == head else f"{said}: the bot's next start migrates it"
        if wanted.path.exists():
            raise MarionetteError(f"{wanted.path} exists already: choose another name.")
        size_bytes = await database.back_up(wanted.path)
    return f"{wanted.path}: {size_bytes} bytes"
