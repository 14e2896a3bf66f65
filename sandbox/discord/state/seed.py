"""The world that every run starts with; its ids are fixed, so that other processes know them."""

from collections.abc import Mapping

from sandbox.clock import MovableClock
from sandbox.discord.state.model import Channel, ChannelType, Guild, Member, Overwrite, Role, User
from sandbox.discord.state.permissions import MEMBER, Permission
from sandbox.discord.state.snowflake import COUNTER_BITS, at
from sandbox.discord.state.world import World

FOUNDED_AT = 1_735_689_600.0
BASE = at(FOUNDED_AT)

PEOPLE = {
    "ada": (BASE + 1, "Ada"),
    "ben": (BASE + 2, "Ben"),
    "cleo": (BASE + 3, "Cleo"),
    "dana": (BASE + 4, "Dana"),
    "eve": (BASE + 5, "Eve"),
    "finn": (BASE + 6, "Finn"),
}
TOPICS = {
    "readonly": "The bot may read here, and not write",
    "nofiles": "The bot may write here, and not attach files",
    "nohistory": "The bot may not look at earlier messages here",
    "hidden": "The bot does not see this channel, though its commands work",
}
BOT_ID = BASE + 100
LATER = 1 << COUNTER_BITS
"""A millisecond: each server was made at another, and so may be on another shard."""

STUDIO_ID = BASE + LATER + 200
GARDEN_ID = BASE + 2 * LATER + 300
ATTIC_ID = BASE + 3 * LATER + 400
MODERATOR_ID = STUDIO_ID + 1
BOT_PERMISSIONS = int(MEMBER)
MODERATOR_PERMISSIONS = int(
    MEMBER | Permission.MODERATE_MEMBERS | Permission.MANAGE_MESSAGES | Permission.KICK_MEMBERS
)


def seed_world(
    clock: MovableClock | None = None, locales: Mapping[str, str] | None = None
) -> World:
    """Three servers, six people, one application.

    *studio* is Ada's, where Dana moderates; its channels are *general*, *showroom*, *readonly*
    (the bot cannot send), *nofiles* (the bot cannot attach), *nohistory* (the bot cannot read
    back) and *hidden* (the bot cannot view). *garden* is Cleo's, of tier 2, with *lawn*.
    Eve refuses direct messages and is only in the studio. *attic* is Finn's, with *den*; he is a
    stranger to the other two. `locales` has the languages of those people and servers, by name,
    that have another than English.
    """
    world = World(BOT_ID, clock)
    for name, (user_id, display_name) in PEOPLE.items():
        world.users[name] = User(user_id, name, display_name, blocks_dms=name == "eve")
    world.users["bot"] = User(BOT_ID, "marionette", "Marionette", bot=True)
    _studio(world)
    _garden(world)
    _attic(world)
    for name, locale in (locales or {}).items():
        (world.guilds[name] if name in world.guilds else world.users[name]).locale = locale
    return world


def _studio(world: World) -> None:
    bot_role = Role(STUDIO_ID + 2, "Marionette", BOT_PERMISSIONS, 2, bot_id=BOT_ID)
    moderator = Role(MODERATOR_ID, "Moderator", MODERATOR_PERMISSIONS, 3)
    world.guilds["studio"] = Guild(
        STUDIO_ID,
        "Studio",
        owner_id=PEOPLE["ada"][0],
        roles=[Role(STUDIO_ID, "@everyone", int(MEMBER)), bot_role, moderator],
        members=_members(
            {"ada": [], "ben": [], "cleo": [], "dana": [MODERATOR_ID], "eve": []}, bot_role.id
        ),
    )
    denied = {
        "general": 0,
        "showroom": 0,
        "readonly": Permission.SEND_MESSAGES,
        "nofiles": Permission.ATTACH_FILES,
        "nohistory": Permission.READ_MESSAGE_HISTORY,
        "hidden": Permission.VIEW_CHANNEL,
    }
    for position, (name, bits) in enumerate(denied.items()):
        overwrites = [Overwrite(BOT_ID, 1, deny=int(bits))] if bits else []
        _add_channel(world, "studio", name, position, overwrites, topic=TOPICS.get(name))


def _garden(world: World) -> None:
    _add_guild(world, "garden", GARDEN_ID, ["cleo", "ada"], premium_tier=2)
    _add_channel(world, "garden", "lawn", 0, [])


def _attic(world: World) -> None:
    _add_guild(world, "attic", ATTIC_ID, ["finn"])
    _add_channel(world, "attic", "den", 0, [])


def _add_guild(
    world: World, name: str, guild_id: int, people: list[str], *, premium_tier: int = 0
) -> None:
    """A server without roles of its own; the first of its people owns it."""
    bot_role = Role(guild_id + 2, "Marionette", BOT_PERMISSIONS, 1, bot_id=BOT_ID)
    world.guilds[name] = Guild(
        guild_id,
        name.title(),
        owner_id=PEOPLE[people[0]][0],
        roles=[Role(guild_id, "@everyone", int(MEMBER)), bot_role],
        members=_members({person: [] for person in people}, bot_role.id),
        premium_tier=premium_tier,
    )


def _members(people: dict[str, list[int]], bot_role_id: int) -> dict[int, Member]:
    members = {
        PEOPLE[name][0]: Member(PEOPLE[name][0], role_ids, FOUNDED_AT)
        for name, role_ids in people.items()
    }
    return members | {BOT_ID: Member(BOT_ID, [bot_role_id], FOUNDED_AT)}


def _add_channel(
    world: World,
    guild_name: str,
    name: str,
    position: int,
    overwrites: list[Overwrite],
    *,
    topic: str | None = None,
) -> None:
    guild = world.guilds[guild_name]
    channel_id = guild.id + 10 + position
    guild.channel_ids.append(channel_id)
    world.channels[name] = Channel(
        channel_id, ChannelType.TEXT, name, guild.id, position, topic, overwrites
    )
