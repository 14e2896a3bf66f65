"""What is laid down in the tables of rules, read inside the transactions that need it."""

from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from bot.core.actions import EVERYWHERE
from bot.core.admission import Block, Pause
from bot.core.jobs import QUALITIES, Quality
from bot.core.ledger import Period
from bot.core.people.languages import known
from bot.core.rules import OperatorLimits, RoleRules, Rules, ServerRules, rules_for
from bot.store.tables import blocks, pauses, roles, servers, upsert

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
_PAUSE = (
    select(pauses.c.reason, pauses.c.server_id)
    .where(pauses.c.server_id.in_((EVERYWHERE, _THIS)))
    .order_by(pauses.c.server_id)
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
        role["role_id"]: RoleRules(
            role["allowance_credits"], frozenset(role["qualities"]), frozenset(role["models"])
        )
        for role in rows.mappings()
    }
    if row is None:
        return ServerRules(roles=added)
    return ServerRules(
        **{name: row[name] for name in _PLAIN},
        language=known(row["language"]),
        period=Period(row["period"]),
        channels=frozenset(row["channels"]),
        qualities=frozenset(row["qualities"]),
        models=None if row["models"] is None else frozenset(row["models"]),
        roles=added,
    )


def read_caps(connection: Connection) -> dict[int, int]:
    """How many jobs one person may run at once in a server, or `EVERYWHERE`, where that is set.

    None at all where the operator has paused it.
    """
    cap = servers.c.max_running_per_person
    rows = connection.execute(select(servers.c.server_id, cap).where(cap.is_not(None)))
    paused = connection.scalars(select(pauses.c.server_id))
    return {row[0]: row[1] for row in rows} | dict.fromkeys(paused, 0)


def read_pause(connection: Connection, server_id: int) -> Pause | None:
    """The pause that is in force in this server: that of the whole bot, or its own."""
    row = connection.execute(_PAUSE, {"server_id": server_id}).first()
    return None if row is None else Pause(row[0], is_everywhere=row[1] == EVERYWHERE)


def read_block(connection: Connection, server_id: int, person_id: int, at: float) -> Block | None:
    """The block that is in force at `at`: that of this very server, or the one `EVERYWHERE`."""
    row = connection.execute(_BLOCK, {"server_id": server_id, "person_id": person_id}).first()
    if row is None or (row[0] is not None and row[0] <= at):
        return None
    return Block(*row, is_everywhere=server_id == EVERYWHERE)


def read_any_block(
    connection: Connection, server_id: int, person_id: int, at: float
) -> Block | None:
    """The block that keeps somebody from asking in this server: the operator's, or its own."""
    everywhere = read_block(connection, EVERYWHERE, person_id, at)
    return everywhere or read_block(connection, server_id, person_id, at)


def save_rules(connection: Connection, server_id: int, rules: ServerRules) -> None:
    """Write what a server has set; its roles have their own rows."""
    values: dict[str, Any] = {
        **{name: getattr(rules, name) for name in (*_PLAIN, "language")},
        "period": rules.period,
        "channels": sorted(rules.channels),
        "qualities": in_order(rules.qualities),
        "models": None if rules.models is None else sorted(rules.models),
    }
    connection.execute(
        upsert(servers)
        .values(server_id=server_id, audited_to=0, **values)
        .on_conflict_do_update(index_elements=["server_id"], set_=values)
    )


def in_order(qualities: frozenset[Quality]) -> list[str]:
    """As they stand in the tables."""
    return [quality for quality in QUALITIES if quality in qualities]
