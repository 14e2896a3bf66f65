"""A job's files as the provider is given them: by Discord's link while that is sure to live.

A link may be dead long before the end that it names, since it dies with its message. So it is asked
for a byte just before it is handed on, and any doubt means that the kept bytes are uploaded.
"""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import structlog

from bot.clock import Clock
from bot.core.jobs import Job
from bot.jobs.files import Files
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.media.turns import Turns
from bot.provider.client import Segmind

log = structlog.get_logger()

LINK_YOUNG_S = 600.0
"""What has waited longer may die at any moment between being asked and being fetched."""

LINK_MARGIN_S = 3600.0
"""A link must outlive the wait in the provider's own queue."""

LINK_PATIENCE_S = 5.0
UPLOADS_AT_ONCE = 4
UPLOAD_GOOD_S = 3600.0
"""A submit that was turned away is soon sent again, with what was uploaded for it."""


class Inputs:
    """Both files of a job, in a form that the provider can fetch."""

    def __init__(
        self,
        *,
        downloads: Downloads,
        segmind: Segmind,
        media: Media,
        files: Files,
        clock: Clock,
        supplier: str,
    ) -> None:
        self._downloads = downloads
        self._segmind = segmind
        self._media = media
        self._files = files
        self._clock = clock
        self._supplier = supplier
        self._turns = Turns(UPLOADS_AT_ONCE, clock)
        self._uploaded: dict[Path, tuple[str, float]] = {}

    async def links(self, job: Job) -> tuple[str, str]:
        """Links to the picture and the video.

        Raises `ProviderError` where an upload failed, and `OSError` where a kept file is gone.
        """
        assert job.subject is not None
        assert job.motion is not None
        image_url, video_url = job.subject.url, job.motion.url
        image_lives, video_lives = False, False
        if 0 <= self._clock.time() - job.created_at <= LINK_YOUNG_S:
            image_lives, video_lives = await asyncio.gather(
                self._lives(image_url), self._lives(video_url)
            )
        if job.subject.sent_size or not image_lives:  # what was rewritten is only here
            image_url = await self._upload(self._files.subject(job.id), job.person_id)
        if job.motion.sent_size or not video_lives:
            video_url = await self._upload(self._files.motion(job.id), job.person_id)
        return image_url, video_url

    async def _lives(self, url: str) -> bool:
        if self._expires_soon(url):
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

    async def _upload(self, path: Path, person_id: int) -> str:
        now = self._clock.monotonic()
        self._uploaded = {
            known: (url, at)
            for known, (url, at) in self._uploaded.items()
            if now - at < UPLOAD_GOOD_S
        }
        if path not in self._uploaded:
            async with self._turns.turn(person_id):
                log.info("a kept file is uploaded", job=path.parent.name, what=path.name)
                url = await self._segmind.upload(path, await self._media.content_type(path))
            self._uploaded[path] = url, now
        return self._uploaded[path][0]
