"""People at the page, in a real browser, with the example bot behind it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sandbox.clients.browser import Reader
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.conftest import checked
from tests.sandbox.example_bot import ExampleBot, running

PATIENCE_MS = 60_000


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What is expected to be seen may take as long as what is looked for."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5000)


@pytest_asyncio.fixture(loop_scope="session")
async def server(world: World) -> AsyncIterator[DiscordServer]:
    async with checked(world) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def bot(server: DiscordServer) -> AsyncIterator[ExampleBot]:
    async with running(server) as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="session")
async def ada(browser: Browser, server: DiscordServer, bot: ExampleBot) -> AsyncIterator[Reader]:
    """Ada reads #general; the bot is online. Her page must not complain by the end."""
    async with await browser.new_context(viewport={"width": 1100, "height": 800}) as window:
        page = await window.new_page()
        page.set_default_timeout(PATIENCE_MS)
        reader = Reader(page)
        world = server.world
        await reader.open(
            str(server.announcement()["page_url"]),
            world.users["ada"].id,
            world.channels["general"].id,
        )
        yield reader
        assert reader.errors == []
