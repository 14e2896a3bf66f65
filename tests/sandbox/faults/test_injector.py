"""The injector, around both servers: each fault before or after the effect, each rule and point."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from engine.api.server import ProviderServer
from sandbox.clients.person import PersonClient
from sandbox.clock import MovableClock
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from sandbox.faults import answers
from sandbox.faults.injector import (
    Fault,
    Faults,
    Point,
    Rule,
    Vanished,
    breaks_off,
    late,
    resets,
    stalls,
)
from tests.sandbox.example_bot import running
from tests.sandbox.raw import GatewayClient, Rest

POST = ("POST", "/channels/{channel_id}/messages")


@pytest.fixture
def faults() -> Faults:
    return Faults(seed=1)


@pytest.fixture
async def server(world: World, faults: Faults) -> AsyncIterator[DiscordServer]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with DiscordServer(world, faults=faults) as server:
        yield server
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def provider(faults: Faults) -> AsyncIterator[ProviderServer]:
    async with ProviderServer(run_time_s=3600, middlewares=[faults.around("provider")]) as server:
        yield server


def contents(world: World) -> list[str]:
    return [message.content for message in world.channels["general"].messages.values()]


def path(world: World) -> str:
    return f"/channels/{world.channels['general'].id}/messages"


async def submit(session: aiohttp.ClientSession, provider: ProviderServer) -> tuple[int, Any]:
    body = {"image_url": "http://127.0.0.1:1/i", "video_url": "http://127.0.0.1:1/v"}
    headers = {"x-api-key": provider.api_key}
    url = f"{provider.api_url}/pixverse-mimic"
    async with session.post(url, json=body, headers=headers) as reply:
        return reply.status, await reply.read()


@pytest.mark.parametrize("after", [False, True])
async def test_a_status_a_page_and_garbage(
    rest: Rest, world: World, faults: Faults, after: bool
) -> None:
    some = [
        answers.page(504, after=after),
        answers.error(500, {"message": "500: Internal Server Error", "code": 0}, after=after),
        answers.garbage(after=after),
    ]
    faults.add(*(Rule(fault, "discord", *POST, times=1) for fault in some))
    paged, failed = [await rest("POST", path(world), {"content": "x"}) for _ in range(2)]
    assert (paged.status, paged.headers["Content-Type"].split(";")[0]) == (504, "text/html")
    assert (failed.status, failed.code) == (500, 0)
    with pytest.raises(ValueError, match="decode"):
        await rest("POST", path(world), {"content": "x"})
    assert contents(world) == ["x"] * (3 if after else 0)
    assert faults.struck.total() == 3
    assert (await rest("POST", path(world), {"content": "well again"})).status == 200


@pytest.mark.parametrize("after", [False, True])
async def test_a_reset(
    rest: Rest, world: World, provider: ProviderServer, faults: Faults, after: bool
) -> None:
    faults.add(Rule(resets(after=after)))
    with pytest.raises(aiohttp.ClientConnectionError):
        await rest("POST", path(world), {"content": "x"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await submit(rest.session, provider)
    assert len(contents(world)) == len(provider.accepted) == int(after)
    assert faults.struck == {f"reset {'after' if after else 'before'}": 2}


async def test_a_late_answer_has_its_effect_though_nobody_waits(
    rest: Rest, provider: ProviderServer, faults: Faults
) -> None:
    clock, waits = MovableClock(), asyncio.Event()

    async def wait() -> None:
        waits.set()
        await clock.sleep(60)

    faults.add(Rule(late(wait), times=1))
    sending = asyncio.create_task(submit(rest.session, provider))
    await asyncio.wait_for(waits.wait(), 60)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert not provider.accepted
    clock.advance(60)
    await asyncio.wait_for(provider.until_accepted(1), 60)


async def test_a_stall_until_it_is_released(
    rest: Rest, provider: ProviderServer, faults: Faults
) -> None:
    released = asyncio.Event()
    faults.add(Rule(stalls(released.wait, after=True), times=1))
    sending = asyncio.create_task(submit(rest.session, provider))
    await asyncio.wait_for(provider.until_accepted(1), 60)
    assert not sending.done()
    released.set()
    with pytest.raises(aiohttp.ClientConnectionError):
        await sending
    assert (await submit(rest.session, provider))[0] == 200


async def test_bodies_break_off_of_json_and_of_files(
    rest: Rest, world: World, provider: ProviderServer, faults: Faults, ada: PersonClient
) -> None:
    faults.add(Rule(breaks_off()))
    with pytest.raises(aiohttp.ClientPayloadError):
        await submit(rest.session, provider)
    assert len(provider.accepted) == 1
    attachment = world.attachments
    with pytest.raises(aiohttp.ClientPayloadError):
        await rest("POST", path(world), files={"a.txt": b"x" * 1000})
    [message] = await ada.messages(world.channels["general"].id)
    with pytest.raises(aiohttp.ClientPayloadError):
        await ada.download(message["attachments"][0]["url"])
    faults.rules.clear()
    assert len(await ada.download(message["attachments"][0]["url"])) == 1000
    assert len(attachment) == 1


async def test_a_pause_in_mid_download(
    rest: Rest, world: World, faults: Faults, ada: PersonClient
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        reached.set()
        await go_on.wait()

    await rest("POST", path(world), files={"a.txt": b"x" * 1000})
    [message] = await ada.messages(world.channels["general"].id)
    faults.add(Rule(breaks_off(pause), server="cdn"))
    loading = asyncio.create_task(ada.download(message["attachments"][0]["url"]))
    await asyncio.wait_for(reached.wait(), 60)
    go_on.set()
    assert await loading == b"x" * 1000


@pytest.mark.parametrize("scope", ["user", "global", "shared"])
async def test_discords_429_of_each_scope(
    rest: Rest, world: World, faults: Faults, scope: answers.Scope
) -> None:
    faults.add(Rule(answers.rate_limited(scope, 0.3), times=1))
    refused = await rest("POST", path(world), {"content": "x"})
    assert (refused.status, refused.body["global"]) == (429, scope == "global")
    assert refused.headers["X-RateLimit-Scope"] == scope
    assert refused.headers["Via"]
    assert ("X-RateLimit-Bucket" in refused.headers) == (scope != "global")
    assert contents(world) == []


async def test_discord_py_waits_out_each_429(
    server: DiscordServer, world: World, faults: Faults
) -> None:
    async with running(server) as bot:
        for scope in ("user", "global", "shared"):
            faults.add(Rule(answers.rate_limited(scope, 0.1), "discord", *POST, times=1))
            await bot.post(world.channels["general"].id, scope)
        assert contents(world) == ["user", "global", "shared"]
        faults.add(Rule(answers.page(429), "discord", *POST, times=1))
        with pytest.raises(discord.HTTPException):
            await bot.post(world.channels["general"].id, "blocked")


async def test_the_providers_429_with_either_header_and_with_none(
    rest: Rest, provider: ProviderServer, faults: Faults
) -> None:
    some = [answers.busy(2e9), answers.busy(2e9, as_iso=False), answers.busy(retry_after_s=7)]
    faults.add(*(Rule(fault, times=1) for fault in [*some, answers.busy()]))
    seen = []
    for _ in range(4):
        url, headers = provider.credits_url, {"x-api-key": provider.api_key}
        async with rest.session.get(url, headers=headers) as reply:
            assert reply.status == 429
            names = ("x-rate-limit-reset-at-utc", "Retry-After")
            seen.append([reply.headers.get(name) for name in names])
    assert seen == [
        ["2033-05-18T03:33:20+00:00", None],
        ["2000000000", None],
        [None, "7"],
        [None, None],
    ]


async def test_rules_choose_by_server_method_route_count_and_request(
    rest: Rest, world: World, provider: ProviderServer, faults: Faults
) -> None:
    fault = answers.text(503)
    by_agent = Rule(fault, spares=lambda request: "rest" in request.headers.get("User-Agent", ""))
    only = Rule(fault, server="discord", method="POST", route=POST[1], times=2)
    faults.add(only, Rule(fault, server="provider", route="/v2/requests/{request_id}"))
    sent = [(await rest("POST", path(world), {"content": "x"})).status for _ in range(3)]
    assert sent == [503, 503, 200]
    assert (await rest("GET", path(world))).status == 200
    assert (await submit(rest.session, provider))[0] == 200
    faults.rules = [by_agent]
    assert (await rest("GET", path(world))).status == 503
    async with rest.session.get(
        provider.credits_url,
        headers={"User-Agent": "the rest", "x-api-key": provider.api_key},
    ) as spared:
        assert spared.status == 200
    async with rest.session.get(f"{provider.control_url}/mode") as control:
        assert control.status == 200


async def test_chance_is_seeded() -> None:
    async def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Rule(resets(), chance=0.5))
        point = Point("any", "GET", "/", "before")
        request: Any = None
        return [faults._choose(point, request) is not None for _ in range(100)]

    assert await strikes(1) == await strikes(1) != await strikes(2)
    assert 30 < sum(await strikes(1)) < 70


async def test_a_witness_sees_each_point_and_may_end_it(
    rest: Rest, world: World, faults: Faults
) -> None:
    seen: list[str] = []

    async def witness(point: Point) -> None:
        seen.append(str(point))
        if len(seen) == 3:
            raise Vanished

    faults.witness = witness
    assert (await rest("POST", path(world), {"content": "x"})).status == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await rest("POST", path(world), {"content": "y"})
    assert (
        seen == [f"{moment} discord {' '.join(POST)}" for moment in ("before", "after")] + seen[:1]
    )
    assert contents(world) == ["x"]


async def test_a_resume_is_refused_as_often_as_it_should_be(
    server: DiscordServer, gateway: GatewayClient
) -> None:
    await gateway.identify()
    server.gateway.refuse_resumes()
    server.gateway.drop_all()
    for expected in (9, 9):  # the session is gone for good
        async with GatewayClient(server) as again:
            await again.resume(gateway.session_id, 1)
            await again.receive()
            assert (await again.receive())["op"] == expected


def test_every_fault_has_a_name_of_its_own() -> None:
    named: list[Fault] = [resets(), resets(after=True), breaks_off(), answers.garbage()]
    assert len({fault.name for fault in named}) == len(named)
