"""The books as the doctor reads them, and the repairs that it may write."""

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, select

from bot.core import ledger
from bot.core.actions import OPERATOR, Action, ActionKind
from bot.core.books import (
    AttemptLine,
    Books,
    JobLine,
    UnprovenLine,
    WalletLine,
    balances_from_journal,
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


class Reconciliation:
    """Reads everything; each repair is one event, with an action and its reason."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def books(self, connection: Connection) -> Books:
        """All that is written down, as of one moment."""
        return Books(
            jobs=_jobs(connection),
            attempts=[
                AttemptLine(*row)
                for row in connection.execute(
                    select(*(attempts.c[name] for name in AttemptLine.__dataclass_fields__))
                )
            ],
            wallets=[WalletLine(*row) for row in connection.execute(select(wallets))],
            entries=_entries(connection),
            unproven=[UnprovenLine(*row) for row in connection.execute(select(unproven))],
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


def _jobs(connection: Connection) -> list[JobLine]:
    decided: dict[str, list[str]] = defaultdict(list)
    resolved = select(actions.c.job_id, actions.c.after).where(
        actions.c.action == ActionKind.RESOLVE
    )
    for job_id, after in connection.execute(resolved.order_by(actions.c.id)):
        decided[job_id].append(str((after or {}).get("state")))
    names = [name for name in JobLine.__dataclass_fields__ if name != "decisions"]
    rows = connection.execute(select(*(jobs.c[name] for name in names)))
    return [
        JobLine(
            **dict(row) | {"state": JobState(row["state"])},
            decisions=tuple(decided.get(row["id"], ())),
        )
        for row in rows.mappings()
    ]


def _entries(connection: Connection, *where: ColumnElement[bool]) -> list[Entry]:
    statement = select(entries).where(*where).order_by(entries.c.id)
    return [entry_from(row) for row in (connection.execute(statement)).mappings()]
