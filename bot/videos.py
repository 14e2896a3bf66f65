"""Finished videos as they can be handed over: as a file within a limit, or as a link."""

from pathlib import Path

from bot.core.jobs import Job
from bot.files import Files
from bot.media import Media

RESULT_LIFE_S = 7 * 24 * 3600.0
"""How long the provider keeps an output file."""


class Videos:
    """The kept videos."""

    def __init__(self, files: Files, media: Media) -> None:
        self._files = files
        self._media = media

    async def fitting(self, job_id: str, limit_bytes: int) -> Path | None:
        """The video as a file within a limit, made smaller if need be; `None` if there is none."""
        video = self._files.video(job_id)
        if not video.exists():
            return None
        if video.stat().st_size <= limit_bytes:
            return video
        smaller = self._files.smaller(job_id)
        if smaller.exists() and smaller.stat().st_size <= limit_bytes:
            return smaller
        return smaller if await self._media.fit(video, smaller, limit_bytes) else None


def link_to(job: Job) -> tuple[str, float]:
    """The provider's own link to a finished video, and the unix second at which it ends."""
    attempt = job.attempt
    assert attempt is not None
    assert attempt.result_url is not None
    return attempt.result_url, (attempt.submitted_at or job.created_at) + RESULT_LIFE_S
