"""The ledger's pure rules."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import ledger
from bot.core.ledger import Balance, Entry, EntryKind, Period
from bot.errors import LedgerError

times = st.floats(min_value=0, max_value=4e9)
periods = st.sampled_from(Period)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def hold(has: Balance, price: int, when: float = 0.0) -> Entry:
    return ledger.hold(has, server_id=1, person_id=2, job_id="j", price=price, at=when)


@pytest.mark.parametrize(
    ("period", "now", "begun", "ends"),
    [
        (Period.DAY, "2026-11-23T15:00", "2026-11-23T00:00", "2026-11-24T00:00"),
        (Period.DAY, "2026-11-23T00:00", "2026-11-23T00:00", "2026-11-24T00:00"),
        (Period.WEEK, "2026-11-29T23:59", "2026-11-23T00:00", "2026-11-30T00:00"),
        (Period.MONTH, "2026-12-31T12:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Period.MONTH, "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_periods_are_utc_days_weeks_from_monday_and_months(
    period: Period, now: str, begun: str, ends: str
) -> None:
    assert ledger.period_start(period, at(now)) == at(begun)
    assert ledger.period_end(period, at(now)) == at(ends)


@given(times, periods)
def test_periods_follow_each_other_without_a_gap(now: float, period: Period) -> None:
    begun, ends = ledger.period_start(period, now), ledger.period_end(period, now)
    assert begun <= now < ends
    assert ledger.period_start(period, ends) == ends
    assert ledger.period_end(period, begun) == ends


@given(st.integers(0, 50), st.integers(0, 50), st.integers(-2, 120))
def test_a_hold_takes_from_the_allowance_first(allowance: int, granted: int, price: int) -> None:
    has = Balance(allowance_left=allowance, granted=granted, held=0)
    if not 1 <= price <= allowance + granted:
        with pytest.raises(LedgerError):
            hold(has, price)
        return
    entry = hold(has, price)
    assert ledger.whole_price(entry) == price
    assert -entry.allowance == min(price, allowance)
    assert 0 <= -entry.granted <= granted


@given(st.integers(0, 50), st.integers(0, 50), st.data())
def test_a_release_undoes_its_hold_and_a_capture_does_not(
    allowance: int, granted: int, data: st.DataObject
) -> None:
    has = Balance(allowance_left=allowance, granted=granted, held=0)
    if not has.available:
        return
    price = data.draw(st.integers(1, has.available))
    grant = (
        [ledger.grant(server_id=1, person_id=2, credits=granted, at=0, actor_id=9, reason="gift")]
        if granted
        else []
    )
    held = hold(has, price)
    journal = [*grant, held]
    assert ledger.balance(journal, allowance, Period.DAY, 1).held == price
    assert ledger.balance([*journal, ledger.release(held, 1)], allowance, Period.DAY, 1) == has
    spent = ledger.balance([*journal, ledger.capture(held, 1)], allowance, Period.DAY, 1)
    assert spent.held == 0
    assert spent.available == has.available - price


def test_nothing_is_farmed_over_a_period_end() -> None:
    """A hold of yesterday, released today, gives nothing to today's allowance."""
    yesterday, today = at("2026-11-22T23:59"), at("2026-11-23T00:01")
    held = hold(Balance(30, 0, 0), 30, yesterday)
    journal = [held]
    assert ledger.balance(journal, 30, Period.DAY, yesterday).allowance_left == 0
    assert ledger.balance(journal, 30, Period.DAY, today).allowance_left == 30
    journal.append(ledger.release(held, today))
    assert ledger.balance(journal, 30, Period.DAY, today).allowance_left == 30


def test_a_smaller_allowance_never_becomes_a_debt() -> None:
    assert ledger.balance([hold(Balance(30, 0, 0), 30)], 10, Period.DAY, 1).allowance_left == 0


def test_revoking_stops_at_what_is_held() -> None:
    entry = ledger.revoke(
        3, server_id=1, person_id=2, credits=10, at=0, actor_id=9, reason="mistake"
    )
    assert (entry.kind, entry.granted) == (EntryKind.REVOKE, -3)
    with pytest.raises(LedgerError):
        ledger.revoke(0, server_id=1, person_id=2, credits=1, at=0, actor_id=9, reason="x")


def test_a_refund_is_the_whole_price_as_granted_credits() -> None:
    held = hold(Balance(4, 10, 0), 7)
    assert (held.allowance, held.granted) == (-4, -3)
    refunded = ledger.refund(held, at=5, actor_id=9, reason="bad video")
    assert (refunded.allowance, refunded.granted) == (0, 7)


def test_granting_nothing_is_refused() -> None:
    with pytest.raises(LedgerError):
        ledger.grant(server_id=1, person_id=2, credits=0, at=0, actor_id=9, reason="")
