"""What is laid down in the tables of rules, read inside the transactions that need it."""

from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

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


_THIS: BindParameter[int] = bindparam("server_id")
_SERVER = select(servers).where(servers.c.server_id == _THIS)
_ROLES = select(roles).where(roles.c.server_id == _THIS)
_BLOCK = select(blocks.c.until, blocks.c.reason).where(
    blocks.c.server_id == _THIS, blocks.c.person_id == bindparam("person_id")
)


def effective_rules(
    connection: Connection,
    limits: OperatorLimits,
    server_id: int,
    held: frozenset[int] = frozenset(),
) -> Rules:
    """What holds in a server for somebody who has these roles."""
    return rules_for(limits, server_id, read_rules(connection, server_id), held)


def read_rules(connection: Connection, server_id: int) -> ServerRules:
    """What a server has set, its roles with it."""
    this = {"server_id": server_id}
    row = connection.execute(_SERVER, this).mappings().first()
    rows = connection.execute(_ROLES, this)
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


def read_caps(connection: Connection) -> dict[int, int]:
    """How many jobs each server lets one person run at once, where it has set that."""
    cap = servers.c.max_running_per_person
    rows = connection.execute(select(servers.c.server_id, cap).where(cap.is_not(None)))
    return {row[0]: row[1] for row in rows}


def read_block(connection: Connection, server_id: int, person_id: int, at: float) -> Block | None:
    """The block that is in force at `at`."""
    row = connection.execute(_BLOCK, {"server_id": server_id, "person_id": person_id}).first()
    return None if row is None or (row[0] is not None and row[0] <= at) else Block(*row)


def save_rules(connection: Connection, server_id: int, rules: ServerRules) -> None:
    """Write what a server has set; its roles have their own rows."""
    values: dict[str, Any] = {
        **{name: getattr(rules, name) for name in _PLAIN},
        "period": rules.period,
        "channels": sorted(rules.channels),
        "qualities": in_order(rules.qualities),
    }
    connection.execute(
        upsert(servers)
        .values(server_id=server_id, audited_to=0, **values)
        .on_conflict_do_update(index_elements=["server_id"], set_=values)
    )


def in_order(qualities: frozenset[Quality]) -> list[str]:
    """As they stand in the tables."""
    return [quality for quality in QUALITIES if quality in qualities]
