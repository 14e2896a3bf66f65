"""The ledger in SQL: what the methods of `Store` do to wallets, inside their transactions."""

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core import ledger
from bot.core.admission import Standing
from bot.core.jobs import RUNNING, WAITING, Job, JobState, Source
from bot.core.ledger import Balance, Entry, EntryKind, Period
from bot.core.rules import Rules
from bot.errors import LedgerError
from bot.store.rows import entry_from
from bot.store.rule_rows import read_block
from bot.store.tables import entries, jobs, wallets

_release = entries.alias("release")
unreleased = and_(
    entries.c.kind == EntryKind.HOLD,
    ~exists().where(_release.c.job_id == entries.c.job_id, _release.c.kind == EntryKind.RELEASE),
)

COUNTS_AS_WAITING: ColumnElement[bool] = and_(
    jobs.c.state.in_(WAITING),
    ~and_(jobs.c.state == JobState.CHECKING, jobs.c.source == Source.MESSAGE),
)
"""A plain message's request waits for its button outside the limits."""


async def balance(connection: AsyncConnection, person_id: int, rules: Rules, at: float) -> Balance:
    """Both purses and what is held, as of `at`, in the wallet of the rules' server."""
    server_id = rules.server_id
    begun = ledger.period_start(rules.period, at)
    used = await connection.scalar(
        select(func.coalesce(-func.sum(entries.c.allowance), 0)).where(
            unreleased,
            entries.c.server_id == server_id,
            entries.c.person_id == person_id,
            entries.c.at >= begun,
        )
    )
    wallet = await purses(connection, server_id, person_id)
    return Balance(
        allowance_left=max(0, rules.allowance_credits - (used or 0)),
        granted=wallet["granted"],
        held=wallet["held"],
    )


async def budget_spent(connection: AsyncConnection, at: float) -> int:
    """What holds took in the whole bot since the day began."""
    return await _spent(connection, entries.c.at >= ledger.period_start(Period.DAY, at))


async def server_spent(connection: AsyncConnection, rules: Rules, at: float) -> int:
    """What holds took in the rules' server since its period began."""
    return await _spent(
        connection,
        entries.c.server_id == rules.server_id,
        entries.c.at >= ledger.period_start(rules.period, at),
    )


async def _spent(connection: AsyncConnection, *where: ColumnElement[bool]) -> int:
    taken = func.coalesce(-func.sum(entries.c.allowance + entries.c.granted), 0)
    return await connection.scalar(select(taken).where(unreleased, *where)) or 0


async def standing(
    connection: AsyncConnection, person_id: int, rules: Rules, at: float
) -> Standing:
    """Everything that the policy asks about one person at one moment."""
    theirs, here = jobs.c.person_id == person_id, jobs.c.server_id == rules.server_id
    running = jobs.c.state.in_(RUNNING)
    counts = (
        await connection.execute(
            select(
                func.count().filter(running).label("running"),
                func.count().filter(running, theirs).label("running_of_person"),
                func.count().filter(running, theirs, here).label("running_here"),
                func.count().filter(COUNTS_AS_WAITING).label("waiting"),
                func.count().filter(COUNTS_AS_WAITING, theirs).label("waiting_of_person"),
                func.count().filter(COUNTS_AS_WAITING, theirs, here).label("waiting_here"),
            ).select_from(jobs)
        )
    ).one()
    return Standing(
        balance=await balance(connection, person_id, rules, at),
        budget_spent=await budget_spent(connection, at),
        server_spent=await server_spent(connection, rules, at),
        block=await read_block(connection, rules.server_id, person_id, at),
        **counts._mapping,
    )


async def write_entry(connection: AsyncConnection, entry: Entry, *, held: int) -> None:
    """Add a row to the journal and carry it into the cached wallet; `held` is the change there."""
    await connection.execute(
        insert(entries).values(
            server_id=entry.server_id,
            person_id=entry.person_id,
            kind=entry.kind,
            at=entry.at,
            allowance=entry.allowance,
            granted=entry.granted,
            job_id=entry.job_id,
            actor_id=entry.actor_id,
            reason=entry.reason,
        )
    )
    await connection.execute(
        upsert(wallets)
        .values(server_id=entry.server_id, person_id=entry.person_id, granted=0, held=0)
        .on_conflict_do_nothing()
    )
    await connection.execute(
        update(wallets)
        .where(wallets.c.server_id == entry.server_id, wallets.c.person_id == entry.person_id)
        .values(granted=wallets.c.granted + entry.granted, held=wallets.c.held + held)
    )


async def purses(connection: AsyncConnection, server_id: int, person_id: int) -> dict[str, int]:
    """What a wallet has cached: `granted` and `held`."""
    row = (
        await connection.execute(
            select(wallets.c.granted, wallets.c.held).where(
                wallets.c.server_id == server_id, wallets.c.person_id == person_id
            )
        )
    ).first()
    return {"granted": row.granted, "held": row.held} if row else {"granted": 0, "held": 0}


async def place_hold(
    connection: AsyncConnection, job: Job, price: int, has: Balance, at: float
) -> None:
    """Take a job's price out of both purses. Raises `LedgerError` where it does not fit."""
    entry = ledger.hold(
        has, server_id=job.server_id, person_id=job.person_id, job_id=job.id, price=price, at=at
    )
    await write_entry(connection, entry, held=price)


async def settle(connection: AsyncConnection, job: Job, kind: EntryKind, at: float) -> None:
    """Capture or release a job's hold; a job without a hold has nothing to release."""
    held = await hold_of(connection, job.id)
    if held is None:
        if kind is EntryKind.CAPTURE:
            raise LedgerError(f"Job {job.id} has no hold to capture.")
        return
    entry = (ledger.release if kind is EntryKind.RELEASE else ledger.capture)(held, at)
    await write_entry(connection, entry, held=-ledger.whole_price(held))


async def hold_of(connection: AsyncConnection, job_id: str) -> Entry | None:
    """The one hold of a job."""
    rows = await connection.execute(
        select(entries).where(entries.c.job_id == job_id, entries.c.kind == EntryKind.HOLD)
    )
    row = rows.mappings().first()
    return entry_from(row) if row else None


async def is_captured(connection: AsyncConnection, job_id: str) -> bool:
    """Whether a job's hold was captured."""
    return await _has(connection, job_id, EntryKind.CAPTURE)


async def is_settled(connection: AsyncConnection, job_id: str) -> bool:
    """Whether a job's hold was captured or released."""
    return await _has(connection, job_id, EntryKind.CAPTURE, EntryKind.RELEASE)


async def _has(connection: AsyncConnection, job_id: str, *kinds: EntryKind) -> bool:
    found = select(entries.c.id).where(entries.c.job_id == job_id, entries.c.kind.in_(kinds))
    return await connection.scalar(found) is not None
