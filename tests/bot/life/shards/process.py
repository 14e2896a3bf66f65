"""A further process of the same bot, on the same database."""

import asyncio
from types import TracebackType
from typing import Self

from bot.app import run
from bot.gateway.shares import Share
from tests.bot.life.world import Life


class Process:
    """Runs between `async with` and its end, or `stop`."""

    def __init__(self, life: Life, share: str | None = None) -> None:
        self._life = life
        self._share = Share.parse(share) if share else None
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        before = self._life.discord.gateway.connected
        self.begin()
        more = len(self._share.ids) if self._share else self._life.world.session_starts.shards
        await self._life.until(lambda: self._has_connected(before + more), step_s=1.0)
        return self

    def _has_connected(self, count: int) -> bool:
        assert self._running is not None
        if self._running.done():
            self._running.result()
        return self._life.discord.gateway.connected >= count

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def begin(self) -> None:
        """Start, and wait for nothing."""
        settings = self._life.settings()
        self._life.prepare(settings.data_dir)
        running = run(settings, self._life.clock, self._stopping, self._share)
        self._running = asyncio.create_task(running)

    async def stop(self) -> None:
        """SIGTERM's way."""
        self._stopping.set()
        if self._running is not None:
            await self._running
            self._running = None
