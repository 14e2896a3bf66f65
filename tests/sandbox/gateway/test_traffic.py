"""The log of what a bot and this Discord say to each other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from sandbox.discord.traffic import MASK, MOST_CHARACTERS, MOST_ENTRIES, shown
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient, Rest


class Onlooker:
    """A page's websocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, said: object) -> None:
        await self._socket.send_json(said)

    async def entry(self, title: str = "") -> Any:
        """The next entry whose title begins so."""
        while True:
            event = await self.event("traffic")
            if event["entry"]["title"].startswith(title):
                return event["entry"]

    async def event(self, kind: str) -> Any:
        async with asyncio.timeout(60):
            while (event := await self._socket.receive_json())["type"] != kind:
                continue
        return event


@pytest.fixture
async def onlooker(rest: Rest, server: DiscordServer, world: World) -> AsyncIterator[Onlooker]:
    url = f"{server.people_url}/{world.users['ada'].id}/events"
    async with rest.session.ws_connect(url, max_msg_size=0) as socket:
        yield Onlooker(socket)


async def test_a_call_with_its_answer(rest: Rest, world: World, onlooker: Onlooker) -> None:
    await onlooker.say({"watch": "traffic"})
    general = world.channels["general"].id
    await rest("POST", f"/channels/{general}/messages", {"content": "hello"})
    entry = await onlooker.entry()
    assert entry["answer"].pop("content") == "hello"
    assert entry["at"] == pytest.approx(world.clock.time(), abs=5)
    assert {name: entry[name] for name in ("kind", "direction", "title", "status", "body")} == {
        "kind": "rest",
        "direction": "in",
        "title": f"POST /channels/{general}/messages",
        "status": 200,
        "body": {"content": "hello"},
    }
    await rest("GET", f"/channels/{general}/messages?limit=1")
    assert (await onlooker.entry())["title"] == f"GET /channels/{general}/messages?limit=1"


async def test_the_gateway_both_ways_without_heartbeats(
    server: DiscordServer, ada: PersonClient, onlooker: Onlooker
) -> None:
    await onlooker.say({"watch": "traffic"})
    async with GatewayClient(server) as gateway:
        await gateway.send(1, None)
        await gateway.identify()
        await ada.send(await ada.open_dm(), "hello")
        await gateway.event("MESSAGE_CREATE")
        server.gateway.drop_all()
        await gateway.closed_with()
    seen = [await onlooker.entry()]
    while not seen[-1]["title"].startswith("CLOSE"):
        seen.append(await onlooker.entry())
    assert [(entry["direction"], entry["title"]) for entry in seen] == [
        ("out", "HELLO"),
        ("in", "IDENTIFY"),
        ("out", "READY"),
        *[("out", "GUILD_CREATE")] * 3,
        ("out", "MESSAGE_CREATE"),
        ("out", "CLOSE UNKNOWN_ERROR"),
    ]
    assert {entry["kind"] for entry in seen} == {"gateway"}
    assert seen[-2]["body"]["content"] == "hello"
    assert [entry["status"] for entry in seen[-2:]] == [None, 4000]


async def test_tokens_are_masked(
    server: DiscordServer, bot: ExampleBot, ada: PersonClient, world: World, onlooker: Onlooker
) -> None:
    await ada.outcome(await ada.use(world.channels["general"].id, "ponder"))
    await ada.wait_for(lambda e: e["type"] == "interaction" and e["state"] == "replied")
    [interaction] = world.interactions.values()
    await onlooker.say({"watch": "traffic"})
    used = await onlooker.entry("INTERACTION_CREATE")
    assert (used["body"]["token"], used["body"]["data"]["name"]) == (MASK, "ponder")
    called = await onlooker.entry("POST /interactions/")
    path = f"/interactions/{interaction.id}/{MASK}/callback"
    assert called["title"].partition("?")[0] == f"POST {path}"
    followed = await onlooker.entry(f"POST /webhooks/{world.application_id}/{MASK}")
    assert followed["answer"]["content"] == "done pondering"
    everything = str(server.traffic.entries)
    assert world.token not in everything
    assert interaction.token not in everything


async def test_what_was_before_comes_first_and_once(
    rest: Rest, onlooker: Onlooker, ada: PersonClient, world: World
) -> None:
    for path in ("/gateway", "/users/@me"):
        await rest("GET", path)
    await onlooker.say({"watch": "traffic"})
    await onlooker.say({"watch": "traffic"})
    titles = [(await onlooker.entry())["title"] for _ in range(2)]
    await rest("GET", "/users/@me/guilds")
    titles.append((await onlooker.entry())["title"])
    assert titles == ["GET /gateway", "GET /users/@me", "GET /users/@me/guilds"]


@pytest.mark.parametrize("end", [{"watch": None}, {"watch": "birds"}])
async def test_it_ends_when_the_page_says_so(
    rest: Rest, onlooker: Onlooker, ada: PersonClient, end: object
) -> None:
    await onlooker.say({"watch": "traffic"})
    await rest("GET", "/gateway")
    await onlooker.entry()
    await onlooker.say(end)
    await until_unwatched(onlooker, rest)


async def until_unwatched(onlooker: Onlooker, rest: Rest) -> None:
    """A new window is answered in order: once it sees the log from its start, the end was heard."""
    await onlooker.say({"watch": "traffic"})
    await rest("GET", "/users/@me")
    assert (await onlooker.entry())["title"] == "GET /gateway"


async def test_nobody_is_shown_what_they_did_not_ask_for(
    rest: Rest, onlooker: Onlooker, ada: PersonClient, world: World
) -> None:
    nonsense: tuple[object, ...] = ("{", [], {"listen": 1}, 5)
    for said in nonsense:
        await onlooker.say(said)
    await rest("GET", "/users/@me")
    await ada.send(world.channels["general"].id, "hello")
    assert (await onlooker.event("message_create"))["message"]["content"] == "hello"
    assert not [event for event in ada.events if event["type"] == "traffic"]


async def test_only_the_latest_are_kept(rest: Rest, server: DiscordServer, world: World) -> None:
    for number in range(MOST_ENTRIES + 20):
        server.traffic.gateway("out", f"event {number}", {})
    assert len(server.traffic.entries) == MOST_ENTRIES
    assert server.traffic.entries[0]["title"] == "event 20"


def test_what_is_long_is_cut() -> None:
    assert shown({"a": ["x", 1, None]}) == {"a": ["x", 1, None]}
    cut = shown({"a": "x" * 2 * MOST_CHARACTERS})
    assert isinstance(cut, str)
    assert cut.startswith('{"a":"xxx')
    assert len(cut) == MOST_CHARACTERS + 1


def test_a_copy_is_shown() -> None:
    body = {"parts": [{"token": "secret"}]}
    copy = shown(body)
    assert copy == {"parts": [{"token": MASK}]}
    assert body == {"parts": [{"token": "secret"}]}
