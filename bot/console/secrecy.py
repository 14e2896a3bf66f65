"""Which files with secrets in them other users of this machine can read, and how that is mended.

The bot makes its own files for its user alone, but `.env` is written by hand, and folders are made
beforehand or filled from a backup.
"""

import os
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.settings import Settings
from bot.store.database import place_of

log = structlog.get_logger()

READ_BY_OTHERS = 0o044
ENTERED_BY_OTHERS = 0o011


@dataclass(frozen=True, slots=True)
class Exposed:
    """What others can read, and the command that mends it; none where modes are not kept."""

    path: Path
    command: str | None

    @property
    def sentence(self) -> str:
        """For the doctor."""
        if self.command is None:
            return (
                f"{self.path} can be read by others on this machine, and the file system there "
                "keeps no permissions: move it to one that does."
            )
        return f"{self.path} can be read by others on this machine: {self.command}"


def exposed(settings: Settings) -> list[Exposed]:
    """The settings, the secrets' files, and the folders with the database and its copies."""
    return list(dict.fromkeys(_exposed(settings)))


def warn(settings: Settings) -> None:
    """One line in the log, if there is anything to mend."""
    found = exposed(settings)
    if commands := [each.command for each in found if each.command]:
        log.warning(
            "others on this machine can read secrets",
            files=[str(each.path) for each in found if each.command],
            advice="; ".join(commands),
        )


def _exposed(settings: Settings) -> Iterator[Exposed]:
    for file in settings.secret_files():
        if file.is_file() and _lets(file, READ_BY_OTHERS):
            yield _mended(file, "chmod 600")
    folders = {settings.data_dir: ["media/*/*"]}
    for database in place_of(settings.database).files:
        folders[settings.data_dir].append(f"{database.name}*")
        folders.setdefault(settings.backups, []).append(f"{database.name}.*")
        folders.setdefault(database.parent, []).append(f"{database.name}*")
    for folder, patterns in folders.items():
        if folder.is_dir() and all(map(_is_entered, (folder, folder.absolute().parent))):
            files = (file for pattern in patterns for file in folder.glob(pattern))
            if any(_lets(file, READ_BY_OTHERS) for file in files if file.is_file()):
                yield _mended(folder, "chmod -R go=")


def _lets(path: Path, bits: int) -> bool:
    """Whether it is ours, and its mode has any of these.

    What belongs to another user is that one's affair: within a container, everybody may read its
    secrets.
    """
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and bool(status.st_mode & bits)


def _is_entered(folder: Path) -> bool:
    return bool(folder.stat().st_mode & ENTERED_BY_OTHERS)


def _mended(path: Path, how: str) -> Exposed:
    keeps_modes = _keeps_modes(path if path.is_dir() else path.parent)
    return Exposed(path, f"{how} {shlex.quote(str(path))}" if keeps_modes else None)


def _keeps_modes(folder: Path) -> bool:
    """Whether a file there can be closed to others; not on a FAT stick, or some shared folders."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as probe:  # made with 600
            return not Path(probe.name).stat().st_mode & READ_BY_OTHERS
    except OSError:
        return True
