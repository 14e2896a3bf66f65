"""How much the files may take: room is made, or refused, before anything is fetched.

Nobody pays for a file that only waits, so without a limit a few people could fill the disk, and a
paid video would find no room. What goes first is what is missed least: what ended jobs have left,
or keep for their buttons, then the files of offers that nobody has taken, then posted videos, each
oldest first.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import Failure, Job
from bot.errors import Problem, Refused, StaleJob
from bot.jobs.files import Files, size_bytes
from bot.media.saving.part import part_of
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S, LOOK_AGAIN_S = 30.0, 1.0
"""How old a look may be; and, before anything is let go or refused, for what has gone since."""

RESULT_BYTES_PER_S = 2_000_000
"""Kept free for each second of the videos that are being made; most take a tenth of that."""

SPARE_SHARE, SPARE_BYTES = 0.1, 1_000_000_000
"""Of the disk, so much is left to everybody else, where no limit is set."""

CROWDED, NEARLY_FULL = 0.5, 0.8
"""From the first on, offers live shorter; from the second on, the operator is told."""

LOOKED_AT_WITHIN_S = 300.0
"""An offer with news as fresh as this may be in the middle of its look, which is not cut off."""

READ_AT_ONCE = 20

LIBRARIES_SHARE = 0.25
"""Of the limit, all libraries of motions together: jobs and their videos need the rest."""


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
        self._coming: dict[Path, int] = {}
        self._used_bytes = self._limit_bytes = self._results_bytes = 0

    @property
    def is_crowded(self) -> bool:
        """Whether what only waits should wait shorter."""
        return self._looked_at is not None and self._share > CROWDED

    @asynccontextmanager
    async def room(self, path: Path, most_bytes: int, job_id: str) -> AsyncIterator[None]:
        """Keep room for a file of this job while it is fetched; then it counts as what has come.

        Raises `Refused` where there is none.
        """
        async with self._lock:
            await self._make_room(most_bytes, job_id)
            self._coming[path] = most_bytes
        had_bytes = size_bytes(path)
        try:
            yield
        finally:
            del self._coming[path]
            self._used_bytes += size_bytes(path) - had_bytes

    async def room_in_libraries(self, library: Path, most_bytes: int) -> None:
        """Whether this folder of a server's motions may take so much more, which nobody pays for.

        It may take no more than is left to all others then, so that small ones always find room.
        Raises `Refused` where it may not.
        """
        async with self._lock:
            await self._look(LOOK_AGAIN_S)
        theirs_bytes = most_bytes + await asyncio.to_thread(size_bytes, library)
        taken_bytes = most_bytes + await asyncio.to_thread(size_bytes, self._files.libraries)
        room_bytes = int(self._limit_bytes * LIBRARIES_SHARE)
        if theirs_bytes > room_bytes - taken_bytes:
            self._alarms.raise_(Alarm.LIBRARIES, "libraries", limit_bytes=room_bytes)
            raise Refused(Problem.NO_ROOM)
        self._alarms.clear(Alarm.LIBRARIES, "libraries")

    async def _make_room(self, wanted_bytes: int, job_id: str) -> None:
        await self._look(LOOK_EVERY_S)
        if self._lacks(wanted_bytes):
            await self._look(LOOK_AGAIN_S)
        could_fit = self._results_bytes + wanted_bytes <= self._limit_bytes
        if self._lacks(wanted_bytes) and could_fit:
            await self._free(wanted_bytes, job_id)
        if self._lacks(wanted_bytes):
            self._alarms.raise_(Alarm.ROOM, "files", limit_bytes=self._limit_bytes)
            raise Refused(Problem.NO_ROOM)

    def _lacks(self, wanted_bytes: int) -> bool:
        """Whether so much more would take room that is not there, or is kept for what is made."""
        return self._taken_bytes + self._results_bytes + wanted_bytes > self._limit_bytes

    @property
    def _taken_bytes(self) -> int:
        return self._used_bytes + sum(self._coming.values())

    @property
    def _share(self) -> float:
        return self._taken_bytes / max(1, self._limit_bytes)

    async def _look(self, every_s: float) -> None:
        """How much there is, unless that is known as of so long ago.

        What is under way counts as it was told, and not once more as what has come of it.
        """
        now = self._clock.monotonic()
        if self._looked_at is not None and 0 <= now - self._looked_at < every_s:
            return
        self._used_bytes, free_bytes, disk_bytes = await asyncio.to_thread(
            _measure,
            [self._files.root, self._files.libraries],
            [part_of(path) for path in self._coming],
        )
        spare_bytes = int(max(SPARE_BYTES, disk_bytes * SPARE_SHARE))
        most_bytes = self._used_bytes + free_bytes - spare_bytes
        if self._set_limit_bytes is not None:
            most_bytes = min(self._set_limit_bytes, self._used_bytes + free_bytes - SPARE_BYTES)
        running_s = await self._store.read.submitted_motion_s()
        self._results_bytes = int(running_s * RESULT_BYTES_PER_S)
        self._limit_bytes, self._looked_at = max(0, most_bytes), now
        if self._share > NEARLY_FULL:
            self._alarms.raise_(Alarm.ROOM, "files", limit_bytes=self._limit_bytes)
        else:
            self._alarms.clear(Alarm.ROOM, "files")

    async def _free(self, wanted_bytes: int, job_id: str) -> None:
        """Let go as little as makes room for so much, or all that may go."""
        gone: Counter[str] = Counter()
        async with aclosing(self._goes(job_id)) as goes:
            async for what, freed_bytes in goes:
                self._used_bytes -= freed_bytes
                gone[what] += 1
                if not self._lacks(wanted_bytes):
                    break
        if gone:
            log.info("files made room", **gone)

    async def _goes(self, job_id: str) -> AsyncGenerator[tuple[str, int]]:
        """Let one after the other go; what it was, and its bytes. This job's own files stay."""
        given = await self._files.with_inputs()
        unended = await self._store.read.unended_ids()  # later: what has begun since is no leftover
        for left in given:
            if left not in unended:
                yield "leftovers", await self._files.delete_inputs(left)
        quiet_since = self._clock.time() - LOOKED_AT_WITHIN_S
        for offer in await self._store.read.waiting_offers(quiet_since):
            if offer.id != job_id and await self._end(offer):
                yield "offers", await self._files.delete_all(offer.id)
        while posted := await self._store.read.oldest_posted(READ_AT_ONCE):
            for job in posted:
                freed_bytes = await self._files.delete_all(job.id)
                await self._store.video_deleted(job.id, self._clock.time())
                yield "posted_videos", freed_bytes

    async def _end(self, offer: Job) -> bool:
        """Whether nobody has taken an offer meanwhile, so that it is over; its card tells why."""
        try:
            await self._store.fail(offer, Failure(Problem.MADE_ROOM), self._clock.time())
        except StaleJob:
            return False
        return True


def _measure(roots: Sequence[Path], but: Iterable[Path] = ()) -> tuple[int, int, int]:
    """Bytes below these folders, bytes free on their disk, and bytes of the disk; as if some files
    were not there yet."""
    root = roots[0]
    disk = shutil.disk_usage(root if root.exists() else root.parent)
    but_bytes = sum(map(size_bytes, but))
    return sum(map(size_bytes, roots)) - but_bytes, disk.free + but_bytes, disk.total
