"""Select menus in messages: what is taken, how one is used, what the bot hears of it."""

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient, Json, Rest
from tests.sandbox.rest.test_components import Poster, button, codes, row


@pytest.fixture
def post(rest: Rest, world: World) -> Poster:
    return Poster(rest, world)


def select(kind: int = 3, custom_id: str = "s", **other: object) -> Json:
    options = {"options": [option("a"), option("b")]} if kind == 3 else {}
    return {"type": kind, "custom_id": custom_id} | options | other


def option(value: str, **other: object) -> Json:
    return {"label": value.upper(), "value": value} | other


@pytest.mark.parametrize("flags", [0, 1 << 15])
async def test_each_kind_is_completed_in_old_and_new_messages(post: Poster, flags: int) -> None:
    wasp = option("wasp", description="stings", emoji={"name": "🐝"}, default=True)
    menus = [
        select(options=[wasp, option("ant")], placeholder="Which?", disabled=True),
        select(5, "u", default_values=[{"type": "user", "id": "7"}]),
        select(6, "r", min_values=0, max_values=3),
        select(7, "m"),
        select(8, "c", channel_types=[0]),
    ]
    reply = await post(*map(row, menus), flags=flags)
    assert reply.status == 200, reply.body
    strings, users, roles, mentionables, channels = [
        shown["components"][0] for shown in reply.body["components"]
    ]
    assert strings == {
        "type": 3,
        "id": 2,
        "custom_id": "s",
        "placeholder": "Which?",
        "disabled": True,
        "min_values": 1,
        "max_values": 1,
        "options": [wasp, option("ant")],
    }
    assert users["default_values"] == [{"type": "user", "id": "7"}]
    assert (roles["min_values"], roles["max_values"]) == (0, 3)
    assert "options" not in mentionables
    assert channels["channel_types"] == [0]


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        (select(options=[]), "BASE_TYPE_BAD_LENGTH"),
        (select(options=[option(str(i)) for i in range(26)]), "BASE_TYPE_BAD_LENGTH"),
        (select(max_values=3), "BASE_TYPE_BAD_LENGTH"),
        (select(min_values=2), "NUMBER_TYPE_MAX"),
        (select(options=[option("a"), option("a")]), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"),
        (select(options=[option("x" * 101)]), "BASE_TYPE_BAD_LENGTH"),
        (
            select(options=[option("a", default=True), option("b", default=True)]),
            "SELECT_COMPONENT_TOO_MANY_DEFAULTS",
        ),
        (select(placeholder="x" * 151), "BASE_TYPE_MAX_LENGTH"),
        (select(5, default_values=[{"type": "role", "id": "7"}]), "BASE_TYPE_CHOICES"),
        (
            select(5, default_values=[{"type": "user", "id": id_} for id_ in ("7", "8")]),
            "BASE_TYPE_BAD_LENGTH",
        ),
        (select(8, channel_types=[99]), "BASE_TYPE_CHOICES"),
        (select(5, max_values=26), "NUMBER_TYPE_MAX"),
    ],
)
async def test_what_is_wrong_is_named(post: Poster, menu: Json, code: str) -> None:
    reply = await post(row(menu), content="x", flags=0)
    assert (reply.status, reply.code) == (400, 50035)
    assert code in codes(reply.body["errors"])


async def test_a_menu_has_its_row_to_itself(post: Poster) -> None:
    for crowd in ([select(), button()], [select(), select(5, "u")]):
        reply = await post(row(*crowd))
        assert "COMPONENT_LAYOUT_WIDTH_EXCEEDED" in codes(reply.body["errors"])
    assert "UNION_TYPE_CHOICES" in codes((await post(select())).body["errors"])


async def test_what_the_bot_hears(
    post: Poster, gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    await gateway.receive()
    await gateway.identify()
    message_id = int((await post(row(select(max_values=2)), row(select(7, "m")))).body["id"])
    general, ben = world.channels["general"].id, world.users["ben"].id

    await ada.click(general, message_id, "s", ["b", "a"])
    data = (await gateway.event("INTERACTION_CREATE"))["data"]
    assert data == {"component_type": 3, "custom_id": "s", "id": 2, "values": ["b", "a"]}

    await ada.click(general, message_id, "m", [str(ben)])
    heard = await gateway.event("INTERACTION_CREATE")
    assert heard["message"]["id"] == str(message_id)
    assert heard["data"]["values"] == [str(ben)]
    assert heard["data"]["resolved"]["users"][str(ben)]["username"] == "ben"
    member = heard["data"]["resolved"]["members"][str(ben)]
    assert "permissions" in member
    assert not {"user", "mute", "deaf"} & member.keys()


async def test_a_client_refuses_what_does_not_fit(
    post: Poster, rest: Rest, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    menus = [
        select(options=[option(str(i)) for i in range(4)], min_values=2, max_values=3),
        select(5, "u", max_values=2),
        select(6, "r"),
        select(8, "c", channel_types=[2]),
        select(5, "off", disabled=True),
    ]
    message_id = int((await post(*map(row, menus))).body["id"])

    async def refused(custom_id: str, values: list[object], why: str) -> None:
        with pytest.raises(PersonError, match=why):
            await ben.click(general, message_id, custom_id, [str(value) for value in values])

    await refused("s", ["1"], "Choose 2 to 3 there, not 1")
    await refused("s", ["1", "1"], "'1' cannot be chosen")
    await refused("s", ["1", "9"], "'9' cannot be chosen")
    await refused("u", [], "Choose 1 to 2 there")
    await refused("u", [general], "cannot be chosen")
    await refused("u", ["somebody"], "cannot be chosen")
    await refused("r", [world.users["ben"].id], "cannot be chosen")
    await refused("c", [general], "cannot be chosen")
    await refused("off", [world.users["ben"].id], "disabled")

    dm = await ada.open_dm()
    there = await rest("POST", f"/channels/{dm}/messages", {"components": [row(select(5))]})
    with pytest.raises(PersonError, match="cannot be chosen"):
        await ada.click(dm, int(there.body["id"]), "s", [str(world.users["ben"].id)])
    assert await ada.click(dm, int(there.body["id"]), "s", [str(ada.user_id)])


async def test_a_button_takes_no_values(post: Poster, ada: PersonClient, world: World) -> None:
    message_id = int((await post(row(button()))).body["id"])
    with pytest.raises(PersonError, match="nothing to choose"):
        await ada.click(world.channels["general"].id, message_id, "a", ["x"])


async def test_menus_as_discord_py_has_them(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    general, ben = world.channels["general"].id, world.users["ben"].id
    moderator = world.guilds["studio"].roles[-1].id
    shown = (await ada.outcome(await ada.use(general, "menus")))["message"]

    async def chosen(custom_id: str, *values: object) -> str:
        used = await ada.click(general, int(shown["id"]), custom_id, [str(v) for v in values])
        content: str = (await ada.outcome(used))["message"]["content"]
        return content

    assert await chosen("menu:bug", "bee", "ant") == "bee ant"
    assert await chosen("menu:user", ben) == "Member:ben"
    assert await chosen("menu:role", moderator) == "Role:Moderator"
    both = await chosen("menu:mentionable", moderator, ben)
    assert set(both.split()) == {"Role:Moderator", "Member:ben"}
    assert await chosen("menu:channel", general) == "AppCommandChannel:general"
