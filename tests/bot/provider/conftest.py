"""A stand-in for the provider, and its client."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.provider.segmind.client import Segmind
from tests.bot.provider.segmind_server import SegmindServer, client


@pytest.fixture
async def server() -> AsyncIterator[SegmindServer]:
    async with SegmindServer.running() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def segmind(session: aiohttp.ClientSession, server: SegmindServer) -> Segmind:
    return client(session, server.url)
