"""Times as people type them: when something ends, in unix seconds, and seconds of a video."""

import re
from datetime import UTC, datetime

from bot.errors import Problem, Refused

UNITS_S = {"m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_LENGTH = re.compile(r"(\d{1,5})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)")
_SECONDS = re.compile(r"(?:(\d{1,3}):(?=[0-5]?\d\b))?(\d{1,4}(?:[.,]\d{1,3})?)\s*s?")
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:(?: |t)(?P<time>\d{1,2}:\d{2}))?"
    r"(?:\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2}))?"
)


def until(text: str, at: float) -> float:
    """When that is, seen from `at`; a date without a zone is UTC, and without a time its end.

    Raises `Refused` for what cannot be read, and for what is over.
    """
    told = " ".join(text.lower().split())
    try:
        if found := _LENGTH.fullmatch(told):
            ends_at = at + int(found[1]) * UNITS_S[found[2][0]]
        else:
            ends_at = _moment(told)
    except (ValueError, OverflowError):  # no such day or hour, or in no year that a date can have
        raise Refused(Problem.UNTIL_UNCLEAR, until=text[:60]) from None
    if ends_at <= at:
        raise Refused(Problem.UNTIL_PAST, until=ends_at)
    return ends_at


def seconds(text: str) -> float:
    """How long that is, or where in a video: "12", "12.5" or "1:05". Raises `Refused`."""
    found = _SECONDS.fullmatch(text.strip().lower())
    if found is None:
        raise Refused(Problem.SECONDS_UNCLEAR, said=text[:60])
    return int(found[1] or 0) * 60 + float(found[2].replace(",", "."))


def _moment(told: str) -> float:
    found = _MOMENT.fullmatch(told)
    if found is None:
        raise ValueError(told)
    zone = "+00:00" if found["zone"] in {None, "z", "utc"} else found["zone"]
    time = (found["time"] or "23:59").zfill(5)
    return datetime.fromisoformat(f"{found['day']}T{time}{zone}").astimezone(UTC).timestamp()
