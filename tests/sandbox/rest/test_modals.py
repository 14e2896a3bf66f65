"""Modals: what a bot may open, what a person may submit, what the bot hears of it."""

from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.world import World
from tests.media_samples import make_picture
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient, Json, Rest
from tests.sandbox.rest.test_components import button, codes, row
from tests.sandbox.rest.test_interactions import Used, paths, say, use

EPHEMERAL = 1 << 6


def label(component: Json, text: str = "Field", **other: object) -> Json:
    return {"type": 18, "label": text, "component": component} | other


def field(kind: int, custom_id: str = "f", **other: object) -> Json:
    return {"type": kind, "custom_id": custom_id} | other


def options(*values: str) -> list[Json]:
    return [{"label": value.upper(), "value": value} for value in values]


def modal(*components: Json, **other: object) -> Json:
    data = {"custom_id": "form", "title": "A form", "components": list(components)} | other
    return {"type": 9, "data": data}


EVERYTHING = (
    {"type": 10, "content": "Fill **this** in."},
    label(field(4, "text", style=1, max_length=9, value="before"), "Text", description="Short"),
    label(field(3, "bug", options=options("ant", "bee"), max_values=2, required=False), "Bug"),
    label(field(19, "files", max_values=3), "Files"),
    {"type": 1, "components": [field(4, "old", style=2, label="Old", required=False)]},
)
CHOICES = (
    label(field(21, "class", options=options("rogue", "bard")), "Class"),
    label(field(22, "days", options=options("mo", "tu", "we"), min_values=2), "Days"),
    label(field(23, "sure", default=True), "Sure"),
)
ENTITIES = (
    label(field(5, "user", max_values=2), "User"),
    label(field(6, "role"), "Role"),
    label(field(7, "any", max_values=2), "Anything"),
    label(field(8, "place", channel_types=[0]), "Place"),
)


@pytest.fixture
async def used(rest: Rest, ada: PersonClient, world: World) -> Used:
    return await use(rest, ada, world)


@pytest.fixture
async def heard(gateway: GatewayClient) -> GatewayClient:
    await gateway.receive()
    await gateway.identify()
    return gateway


async def submitted(gateway: GatewayClient) -> Json:
    """The next MODAL_SUBMIT that the bot hears of."""
    while (event := await gateway.event("INTERACTION_CREATE"))["type"] != 5:
        continue
    return event


async def test_the_person_is_shown_the_form(rest: Rest, used: Used, ada: PersonClient) -> None:
    reply = await rest("POST", f"{used.callback}?with_response=1", modal(*EVERYTHING))
    assert reply.status == 200
    assert "resource" not in reply.body
    assert "response_message_id" not in reply.body["interaction"]

    outcome = await ada.outcome(used.interaction.id)
    assert (outcome["state"], outcome["message"]) == ("modal", None)
    assert (outcome["modal"]["custom_id"], outcome["modal"]["title"]) == ("form", "A form")
    text, first, _, upload, old = outcome["modal"]["components"]
    assert text == {"type": 10, "id": 1, "content": "Fill **this** in."}
    assert first == {
        "type": 18,
        "id": 2,
        "label": "Text",
        "description": "Short",
        "component": {
            "type": 4,
            "id": 3,
            "custom_id": "text",
            "style": 1,
            "required": True,
            "max_length": 9,
            "value": "before",
        },
    }
    bounds = {name: upload["component"][name] for name in ("required", "min_values", "max_values")}
    assert bounds == {"required": True, "min_values": 1, "max_values": 3}
    assert old["components"][0]["label"] == "Old"
    shown = await ada.wait_for(lambda event: event["type"] == "interaction")
    assert shown["modal"] == outcome["modal"]


async def test_everything_that_is_entered_arrives(
    rest: Rest, used: Used, ada: PersonClient, heard: GatewayClient, tmp_path: Path
) -> None:
    await rest("POST", used.callback, modal(*EVERYTHING))
    picture, note = make_picture(tmp_path / "p.png", size=(64, 48), fmt="PNG"), tmp_path / "n.txt"
    note.write_bytes(b"hello")
    values = {"bug": ["bee", "ant"], "old": "two\nlines"}
    id_ = await ada.submit(used.interaction.id, values, {"files": [picture, note]})

    event = await submitted(heard)
    assert event["id"] == str(id_)
    assert {"token", "version", "attachment_size_limit", "member"} <= event.keys()
    assert "message" not in event
    data = event["data"]
    attachments = data.pop("resolved")["attachments"]
    assert data == {
        "custom_id": "form",
        "components": [
            {"type": 10, "id": 1},
            {
                "type": 18,
                "id": 2,
                "component": {"type": 4, "id": 3, "custom_id": "text", "value": "before"},
            },
            {
                "type": 18,
                "id": 4,
                "component": {"type": 3, "id": 5, "custom_id": "bug", "values": ["bee", "ant"]},
            },
            {
                "type": 18,
                "id": 6,
                "component": {
                    "type": 19,
                    "id": 7,
                    "custom_id": "files",
                    "values": list(attachments),
                },
            },
            {
                "type": 1,
                "id": 8,
                "components": [{"type": 4, "id": 9, "custom_id": "old", "value": "two\nlines"}],
            },
        ],
    }
    image, text = attachments.values()
    assert (image["width"], image["height"], image["ephemeral"]) == (64, 48, True)
    assert "/ephemeral-attachments/" in text["url"]
    assert await rest.fetch(text["url"]) == (200, b"hello")


async def test_groups_and_checkboxes(
    rest: Rest, used: Used, ada: PersonClient, heard: GatewayClient
) -> None:
    await rest("POST", used.callback, modal(*CHOICES))
    values = {"class": "bard", "days": ["tu", "we"], "sure": False}
    await ada.submit(used.interaction.id, values)
    parts = [row["component"] for row in (await submitted(heard))["data"]["components"]]
    assert [part.get("value", part.get("values")) for part in parts] == [
        "bard",
        ["tu", "we"],
        False,
    ]


async def test_people_roles_and_channels_are_resolved(
    rest: Rest, used: Used, ada: PersonClient, heard: GatewayClient, world: World
) -> None:
    await rest("POST", used.callback, modal(*ENTITIES))
    ben, moderator = str(world.users["ben"].id), str(world.guilds["studio"].roles[-1].id)
    general = str(world.channels["general"].id)
    values = {"user": [ben], "role": [moderator], "any": [ben, moderator], "place": [general]}
    await ada.submit(used.interaction.id, values)
    data = (await submitted(heard))["data"]
    assert [row["component"]["values"] for row in data["components"]] == list(values.values())
    resolved = data["resolved"]
    assert resolved["users"].keys() == resolved["members"].keys() == {ben}
    assert resolved["roles"][moderator]["name"] == "Moderator"
    assert resolved["channels"][general]["name"] == "general"


@pytest.mark.parametrize("kind", [3, 4, 19, 21, 22])
async def test_what_is_optional_may_be_left_out(
    rest: Rest, used: Used, ada: PersonClient, heard: GatewayClient, kind: int
) -> None:
    shape: Json = {4: {"style": 1, "min_length": 3}, 19: {}}.get(
        kind, {"options": options("a", "b")}
    )
    await rest("POST", used.callback, modal(label(field(kind, required=False, **shape))))
    await ada.submit(used.interaction.id)
    part = (await submitted(heard))["data"]["components"][0]["component"]
    empties: dict[int, Json] = {4: {"value": ""}, 21: {"value": None}}
    empty = empties.get(kind, {"values": []})
    assert part == {"type": kind, "id": 2, "custom_id": "f"} | empty


async def test_a_client_refuses_what_does_not_fit(
    rest: Rest, used: Used, ada: PersonClient, world: World, tmp_path: Path
) -> None:
    await rest("POST", used.callback, modal(*EVERYTHING))
    note = tmp_path / "n.txt"
    note.write_bytes(b"hello")

    async def refused(why: str, values: Json, files: list[Path]) -> None:
        with pytest.raises(PersonError, match=why):
            await ada.submit(used.interaction.id, values, {"files": files})

    await refused("Text: This takes 1 to 9 characters, not 10", {"text": "x" * 10}, [note])
    await refused("Text: This takes 1 to 9 characters, not 0", {"text": ""}, [note])
    await refused("Text: This takes a text", {"text": 3}, [note])
    await refused("Bug: Choose 1 to 2 there, not 3", {"bug": ["ant"] * 3}, [note])
    await refused("Bug: 'wasp' cannot be chosen", {"bug": ["wasp"]}, [note])
    await refused("Files: Choose 1 to 3 there, not 0", {}, [])
    await refused("Files: Choose 1 to 3 there, not 4", {}, [note] * 4)
    await refused("no field other", {"other": "x"}, [note])
    world.upload_limits_bytes[world.guilds["studio"].id] = 4
    await refused("Files: Your files are too powerful: at most 4 bytes", {}, [note])


async def test_a_client_refuses_what_is_not_offered(
    rest: Rest, used: Used, ada: PersonClient, world: World
) -> None:
    await rest("POST", used.callback, modal(*CHOICES))
    fitting: Json = {"class": "bard", "days": ["mo", "tu"]}
    for values, why in (
        ({"class": None}, "Class: Choose one"),
        ({"class": "wizard"}, "Class: 'wizard' cannot"),
        ({"days": ["mo"]}, "Days: Choose 2 to 3 there, not 1"),
        ({"days": ["mo", "mo"]}, "Days: 'mo' cannot"),
        ({"days": "mo"}, "Days: This takes a list"),
        ({"sure": "yes"}, "Sure: This takes true or false"),
    ):
        with pytest.raises(PersonError, match=why):
            await ada.submit(used.interaction.id, fitting | values)
    assert await ada.submit(used.interaction.id, fitting)


async def test_an_upload_may_ask_for_types(
    rest: Rest, used: Used, ada: PersonClient, tmp_path: Path
) -> None:
    upload = field(19, "files", file_types=["image", ".TXT"], max_values=2)
    await rest("POST", used.callback, modal(label(upload, "Files")))
    note, film = tmp_path / "n.txt", tmp_path / "f.mp4"
    for path in (note, film):
        path.write_bytes(b"x")
    with pytest.raises(PersonError, match=r"Files: f\.mp4 is not one of \.png"):
        await ada.submit(used.interaction.id, files={"files": [note, film]})
    assert await ada.submit(used.interaction.id, files={"files": [note]})


async def test_a_form_is_its_opener_s_and_is_submitted_once(
    rest: Rest, used: Used, ada: PersonClient, ben: PersonClient
) -> None:
    with pytest.raises(PersonError, match="No form is open"):
        await ada.submit(used.interaction.id)
    await rest("POST", used.callback, modal(CHOICES[2]))
    with pytest.raises(PersonError, match="You did no such thing"):
        await ben.submit(used.interaction.id)
    await ada.submit(used.interaction.id)
    with pytest.raises(PersonError, match="No form is open"):
        await ada.submit(used.interaction.id)


async def test_what_answers_a_form(rest: Rest, used: Used, ada: PersonClient, world: World) -> None:
    await rest("POST", used.callback, modal(CHOICES[2]))
    assert (await rest("POST", used.callback, say("too late"))).code == 40060
    assert (await rest("GET", used.original)).code == 10008
    entered = paths(world, world.interactions[await ada.submit(used.interaction.id)])
    for body in (modal(CHOICES[2]), {"type": 6}, {"type": 7, "data": {"content": "x"}}):
        assert codes((await rest("POST", entered.callback, body)).body["errors"]) == [
            "BASE_TYPE_CHOICES"
        ]
    reply = await rest("POST", f"{entered.callback}?with_response=1", say("thanks"))
    message = reply.body["resource"]["message"]
    assert message["type"] == 20
    assert message["interaction"]["name"] == "go"
    metadata = message["interaction_metadata"]
    assert (metadata["type"], metadata["triggering_interaction_metadata"]["type"]) == (5, 2)
    more = (await rest("POST", used.webhook, {"content": "from the command"})).body
    assert more["interaction_metadata"]["type"] == 2


async def test_a_form_from_a_button_may_change_its_message(
    rest: Rest, used: Used, ada: PersonClient, heard: GatewayClient, world: World
) -> None:
    data = {"content": "press", "components": [row(button())]}
    await rest("POST", used.callback, {"type": 4, "data": data})
    message = (await rest("GET", used.original)).body

    async def entered() -> Used:
        pressed = await ada.click(used.interaction.channel_id, int(message["id"]), "a")
        opener = paths(world, world.interactions[pressed])
        assert (await rest("POST", opener.callback, modal(CHOICES[2]))).status == 204
        return paths(world, world.interactions[await ada.submit(pressed)])

    changing = await entered()
    assert (await submitted(heard))["message"]["id"] == message["id"]
    body = {"type": 7, "data": {"content": "pressed"}}
    changed = await rest("POST", f"{changing.callback}?with_response=1", body)
    assert changed.body["resource"]["message"]["id"] == message["id"]
    assert (await ada.outcome(changing.interaction.id))["message"]["content"] == "pressed"

    deferring = await entered()
    assert (await rest("POST", deferring.callback, {"type": 6})).status == 204
    assert (await rest("PATCH", deferring.original, {"content": "later"})).status == 200

    answering = await entered()
    await rest("POST", answering.callback, say("psst", EPHEMERAL))
    answer = (await rest("GET", answering.original)).body
    assert (answer["type"], answer["message_reference"]["message_id"]) == (19, message["id"])
    triggering = answer["interaction_metadata"]["triggering_interaction_metadata"]
    assert triggering["interacted_message_id"] == message["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (modal(), "BASE_TYPE_BAD_LENGTH"),
        (modal(*[{"type": 10, "content": "x"}] * 6), "BASE_TYPE_BAD_LENGTH"),
        (modal(CHOICES[2], title="x" * 46), "BASE_TYPE_BAD_LENGTH"),
        (modal(CHOICES[2], custom_id=""), "BASE_TYPE_BAD_LENGTH"),
        (modal(label(CHOICES[2]["component"], "x" * 46)), "BASE_TYPE_BAD_LENGTH"),
        (modal(CHOICES[2], CHOICES[2]), "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (modal(row(button())), "UNION_TYPE_CHOICES"),
        (modal(label(button())), "UNION_TYPE_CHOICES"),
        (modal(row(field(4, style=1))), "BASE_TYPE_REQUIRED"),
        (modal(label(field(4))), "BASE_TYPE_REQUIRED"),
        (modal(label(field(4, style=1, max_length=2, value="xyz"))), "BASE_TYPE_MAX_LENGTH"),
        (modal(label(field(4, style=1, min_length=3, max_length=2))), "NUMBER_TYPE_MAX"),
        (modal(label(field(5, disabled=True))), "COMPONENT_MODAL_DISABLED"),
        (modal(label(field(5, min_values=0))), "NUMBER_TYPE_MIN"),
        (modal(label(field(19, max_values=11))), "NUMBER_TYPE_MAX"),
        (modal(label(field(19, file_types=["film"]))), "BASE_TYPE_CHOICES"),
        (modal(label(field(21, options=options("one")))), "BASE_TYPE_BAD_LENGTH"),
        (modal(label(field(22, options=options("a", "a")))), "OPTION_VALUE_DUPLICATED"),
    ],
)
async def test_what_is_wrong_is_named(rest: Rest, used: Used, body: Json, code: str) -> None:
    reply = await rest("POST", used.callback, body)
    assert (reply.status, reply.code) == (400, 50035)
    assert any(found.endswith(code) for found in codes(reply.body["errors"]))
    assert (await rest("POST", used.callback, say("still open"))).status == 204


async def test_a_form_as_discord_py_has_it(
    bot: ExampleBot, ada: PersonClient, world: World, tmp_path: Path
) -> None:
    general = world.channels["general"].id
    note = tmp_path / "n.txt"
    note.write_bytes(b"hello")
    opened = await ada.outcome(await ada.use(general, "form"))
    assert opened["state"] == "modal"
    values = {"name": "Ada", "bug": ["bee"], "who": [str(world.users["ben"].id)]}
    entered = await ada.submit(int(opened["interaction_id"]), values, {"files": [note]})
    content = (await ada.outcome(entered))["message"]["content"]
    assert content == "Ada bee Member:ben n.txt:hello"

    opened = await ada.outcome(await ada.use(general, "quiz"))
    values = {"class": "bard", "days": ["mo"], "old": "text", "role": []}
    entered = await ada.submit(int(opened["interaction_id"]), values)
    assert (await ada.outcome(entered))["message"]["content"] == "bard mo True text none"
