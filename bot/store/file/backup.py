"""Copies of the database file, made whole while others use it."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bot.errors import StoreError

KEPT_BACKUPS = 3


def back_up(source: Path, target: Path) -> int:
    """Copy a database to a new file, through SQLite; its size in bytes.

    The copy is checked, synced, and in place whole or not at all. Raises `StoreError`, one
    sentence; an existing `target` is replaced.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as copy:
            with closing(sqlite3.connect(source)) as original:
                original.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise StoreError(f"{source} is damaged: no backup of it was made.")
        with part.open("rb") as file:
            os.fsync(file.fileno())
            size_bytes = file.seek(0, os.SEEK_END)
        part.replace(target)
        _sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"The backup {target} could not be made: {reason}.") from None
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            with suppress(OSError):
                left.unlink()
    return size_bytes


def back_up_before(source: Path, revision: str) -> Path:
    """Copy a database that is about to be migrated to this revision; the last few are kept."""
    target = source.with_name(f"{source.name}.before-{revision}")
    back_up(source, target)
    backups = sorted(
        source.parent.glob(f"{source.name}.before-*"), key=lambda path: path.stat().st_mtime_ns
    )
    for old in backups[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def _sync_folder(folder: Path) -> None:
    """A rename is on disk once its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
