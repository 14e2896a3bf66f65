"""Credits: the journal's entries, their rules, and the balances that follow from them.

Credits are whole numbers; times are unix seconds; periods are UTC.

An entry's `allowance` and `granted` are what it adds to each purse, so a hold is negative. What is
left of an allowance is never stored: it is the period's allowance without the allowance parts of
the unreleased holds that were placed since the period began.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.errors import LedgerError


class EntryKind(StrEnum):
    """What an entry does."""

    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    GRANT = "grant"
    REVOKE = "revoke"
    REFUND = "refund"


SETTLEMENTS = (EntryKind.CAPTURE, EntryKind.RELEASE)
"""What ends a hold."""


class Period(StrEnum):
    """How long an allowance lasts; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal of the wallet (`server_id`, `person_id`)."""

    server_id: int
    person_id: int
    kind: EntryKind
    at: float
    allowance: int
    granted: int
    job_id: str | None = None
    actor_id: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What a wallet holds: both purses, and what unfinished jobs hold of either."""

    allowance_left: int
    granted: int
    held: int

    @property
    def available(self) -> int:
        """What can be spent now."""
        return self.allowance_left + self.granted


def period_start(period: Period, at: float) -> float:
    """When the period around `at` began."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            begun = day
        case Period.WEEK:
            begun = day - timedelta(days=day.weekday())
        case Period.MONTH:
            begun = day.replace(day=1)
    return begun.timestamp()


def period_end(period: Period, at: float) -> float:
    """When the next period begins."""
    begun = datetime.fromtimestamp(period_start(period, at), UTC)
    match period:
        case Period.DAY:
            end = begun + timedelta(days=1)
        case Period.WEEK:
            end = begun + timedelta(days=7)
        case Period.MONTH:
            end = (begun + timedelta(days=32)).replace(day=1)
    return end.timestamp()


def balance(journal: Iterable[Entry], allowance: int, period: Period, at: float) -> Balance:
    """The balance that follows from the whole journal of one wallet."""
    begun = period_start(period, at)
    holds: dict[str | None, Entry] = {}
    settled: set[str | None] = set()
    granted = used = 0
    for entry in journal:
        granted += entry.granted
        if entry.kind is EntryKind.HOLD:
            holds[entry.job_id] = entry
        if entry.kind in {EntryKind.CAPTURE, EntryKind.RELEASE}:
            settled.add(entry.job_id)
        placed = holds[entry.job_id] if entry.kind is EntryKind.RELEASE else entry
        if placed.kind is EntryKind.HOLD and placed.at >= begun:
            used -= entry.allowance
    held = sum(whole_price(hold) for job_id, hold in holds.items() if job_id not in settled)
    return Balance(allowance_left=max(0, allowance - used), granted=granted, held=held)


def whole_price(hold: Entry) -> int:
    """What a hold took out of both purses together."""
    return -(hold.allowance + hold.granted)


def hold(
    has: Balance, *, server_id: int, person_id: int, job_id: str, price: int, at: float
) -> Entry:
    """Take a price out of a wallet, from the allowance first.

    Raises `LedgerError` where it does not fit.
    """
    if price < 1 or price > has.available:
        raise LedgerError(f"A hold of {price} does not fit into {has.available} credits.")
    allowance = min(price, has.allowance_left)
    return Entry(server_id, person_id, EntryKind.HOLD, at, -allowance, allowance - price, job_id)


def capture(held: Entry, at: float) -> Entry:
    """The video is on disk: what was held is spent."""
    return Entry(held.server_id, held.person_id, EntryKind.CAPTURE, at, 0, 0, held.job_id)


def release(held: Entry, at: float) -> Entry:
    """No video: each part goes back where it came from."""
    return Entry(
        held.server_id,
        held.person_id,
        EntryKind.RELEASE,
        at,
        -held.allowance,
        -held.granted,
        held.job_id,
    )


def grant(
    *, server_id: int, person_id: int, credits: int, at: float, actor_id: int, reason: str
) -> Entry:
    """Credits that stay until they are spent. Raises `LedgerError` for none."""
    if credits < 1:
        raise LedgerError(f"{credits} credits cannot be granted.")
    return Entry(
        server_id, person_id, EntryKind.GRANT, at, 0, credits, actor_id=actor_id, reason=reason
    )


def revoke(
    has_granted: int,
    *,
    server_id: int,
    person_id: int,
    credits: int,
    at: float,
    actor_id: int,
    reason: str,
) -> Entry:
    """Take granted credits away, as far as there are any: what is held stays with its job.

    Raises `LedgerError` for none.
    """
    taken = min(credits, has_granted)
    if taken < 1:
        raise LedgerError(
            f"There are {has_granted} granted credits, so {credits} cannot be revoked."
        )
    return Entry(
        server_id, person_id, EntryKind.REVOKE, at, 0, -taken, actor_id=actor_id, reason=reason
    )


def refund(held: Entry, *, at: float, actor_id: int, reason: str) -> Entry:
    """Give a captured hold's whole price back, as granted credits; it restores no budget."""
    return Entry(
        held.server_id,
        held.person_id,
        EntryKind.REFUND,
        at,
        0,
        whole_price(held),
        held.job_id,
        actor_id,
        reason,
    )
