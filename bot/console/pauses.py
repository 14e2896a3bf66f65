"""`pause` and `resume`: the switch that stops new work, in one server or in the whole bot."""

import argparse
from collections.abc import Mapping

from bot.clock import Clock
from bot.console.documents import dumped
from bot.console.tables import facts, place
from bot.core.actions import EVERYWHERE
from bot.errors import Problem, Refused
from bot.services.moderation import the_reason
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store


async def pause(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Start nothing new there until `resume`. Raises `MarionetteError`."""
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.operator_limits())
        reason = the_reason(wanted.reason)
        await store.rulebook.pause(_where(wanted), reason, at=clock.time())
        return await _told(store, wanted)


async def resume(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Go on there. Raises `MarionetteError`, also where nothing is paused."""
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.operator_limits())
        reason = wanted.reason.strip()
        if not await store.rulebook.resume(_where(wanted), reason, at=clock.time()):
            raise Refused(Problem.NOT_PAUSED)
        return await _told(store, wanted)


def _where(wanted: argparse.Namespace) -> int:
    return EVERYWHERE if wanted.server is None else int(wanted.server)


async def _told(store: Store, wanted: argparse.Namespace) -> str:
    found = await store.read.pauses()
    if not wanted.json:
        return pauses_text(found) or "Nothing is paused any more."
    paused = [
        {"server_id": None if server_id == EVERYWHERE else str(server_id), "reason": reason}
        for server_id, reason in sorted(found.items())
    ]
    return dumped({"paused": paused})


def pauses_text(found: Mapping[int, str]) -> str:
    """A line for each pause that is in force."""
    told = [(f"paused in {place(server_id)}", why) for server_id, why in sorted(found.items())]
    return facts(told) if told else ""
