"""Where the database is, and the lock that only one bot can have."""

import errno
from pathlib import Path

import filelock
from sqlalchemy.engine import make_url

from bot.errors import CannotSave, SettingsError, StoreError


def path_in(url: str) -> Path:
    """The file of a database. Raises `SettingsError`."""
    name = make_url(url).database
    if not name:
        raise SettingsError("DATABASE_URL is wrong: it names no file.")
    return Path(name)


def locked(path: Path, name: Path | None = None) -> filelock.FileLock:
    """The lock beside a file, or of what has that name; also makes the folder.

    Raises `StoreError`, `SettingsError`.
    """
    lock = filelock.FileLock(f"{path}.lock", timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise StoreError(
            f"Another bot is running on {name or path}: stop it, and start this one again. A "
            "second bot needs a token of its own as well as its own DATA_DIR."
        ) from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
            raise CannotSave(f"{path.parent} cannot be written: {error.strerror}.") from None
        raise SettingsError(
            f"DATA_DIR is wrong: {path.parent} cannot be written ({error.strerror})."
        ) from None
    return lock
