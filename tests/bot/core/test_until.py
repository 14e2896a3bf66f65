"""How long, or until when, as people type it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.typed.until import seconds, until
from bot.errors import Problem, Refused

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()
MINUTE, HOUR, DAY = 60, 3600, 86_400


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("1m", MINUTE),
        ("90 min", 90 * MINUTE),
        ("1 minute", MINUTE),
        ("45 minutes", 45 * MINUTE),
        ("2h", 2 * HOUR),
        ("1 hour", HOUR),
        ("36 Hours", 36 * HOUR),
        ("3d", 3 * DAY),
        ("  3   DAYS ", 3 * DAY),
        ("1w", 7 * DAY),
        ("2 weeks", 14 * DAY),
        ("99999w", 99_999 * 7 * DAY),
    ],
)
def test_a_length_counts_from_now(typed: str, seconds: int) -> None:
    assert until(typed, NOW) == NOW + seconds


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ("2030-12-24", "2030-12-24T23:59"),
        ("2030-12-24 +02:00", "2030-12-24T21:59"),
        ("2030-12-24 18:00", "2030-12-24T18:00"),
        ("2030-12-24 8:05", "2030-12-24T08:05"),
        ("2030-12-24T18:00Z", "2030-12-24T18:00"),
        ("2030-12-24 18:00 UTC", "2030-12-24T18:00"),
        ("2030-12-24 18:00 +02:00", "2030-12-24T16:00"),
        ("2030-12-24 18:00+0530", "2030-12-24T12:30"),
        ("2030-12-24 18:00 -08:00", "2030-12-25T02:00"),
        ("2026-11-23 13:30 +01:00", "2026-11-23T12:30"),
        ("2028-02-29", "2028-02-29T23:59"),
        ("9999-12-31", "9999-12-31T23:59"),
    ],
)
def test_a_moment_is_in_its_zone_or_in_utc(typed: str, ends: str) -> None:
    assert until(typed, NOW) == at(ends)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "3",
        "d",
        "-3d",
        "1.5h",
        "3 d 2 h",
        "100000w",
        "24.12.2030",
        "12/24/2030",
        "2030-2-1",
        "2027-02-29",
        "2030-13-01",
        "2030-12-24 25:00",
        "2030-12-24 18:60",
        "2030-12-24 18",
        "2030-12-24 18:00 CET",
        "2030-12-24 18:00 +25:00",
        "0000-01-01",
        "9999-12-31 23:59 -12:00",
        "0001-01-01 00:00 +12:00",
        "²d",
        "3d; drop table",
    ],
)
def test_nonsense_is_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        until(typed, NOW)
    assert caught.value.problem is Problem.UNTIL_UNCLEAR
    assert caught.value.facts == {"until": typed}


def test_a_long_text_is_repeated_only_in_part() -> None:
    with pytest.raises(Refused) as caught:
        until("x" * 1000, NOW)
    assert caught.value.facts == {"until": "x" * 60}


@pytest.mark.parametrize(
    ("typed", "was"),
    [
        ("0m", "2026-11-23T12:00"),
        ("0 weeks", "2026-11-23T12:00"),
        ("2026-11-23 12:00", "2026-11-23T12:00"),
        ("2026-11-23 12:30 +01:00", "2026-11-23T11:30"),
        ("2026-11-22", "2026-11-22T23:59"),
        ("1970-01-01", "1970-01-01T23:59"),
    ],
)
def test_what_is_over_is_refused_with_when_it_was(typed: str, was: str) -> None:
    with pytest.raises(Refused) as caught:
        until(typed, NOW)
    assert caught.value.problem is Problem.UNTIL_PAST
    assert caught.value.facts == {"until": at(was)}


@given(st.text(alphabet="0123456789 -+:.tzdhmwuc²٣", max_size=24), st.floats(0, 4e9))
def test_whatever_is_typed_is_a_moment_to_come_that_can_be_shown_or_refused(
    typed: str, now: float
) -> None:
    try:
        ends_at = until(typed, now)
    except Refused:
        return
    assert ends_at > now
    datetime.fromtimestamp(ends_at, UTC)


@given(
    st.datetimes(datetime(2026, 11, 24), datetime(9999, 12, 30)),  # noqa: DTZ001 - its zone is drawn
    st.integers(-14 * 60, 14 * 60),
)
def test_the_zone_is_taken_off(moment: datetime, offset_min: int) -> None:
    sign, (hours, minutes) = "-" if offset_min < 0 else "+", divmod(abs(offset_min), 60)
    typed = f"{moment:%Y-%m-%d %H:%M} {sign}{hours:02}:{minutes:02}"
    utc = moment.replace(second=0, microsecond=0, tzinfo=UTC).timestamp()
    assert until(typed, NOW - DAY) == utc - offset_min * MINUTE


@pytest.mark.parametrize(
    ("typed", "told_s"),
    [
        *(("12", 12.0), ("0", 0.0), ("12.5", 12.5), ("2,25 s", 2.25), (" 1:05 ", 65.0)),
        *(("0:07.5", 7.5), ("10:00", 600.0), ("3:5", 185.0)),
    ],
)
def test_seconds_of_a_video_are_read(typed: str, told_s: float) -> None:
    assert seconds(typed) == told_s


@pytest.mark.parametrize("typed", ["", "soon", "-3", "1:75", "1:2:3", "1e9", ":5", "nan", "1:005"])
def test_other_seconds_are_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        seconds(typed)
    assert caught.value.problem is Problem.SECONDS_UNCLEAR
