"""A job's files as the provider is given them: by Discord's link while that is sure to live.

A link may be dead long before the end that it names, since it dies with its message. So it is asked
for a byte just before it is handed on, and any doubt means that the kept bytes are uploaded.
"""

import asyncio
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import structlog

from bot.accounts.links import is_attachment, is_given_once
from bot.clock import Clock
from bot.core.jobs import Job
from bot.jobs.files import Files
from bot.jobs.library.sharing import SharedLinks
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.media.turns import Turns
from bot.provider.providers import Provider, Providers

log = structlog.get_logger()

LINK_YOUNG_S = 600.0
"""What has waited longer may die at any moment between being asked and being fetched."""

LINK_MARGIN_S = 3600.0
"""A link must outlive the wait in the provider's own queue."""

LINK_PATIENCE_S = 5.0
UPLOADS_AT_ONCE = 4
NOBODY = 0
"""Whose turn it is to upload what all share: nobody waits behind one person's other files."""

UPLOAD_GOOD_S = 3600.0
"""A submit that was turned away is soon sent again, with what was uploaded for it."""


def is_motion_shared(job: Job) -> bool:
    """Whether its motion is a library's, which others are sent, too: pictures tell them apart."""
    return job.motion is not None and bool(job.motion.motion_ref) and job.motion.is_sent_whole


class Inputs:
    """Both files of a job, in a form that the provider can fetch."""

    def __init__(
        self,
        *,
        downloads: Downloads,
        providers: Providers,
        media: Media,
        files: Files,
        clock: Clock,
        supplier: str,
        shared: SharedLinks,
    ) -> None:
        self._downloads = downloads
        self._providers = providers
        self._media = media
        self._files = files
        self._clock = clock
        self._supplier = supplier
        self._shared = shared
        self._turns: dict[str, Turns] = {}
        self._uploaded: dict[tuple[str, Path, int, int, int], tuple[str, float]] = {}

    async def links(self, job: Job, model: str | None = None) -> tuple[str, str]:
        """Links to the picture and the video for the job's model, or another one.

        No two jobs have the picture's, by which a lost submit is known: what others may hand on is
        uploaded, anew for each attempt.

        Raises `ProviderError` where an upload failed, and `OSError` where a kept file is gone.
        """
        assert job.subject is not None
        assert job.motion is not None
        image_url, video_url = job.subject.url, job.motion.url
        is_own = is_given_once(job.subject) and not job.subject.sent_size  # as it was given
        image_lives, video_lives = False, False
        if job.files_of is None and 0 <= self._clock.time() - job.created_at <= LINK_YOUNG_S:
            image_lives, video_lives = await asyncio.gather(
                self._lives(image_url, may_serve=is_own), self._lives(video_url)
            )
        provider = self._providers.of(model or job.model)
        if not image_lives:
            path = self._files.subject(job.id)
            image_url = await self._upload(job, path, provider, attempt=job.revision)
        path = self._files.motion(job.id)
        if is_motion_shared(job):
            upload = partial(self._hand_over, job, path, provider, NOBODY)
            video_url = await self._shared.link(path, provider, upload)
        elif not (job.motion.is_sent_whole and video_lives):
            video_url = await self._upload(job, path, provider)
        return image_url, video_url

    async def renew(self, job: Job) -> bool:
        """A submit was refused; whether that may be for a shared link that its provider has lost,
        in whose place another one is made then."""
        if job.attempt is None or not is_motion_shared(job):
            return False
        return await self._shared.renew(job.attempt.video_url, self._providers.of(job.model))

    async def _lives(self, url: str, *, may_serve: bool = True) -> bool:
        """A stranger's server could have something else for the provider than for us."""
        if not may_serve:
            return False
        if not is_attachment(url, self._supplier) or self._expires_soon(url):
            return False
        return await self._downloads.answers(
            url, timeout_s=LINK_PATIENCE_S, supplier=self._supplier
        )

    def _expires_soon(self, url: str) -> bool:
        """Discord's links carry their end as `ex`, hexadecimal unix seconds."""
        ends = parse_qs(urlsplit(url).query).get("ex", [""])[0]
        try:
            return int(ends, 16) < self._clock.time() + LINK_MARGIN_S
        except ValueError:
            return False

    async def _upload(self, job: Job, path: Path, provider: Provider, attempt: int = 0) -> str:
        """The link of an upload, which serves for the next hour, or that `attempt`."""
        now = self._clock.monotonic()
        self._uploaded = {
            known: (url, at)
            for known, (url, at) in self._uploaded.items()
            if now - at < UPLOAD_GOOD_S
        }
        seen = await asyncio.to_thread(path.stat)
        # It may be another file by now.
        key = provider.url, path, seen.st_ino, seen.st_mtime_ns, attempt
        if key not in self._uploaded:
            self._uploaded[key] = await self._hand_over(job, path, provider, job.person_id), now
        return self._uploaded[key][0]

    async def _hand_over(self, job: Job, path: Path, provider: Provider, owner: int) -> str:
        turns = self._turns.setdefault(provider.url, Turns(UPLOADS_AT_ONCE, self._clock))
        async with turns.turn(owner):
            log.info("a kept file is uploaded", job=job.id, what=path.name)
            return await provider.upload(path, await self._media.content_type(path))
