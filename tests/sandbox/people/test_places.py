"""The lists that a person's client opens with: people, servers, channels, and what they may do."""

from typing import Any

import pytest

from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from tests.sandbox.raw import Rest

MIB = 1024 * 1024


async def fetch(rest: Rest, url: str) -> Any:
    async with rest.session.get(url) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def overview(rest: Rest, server: DiscordServer, name: str) -> Any:
    return await fetch(rest, f"{server.people_url}/{server.world.users[name].id}/overview")


async def test_everybody_is_listed_with_where_they_are(rest: Rest, server: DiscordServer) -> None:
    people = (await fetch(rest, server.people_url))["people"]
    assert {person["name"]: person["about"] for person in people} == {
        "Ada": "owns Studio, in Garden",
        "Ben": "in Studio",
        "Cleo": "owns Garden, in Studio",
        "Dana": "moderates Studio",
        "Eve": "in Studio, takes no direct messages",
        "Finn": "owns Attic",
    }
    assert people[0]["id"] == str(server.world.users["ada"].id)


async def test_an_overview_has_the_persons_own_places(
    rest: Rest, server: DiscordServer, world: World
) -> None:
    seen = await overview(rest, server, "ada")
    assert seen["me"]["username"] == "ada"
    assert seen["bot"]["bot"] is True
    assert seen["application_id"] == str(world.application_id)
    studio, garden = seen["guilds"]
    assert (studio["name"], garden["name"]) == ("Studio", "Garden")
    assert (studio["owner_id"], studio["upload_limit_bytes"]) == (seen["me"]["id"], 10 * MIB)
    assert garden["upload_limit_bytes"] == 50 * MIB
    assert [channel["name"] for channel in studio["channels"]] == [
        *("general", "showroom", "readonly", "nofiles", "nohistory", "hidden"),
    ]
    assert [role["name"] for role in studio["roles"]] == ["@everyone", "Marionette", "Moderator"]
    dana = next(member for member in studio["members"] if member["user"]["username"] == "dana")
    assert (dana["nick"], dana["roles"]) == (None, [studio["roles"][2]["id"]])
    [finns] = (await overview(rest, server, "finn"))["guilds"]
    assert [channel["name"] for channel in finns["channels"]] == ["den"]


async def test_what_a_person_may_do_follows_their_rights(
    rest: Rest, server: DiscordServer, world: World
) -> None:
    ben, studio = world.users["ben"], world.guilds["studio"]
    denied = {
        "general": 0,
        "showroom": Permission.VIEW_CHANNEL,
        "readonly": Permission.SEND_MESSAGES,
        "nofiles": Permission.ATTACH_FILES,
        "nohistory": Permission.READ_MESSAGE_HISTORY,
        "hidden": Permission.USE_APPLICATION_COMMANDS,
    }
    for name, bits in denied.items():
        world.channels[name].overwrites = [Overwrite(ben.id, 1, deny=int(bits))]
    world.channels["hidden"].position = -1

    [seen] = (await overview(rest, server, "ben"))["guilds"]
    may = {"send": True, "attach": True, "react": True, "manage_messages": False, "commands": True}
    assert [(channel["name"], channel["can"]) for channel in seen["channels"]] == [
        ("hidden", may | {"commands": False}),
        ("general", may),
        ("readonly", may | {"send": False, "attach": False}),
        ("nofiles", may | {"attach": False}),
        ("nohistory", may | {"react": False}),
    ]
    assert seen["id"] == str(studio.id)
    [dana] = (await overview(rest, server, "dana"))["guilds"]
    assert dana["channels"][1]["can"]["manage_messages"] is True


async def test_the_direct_messages_with_the_bot_are_there_at_once(
    rest: Rest, server: DiscordServer, world: World
) -> None:
    assert world.dms == {}
    [first] = (await overview(rest, server, "ben"))["dms"]
    [again] = (await overview(rest, server, "ben"))["dms"]
    assert first["id"] == again["id"] == str(next(iter(world.dms)))
    assert first["recipient"]["id"] == str(world.bot_id)
    assert first["upload_limit_bytes"] == 10 * MIB
    assert first["can"]["send"]
    assert first["can"]["attach"]
    assert not first["can"]["manage_messages"]


@pytest.mark.parametrize("name", ["bot", "nobody"])
async def test_nobody_else_has_an_overview(rest: Rest, server: DiscordServer, name: str) -> None:
    user_id = server.world.bot_id if name == "bot" else 1
    async with rest.session.get(f"{server.people_url}/{user_id}/overview") as response:
        assert response.status == 400
        assert await response.json() == {"message": "There is no such person."}
