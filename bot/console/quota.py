"""`quota`: somebody's credits in one server."""

import argparse

from bot.clock import Clock
from bot.console.tables import facts, moment
from bot.core.actions import OPERATOR
from bot.errors import MarionetteError
from bot.quotas import Quotas
from bot.sentences import credits_text
from bot.settings import Settings
from bot.store import Database, Store


async def quota(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    server_id, person_id = wanted.server, wanted.person
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.house())
        quotas = Quotas(store=store, poke=lambda job_id: None, clock=clock)
        said = ""
        if wanted.action in {"grant", "revoke"}:
            if not wanted.reason.strip():
                raise MarionetteError("Give a reason: it is kept in the journal.")
            by = {"actor_id": OPERATOR, "reason": wanted.reason}
            if wanted.action == "grant":
                await quotas.grant(server_id, person_id, wanted.credits, **by)
                said = f"{credits_text(wanted.credits)} granted.\n"
            else:
                taken = await quotas.revoke(server_id, person_id, wanted.credits, **by)
                said = f"{credits_text(taken)} revoked.\n"
        look = await quotas.look(server_id, person_id, None)
    has, rules = look.standing.balance, look.rules
    return said + facts(
        [
            ("person", person_id),
            ("server", server_id or "0 (direct messages)"),
            ("allowance left", f"{has.allowance_left} of {rules.allowance_credits}"),
            ("renews", moment(look.renews_at)),
            ("granted", has.granted),
            ("held by jobs", has.held),
        ]
    )
