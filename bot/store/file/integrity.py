"""Whether a database file is whole, as SQLite finds by reading all of it."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

_STEPS = 10_000
"""So many steps of SQLite's machine between two looks whether the answer is still wanted."""


def damage(path: Path, unwanted: threading.Event) -> str | None:
    """What is wrong with it, in SQLite's words; `None` for nothing, or once it is `unwanted`.

    Raises `sqlite3.Error` for a file that cannot even be read so far.
    """
    try:
        with closing(sqlite3.connect(path)) as database:
            # As it is used from now on. While it is read nobody could change that any more, and a
            # backup that was put in its place comes without.
            database.execute("PRAGMA journal_mode=WAL")
            database.set_progress_handler(unwanted.is_set, _STEPS)
            found = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        if unwanted.is_set():
            return None
        raise
    return None if found == ("ok",) else str(found[0]).replace("\n", " ")
