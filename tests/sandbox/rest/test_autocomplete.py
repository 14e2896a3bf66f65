"""Offers while one types: what the bot hears, what it may offer, what the person gets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient, Json, Rest
from tests.sandbox.rest.test_commands import command, option
from tests.sandbox.rest.test_components import codes

Offered = asyncio.Task[list[Json]]


@pytest.fixture
async def heard(rest: Rest, gateway: GatewayClient, world: World) -> GatewayClient:
    """A bot with `/find sub`, whose options offer things, or are plain."""
    options = [
        option("text", autocomplete=True),
        option("count", 4, autocomplete=True),
        option("size", 10, autocomplete=True),
        option("plain", 4, min_value=3),
    ]
    body = command("find", options=[option("sub", 1, options=options)])
    await rest("POST", f"/applications/{world.application_id}/commands", body)
    await gateway.receive()
    await gateway.identify()
    return gateway


@asynccontextmanager
async def typing(
    person: PersonClient, world: World, focused: str, **options: object
) -> AsyncIterator[Offered]:
    """Somebody types; the task ends with what they are offered."""
    general = world.channels["general"].id
    task = asyncio.create_task(person.autocomplete(general, "find sub", options, focused))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def callback(event: Json) -> str:
    return f"/interactions/{event['id']}/{event['token']}/callback"


async def test_what_is_typed_arrives_and_what_is_offered_comes_back(
    rest: Rest, heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    async with typing(ada, world, "text", text="an", plain=7, count="") as offered:
        event = await heard.event("INTERACTION_CREATE")
        assert (event["type"], event["data"]["name"]) == (4, "find")
        [sub] = event["data"]["options"]
        assert (sub["name"], sub["type"]) == ("sub", 1)
        assert sub["options"] == [
            {"name": "text", "type": 3, "value": "an", "focused": True},
            {"name": "plain", "type": 4, "value": 7},
        ]
        choices = [{"name": "Ant", "value": "ant", "name_localizations": {"de": "Ameise"}}]
        reply = await rest("POST", callback(event), {"type": 8, "data": {"choices": choices}})
        assert reply.status == 204
        assert await asyncio.wait_for(offered, 60) == [{"name": "Ant", "value": "ant"}]
    await ada.set_locale("de")
    async with typing(ada, world, "text", text="a") as offered:
        event = await heard.event("INTERACTION_CREATE")
        await rest("POST", callback(event), {"type": 8, "data": {"choices": choices}})
        assert await asyncio.wait_for(offered, 60) == [{"name": "Ameise", "value": "ant"}]


@pytest.mark.parametrize(
    ("focused", "typed", "value"), [("count", "12", 12), ("size", "1.5", 1.5), ("text", "", "")]
)
async def test_each_type_has_its_own_values(
    rest: Rest,
    heard: GatewayClient,
    ada: PersonClient,
    world: World,
    focused: str,
    typed: str,
    value: object,
) -> None:
    async with typing(ada, world, focused, **{focused: typed}) as offered:
        event = await heard.event("INTERACTION_CREATE")
        assert event["data"]["options"][0]["options"][0]["value"] == typed
        for wrong in (True, None, "x" * 101, [1]):
            bad = {"type": 8, "data": {"choices": [{"name": "n", "value": wrong}]}}
            assert (await rest("POST", callback(event), bad)).code == 50035
        good = {"type": 8, "data": {"choices": [{"name": "n", "value": value}]}}
        await rest("POST", callback(event), good)
        assert await asyncio.wait_for(offered, 60) == [{"name": "n", "value": value}]


async def test_at_most_twenty_five_and_nothing_else(
    rest: Rest, heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    async with typing(ada, world, "text", text="") as offered:
        event = await heard.event("INTERACTION_CREATE")
        many = [{"name": str(i), "value": str(i)} for i in range(26)]
        reply = await rest("POST", callback(event), {"type": 8, "data": {"choices": many}})
        assert codes(reply.body["errors"]) == ["BASE_TYPE_BAD_LENGTH"]
        reply = await rest("POST", callback(event), {"type": 4, "data": {"content": "x"}})
        assert codes(reply.body["errors"]) == ["BASE_TYPE_CHOICES"]
        none = {"type": 8, "data": {"choices": []}}
        reply = await rest("POST", f"{callback(event)}?with_response=1", none)
        assert reply.body["interaction"]["type"] == 4
        assert await asyncio.wait_for(offered, 60) == []
        webhook = f"/webhooks/{world.application_id}/{event['token']}"
        assert (await rest("POST", webhook, {"content": "x"})).code == 10015


async def test_nobody_answers_in_three_seconds(
    heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    async with typing(ada, world, "text", text="a") as offered:
        await heard.event("INTERACTION_CREATE")
        world.clock.advance(3.1)
        with pytest.raises(PersonError, match=r"^Loading options failed$"):
            await asyncio.wait_for(offered, 60)
    await ada.send(world.channels["general"].id, "next")
    await ada.wait_for(lambda event: event["type"] == "message_create")
    assert not [event for event in ada.events if event["type"] == "interaction"]


async def test_a_client_asks_only_where_something_is_offered(
    heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    for focused, typed, why in (
        ("plain", "1", "no option plain that offers"),
        ("other", "1", "no option other that offers"),
        ("count", "many", "count takes a number"),
    ):
        async with typing(ada, world, focused, **{focused: typed}) as offered:
            with pytest.raises(PersonError, match=why):
                await asyncio.wait_for(offered, 60)


async def test_what_does_not_fit_yet_is_left_out(
    heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    async with typing(ada, world, "text", text="a", plain=1):
        event = await heard.event("INTERACTION_CREATE")
        assert [part["name"] for part in event["data"]["options"][0]["options"]] == ["text"]


async def test_as_discord_py_has_it(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    offered = await ada.autocomplete(general, "find", {"bug": "b", "legs": 6}, "bug")
    assert offered == [{"name": "Bee with 6", "value": "bee"}]
    assert await ada.autocomplete(general, "find", {"legs": "8"}, "legs") == [
        {"name": "8", "value": 8}
    ]
    used = await ada.outcome(await ada.use(general, "find", {"bug": "something else", "legs": 1}))
    assert used["message"]["content"] == "something else 1"
