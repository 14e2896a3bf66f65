"""Registering application commands."""

import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.state.world import World
from tests.sandbox.raw import Json, Rest
from tests.sandbox.rest.test_components import codes


@pytest.fixture
def path(world: World) -> str:
    return f"/applications/{world.application_id}/commands"


def command(name: str = "go", **other: object) -> Json:
    return {"name": name, "description": "Goes"} | other


def option(name: str = "o", kind: int = 3, **other: object) -> Json:
    return {"name": name, "description": "An option", "type": kind} | other


async def test_bulk_registration_replaces_and_keeps_ids(rest: Rest, path: str) -> None:
    first = (await rest("PUT", path, [command("a"), command("b")])).body
    second = (await rest("PUT", path, [command("b"), command("c", description="New")])).body
    assert [entry["name"] for entry in second] == ["b", "c"]
    assert (second[0]["id"], second[0]["version"]) == (first[1]["id"], first[1]["version"])
    assert (await rest("GET", f"{path}?with_localizations=true")).body == second
    assert (await rest("PUT", path, [])).body == []


async def test_one_by_one(rest: Rest, path: str) -> None:
    made = await rest("POST", path, command())
    assert made.status == 201
    again = await rest("POST", path, command(description="Again"))
    assert (again.status, again.body["id"]) == (200, made.body["id"])
    one = f"{path}/{made.body['id']}"
    changed = (await rest("PATCH", one, {"description": "Changed", "options": [option()]})).body
    assert (changed["description"], changed["name"]) == ("Changed", "go")
    assert (await rest("GET", one)).body["options"][0]["name"] == "o"
    assert (await rest("DELETE", one)).status == 204
    assert (await rest("GET", one)).code == 10063
    assert (await rest("GET", "/applications/1/commands")).code == 10002


async def test_a_guilds_own_commands_are_seen_there_only(
    rest: Rest, path: str, world: World, ada: PersonClient
) -> None:
    garden = path.replace("/commands", f"/guilds/{world.guilds['garden'].id}/commands")
    await rest("PUT", path, [command("everywhere"), command("hidden", dm_permission=False)])
    await rest("PUT", garden, [command("here")])

    async def offered(channel_id: int) -> set[str]:
        return {entry["name"] for entry in await ada.commands(channel_id)}

    assert await offered(world.channels["lawn"].id) == {"everywhere", "hidden", "here"}
    assert await offered(world.channels["general"].id) == {"everywhere", "hidden"}
    assert await offered(await ada.open_dm()) == {"everywhere"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (command("Upper"), "APPLICATION_COMMAND_INVALID_NAME"),
        (command("two words"), "STRING_TYPE_REGEX"),
        (command("x" * 33), "BASE_TYPE_BAD_LENGTH"),
        (command(description=""), "BASE_TYPE_BAD_LENGTH"),
        ({"name": "go"}, "BASE_TYPE_REQUIRED"),
        (command(type=2), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION"),
        (command(options=[option(), option()]), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"),
        (
            command(options=[option("a"), option("b", required=True)]),
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            command(options=[option("a", 1), option("b")]),
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (command(options=[option("a", 1, options=[option("b", 1)])]), "BASE_TYPE_CHOICES"),
        (
            command(options=[option(choices=[{"name": "n", "value": 1}])]),
            "BASE_TYPE_BAD_TYPE",
        ),
        (command(options=[option(str(i)) for i in range(26)]), "BASE_TYPE_BAD_LENGTH"),
        (command(name_localizations={"de-DE": "los"}), "BASE_TYPE_CHOICES"),
        (command(name_localizations={"de": "Los"}), "APPLICATION_COMMAND_INVALID_NAME"),
        (command(name_localizations={"de": "los gehts"}), "STRING_TYPE_REGEX"),
        (command(options=[option(name_localizations={"de": "x" * 33})]), "BASE_TYPE_BAD_LENGTH"),
        (command(description_localizations={"de": "x" * 101}), "BASE_TYPE_BAD_LENGTH"),
        (
            {"name": "Go", "type": 3, "name_localizations": {"de": "x" * 33}},
            "BASE_TYPE_BAD_LENGTH",
        ),
    ],
)
async def test_what_is_wrong_is_named(rest: Rest, path: str, body: Json, code: str) -> None:
    reply = await rest("POST", path, body)
    assert (reply.status, reply.code) == (400, 50035)
    assert code in codes(reply.body["errors"])


async def test_names_are_unique_in_a_bulk(rest: Rest, path: str) -> None:
    reply = await rest("PUT", path, [command(), command()])
    assert codes(reply.body["errors"]["0"]) == ["APPLICATION_COMMANDS_DUPLICATE_NAME"]


async def test_at_most_a_hundred(rest: Rest, path: str) -> None:
    assert (await rest("PUT", path, [command(f"c{i}") for i in range(100)])).status == 200
    assert (await rest("POST", path, command("more"))).code == 30032


async def test_menu_commands_are_registered(rest: Rest, path: str) -> None:
    made = await rest("POST", path, {"name": "Use as subject", "type": 3})
    assert (made.status, made.body["description"]) == (201, "")


async def test_lists_have_all_languages_only_where_that_is_asked_for(rest: Rest, path: str) -> None:
    names, choices = {"de": "los"}, [{"name": "n", "value": "v", "name_localizations": {"de": "m"}}]
    body = command(name_localizations=names, options=[option(choices=choices)])
    [made] = (await rest("PUT", path, [body])).body
    assert made["name_localizations"] == names
    assert (await rest("GET", f"{path}/{made['id']}")).body == made
    assert (await rest("GET", f"{path}?with_localizations=true")).body == [made]
    [listed] = (await rest("GET", path)).body
    assert "name_localizations" not in listed
    assert (listed["name"], listed["name_localized"]) == ("go", "go")
    assert listed["options"][0]["choices"] == [{"name": "n", "value": "v", "name_localized": "n"}]


async def test_the_longest_language_counts_towards_a_commands_size(rest: Rest, path: str) -> None:
    def body(letters: int) -> Json:
        choices = [
            {"name": "n", "value": "v", "name_localizations": {"de": "m" * letters, "fr": "m"}}
            for _ in range(25)
        ]
        return command(options=[option(f"o{i}", choices=choices) for i in range(3)])

    assert (await rest("POST", path, body(100))).status == 201
    options = [*body(100)["options"], option("last", choices=body(1)["options"][0]["choices"])]
    reply = await rest("POST", path, command(options=options))
    assert reply.status == 200
    options[-1] = body(100)["options"][0] | {"name": "last"}
    reply = await rest("POST", path, command(options=options))
    assert codes(reply.body["errors"]) == ["APPLICATION_COMMAND_TOO_LARGE"]
