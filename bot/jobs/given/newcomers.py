"""A motion comes into a library: brought here, looked at, written anew, and drawn small."""

import asyncio
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.accounts.messages import Asker, LinkedMessages
from bot.clock import Clock
from bot.core.uploads import Cut, Upload
from bot.errors import Problem, Refused
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.jobs.given.fetching import GivenFiles, What
from bot.media.inspect import VIDEO_LIMIT_BYTES, VIDEO_LIMIT_S, Media, VideoFacts
from bot.store.people.shelves import Shelves

log = structlog.get_logger()

SWEEP_EVERY_S = 3600.0
TOLERANCE_S = 0.05


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A motion that is whole and on disk: its length in seconds, its size, and its digest."""

    length_s: float
    size_bytes: int
    sha256: str


class Newcomers:
    """Brings them in, and deletes what belongs to no library any more."""

    def __init__(
        self,
        *,
        shelves: Shelves,
        given: GivenFiles,
        messages: LinkedMessages,
        media: Media,
        files: Files,
        disk: Disk,
        clock: Clock,
    ) -> None:
        self._shelves = shelves
        self._given = given
        self._messages = messages
        self._media = media
        self._files = files
        self._disk = disk
        self._clock = clock
        self._strange: set[Path] = set()

    async def bring(self, asker: Asker, ref: str, upload: Upload, cut: Cut | None) -> Newcomer:
        """Bring what was given to where `ref` is kept, or the part of it that is wanted.

        Raises `Refused`; then nothing is left of it.
        """
        path = self._files.library_motion(ref)
        try:
            upload = await self._found(upload, asker)
            await self._disk.room_in_libraries(path.parent, upload.size_bytes)
            await self._given.bring(
                upload,
                path,
                What.VIDEO,
                VIDEO_LIMIT_BYTES,
                person_id=asker.person_id,
                job_id=asker.id,
            )
            written = await self._written(path, upload.name, asker.person_id, cut)
            await self._media.draw_loop(path, upload.name, self._files.loop(ref), asker.person_id)
            await self._disk.room_in_libraries(path.parent, 0)  # a link does not say its size
            size_bytes, sha256 = await asyncio.to_thread(_told, path)
        except BaseException:
            await self.forget(ref)
            raise
        return Newcomer(round(written.duration_s, 2), size_bytes, sha256)

    async def _found(self, upload: Upload, asker: Asker) -> Upload:
        """What is given, or what its link leads to, if everybody in the server may see it."""
        found = await self._messages.file_behind(upload, asker, is_motion=True)
        if found.origin is not None and found.origin.is_age_restricted:
            raise Refused(Problem.LIBRARY_RESTRICTED)
        return found

    async def _written(self, path: Path, name: str, person_id: int, cut: Cut | None) -> VideoFacts:
        """Always anew: what else was in the file is nobody's business."""
        facts = await self._media.inspect_video(path, name, person_id)
        part = cut or Cut()
        left_s = facts.duration_s - part.start_s
        if left_s < TOLERANCE_S:
            raise Refused(Problem.CUT_BEYOND, start_s=part.start_s, duration_s=facts.duration_s)
        length_s = left_s if part.length_s is None else min(part.length_s, left_s)
        if length_s > VIDEO_LIMIT_S + TOLERANCE_S:
            raise Refused(
                Problem.MOTION_TOO_LONG, duration_s=facts.duration_s, most_s=VIDEO_LIMIT_S
            )
        return await self._media.rewrite(
            path,
            name,
            person_id,
            facts=facts,
            start_s=part.start_s,
            length_s=length_s if cut else None,
        )

    async def forget(self, ref: str) -> None:
        """Delete what is kept of a motion; jobs that have it keep it."""
        await asyncio.to_thread(_delete, self._files.library_motion(ref))

    async def look_after(self) -> None:
        """Delete, each hour, what has belonged to no library for as long: it was removed, or a kill
        cut it off."""
        while True:
            try:
                await self._sweep()
            except Exception:
                log.exception("old motions could not be deleted and are tried again")
            await self._clock.sleep(SWEEP_EVERY_S)

    async def _sweep(self) -> None:
        """What was strange at the last look, too; a removed one may be on its way into a job."""
        here = await asyncio.to_thread(lambda: set(self._files.libraries.glob("*/*")))
        known = {self._files.library_motion(ref) for ref in await self._shelves.refs()}
        strange = {path for path in here if path.with_suffix(".mp4") not in known}
        for path in strange & self._strange:
            await asyncio.to_thread(_drop, path)
        self._strange = strange


def _told(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _delete(path: Path) -> None:
    for left in path.parent.glob(f"{path.stem}.*"):
        _drop(left)


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
