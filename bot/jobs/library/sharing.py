"""A library's motion is handed to a provider once, and all jobs share the link while it lives."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from bot.clock import Clock
from bot.media.downloads import Downloads
from bot.provider.providers import Provider
from bot.store.people.shelves import Shelves

log = structlog.get_logger()

LINK_LIFE_S = 24 * 3600.0
"""The provider does not say how long it keeps an upload; results it keeps for a week."""

ASKED_EVERY_S, PATIENCE_S = 60.0, 5.0
RENEWED_EVERY_S = 3600.0
"""So seldom a link is given up that answers: others use it while somebody's pictures are bad."""


class SharedLinks:
    """The links, which outlive a restart; who comes while one is made waits for it."""

    def __init__(self, *, shelves: Shelves, downloads: Downloads, clock: Clock) -> None:
        self._shelves = shelves
        self._downloads = downloads
        self._clock = clock
        self._making: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._made_at: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}

    async def link(
        self, path: Path, provider: Provider, upload: Callable[[], Awaitable[str]]
    ) -> str:
        """The link to this content at this provider; raises as `upload` does, which makes one."""
        content = await asyncio.to_thread(_digest, path)
        key = provider.url, content
        async with self._making.setdefault(key, asyncio.Lock()):
            kept = await self._shelves.link(*key)
            if kept is not None and await self._lives(*kept, provider):
                return kept[0]
            url = await upload()
            at = self._clock.time()
            await self._shelves.keep_link(*key, url, at=at, life_s=LINK_LIFE_S)
            self._made_at[url] = self._answered_at[url] = self._clock.monotonic()
            return url

    async def _lives(self, url: str, since: float, provider: Provider) -> bool:
        if not 0 <= self._clock.time() - since < LINK_LIFE_S:
            return False
        now = self._clock.monotonic()
        for times, life_s in (
            (self._answered_at, ASKED_EVERY_S),
            (self._made_at, RENEWED_EVERY_S),
        ):
            for each in [each for each, at in times.items() if now - at >= life_s]:
                del times[each]
        if url in self._answered_at:
            return True
        if await self._answers(url, provider):
            self._answered_at[url] = now
            return True
        log.info("a shared motion is uploaded anew: its link does not answer")
        return False

    async def renew(self, url: str, provider: Provider) -> bool:
        """Its provider has refused a run with this link; whether another link is worth a try.

        One that was made just now is not to blame, so that nothing is tried for ever; and one that
        still answers is not for an hour, whatever pictures it is given with.
        """
        age_s = self._clock.monotonic() - self._made_at.get(url, -math.inf)
        if age_s < ASKED_EVERY_S:
            return False
        if age_s < RENEWED_EVERY_S and await self._answers(url, provider):
            return False
        await self._shelves.forget_link(url)
        return True

    async def _answers(self, url: str, provider: Provider) -> bool:
        return await self._downloads.answers(url, timeout_s=PATIENCE_S, supplier=provider.url)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
