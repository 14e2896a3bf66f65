"""What PostgreSQL says of itself, as one sentence; what it was asked wrongly is none."""

import psycopg
from psycopg import errors

_GONE = "look whether its server runs and can be reached, and at DATABASE_URL"

_ADVICE = {
    errors.DiskFull.sqlstate: "free space on its server's disk",
    errors.LockNotAvailable.sqlstate: "close the other program that holds it",
    errors.ReadOnlySqlTransaction.sqlstate: "make it writable",
    errors.InsufficientPrivilege.sqlstate: "let its user make tables there and write to them",
    errors.QueryCanceled.sqlstate: "lift its user's limit of time",
    errors.IdleInTransactionSessionTimeout.sqlstate: _GONE,
    "28": "look at the name and the password in DATABASE_URL",
    "3D": "make it first, or correct DATABASE_URL",
    "53": "let its server have more connections, memory or room",
    "58": "look whether its server's disk fails",
    "XX": "look at its server's log, and restore a backup if it is damaged",
    "08": _GONE,
    "57": _GONE,
}
"""By what it names the error with, or the class of that (the manual's appendix A)."""


def trouble(error: BaseException, name: str) -> str | None:
    """Why the database of that name cannot be used; `None` for any other kind of error."""
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    advice = _ADVICE.get(state) or _ADVICE.get(state[:2])
    if advice is None:
        if state or not isinstance(error, psycopg.OperationalError):
            return None
        advice = _GONE  # there was nobody to name it
    said = error.diag.message_primary or first_line(error)
    return f"{name[0].upper()}{name[1:]} cannot be used: {said}; {advice}."


def first_line(error: psycopg.Error) -> str:
    """What went wrong, without what the library and the server put before and behind it."""
    line = next(iter(str(error).splitlines()), "no connection")
    return line.removeprefix("connection failed: ").rpartition("FATAL:  ")[2].rstrip(".:")
