"""A file that lies beside its place until it is whole and on disk.

Only this process knows where. One that stood still while another took its work over may go on
writing, and even put in place, what it had begun: that is whole then, or gone.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


_PROCESS = secrets.token_hex(4)
_PART, _NEW = "part", "new"


def part_of(path: Path) -> Path:
    """Where a file lies until it is whole."""
    return path.with_name(f"{path.name}.{_PROCESS}.{_PART}")


def workshop_of(path: Path) -> Path:
    """The folder in which a file is written anew: whoever writes it sees nothing beside it."""
    return path.with_name(f"{path.name}.{_PROCESS}.{_NEW}")


def left_of(path: Path) -> list[Path]:
    """What any process has begun to make for this place, and not put there."""
    return [left for kind in (_PART, _NEW) for left in path.parent.glob(f"{path.name}.*.{kind}")]


def clear(path: Path) -> None:
    """Delete what others have begun for this place: whoever begins now is who it belongs to."""
    for left in left_of(path):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


class Part:
    """What has come of a file, beside its place until it is whole. Its methods run in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = part_of(path)
        self._file: BinaryIO | None = None
        self.is_in_place = False

    def open(self) -> None:
        """Begin. A missing folder is made and synced: else the file would be lost with it."""
        missing = [folder for folder in self._part.parents if not folder.exists()]
        self._part.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            _sync_folder(folder.parent)
        clear(self._path)
        self._file = self._part.open("wb")

    def write(self, data: bytes) -> None:
        """More of it."""
        assert self._file is not None
        self._file.write(data)

    def put_in_place(self, data: bytes) -> None:
        """The last of it: now it is whole and on disk, and the file that was there is not."""
        self.write(data)
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        self.is_in_place = True
        _sync_folder(self._path.parent)

    def drop(self) -> None:
        """Nothing will come of it."""
        with suppress(OSError):  # what has gone wrong with this disk is told already
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`asyncio.to_thread`, but a cancelled caller still waits for the thread: it has the file."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at, so that asyncio does not report it as missed
        raise
