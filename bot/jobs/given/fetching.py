"""The files that a job was given, as they are brought here."""

import asyncio
from enum import StrEnum
from pathlib import Path

import structlog

from bot.accounts.links import is_attachment
from bot.clock import Clock
from bot.core.jobs import Job
from bot.core.uploads import Upload
from bot.errors import CannotSave, DownloadError, DownloadRefused, Problem, Refused
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.media.downloads import Downloads
from bot.media.inspect import IMAGE_LIMIT_BYTES, VIDEO_LIMIT_BYTES
from bot.media.turns import Turns

log = structlog.get_logger()

DOWNLOAD_TIMEOUT_S = 90.0
DOWNLOAD_TRIES = 3
DOWNLOADS_AT_ONCE = 4
LINK_TIMEOUT_S = 60.0
LINKS_AT_ONCE = 4
"""A stranger's server may be as slow as it likes; those who wait for Discord do not wait for it."""


class What(StrEnum):
    """Which of a job's files."""

    IMAGE = "image"
    VIDEO = "video"


class GivenFiles:
    """Fetches them once: what is here stays good for the next look at it."""

    def __init__(
        self, downloads: Downloads, files: Files, disk: Disk, clock: Clock, supplier: str
    ) -> None:
        self._downloads = downloads
        self._files = files
        self._disk = disk
        self._clock = clock
        self._supplier = supplier
        self._turns = Turns(DOWNLOADS_AT_ONCE, clock)
        self._turns_of_links = Turns(LINKS_AT_ONCE, clock)
        self._fetched: dict[Path, str] = {}

    async def fetch(self, job: Job, what: What) -> None:
        """Download one of the files. Raises `Refused`."""
        may_be_video = what is What.VIDEO or job.is_offer  # which is sorted once it is here
        limit_bytes = VIDEO_LIMIT_BYTES if may_be_video else IMAGE_LIMIT_BYTES
        await self._download(job, what, limit_bytes)

    def to_be_replaced(self, job: Job, what: What) -> Path:
        """Where a file is that another is to replace: the next look fetches it anew."""
        path = self.path(job, what)
        self._fetched.pop(path, None)
        return path

    def forget(self, job: Job) -> None:
        """What was fetched for this job is fetched anew."""
        for what in What:
            self._fetched.pop(self.path(job, what), None)

    def path(self, job: Job, what: What) -> Path:
        """Where a file is."""
        files = self._files
        return files.subject(job.id) if what is What.IMAGE else files.motion(job.id)

    async def _download(self, job: Job, what: What, limit_bytes: int) -> None:
        upload, path = upload_of(job, what), self.path(job, what)
        if self._fetched.get(path) == upload.url and await asyncio.to_thread(path.exists):
            return  # as half an offer; its message may be gone by now
        self._fetched.pop(path, None)
        if upload.motion_ref:
            if not await self._files.take_motion(upload.motion_ref, job.id):
                raise Refused(Problem.MOTION_GONE)
        else:
            await self.bring(
                upload, path, what, limit_bytes, person_id=job.person_id, job_id=job.id
            )
        self._fetched[path] = upload.url

    async def bring(
        self,
        upload: Upload,
        path: Path,
        what: What,
        limit_bytes: int,
        *,
        person_id: int,
        job_id: str,
    ) -> None:
        """Download what this person gave to this place. Raises `Refused`."""
        most_bytes = min(upload.size_bytes or limit_bytes, limit_bytes)
        is_foreign = upload.is_link and not is_attachment(upload.url, self._supplier)
        turns = self._turns_of_links if is_foreign else self._turns
        for tries_left in reversed(range(1 if is_foreign else DOWNLOAD_TRIES)):
            try:
                async with turns.turn(person_id), self._disk.room(path, most_bytes, job_id):
                    await self._downloads.save(
                        upload.url,
                        path,
                        limit_bytes=limit_bytes,
                        timeout_s=LINK_TIMEOUT_S if is_foreign else DOWNLOAD_TIMEOUT_S,
                        supplier=None if is_foreign else self._supplier,
                    )
            except DownloadRefused as refused:
                raise _refusal(upload, what, refused, limit_bytes) from refused
            except CannotSave as error:  # said now, for nobody would wait until there is room
                raise Refused(Problem.CANNOT_SAVE) from error
            except DownloadError as error:
                log.info("download failed", what=what, reason=str(error), tries_left=tries_left)
                if not tries_left:
                    raise _refusal(upload, what, error, limit_bytes) from error
                await self._clock.sleep(1.0)
            else:
                return


def _refusal(upload: Upload, what: What, error: DownloadError, limit_bytes: int) -> Refused:
    """What is said of a download that came to nothing, for good or after the last try."""
    is_image = what is What.IMAGE
    meant = "picture" if is_image else "video"
    if not isinstance(error, DownloadRefused):
        if upload.is_link:
            return Refused(Problem.LINK_FAILED, what=meant)
        if upload.origin:
            return Refused(Problem.TAKEN_GONE, what=meant)
        return Refused(Problem.DOWNLOAD_FAILED, what=meant)
    if error.too_large and upload.is_link:
        return Refused(Problem.LINK_TOO_LARGE, what=meant, limit_bytes=limit_bytes)
    if error.too_large:
        problem = Problem.IMAGE_TOO_LARGE if is_image else Problem.VIDEO_TOO_LARGE
        return Refused(problem, size_bytes=upload.size_bytes, limit_bytes=limit_bytes)
    log.warning("download refused", reason=str(error))
    if not upload.is_link:
        return Refused(Problem.DOWNLOAD_FAILED, what=meant)
    # One word for all else: what stands where in the operator's network is nobody's business.
    return Refused(Problem.LINK_TO_PAGE if error.is_page else Problem.LINK_FAILED, what=meant)


def given(job: Job) -> list[What]:
    """Which of its files a job was given."""
    uploads = {What.IMAGE: job.subject, What.VIDEO: job.motion}
    return [what for what, upload in uploads.items() if upload is not None]


def upload_of(job: Job, what: What) -> Upload:
    """A file that it was given."""
    upload = job.subject if what is What.IMAGE else job.motion
    assert upload is not None
    return upload


def only(job: Job) -> Upload:
    """The first file that it was given."""
    upload = job.subject or job.motion
    assert upload is not None
    return upload
