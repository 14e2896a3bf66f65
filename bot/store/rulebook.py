"""A server's rules, its pause and blocks, and whose wallet pays for direct messages.

Every change is one event that is remembered among the actions, with what held before and after.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from bot.core.actions import EVERYWHERE, OPERATOR, Action, ActionKind, Snapshot
from bot.core.admission import Block, Pause
from bot.core.jobs import CANCELLABLE, Job
from bot.core.ledger import Period
from bot.core.people.languages import Language
from bot.core.rules import RoleRules, ServerRules, snapshot
from bot.errors import Problem, Refused
from bot.store.database import Database, query, transaction
from bot.store.decisions import cancel_as, record_action
from bot.store.group_commit import Changes
from bot.store.rows import IS_OFFER, job_from, select_jobs
from bot.store.rule_rows import (
    in_order,
    read_any_block,
    read_block,
    read_pause,
    read_rules,
    save_rules,
)
from bot.store.tables import actions, blocks, jobs, pauses, payers, roles, servers, upsert, wallets
from bot.store.transitions import read_job, update_job


class Rulebook:
    """What the moderators of a server have laid down."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def of(self, connection: Connection, server_id: int) -> ServerRules:
        """What a server has set; nothing but defaults where it has set nothing."""
        return read_rules(connection, server_id)

    @transaction
    def set_rules(
        self,
        connection: Connection,
        server_id: int,
        changes: Mapping[str, Any],
        *,
        kind: ActionKind,
        seen: ServerRules | None = None,
        actor_id: int,
        reason: str,
        at: float,
    ) -> ServerRules:
        """Change these fields of `ServerRules` (`roles` has its own event); what holds now.

        Raises `Refused` where other rules hold than whoever decided has seen.
        """
        before = _still(seen, read_rules(connection, server_id))
        after = replace(before, **changes)
        if after == before:
            return after
        save_rules(connection, server_id, after)
        if "language" in changes:
            Changes.on(connection).languages[server_id, 0] = after.language
        action = Action(
            at=at,
            actor_id=actor_id,
            server_id=server_id,
            action=kind,
            reason=reason,
            before=snapshot(before, changes),
            after=snapshot(after, changes),
        )
        number = record_action(connection, action)
        if "audit_channel_id" in changes and before.audit_channel_id is None:
            # it hears of this, and of what comes later; one in another's place also of the rest
            this = update(servers).where(servers.c.server_id == server_id)
            connection.execute(this.values(audited_to=number - 1))
        return after

    @transaction
    def set_role(
        self,
        connection: Connection,
        server_id: int,
        role_id: int,
        changes: Mapping[str, Any],
        *,
        period: Period | None = None,
        kind: ActionKind,
        seen: ServerRules | None = None,
        actor_id: int,
        reason: str,
        at: float,
    ) -> ServerRules:
        """Change these fields of a role's `RoleRules`, and the server's period with them.

        Raises `Refused` as `set_rules` does.
        """
        before = _still(seen, read_rules(connection, server_id))
        was = before.roles.get(role_id, RoleRules())
        after = replace(was, **changes)
        held = replace(before, period=period or before.period)
        if after == was and held == before:
            return before
        values = {
            "allowance_credits": after.allowance_credits,
            "qualities": in_order(after.qualities),
            "models": sorted(after.models),
        }
        connection.execute(
            upsert(roles)
            .values(server_id=server_id, role_id=role_id, **values)
            .on_conflict_do_update(index_elements=["server_id", "role_id"], set_=values)
        )
        if after == RoleRules():
            this = roles.c.server_id == server_id, roles.c.role_id == role_id
            connection.execute(delete(roles).where(*this))
        if held != before:
            save_rules(connection, server_id, held)
        periods: list[Snapshot] = [{}, {}]
        if held != before:
            periods = [snapshot(rules, ["period"]) for rules in (before, held)]
        action = Action(
            at=at,
            actor_id=actor_id,
            server_id=server_id,
            action=kind,
            reason=reason,
            before={"role_id": role_id, **snapshot(was, changes), **periods[0]},
            after={"role_id": role_id, **snapshot(after, changes), **periods[1]},
        )
        record_action(connection, action)
        return read_rules(connection, server_id)

    @query
    def spoken(self, connection: Connection) -> list[tuple[int, Language]]:
        """The servers whose admins have chosen a language, with it."""
        chosen = select(servers.c.server_id, servers.c.language).where(
            servers.c.language.in_(Language)
        )
        return [(row[0], Language(row[1])) for row in connection.execute(chosen)]

    @query
    def audience(self, connection: Connection) -> list[tuple[int, int | None, int]]:
        """Servers with an audit channel: the server, the channel, the last action told there.

        One that had a channel until just now is among them, until that has heard of it.
        """
        columns = servers.c.server_id, servers.c.audit_channel_id, servers.c.audited_to
        told = select(*columns).where(
            or_(servers.c.audit_channel_id.is_not(None), servers.c.audited_to > 0)
        )
        return [(row[0], row[1], row[2]) for row in connection.execute(told)]

    @transaction
    def audited(
        self, connection: Connection, server_id: int, channel_id: int | None, number: int
    ) -> None:
        """The audit channel has been told of everything up to this action; 0: none listens now."""
        this = servers.c.server_id == server_id, servers.c.audit_channel_id == channel_id
        connection.execute(update(servers).where(*this).values(audited_to=number))

    # --- pauses and blocks ----------------------------------------------------------------------

    @query
    def pause_of(self, connection: Connection, server_id: int) -> Pause | None:
        """The pause that is in force in this server."""
        return read_pause(connection, server_id)

    @transaction
    def pause(self, connection: Connection, server_id: int, reason: str, *, at: float) -> None:
        """Take nothing new here, or `EVERYWHERE`, and send nothing off, until `resume`."""
        connection.execute(
            upsert(pauses)
            .values(server_id=server_id, reason=reason)
            .on_conflict_do_update(index_elements=["server_id"], set_={"reason": reason})
        )
        record_action(connection, Action(at, OPERATOR, server_id, ActionKind.PAUSE, reason))

    @transaction
    def resume(self, connection: Connection, server_id: int, reason: str, *, at: float) -> bool:
        """Go on where this pause was; `False` where there was none."""
        lifted = connection.execute(delete(pauses).where(pauses.c.server_id == server_id))
        if not lifted.rowcount:
            return False
        record_action(connection, Action(at, OPERATOR, server_id, ActionKind.RESUME, reason))
        return True

    @query
    def block_of(
        self, connection: Connection, server_id: int, person_id: int, at: float
    ) -> Block | None:
        """The block that is in force in this server."""
        return read_any_block(connection, server_id, person_id, at)

    @transaction
    def block(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        block: Block,
        *,
        actor_id: int,
        at: float,
    ) -> list[Job]:
        """Keep somebody from asking here, or `EVERYWHERE`, and cancel what waits: these jobs."""
        before = read_block(connection, server_id, person_id, at)
        values = {"until": block.until, "reason": block.reason}
        connection.execute(
            upsert(blocks)
            .values(server_id=server_id, person_id=person_id, **values)
            .on_conflict_do_update(index_elements=["server_id", "person_id"], set_=values)
        )
        action = Action(
            at=at,
            actor_id=actor_id,
            server_id=server_id,
            action=ActionKind.BLOCK,
            reason=block.reason,
            person_id=person_id,
            before=_seen_block(before),
            after=_seen_block(block),
        )
        record_action(connection, action)
        waiting = select(jobs.c.id).where(
            jobs.c.person_id == person_id,
            jobs.c.state.in_(CANCELLABLE),
            ~IS_OFFER,  # its button tells them
        )
        if server_id != EVERYWHERE:
            waiting = waiting.where(jobs.c.server_id == server_id)
        found = [row[0] for row in connection.execute(waiting)]
        return [
            cancel_as(connection, read_job(connection, job_id), actor_id, block.reason, at)
            for job_id in found
        ]

    @transaction
    def cancel_blocked(self, connection: Connection, job: Job, at: float) -> Job | None:
        """Cancel a job that came back to the queue after its requester was blocked, in the name of
        whoever did that; `None` where no block is in force by now."""
        block = read_any_block(connection, job.server_id, job.person_id, at)
        if block is None:
            return None
        blocking = select(actions.c.actor_id).where(
            actions.c.action == ActionKind.BLOCK,
            actions.c.person_id == job.person_id,
            actions.c.server_id == (EVERYWHERE if block.is_everywhere else job.server_id),
        )
        actor_id = connection.scalar(blocking.order_by(actions.c.id.desc()).limit(1))
        return cancel_as(connection, job, actor_id or OPERATOR, block.reason, at)

    @transaction
    def unblock(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        *,
        actor_id: int,
        reason: str,
        at: float,
    ) -> bool:
        """Lift a block; `False` where none is in force."""
        before = read_block(connection, server_id, person_id, at)
        this = blocks.c.server_id == server_id, blocks.c.person_id == person_id
        connection.execute(delete(blocks).where(*this))
        if before is None:
            return False
        action = Action(
            at=at,
            actor_id=actor_id,
            server_id=server_id,
            action=ActionKind.UNBLOCK,
            reason=reason,
            person_id=person_id,
            before=_seen_block(before),
            after=_seen_block(None),
        )
        record_action(connection, action)
        return True

    # --- who pays for direct messages -----------------------------------------------------------

    @query
    def payer_of(self, connection: Connection, person_id: int) -> int:
        """The server whose wallet somebody's direct messages draw on; 0 is their own."""
        chosen = select(payers.c.server_id).where(payers.c.person_id == person_id)
        return connection.scalar(chosen) or 0

    @query
    def possible_payers(self, connection: Connection, person_id: int) -> list[int]:
        """The servers that let direct messages draw on them and where this person has a wallet."""
        statement = (
            select(wallets.c.server_id)
            .join(servers, servers.c.server_id == wallets.c.server_id)
            .where(wallets.c.person_id == person_id, servers.c.direct_use)
            .order_by(wallets.c.server_id)
        )
        return list(connection.scalars(statement))

    @transaction
    def choose_payer(self, connection: Connection, person_id: int, server_id: int) -> None:
        """From now on this server's wallet pays (0: their own) for direct messages, also for an
        offer that waits there. One in a server stays that server's."""
        connection.execute(
            upsert(payers)
            .values(person_id=person_id, server_id=server_id)
            .on_conflict_do_update(index_elements=["person_id"], set_={"server_id": server_id})
        )
        offers = select_jobs().where(jobs.c.person_id == person_id, IS_OFFER, jobs.c.is_direct)
        for row in connection.execute(offers).mappings().all():
            offer = job_from(row)
            if offer.server_id != server_id:
                update_job(connection, offer, server_id=server_id)


def _still(seen: ServerRules | None, rules: ServerRules) -> ServerRules:
    """The rules that hold, if they are those that were seen."""
    if seen is not None and seen != rules:
        raise Refused(Problem.RULES_CHANGED)
    return rules


def _seen_block(block: Block | None) -> Snapshot:
    return {"blocked": block is not None, "until": block.until if block else None}
