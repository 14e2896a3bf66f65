"""A further bot with the same token, in a folder of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.app import run
from tests.bot.databases import held, place_database, rows
from tests.bot.life.world import Life


class Twin:
    """Runs between `async with` and its end, or `stop`; `start` begins it anew."""

    def __init__(self, life: Life, name: str = "twin") -> None:
        self._life = life
        self.folder = life.folder / name
        self._stopping = asyncio.Event()
        self._bot: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin, and hear of events from then on."""
        place_database(self.folder)
        before = self._life.discord.gateway.connected
        self._stopping = asyncio.Event()
        settings = self._life.settings(data_dir=self.folder)
        self._bot = asyncio.create_task(run(settings, self._life.clock, self._stopping))
        await self._life.until(lambda: self._life.discord.gateway.connected > before)

    async def stop(self) -> None:
        """SIGTERM's way."""
        self._stopping.set()
        if self._bot is not None:
            await self._bot
            self._bot = None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What its database holds at this moment."""
        return rows(self.folder, query)

    def states(self) -> list[str]:
        """Each job's state, oldest first."""
        return [
            row[0] for row in self.rows("SELECT state FROM jobs ORDER BY created_at, origin_id")
        ]

    def money(self) -> list[str]:
        """The journal's kinds of entries, in order."""
        return [row[0] for row in self.rows("SELECT kind FROM entries ORDER BY id")]


@contextmanager
def slow(folder: Path) -> Iterator[None]:
    """Whoever's database is there can save nothing in here, and so is second."""
    with held(folder):
        yield
