"""How much the files may take: room is made, or refused, before anything is fetched.

Nobody pays for a file that only waits, so without a limit a few people could fill the disk, and a
paid video would find no room. What goes first is what nobody misses: posted videos, oldest first.
"""

import asyncio
import os
import shutil
from pathlib import Path

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.errors import Problem, Refused
from bot.jobs.files import Files
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 30.0
RESULT_BYTES_PER_S = 2_000_000
"""Kept free for each second of the videos that are being made; most take a tenth of that."""

SPARE_SHARE, SPARE_BYTES = 0.1, 1_000_000_000
"""Of the disk, so much is left to everybody else, where no limit is set."""

CROWDED, NEARLY_FULL = 0.5, 0.8
"""From the first on, offers live shorter; from the second on, the operator is told."""

FREED_AT_ONCE = 20


class Disk:
    """The media folder against its limit; `limit_bytes` `None` follows the disk."""

    def __init__(
        self,
        *,
        store: Store,
        files: Files,
        clock: Clock,
        alarms: Alarms,
        limit_bytes: int | None,
    ) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._alarms = alarms
        self._set_limit_bytes = limit_bytes
        self._lock = asyncio.Lock()
        self._looked_at: float | None = None
        self._used_bytes = self._limit_bytes = self._coming_bytes = self._results_bytes = 0

    @property
    def is_crowded(self) -> bool:
        """Whether what only waits should wait shorter."""
        return self._looked_at is not None and self._share > CROWDED

    async def make_room(self, size_bytes: int) -> None:
        """For a file that is about to be fetched. Raises `Refused` where there is none."""
        async with self._lock:
            await self._look()
            while self._taken_bytes + self._results_bytes + size_bytes > self._limit_bytes:
                if not await self._free():
                    self._alarms.raise_(Alarm.ROOM, "files", limit_bytes=self._limit_bytes)
                    raise Refused(Problem.NO_ROOM)
            self._coming_bytes += size_bytes

    @property
    def _taken_bytes(self) -> int:
        return self._used_bytes + self._coming_bytes

    @property
    def _share(self) -> float:
        return self._taken_bytes / max(1, self._limit_bytes)

    async def _look(self) -> None:
        """How much there is, now and then: in between, what is fetched counts as it was told."""
        now = self._clock.monotonic()
        if self._looked_at is not None and 0 <= now - self._looked_at < LOOK_EVERY_S:
            return
        self._used_bytes, free_bytes, disk_bytes = await asyncio.to_thread(
            _measure, self._files.root
        )
        spare_bytes = int(max(SPARE_BYTES, disk_bytes * SPARE_SHARE))
        most_bytes = self._used_bytes + free_bytes - spare_bytes
        if self._set_limit_bytes is not None:
            most_bytes = min(self._set_limit_bytes, self._used_bytes + free_bytes - SPARE_BYTES)
        running_s = await self._store.read.running_motion_s()
        self._results_bytes = int(running_s * RESULT_BYTES_PER_S)
        self._limit_bytes, self._coming_bytes, self._looked_at = max(0, most_bytes), 0, now
        if self._share > NEARLY_FULL:
            self._alarms.raise_(Alarm.ROOM, "files", limit_bytes=self._limit_bytes)
        else:
            self._alarms.clear(Alarm.ROOM, "files")

    async def _free(self) -> bool:
        """Let the oldest posted videos go; whether there were any."""
        gone = await self._store.read.oldest_posted(FREED_AT_ONCE)
        for job in gone:
            await self._files.delete_all(job.id)
            await self._store.video_deleted(job.id, self._clock.time())
        if gone:
            log.info("posted videos made room", count=len(gone))
            self._looked_at = None
            await self._look()
        return bool(gone)


def _measure(root: Path) -> tuple[int, int, int]:
    """Bytes below this folder, bytes free on its disk, and bytes of the disk."""
    used_bytes = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                used_bytes += Path(folder, name).lstat().st_size
            except FileNotFoundError:
                continue
    disk = shutil.disk_usage(root if root.exists() else root.parent)
    return used_bytes, disk.free, disk.total
