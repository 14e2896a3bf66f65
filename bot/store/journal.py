"""The ledger in SQL: what the methods of `Store` do to wallets, inside their transactions."""

from dataclasses import asdict, replace

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from bot.core import admission, ledger
from bot.core.admission import Load, Standing
from bot.core.jobs import DEFAULT_MODEL, RUNNING, WAITING, Job, JobState
from bot.core.ledger import Balance, Entry, EntryKind, Period
from bot.core.models import of_one_provider
from bot.core.queue import given_back
from bot.core.rules import Rules, slots
from bot.errors import LedgerError
from bot.store.group_commit import Changes
from bot.store.rows import HAS_RUN, IS_FREE, IS_IN_DOUBT, IS_OFFER, entry_from
from bot.store.rule_rows import read_any_block, read_pause
from bot.store.tables import attempts, entries, jobs, unproven, upsert, wallets


def _named(kind: EntryKind) -> ColumnElement[str]:
    """A kind as part of the statement: only then does SQLite see which partial index holds it."""
    return literal_column(f"'{kind}'")


_release = entries.alias("release")
unreleased = and_(
    entries.c.kind == _named(EntryKind.HOLD),
    ~exists().where(
        _release.c.job_id == entries.c.job_id, _release.c.kind == _named(EntryKind.RELEASE)
    ),
)

_SERVER: BindParameter[int] = bindparam("server_id")
_PERSON: BindParameter[int] = bindparam("person_id")
_BEGUN: BindParameter[float] = bindparam("begun")
_MODEL: BindParameter[str] = bindparam("model")

# Statements that each request needs are made once: making one costs more than executing it.

_USED = select(func.coalesce(-func.sum(entries.c.allowance), 0)).where(
    unreleased,
    entries.c.server_id == _SERVER,
    entries.c.person_id == _PERSON,
    entries.c.at >= _BEGUN,
)
_HELD = select(func.coalesce(-func.sum(entries.c.allowance + entries.c.granted), 0)).where(
    unreleased, entries.c.at >= _BEGUN
)
_UNPROVEN = select(func.coalesce(func.sum(unproven.c.credits), 0)).where(
    unproven.c.held_at >= _BEGUN
)
_SPENT = select(_HELD.scalar_subquery() + _UNPROVEN.scalar_subquery())
_SPENT_IN_SERVER = select(
    _HELD.where(entries.c.server_id == _SERVER).scalar_subquery()
    + _UNPROVEN.where(unproven.c.server_id == _SERVER).scalar_subquery()
)
_SPENT_BY_PERSON = select(
    _HELD.where(entries.c.person_id == _PERSON).scalar_subquery()
    + _UNPROVEN.join(jobs, jobs.c.id == unproven.c.job_id)
    .where(jobs.c.person_id == _PERSON)
    .scalar_subquery()
)
_PURSES = select(wallets.c.granted, wallets.c.held).where(
    wallets.c.server_id == _SERVER, wallets.c.person_id == _PERSON
)
_HOLD = select(entries).where(
    entries.c.job_id == bindparam("job_id"), entries.c.kind == _named(EntryKind.HOLD)
)

_ENTRY = tuple(Entry.__dataclass_fields__)
_NEW_ENTRY = insert(entries)
_WALLET = upsert(wallets).on_conflict_do_nothing()
_CARRY = (
    update(wallets)
    .where(
        wallets.c.server_id == bindparam("this_server_id"),
        wallets.c.person_id == bindparam("this_person_id"),
    )
    .values(
        granted=wallets.c.granted + bindparam("more_granted"),
        held=wallets.c.held + bindparam("more_held"),
    )
)

_OF_PROVIDER = jobs.c.model.in_(bindparam("models", expanding=True))
_IS_BY_MODEL = jobs.c.model == _MODEL
_RUNS = jobs.c.state.in_(RUNNING)
_IS_THEIRS = jobs.c.person_id == _PERSON
_WAITS = and_(jobs.c.state.in_(WAITING), ~IS_OFFER)
_HERE = jobs.c.server_id == _SERVER
_UNDER_WAY = select(
    func.count().filter(_RUNS),
    func.count().filter(_RUNS, _IS_BY_MODEL),
    func.count().filter(_WAITS),
).where(jobs.c.state.in_(RUNNING | WAITING), _OF_PROVIDER)
_THEIRS_UNDER_WAY = select(
    func.count().filter(_RUNS).label("running_of_person"),
    func.count().filter(_RUNS, _HERE).label("running_here"),
    func.count().filter(_WAITS).label("waiting_of_person"),
    func.count().filter(_WAITS, _HERE).label("waiting_here"),
).where(jobs.c.state.in_(RUNNING | WAITING), _IS_THEIRS, _OF_PROVIDER)
_RUNS_BEGAN = (
    select(attempts.c.submitted_at, jobs.c.model)
    .join(jobs, jobs.c.attempt_id == attempts.c.id)
    .where(HAS_RUN, _OF_PROVIDER)
    .order_by(attempts.c.submitted_at)
)
_SUBMITTING = select(  # few, and the only ones whose lease matters: the others' index is enough
    func.count().label("of_all"),
    func.count().filter(_IS_THEIRS).label("of_person"),
    func.count().filter(IS_IN_DOUBT).label("in_doubt"),
    func.count().filter(_IS_BY_MODEL).label("of_model"),
    func.count().filter(IS_IN_DOUBT, _IS_BY_MODEL).label("in_doubt_of_model"),
    func.count().filter(IS_IN_DOUBT, _IS_THEIRS).label("in_doubt_of_person"),
    func.count().filter(IS_IN_DOUBT, _IS_THEIRS, _HERE).label("in_doubt_here"),
).where(jobs.c.state == JobState.SUBMITTING, _OF_PROVIDER)
_DRAFTS = select(func.count()).where(
    _IS_THEIRS,
    jobs.c.queued_at >= _BEGUN,
    IS_FREE,
    or_(
        jobs.c.state.not_in((JobState.FAILED, JobState.CANCELLED)),
        exists().where(attempts.c.job_id == jobs.c.id),
    ),
)
"""What came to nothing before it was sent off does not count."""


def balance(connection: Connection, person_id: int, rules: Rules, at: float) -> Balance:
    """Both purses and what is held, as of `at`, in the wallet of the rules' server."""
    whose = {"server_id": rules.server_id, "person_id": person_id}
    since = {"begun": ledger.period_start(rules.period, at)}
    used: int = connection.scalars(_USED, whose | since).one()
    wallet = purses(connection, **whose)
    return Balance(
        allowance_left=max(0, rules.allowance_credits - used),
        granted=wallet["granted"],
        held=wallet["held"],
    )


def budget_spent(connection: Connection, at: float) -> int:
    """What holds took in the whole bot since the day began, and what may yet be billed of them."""
    begun = {"begun": ledger.period_start(Period.DAY, at)}
    return int(connection.scalars(_SPENT, begun).one())


def server_spent(connection: Connection, rules: Rules, at: float) -> int:
    """The same in the rules' server since its period began."""
    begun = {"begun": ledger.period_start(rules.period, at), "server_id": rules.server_id}
    return int(connection.scalars(_SPENT_IN_SERVER, begun).one())


def spent_today(connection: Connection, person_id: int, rules: Rules, at: float) -> tuple[int, int]:
    """The same in this server and of this person anywhere, since the day began, where the operator
    has set a cap of it."""
    begun = {"begun": ledger.period_start(Period.DAY, at)}
    of_server = of_person = 0
    if rules.daily_server_cap_credits is not None:
        whose = {"server_id": rules.server_id}
        of_server = int(connection.scalars(_SPENT_IN_SERVER, begun | whose).one())
    if rules.daily_person_cap_credits is not None:
        of_person = int(
            connection.scalars(_SPENT_BY_PERSON, begun | {"person_id": person_id}).one()
        )
    return of_server, of_person


def standing(
    connection: Connection, person_id: int, rules: Rules, at: float, model: str = DEFAULT_MODEL
) -> Standing:
    """Everything that the policy asks about one person who wants this model, at one moment."""
    of_server, of_person = spent_today(connection, person_id, rules, at)
    return Standing(
        balance=balance(connection, person_id, rules, at),
        budget_spent=budget_spent(connection, at),
        server_spent=server_spent(connection, rules, at),
        server_spent_today=of_server,
        person_spent_today=of_person,
        drafts_today=drafts_today(connection, person_id, at) if rules.has_free_model else 0,
        pause=read_pause(connection, rules.server_id),
        block=read_any_block(connection, rules.server_id, person_id, at),
        **asdict(load(connection, person_id, rules, at, model)),
    )


def drafts_today(connection: Connection, person_id: int, at: float) -> int:
    """How many free runs somebody has had, or waits for, since the day began."""
    whose = {"person_id": person_id, "begun": ledger.period_start(Period.DAY, at)}
    return int(connection.scalars(_DRAFTS, whose).one())


def may_submit(connection: Connection, job: Job, rules: Rules, at: float) -> None:
    """Whether what holds now still lets a queued job be sent off. Raises `Refused`."""
    if job.is_free:
        rules = replace(rules, daily_server_cap_credits=None, daily_person_cap_credits=None)
    of_server, of_person = spent_today(connection, job.person_id, rules, at)
    admission.may_submit(
        rules,
        pause=read_pause(connection, job.server_id),
        block=read_any_block(connection, job.server_id, job.person_id, at),
        server_spent_today=of_server,
        person_spent_today=of_person,
        at=at,
    )


def load(
    connection: Connection, person_id: int, rules: Rules, at: float, model: str = DEFAULT_MODEL
) -> Load:
    """The jobs that are under way at this model's provider: of all, by this model, of this person,
    and of theirs in the rules' server."""
    of_provider = {"models": of_one_provider(model), "model": model}
    running, by_model, waiting = connection.execute(_UNDER_WAY, of_provider).one()
    whose = {"server_id": rules.server_id, "person_id": person_id, **of_provider}
    theirs = connection.execute(_THEIRS_UNDER_WAY, whose).one()
    submitting = connection.execute(_SUBMITTING, whose).one()
    running -= submitting.in_doubt
    by_model -= submitting.in_doubt_of_model
    most = slots(rules, model)
    if running >= most.running or by_model >= most.of_model:  # else they are many to read
        began = connection.execute(_RUNS_BEGAN, {"models": of_provider["models"]}).all()
        running -= given_back((since for since, _ in began), most.running, at)
        by_model -= given_back((since for since, by in began if by == model), most.of_model, at)
    return Load(
        running=running,
        running_of_person=theirs.running_of_person - submitting.in_doubt_of_person,
        running_of_model=by_model,
        running_here=theirs.running_here - submitting.in_doubt_here,
        waiting=waiting,
        waiting_of_person=theirs.waiting_of_person,
        waiting_here=theirs.waiting_here,
        in_flight=submitting.of_all - submitting.in_doubt,
        in_flight_of_model=submitting.of_model - submitting.in_doubt_of_model,
        unanswered=submitting.of_all,
        unanswered_of_person=submitting.of_person,
    )


def write_entry(connection: Connection, entry: Entry, *, held: int) -> None:
    """Add a row to the journal and carry it into the cached wallet; `held` is the change there."""
    connection.execute(_NEW_ENTRY, {name: getattr(entry, name) for name in _ENTRY})
    whose = {"server_id": entry.server_id, "person_id": entry.person_id}
    connection.execute(_WALLET, whose | {"granted": 0, "held": 0})
    Changes.on(connection).wallets_of.add(entry.person_id)
    carried = {"more_granted": entry.granted, "more_held": held}
    connection.execute(_CARRY, {f"this_{name}": value for name, value in whose.items()} | carried)


def purses(connection: Connection, server_id: int, person_id: int) -> dict[str, int]:
    """What a wallet has cached: `granted` and `held`."""
    row = connection.execute(_PURSES, {"server_id": server_id, "person_id": person_id}).first()
    return {"granted": row.granted, "held": row.held} if row else {"granted": 0, "held": 0}


def place_hold(connection: Connection, job: Job, price: int, has: Balance, at: float) -> None:
    """Take a job's price, if it has one, out of both purses. Raises `LedgerError` where it does
    not fit."""
    if not price:
        return
    entry = ledger.hold(
        has, server_id=job.server_id, person_id=job.person_id, job_id=job.id, price=price, at=at
    )
    write_entry(connection, entry, held=price)


def settle(connection: Connection, job: Job, kind: EntryKind, at: float) -> None:
    """Capture or release a job's hold; a job without a hold has nothing to release."""
    held = hold_of(connection, job.id)
    if held is None:
        if kind is EntryKind.CAPTURE and not job.is_free:
            raise LedgerError(f"Job {job.id} has no hold to capture.")
        return
    entry = (ledger.release if kind is EntryKind.RELEASE else ledger.capture)(held, at)
    write_entry(connection, entry, held=-ledger.whole_price(held))


def keep_counting(connection: Connection, job: Job, at: float) -> None:
    """Its attempt brings no video and may be billed: budgets count it until it provably is not."""
    if job.is_free:
        return
    held = hold_of(connection, job.id)
    assert held is not None
    assert job.attempt is not None
    row = {
        "attempt_id": job.attempt.id,
        "job_id": job.id,
        "server_id": held.server_id,
        "held_at": held.at,
        "credits": ledger.whole_price(held),
        "since": at,
    }
    connection.execute(insert(unproven), row)


def stop_counting(connection: Connection, job: Job) -> None:
    """Nothing was billed of this attempt of a job."""
    assert job.attempt is not None
    connection.execute(delete(unproven).where(unproven.c.attempt_id == job.attempt.id))


def hold_of(connection: Connection, job_id: str) -> Entry | None:
    """The one hold of a job."""
    row = connection.execute(_HOLD, {"job_id": job_id}).mappings().first()
    return entry_from(row) if row else None


def is_captured(connection: Connection, job_id: str) -> bool:
    """Whether a job's hold was captured."""
    return _has(connection, job_id, EntryKind.CAPTURE)


def is_settled(connection: Connection, job_id: str) -> bool:
    """Whether a job's hold was captured or released."""
    return _has(connection, job_id, EntryKind.CAPTURE, EntryKind.RELEASE)


def _has(connection: Connection, job_id: str, *kinds: EntryKind) -> bool:
    found = select(entries.c.id).where(entries.c.job_id == job_id, entries.c.kind.in_(kinds))
    return connection.scalar(found) is not None
