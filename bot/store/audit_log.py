"""What has happened to credits and rules in a server: the journal and the actions, as one list."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    JSON,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Table,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from bot.core.actions import HISTORY_KINDS, IN_THE_JOURNAL, Action, HistoryLine, Spender
from bot.core.ledger import SETTLEMENTS, EntryKind
from bot.store.database import Database, query
from bot.store.journal import unreleased
from bot.store.rows import action_from
from bot.store.tables import actions, entries


class AuditLog:
    """Asks about the past."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def lines(
        self,
        connection: Connection,
        server_id: int,
        *,
        person_id: int | None = None,
        kinds: Collection[str] = HISTORY_KINDS,
        until: float | None = None,
        limit: int | None = None,
        offset: int = 0,
        by_video: bool = False,
    ) -> list[HistoryLine]:
        """A server's past up to a moment (unix s), or one person's there, newest first.

        `by_video`: one line for each hold, as of when it was placed, with what became of it.
        """
        most = None if limit is None else offset + limit
        both = _both(
            server_id, person_id, kinds, until=until, most=most, by_video=by_video
        ).subquery()
        newest = select(both).order_by(both.c.at.desc(), both.c.id.desc(), both.c.source)
        rows = connection.execute(newest.limit(limit).offset(offset))
        names = HistoryLine.__dataclass_fields__
        return [HistoryLine(**{name: row[name] for name in names}) for row in rows.mappings()]

    @query
    def count(
        self,
        connection: Connection,
        server_id: int,
        *,
        person_id: int | None = None,
        kinds: Collection[str] = HISTORY_KINDS,
        by_video: bool = False,
    ) -> int:
        """How many such lines there are."""
        both = _both(server_id, person_id, kinds, by_video=by_video).subquery()
        return connection.scalar(select(func.count()).select_from(both)) or 0

    @query
    def top(
        self, connection: Connection, server_id: int, since: float, limit: int
    ) -> list[Spender]:
        """Who has spent most since then (unix s), by when their videos were asked for."""
        taken = -func.sum(entries.c.allowance + entries.c.granted)
        statement = (
            select(entries.c.person_id, taken, func.count())
            .where(unreleased, entries.c.server_id == server_id, entries.c.at >= since)
            .group_by(entries.c.person_id)
            .order_by(taken.desc(), entries.c.person_id)
            .limit(limit)
        )
        return [Spender(*row) for row in connection.execute(statement)]

    @query
    def knows(self, connection: Connection, server_id: int, person_id: int) -> bool:
        """Whether anything has ever happened between this person and this server."""
        both = _both(server_id, person_id, HISTORY_KINDS).subquery()
        return connection.scalar(select(both.c.id).limit(1)) is not None

    @query
    def actions_after(
        self, connection: Connection, server_id: int, number: int, limit: int
    ) -> list[tuple[int, Action]]:
        """A server's later actions with their numbers, oldest first."""
        statement = (
            select(actions)
            .where(actions.c.server_id == server_id, actions.c.id > number)
            .order_by(actions.c.id)
            .limit(limit)
        )
        rows = (connection.execute(statement)).mappings()
        return [(row["id"], action_from(row)) for row in rows]


_settlement = entries.alias()
_SETTLED_AS = (
    select(_settlement.c.kind)
    .where(
        entries.c.kind == EntryKind.HOLD,
        _settlement.c.job_id == entries.c.job_id,
        or_(*(_settlement.c.kind == literal_column(f"'{kind}'") for kind in SETTLEMENTS)),
    )
    .scalar_subquery()
)
"""What became of a hold, found by the index of settlements."""


def _both(
    server_id: int,
    person_id: int | None,
    kinds: Collection[str],
    *,
    until: float | None = None,
    most: int | None = None,
    by_video: bool = False,
) -> CompoundSelect[Any]:
    """Entries and actions, of each the newest `most`: no more of a long past is gone through."""
    became = func.coalesce(_SETTLED_AS, entries.c.kind) if by_video else entries.c.kind
    journal: Select[Any] = select(
        entries.c.id,
        literal("entry").label("source"),
        entries.c.at,
        became.label("kind"),
        entries.c.server_id,
        entries.c.person_id,
        (entries.c.allowance + entries.c.granted).label("credits"),
        entries.c.job_id,
        entries.c.actor_id,
        entries.c.reason,
        cast(null(), JSON).label("before"),
        cast(null(), JSON).label("after"),
    ).where(entries.c.server_id == server_id, entries.c.kind.in_(kinds))
    decided: Select[Any] = select(
        actions.c.id,
        literal("action").label("source"),
        actions.c.at,
        actions.c.action.label("kind"),
        actions.c.server_id,
        actions.c.person_id,
        cast(null(), Integer).label("credits"),
        actions.c.job_id,
        actions.c.actor_id,
        actions.c.reason,
        actions.c.before,
        actions.c.after,
    ).where(
        actions.c.server_id == server_id,
        actions.c.action.in_(kinds),
        actions.c.action.not_in(IN_THE_JOURNAL),
    )
    if by_video:
        journal = journal.where(entries.c.kind.not_in(SETTLEMENTS))
    if person_id is not None:
        journal = journal.where(entries.c.person_id == person_id)
        decided = decided.where(actions.c.person_id == person_id)
    if until is not None:
        journal = journal.where(entries.c.at <= until)
        decided = decided.where(actions.c.at <= until)
    if most is not None:
        journal = _newest(journal, entries, most)
        decided = _newest(decided, actions, most)
    return union_all(decided, journal)  # the first one gives the columns their types


def _newest(lines: Select[Any], table: Table, most: int) -> Select[Any]:
    return select(lines.order_by(table.c.at.desc(), table.c.id.desc()).limit(most).subquery())
