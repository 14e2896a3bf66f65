"""A world for each test."""

import time
from collections.abc import AsyncIterator, Callable
from functools import partialmethod
from pathlib import Path

import pytest
from discord.state import ConnectionState

from bot.accounts import members
from bot.store.server.link import ServerLink
from tests.bot.databases import ON_POSTGRES
from tests.bot.life import pace, tasks
from tests.bot.life.kept import LentMedia
from tests.bot.life.world import Life


@pytest.fixture(autouse=True)
def _soon_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py waits two real seconds for a further server; the sandbox tells all at once."""
    begins = partialmethod(ConnectionState.__init__, guild_ready_timeout=0.05)
    monkeypatch.setattr(ConnectionState, "__init__", begins)


@pytest.fixture(autouse=True)
def _slow_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a machine is busy, a Discord in the same process tells late, and tells all the same."""
    monkeypatch.setattr(members, "ASK_WITHIN_S", 30.0)


@pytest.fixture(autouse=True)
def _decoders_are_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """To load them costs more than most lives; a bot of its own has its own (`tests/e2e`)."""
    monkeypatch.setattr("bot.app.Media", LentMedia)


@pytest.fixture(autouse=True)
def _a_server_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database's thread waits for it, nothing is quiet."""
    do = ServerLink.do

    async def seen(link: ServerLink, work: Callable[[], None]) -> None:
        pace.asked[link] = time.monotonic()
        try:
            await do(link, work)
        finally:
            del pace.asked[link]

    monkeypatch.setattr(ServerLink, "do", seen)


@pytest.fixture(autouse=True)
def _tasks_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On their way to whoever leads a job, nothing is quiet."""
    if ON_POSTGRES:
        tasks.watch(monkeypatch)


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    """Both servers run; the bot is started by the test."""
    async with Life(tmp_path) as life:
        yield life
