"""What is left of an allowance follows from the journal alone, whatever happened to the rules.

The reference here never asks when a period began: it compares the names of days, weeks and months.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from bot.core import ledger
from bot.core.ledger import Entry, Period

FROM, TO = datetime(2026, 11, 20), datetime(2027, 3, 5)  # noqa: DTZ001 - made UTC below
BOUNDARIES = [
    datetime(2026, 11, 23),  # noqa: DTZ001 - a Monday
    datetime(2026, 12, 1),  # noqa: DTZ001
    datetime(2027, 1, 1),  # noqa: DTZ001 - in the last week of 2026
    datetime(2027, 2, 1),  # noqa: DTZ001 - a Monday that is a first
    datetime(2027, 3, 1),  # noqa: DTZ001
]
moments = (
    st.datetimes(FROM, TO)
    | st.builds(
        lambda boundary, ms: boundary + timedelta(milliseconds=ms),
        st.sampled_from(BOUNDARIES),
        st.integers(-2, 2),
    )
).map(lambda moment: moment.replace(tzinfo=UTC).timestamp())
periods = st.sampled_from(Period)


def name_of(period: Period, at: float) -> tuple[int, ...]:
    """The day, week or month around a moment."""
    day = datetime.fromtimestamp(at, UTC).date()
    if period is Period.DAY:
        return (day.toordinal(),)
    if period is Period.WEEK:
        return tuple(day.isocalendar()[:2])
    return (day.year, day.month)


@given(moments, periods)
def test_a_period_lasts_from_its_first_moment_to_the_next_ones(at: float, period: Period) -> None:
    begun, ends = ledger.period_start(period, at), ledger.period_end(period, at)
    assert begun <= at < ends
    names = [name_of(period, moment) for moment in (begun - 0.001, begun, at, ends - 0.001, ends)]
    assert names[1] == names[2] == names[3]
    assert names[0] != names[1]
    assert names[4] != names[1]


@dataclass(frozen=True)
class Act:
    """Somebody asks, under the rules of that moment; what became of it `later_s` seconds later."""

    at: float
    price: int
    allowance: int
    period: Period
    becomes: str
    later_s: float


acts = st.lists(
    st.builds(
        Act,
        moments,
        st.integers(1, 25),
        st.integers(0, 30),
        periods,
        st.sampled_from(["held", "captured", "released"]),
        st.sampled_from([0.0, 60.0, 86_400.0, 40 * 86_400.0]),
    ),
    max_size=12,
)


def write(acts: list[Act], granted: int) -> list[tuple[float, Entry]]:
    """The journal as it would have been written, entry by entry."""
    gift = ledger.grant(server_id=1, person_id=2, credits=granted, at=0, actor_id=9, reason="gift")
    journal: list[tuple[float, Entry]] = [(0.0, gift)]
    for number, act in enumerate(sorted(acts, key=lambda act: act.at)):
        past = [entry for at, entry in sorted(journal, key=lambda row: row[0]) if at <= act.at]
        has = ledger.balance(past, act.allowance, act.period, act.at)
        if act.price > has.available:
            continue
        held = ledger.hold(
            has, server_id=1, person_id=2, job_id=f"j{number}", price=act.price, at=act.at
        )
        journal.append((act.at, held))
        ends_at = act.at + act.later_s
        if act.becomes == "captured":
            journal.append((ends_at, ledger.capture(held, ends_at)))
        if act.becomes == "released":
            journal.append((ends_at, ledger.release(held, ends_at)))
    return journal


@given(acts, st.integers(1, 40), moments, periods, st.integers(0, 30))
@example(
    [Act(1_795_391_999.0, 30, 30, Period.DAY, "released", 60.0)],  # over midnight, to the 23rd
    1,
    1_795_392_001.0,
    Period.DAY,
    30,
)
def test_the_journal_alone_tells_what_is_left(
    acts: list[Act], granted: int, at: float, period: Period, allowance: int
) -> None:
    """Asked at any moment, under any rules: changed periods and allowances need no job."""
    journal = write(acts, granted)
    known = [entry for when, entry in sorted(journal, key=lambda row: row[0]) if when <= at]
    released = {entry.job_id for entry in known if entry.kind == "release"}
    settled = released | {entry.job_id for entry in known if entry.kind == "capture"}
    holds = [entry for entry in known if entry.kind == "hold"]
    used = sum(
        -hold.allowance
        for hold in holds
        if hold.job_id not in released and name_of(period, hold.at) == name_of(period, at)
    )
    has = ledger.balance(known, allowance, period, at)
    assert has.allowance_left == max(0, allowance - used)
    assert has.granted == granted + sum(
        hold.granted for hold in holds if hold.job_id not in released
    )
    assert has.held == sum(
        -hold.allowance - hold.granted for hold in holds if hold.job_id not in settled
    )
    assert has.granted >= 0


@given(acts, moments, periods, st.integers(0, 30), st.integers(0, 30))
def test_a_higher_role_gives_the_difference_and_no_more(
    acts: list[Act], at: float, period: Period, lower: int, more: int
) -> None:
    """Taking the role and leaving it again gains nothing."""
    journal = [entry for _, entry in sorted(write(acts, 1), key=lambda row: row[0])]
    first = ledger.balance(journal, lower, period, at)
    higher = ledger.balance(journal, lower + more, period, at)
    assert 0 <= higher.allowance_left - first.allowance_left <= more
    assert ledger.balance(journal, lower, period, at) == first
