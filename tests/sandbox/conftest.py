"""A fresh world for each test, served on a free port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot, running
from tests.sandbox.openapi import mismatches
from tests.sandbox.raw import GatewayClient, Rest


@pytest.fixture
def world() -> World:
    return seed_world()


@asynccontextmanager
async def checked(world: World) -> AsyncIterator[DiscordServer]:
    """A server, whose answers are held against Discord's description by the end."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with DiscordServer(world) as server:
        yield server
        assert mismatches(server.requests) == []
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def server(world: World) -> AsyncIterator[DiscordServer]:
    async with checked(world) as server:
        yield server


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[ExampleBot]:
    async with running(server) as bot:
        yield bot


@pytest.fixture
async def ada(server: DiscordServer) -> AsyncIterator[PersonClient]:
    async with PersonClient(server.people_url, server.world.users["ada"].id) as ada:
        yield ada


@pytest.fixture
async def ben(server: DiscordServer) -> AsyncIterator[PersonClient]:
    async with PersonClient(server.people_url, server.world.users["ben"].id) as ben:
        yield ben


@pytest.fixture
async def rest(server: DiscordServer) -> AsyncIterator[Rest]:
    async with aiohttp.ClientSession() as session:
        yield Rest(session, server)


@pytest.fixture
async def gateway(server: DiscordServer) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(server) as gateway:
        yield gateway
