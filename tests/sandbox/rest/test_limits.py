"""Rate limits: headers on answers, a 429 beyond them, over again after the window."""

import asyncio

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import Rest
from tests.sandbox.rest.test_interactions import say, use


async def test_headers_count_down_and_then_429(rest: Rest, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    replies = [await rest("POST", path, {"content": "x"}) for _ in range(6)]
    left = [reply.headers["X-RateLimit-Remaining"] for reply in replies]
    assert left == ["4", "3", "2", "1", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"5"}
    refused = replies[-1]
    assert refused.status == 429
    assert refused.body["global"] is False
    assert 0 < refused.body["retry_after"] <= 5
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Via"]
    world.clock.advance(5)
    assert (await rest("POST", path, {"content": "x"})).status == 200


async def test_channels_and_routes_have_buckets_of_their_own(rest: Rest, world: World) -> None:
    general, showroom = (
        f"/channels/{world.channels[name].id}/messages" for name in ("general", "showroom")
    )
    for _ in range(5):
        await rest("POST", general, {"content": "x"})
    other = await rest("POST", showroom, {"content": "x"})
    read = await rest("GET", general)
    assert (other.status, read.status) == (200, 200)
    assert other.headers["X-RateLimit-Bucket"] != read.headers["X-RateLimit-Bucket"]


async def test_fifty_a_second_for_the_whole_bot(rest: Rest, world: World) -> None:
    channels = [f"/channels/{channel.id}/messages" for channel in world.channels.values()]
    replies = await asyncio.gather(*[rest("GET", path) for path in channels for _ in range(25)])
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert {reply.headers["X-RateLimit-Scope"] for reply in refused} == {"global"}
    assert all(reply.body["global"] for reply in refused)


async def test_answers_to_interactions_say_nothing_of_limits(
    rest: Rest, ada: PersonClient, world: World
) -> None:
    for _ in range(7):
        used = await use(rest, ada, world)
        reply = await rest("POST", used.callback, say("hi"))
        assert reply.status == 204
        assert not [name for name in reply.headers if name.startswith("X-RateLimit")]


async def test_strangers_and_what_needs_no_token_are_told_of_no_limits(rest: Rest) -> None:
    for path, token, status in (
        ("/users/@me", "wrong", 401),
        ("/gateway", None, 200),
        ("/nowhere", None, 404),
    ):
        reply = await rest("GET", path, token=token)
        assert reply.status == status
        assert not [name for name in reply.headers if name.startswith("X-RateLimit")]
    assert (await rest("GET", "/gateway/bot")).headers["X-RateLimit-Remaining"]


async def test_discord_py_waits_its_turn(
    bot: ExampleBot, server: DiscordServer, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    sending = asyncio.gather(*[bot.post(general, str(number)) for number in range(6)])
    for _ in range(5):
        await ada.wait_for(lambda event: event["type"] == "message_create")
    assert not sending.done()
    assert 429 not in {record.status for record in server.requests}
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
