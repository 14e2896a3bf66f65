"""`quota`: somebody's credits in one server."""

import argparse

from bot.clock import Clock
from bot.console.tables import facts, moment
from bot.core import ledger
from bot.core.actions import OPERATOR
from bot.errors import MarionetteError
from bot.sentences import credits_text
from bot.settings import Settings
from bot.store import Database, Store


async def quota(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    server_id, person_id, at = wanted.server, wanted.person, clock.time()
    rules = settings.rules(server_id)
    async with await Database.open(settings.database) as database:
        store = Store(database)
        said = ""
        if wanted.action in {"grant", "revoke"}:
            reason = wanted.reason.strip()
            if not reason:
                raise MarionetteError("Give a reason: it is kept in the journal.")
            if wanted.action == "grant":
                await store.grant(
                    server_id,
                    person_id,
                    wanted.credits,
                    actor_id=OPERATOR,
                    reason=reason,
                    at=at,
                )
                said = f"{credits_text(wanted.credits)} granted.\n"
            else:
                taken = await store.revoke(
                    server_id,
                    person_id,
                    wanted.credits,
                    rules=rules,
                    actor_id=OPERATOR,
                    reason=reason,
                    at=at,
                )
                said = f"{credits_text(taken)} revoked.\n"
        has = await store.read.balance(server_id, person_id, rules, at)
    return said + facts(
        [
            ("person", person_id),
            ("server", server_id or "0 (direct messages)"),
            ("allowance left", f"{has.allowance_left} of {rules.allowance_credits}"),
            ("renews", moment(ledger.period_end(rules.period, at))),
            ("granted", has.granted),
            ("held by jobs", has.held),
        ]
    )
