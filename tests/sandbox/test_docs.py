"""What docs/sandbox.md promises to somebody with another bot: the five lines, and both tables."""

import os
import re
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.gateway import sessions
from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.rest.api import Api
from sandbox.discord.rest.routes import rest_routes
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.seed import seed_world

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text()
SERVED = "GET|PUT|POST|PATCH|DELETE"


@pytest.mark.slow
async def test_another_bot_comes_online_with_the_five_lines(
    server: DiscordServer, ada: PersonClient
) -> None:
    [lines] = re.findall(r"### Your bot on it.*?```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in lines.splitlines() if line]) == 5
    addresses = {
        "DISCORD_API_URL": server.api_url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "DISCORD_TOKEN": server.world.token,
    }
    bot = await create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", lines), env={**os.environ, **addresses}, stderr=PIPE
    )
    try:
        await ada.until_online(server.world.bot_id)
    finally:
        bot.kill()
        await bot.wait()


def test_the_table_of_endpoints_has_what_is_served() -> None:
    told = set()
    for paths, methods in re.findall(r"^\| (`[/…].*?) \| (.*) \|$", PAGE, re.MULTILINE):
        for path in re.findall(r"`([^`]+)`", paths):
            whole = path.replace("…/", "/channels/{channel_id}/messages/{message_id}/")
            told |= {(method, whole) for method in re.findall(SERVED, methods)}
    world = seed_world()
    cdn = Cdn(world)
    api = Api(world, cdn, Payloads(world, cdn))
    served = {(route.method, route.path) for route in rest_routes(api)}
    assert told == served


def test_the_table_of_events_has_what_is_sent() -> None:
    sent = set(re.findall(r'"([A-Z]+_[A-Z_]+|READY|RESUMED)"', Path(sessions.__file__).read_text()))
    [table] = re.findall(r"^\| gateway \|.*?\n\n", PAGE, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"`([A-Z_]+)`", table)) == sent
