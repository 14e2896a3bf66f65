"""What is laid down in the tables of rules, read inside the transactions that need it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.admission import Block
from bot.core.jobs import QUALITIES, Quality
from bot.core.ledger import Period
from bot.core.rules import OperatorLimits, RoleRules, Rules, ServerRules, rules_for
from bot.store.tables import blocks, roles, servers

_PLAIN = (
    "allowance_credits",
    "budget_credits",
    "max_running_per_person",
    "max_waiting_per_person",
    "direct_use",
    "audit_channel_id",
)
"""The fields of `ServerRules` that stand in the table as they are."""


async def effective_rules(
    connection: AsyncConnection,
    limits: OperatorLimits,
    server_id: int,
    held: frozenset[int] = frozenset(),
) -> Rules:
    """What holds in a server for somebody who has these roles."""
    return rules_for(limits, server_id, await read_rules(connection, server_id), held)


async def read_rules(connection: AsyncConnection, server_id: int) -> ServerRules:
    """What a server has set, its roles with it."""
    row = (
        (await connection.execute(select(servers).where(servers.c.server_id == server_id)))
        .mappings()
        .first()
    )
    rows = await connection.execute(select(roles).where(roles.c.server_id == server_id))
    added = {
        role["role_id"]: RoleRules(role["allowance_credits"], frozenset(role["qualities"]))
        for role in rows.mappings()
    }
    if row is None:
        return ServerRules(roles=added)
    return ServerRules(
        **{name: row[name] for name in _PLAIN},
        period=Period(row["period"]),
        channels=frozenset(row["channels"]),
        qualities=frozenset(row["qualities"]),
        roles=added,
    )


async def read_caps(connection: AsyncConnection) -> dict[int, int]:
    """How many jobs each server lets one person run at once, where it has set that."""
    cap = servers.c.max_running_per_person
    rows = await connection.execute(select(servers.c.server_id, cap).where(cap.is_not(None)))
    return {row[0]: row[1] for row in rows}


async def read_block(
    connection: AsyncConnection, server_id: int, person_id: int, at: float
) -> Block | None:
    """The block that is in force at `at`."""
    this = blocks.c.server_id == server_id, blocks.c.person_id == person_id
    statement = select(blocks.c.until, blocks.c.reason).where(*this)
    row = (await connection.execute(statement)).first()
    return None if row is None or (row[0] is not None and row[0] <= at) else Block(*row)


async def save_rules(connection: AsyncConnection, server_id: int, rules: ServerRules) -> None:
    """Write what a server has set; its roles have their own rows."""
    values: dict[str, Any] = {
        **{name: getattr(rules, name) for name in _PLAIN},
        "period": rules.period,
        "channels": sorted(rules.channels),
        "qualities": in_order(rules.qualities),
    }
    await connection.execute(
        upsert(servers)
        .values(server_id=server_id, audited_to=0, **values)
        .on_conflict_do_update(index_elements=["server_id"], set_=values)
    )


def in_order(qualities: frozenset[Quality]) -> list[str]:
    """As they stand in the tables."""
    return [quality for quality in QUALITIES if quality in qualities]
