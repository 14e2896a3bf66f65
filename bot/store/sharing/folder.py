"""The folder of files, which the processes of one bot share and no other bot may use."""

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from bot.errors import CannotSave, SettingsError, StoreError

_BESIDE_WITHIN_S = 2.0
"""Whoever comes first has the lock alone for a moment, while others start with it."""


class SharedFolder:
    """Held by any number of processes with the same database; alone, by one.

    Who comes first writes down whose it is. A lock ends with its process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = -1

    def hold(self, database: str | None) -> None:
        """For the bot with this database, or (`None`) alone. Raises `StoreError`,
        `SettingsError`."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._folder / "marionette.lock", os.O_RDWR | os.O_CREAT, 0o600)
            is_first = self._is_locked(fcntl.LOCK_EX)
            if database is None:
                is_ours = is_first
            else:
                if is_first:
                    os.truncate(self._lock, 0)
                    os.pwrite(self._lock, database.encode(), 0)
                is_ours = self._is_locked(fcntl.LOCK_SH, _BESIDE_WITHIN_S)
                is_ours = is_ours and os.pread(self._lock, 1000, 0).decode() == database
        except OSError as error:
            self.release()
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
                raise CannotSave(f"{self._folder} cannot be written: {error.strerror}.") from None
            raise SettingsError(
                f"DATA_DIR is wrong: {self._folder} cannot be written ({error.strerror})."
            ) from None
        if not is_ours:
            self.release()
            raise StoreError(
                f"Another bot is running on {self._folder}: stop it, and start this one again. A "
                "second bot needs a token of its own as well as its own DATA_DIR."
            )

    def _is_locked(self, how: int, within_s: float = 0.0) -> bool:
        last = time.monotonic() + within_s
        while True:
            try:
                fcntl.flock(self._lock, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= last:
                    return False
                time.sleep(0.02)
            else:
                return True

    def release(self) -> None:
        """Give it back."""
        if self._lock >= 0:
            with suppress(OSError):
                os.close(self._lock)
            self._lock = -1
