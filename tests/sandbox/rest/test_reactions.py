"""Reactions: who may add and remove them, who hears of it, how a message shows them."""

from urllib.parse import quote

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.schema.emoji import is_emoji
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import NO_PRIVILEGE, GatewayClient, Json, Rest

FIRE, HEART = "🔥", "❤️"
IN_SERVERS, IN_DMS = 1 << 10, 1 << 13


@pytest.fixture
async def heard(gateway: GatewayClient) -> GatewayClient:
    await gateway.receive()
    await gateway.identify()
    return gateway


class Target:
    """A message, and the routes of its reactions."""

    def __init__(self, rest: Rest, message: Json) -> None:
        self.rest = rest
        self.channel_id, self.id = int(message["channel_id"]), int(message["id"])
        self.path = f"/channels/{self.channel_id}/messages/{self.id}"

    def of(self, emoji: str, whose: object = "") -> str:
        path = f"{self.path}/reactions/{quote(emoji)}"
        return f"{path}/{whose}" if whose else path

    async def shown(self) -> list[Json]:
        body: Json = (await self.rest("GET", self.path)).body
        return list(body.get("reactions", []))


@pytest.fixture
async def target(rest: Rest, ben: PersonClient, world: World) -> Target:
    return Target(rest, await ben.send(world.channels["general"].id, "look"))


def let_manage(world: World) -> None:
    allow = int(Permission.MANAGE_MESSAGES)
    world.channels["general"].overwrites.append(Overwrite(world.bot_id, 1, allow=allow))


async def test_each_viewer_sees_their_own(
    target: Target, ada: PersonClient, ben: PersonClient, rest: Rest
) -> None:
    assert await target.shown() == []
    assert (await rest("PUT", target.of(FIRE, "@me"))).status == 204
    assert (await rest("PUT", target.of(FIRE, "@me"))).status == 204
    await ada.react(target.channel_id, target.id, FIRE)
    await ada.react(target.channel_id, target.id, HEART)
    fire, heart = await target.shown()
    assert fire == {
        "emoji": {"id": None, "name": FIRE},
        "count": 2,
        "count_details": {"burst": 0, "normal": 2},
        "burst_colors": [],
        "me_burst": False,
        "me": True,
    }
    assert (heart["emoji"]["name"], heart["count"], heart["me"]) == (HEART, 1, False)

    for person, own in ((ada, [True, True]), (ben, [False, False])):
        await person.wait_for(
            lambda event, own=own: (  # type: ignore[misc]
                event["type"] == "message_update"
                and [one["me"] for one in event["message"]["reactions"]] == own
            )
        )
    [seen] = await ben.messages(target.channel_id)
    assert [reaction["me"] for reaction in seen["reactions"]] == [False, False]
    [seen] = await ada.messages(target.channel_id)
    assert [reaction["me"] for reaction in seen["reactions"]] == [True, True]


async def test_who_reacted_is_listed_by_id(
    target: Target, rest: Rest, ada: PersonClient, ben: PersonClient
) -> None:
    for person in (ben, ada):
        await person.react(target.channel_id, target.id, FIRE)
    listed = (await rest("GET", target.of(FIRE))).body
    assert [user["username"] for user in listed] == ["ada", "ben"]
    after = (await rest("GET", f"{target.of(FIRE)}?after={ada.user_id}&limit=1")).body
    assert [user["username"] for user in after] == ["ben"]
    assert (await rest("GET", f"{target.of(FIRE)}?type=1")).body == []
    assert (await rest("GET", target.of(HEART))).body == []


async def test_what_the_bot_hears_in_a_server(
    target: Target, heard: GatewayClient, rest: Rest, ada: PersonClient, world: World
) -> None:
    place = {
        "channel_id": str(target.channel_id),
        "message_id": str(target.id),
        "guild_id": str(world.guilds["studio"].id),
    }
    one = {"user_id": str(ada.user_id), "emoji": {"id": None, "name": FIRE}}
    kind = {"burst": False, "type": 0}
    await ada.react(target.channel_id, target.id, FIRE)
    added = await heard.event("MESSAGE_REACTION_ADD")
    assert added.pop("member")["user"]["username"] == "ada"
    assert added.pop("message_author_id") == str(world.users["ben"].id)
    assert added == place | one | kind

    await ada.unreact(target.channel_id, target.id, FIRE)
    assert await heard.event("MESSAGE_REACTION_REMOVE") == place | one | kind
    assert await target.shown() == []

    let_manage(world)
    await ada.react(target.channel_id, target.id, FIRE)
    await ada.react(target.channel_id, target.id, HEART)
    assert (await rest("DELETE", target.of(FIRE))).status == 204
    removed = await heard.event("MESSAGE_REACTION_REMOVE_EMOJI")
    assert removed == place | {"emoji": {"id": None, "name": FIRE}}
    assert (await rest("DELETE", f"{target.path}/reactions")).status == 204
    assert await heard.event("MESSAGE_REACTION_REMOVE_ALL") == place
    assert await target.shown() == []


@pytest.mark.parametrize(
    ("intents", "where"),
    [(NO_PRIVILEGE & ~IN_SERVERS, "dm"), (NO_PRIVILEGE & ~IN_DMS, "general")],
)
async def test_each_place_has_its_intent(
    gateway: GatewayClient, ada: PersonClient, world: World, intents: int, where: str
) -> None:
    await gateway.receive()
    await gateway.identify(intents)
    places = {"general": world.channels["general"].id, "dm": await ada.open_dm()}
    for channel_id in sorted(places.values(), key=lambda id_: id_ == places[where]):
        message = await ada.send(channel_id, "x")
        await ada.react(channel_id, int(message["id"]), FIRE)
    heard = await gateway.event("MESSAGE_REACTION_ADD")
    assert heard["channel_id"] == str(places[where])
    assert ("guild_id" in heard) is (where == "general")


async def test_rights(target: Target, rest: Rest, ada: PersonClient, world: World) -> None:
    await ada.react(target.channel_id, target.id, FIRE)
    others = target.of(FIRE, ada.user_id)
    for path in (others, target.of(FIRE), f"{target.path}/reactions"):
        assert (await rest("DELETE", path)).code == 50013
    deny = Overwrite(world.bot_id, 1, deny=int(Permission.ADD_REACTIONS))
    world.channels["general"].overwrites.append(deny)
    assert (await rest("PUT", target.of(HEART, "@me"))).code == 50013
    assert (await rest("PUT", target.of(FIRE, "@me"))).status == 204
    assert (await rest("DELETE", target.of(FIRE, "@me"))).status == 204
    deny.deny = int(Permission.READ_MESSAGE_HISTORY)
    assert (await rest("PUT", target.of(FIRE, "@me"))).code == 50013
    world.channels["general"].overwrites.clear()
    let_manage(world)
    assert (await rest("DELETE", target.of(FIRE, 1))).code == 10013
    assert (await rest("DELETE", others)).status == 204
    dm = await ada.open_dm()
    private = Target(rest, await ada.send(dm, "x"))
    assert (await rest("DELETE", f"{private.path}/reactions")).code == 50003


async def test_what_is_no_emoji_and_too_many(target: Target, rest: Rest, ada: PersonClient) -> None:
    assert (await rest("PUT", target.of("x", "@me"))).code == 10014
    assert (await rest("PUT", target.of("custom:1", "@me"))).code == 10014
    with pytest.raises(PersonError, match="'x' is no emoji"):
        await ada.react(target.channel_id, target.id, "x")
    for number in range(20):
        await ada.react(target.channel_id, target.id, chr(0x1F600 + number))
    assert (await rest("PUT", target.of(FIRE, "@me"))).code == 30010
    with pytest.raises(PersonError, match="room for 20"):
        await ada.react(target.channel_id, target.id, FIRE)
    assert (await rest("PUT", target.of("😀", "@me"))).status == 204


async def test_people_need_rights_too(target: Target, ben: PersonClient, world: World) -> None:
    deny = Overwrite(world.guilds["studio"].id, 0, deny=int(Permission.ADD_REACTIONS))
    world.channels["general"].overwrites.append(deny)
    with pytest.raises(PersonError, match="You cannot react"):
        await ben.react(target.channel_id, target.id, FIRE)


@pytest.mark.parametrize(
    "text", ["🔥", "❤️", "❤", "👍🏽", "🇩🇪", "1️⃣", "👩‍👩‍👧", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "‼️", "🧑🏿‍🚀", "ℹ️"]
)
def test_emoji(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize("text", ["", "x", "1", "🔥🔥", "🔥x", "^", "name:1", "‍", "\n", "🇩🇪🇩🇪"])
def test_other_text(text: str) -> None:
    assert not is_emoji(text)


async def test_as_discord_py_has_them(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    sent = await bot.post(general, "react to me")
    await sent.add_reaction(FIRE)
    by_ada = bot.wait_for(
        "raw_reaction_add", check=lambda event: event.user_id == ada.user_id, timeout=60
    )
    await ada.react(general, sent.id, FIRE)
    raw = await by_ada
    assert (str(raw.emoji), raw.message_author_id) == (FIRE, world.bot_id)
    fetched = await sent.fetch()
    [reaction] = fetched.reactions
    assert (str(reaction.emoji), reaction.count, reaction.me) == (FIRE, 2, True)
    assert {user.id async for user in reaction.users()} == {ada.user_id, world.bot_id}
    await sent.remove_reaction(FIRE, bot.user)  # type: ignore[arg-type]
    assert [one["me"] for one in (await ada.messages(general))[0]["reactions"]] == [True]
