"""The books as the doctor reads them, and the repairs that it may write."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, select, text, tuple_

from bot.core import ledger
from bot.core.actions import OPERATOR, Action, ActionKind
from bot.core.books import (
    AttemptLine,
    Books,
    Difference,
    JobLine,
    UnprovenLine,
    WalletLine,
    balances_from_journal,
    job_differences,
    wallet_differences,
)
from bot.core.jobs import Job, JobState
from bot.core.ledger import Entry
from bot.errors import StaleJob
from bot.store import journal
from bot.store.database import Database, query, transaction
from bot.store.decisions import record_action
from bot.store.rows import entry_from
from bot.store.tables import actions, attempts, entries, jobs, unproven, upsert, wallets
from bot.store.transitions import read_job

PART_ROWS = 5_000
"""So many jobs, or entries in wallets, are looked at together where the whole may be too much."""

OF_JOBS = ("kind = 'hold'", "kind IN ('capture', 'release')", "kind = 'refund'")
"""Each has an index, and is found by it by these very words."""

Key = tuple[str | int, ...]


def differences_by_parts(connection: Connection) -> list[Difference]:
    """What does not agree in books of any size; only runs are not compared between the parts."""
    found: list[Difference] = []
    for after, upto in _parts(connection, jobs.c.id):
        books = Books(
            jobs=_jobs(connection, *_within(after, upto, jobs.c.id)),
            attempts=_attempts(connection, *_within(after, upto, attempts.c.job_id)),
            wallets=[],
            entries=[
                entry
                for kinds in OF_JOBS
                for entry in _entries(
                    connection,
                    *_within(after, upto, entries.c.job_id),
                    text(kinds),
                    by=[entries.c.job_id],
                )
            ],
            unproven=_unproven(connection, *_within(after, upto, unproven.c.job_id)),
        )
        found += job_differences(books)
    whose = (entries.c.server_id, entries.c.person_id)
    for after, upto in _parts(connection, *whose):
        cached = _within(after, upto, wallets.c.server_id, wallets.c.person_id)
        books = Books(
            jobs=[],
            attempts=[],
            wallets=_wallets(connection, *cached),
            entries=_entries(connection, *_within(after, upto, *whose), by=whose),
        )
        found += wallet_differences(books)
    return found


def _parts(
    connection: Connection, *columns: ColumnElement[Any]
) -> Iterator[tuple[Key | None, Key | None]]:
    """Keys that it is cut at: each part is behind the one and up to the other."""
    after: Key | None = None
    while True:
        ordered = select(*columns).where(*_within(after, None, *columns)).order_by(*columns)
        cut = connection.execute(ordered.offset(PART_ROWS - 1).limit(1)).first()
        upto = None if cut is None else tuple(cut)
        yield after, upto
        if upto is None:
            return
        after = upto


def _within(
    after: Key | None, upto: Key | None, *columns: ColumnElement[Any]
) -> list[ColumnElement[bool]]:
    key = tuple_(*columns)
    bounds = [] if after is None else [key > after]
    return bounds if upto is None else [*bounds, key <= upto]


class Reconciliation:
    """Reads everything; each repair is one event, with an action and its reason."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def books(self, connection: Connection) -> Books:
        """All that is written down, as of one moment."""
        return Books(
            jobs=_jobs(connection),
            attempts=_attempts(connection),
            wallets=_wallets(connection),
            entries=_entries(connection),
            unproven=_unproven(connection),
            damage=self.database.place.findings(connection),
        )

    @transaction
    def repair_wallet(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        *,
        reason: str,
        at: float,
    ) -> None:
        """Cache anew what the journal says."""
        before = journal.purses(connection, server_id, person_id)
        statement = entries.c.server_id == server_id, entries.c.person_id == person_id
        granted, held = balances_from_journal(_entries(connection, *statement))
        after = {"granted": granted, "held": held}
        connection.execute(
            upsert(wallets)
            .values(server_id=server_id, person_id=person_id, **after)
            .on_conflict_do_update(index_elements=["server_id", "person_id"], set_=after)
        )
        repair = Action(at, OPERATOR, server_id, ActionKind.REPAIR, reason, person_id=person_id)
        record_action(connection, replace(repair, before={**before}, after={**after}))

    @transaction
    def repair_hold(self, connection: Connection, job_id: str, *, reason: str, at: float) -> None:
        """Settle what an ended job still holds. Raises `StaleJob` if there is no such thing."""
        job = read_job(connection, job_id)
        held = journal.hold_of(connection, job_id)
        if held is None or not job.ended or journal.is_settled(connection, job_id):
            raise StaleJob(f"Job {job_id} is not an ended one whose credits are held.")
        before = journal.purses(connection, job.server_id, job.person_id)
        entry = _settlement(job, held, at)
        entry = replace(entry, actor_id=OPERATOR, reason=reason)
        journal.write_entry(connection, entry, held=-ledger.whole_price(held))
        after = journal.purses(connection, job.server_id, job.person_id)
        whose = job.server_id, ActionKind.REPAIR, reason, job.id, job.person_id
        repair = Action(at, OPERATOR, *whose, before={**before}, after={**after})
        record_action(connection, repair)


def _settlement(job: Job, held: Entry, at: float) -> Entry:
    """Whoever has the video has spent what was held for it."""
    settle = ledger.capture if job.state is JobState.DELIVERED else ledger.release
    return settle(held, at)


def _jobs(connection: Connection, *where: ColumnElement[bool]) -> list[JobLine]:
    decided: dict[str, list[str]] = defaultdict(list)
    resolved = select(actions.c.job_id, actions.c.after).where(
        actions.c.action == ActionKind.RESOLVE
    )
    if where:
        resolved = resolved.where(actions.c.job_id.in_(select(jobs.c.id).where(*where)))
    for job_id, after in connection.execute(resolved.order_by(actions.c.id)):
        decided[job_id].append(str((after or {}).get("state")))
    names = [name for name in JobLine.__dataclass_fields__ if name != "decisions"]
    rows = connection.execute(select(*(jobs.c[name] for name in names)).where(*where))
    return [
        JobLine(
            **dict(row) | {"state": JobState(row["state"])},
            decisions=tuple(decided.get(row["id"], ())),
        )
        for row in rows.mappings()
    ]


def _attempts(connection: Connection, *where: ColumnElement[bool]) -> list[AttemptLine]:
    columns = (attempts.c[name] for name in AttemptLine.__dataclass_fields__)
    return [AttemptLine(*row) for row in connection.execute(select(*columns).where(*where))]


def _wallets(connection: Connection, *where: ColumnElement[bool]) -> list[WalletLine]:
    return [WalletLine(*row) for row in connection.execute(select(wallets).where(*where))]


def _unproven(connection: Connection, *where: ColumnElement[bool]) -> list[UnprovenLine]:
    return [UnprovenLine(*row) for row in connection.execute(select(unproven).where(*where))]


def _entries(
    connection: Connection,
    *where: ColumnElement[bool] | TextClause,
    by: Sequence[ColumnElement[Any]] = (entries.c.id,),
) -> list[Entry]:
    statement = select(entries).where(*where).order_by(*by)
    return [entry_from(row) for row in (connection.execute(statement)).mappings()]
