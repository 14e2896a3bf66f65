"""Finished videos as they can be handed over: as a file within a limit, or as a link."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import discord

from bot.core.jobs import Job
from bot.jobs.files import Files
from bot.media.inspect import Media

T = TypeVar("T")

TOO_LARGE = 40005
FIT_AGAIN = 0.7
"""What a refused size is multiplied by: stated limits have been higher than what was taken."""

RESULT_LIFE_S = 7 * 24 * 3600.0
"""How long the provider keeps an output file."""


class Videos:
    """The kept videos."""

    def __init__(self, files: Files, media: Media) -> None:
        self._files = files
        self._media = media
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(
        self, job: Job, limit_bytes: int, sender: Callable[[Path], Awaitable[T]]
    ) -> T | None:
        """What `sender` made of the video as a file within the limit, or once smaller if refused.

        `None` where there is no such file, or Discord takes neither; other errors of `sender` pass.
        """
        for _ in range(2):
            path = await self.fitting(job, limit_bytes)
            if path is None:
                return None
            limit_bytes = int(path.stat().st_size * FIT_AGAIN)
            try:
                return await sender(path)
            except discord.HTTPException as error:
                if not _is_too_large(error):
                    raise
        return None

    async def fitting(self, job: Job, limit_bytes: int) -> Path | None:
        """The video as a file within a limit, made smaller if need be; `None` if there is none."""
        video = self._files.video(job.id)
        if not video.exists():
            return None
        if video.stat().st_size <= limit_bytes:
            return video
        smaller = self._files.smaller(job.id)
        async with self._locks.setdefault(job.id, asyncio.Lock()):
            if smaller.exists() and smaller.stat().st_size <= limit_bytes:
                return smaller
            fits = await self._media.fit(video, smaller, limit_bytes, job.person_id)
            return smaller if fits else None


def _is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord refused a file for its size."""
    return error.status == 413 or error.code == TOO_LARGE


def link_to(job: Job) -> tuple[str, float]:
    """The provider's own link to a finished video, and the unix second at which it ends."""
    attempt = job.attempt
    assert attempt is not None
    assert attempt.result_url is not None
    return attempt.result_url, (attempt.submitted_at or job.created_at) + RESULT_LIFE_S
