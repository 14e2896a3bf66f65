"""Where a person is and what they may do there: the lists that their client opens with."""

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.screens import PERSON
from sandbox.discord.state import permissions
from sandbox.discord.state.locales import LOCALES
from sandbox.discord.state.model import Channel, Guild, Member, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import Json, answer

CAN = {
    "send": Permission.SEND_MESSAGES,
    "attach": Permission.SEND_MESSAGES | Permission.ATTACH_FILES,
    "react": Permission.ADD_REACTIONS | Permission.READ_MESSAGE_HISTORY,
    "manage_messages": Permission.MANAGE_MESSAGES,
    "commands": Permission.USE_APPLICATION_COMMANDS,
}


class Places:
    """Everybody's servers, channels and direct messages."""

    def __init__(self, api: PeopleApi) -> None:
        self._api = api
        self._world = api.world
        self._payloads = api.payloads

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get("", self.people),
            web.get(PERSON + "/overview", self.overview),
        ]

    async def people(self, _request: web.Request) -> web.Response:
        """Who there is to be, and in which languages.

        `{"people": [{"id", "name", "about"}], "locales": [{"id", "name"}]}`
        """
        people = [user for user in self._world.users.values() if not user.bot]
        return answer(
            {
                "people": [
                    {"id": str(user.id), "name": user.display_name, "about": self._about(user)}
                    for user in people
                ],
                "locales": [{"id": locale, "name": name} for locale, name in LOCALES.items()],
            }
        )

    async def overview(self, request: web.Request) -> web.Response:
        """One person's `me`, `bot`, `application_id`, `guilds` and `dms`."""
        person = self._api.person(request)
        return answer(
            {
                "me": self._payloads.user_as_self(person),
                "bot": self._payloads.user_by_id(self._world.bot_id),
                "application_id": str(self._world.application_id),
                "guilds": [self._guild(guild, member) for guild, member in self._homes(person)],
                "dms": [self._dm(person)],
            }
        )

    def _about(self, person: User) -> str:
        """Such as "owns Studio, in Garden": what weighs most comes first."""
        roles = ("owns", "moderates", "in")
        places = [
            (roles.index(_role(guild, member)), guild) for guild, member in self._homes(person)
        ]
        parts = [
            f"{roles[rank]} {guild.name}" for rank, guild in sorted(places, key=lambda p: p[0])
        ]
        return ", ".join([*parts, *(["takes no direct messages"] if person.blocks_dms else [])])

    def _homes(self, person: User) -> list[tuple[Guild, Member]]:
        return [
            (guild, guild.members[person.id])
            for guild in self._world.guilds.values()
            if person.id in guild.members
        ]

    def _guild(self, guild: Guild, member: Member) -> Json:
        channels = [self._world.channel(channel_id) for channel_id in guild.channel_ids]
        rights = [
            (channel, permissions.in_channel(guild, channel, member))
            for channel in channels
            if channel is not None
        ]
        return {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": str(guild.owner_id),
            "upload_limit_bytes": self._world.upload_limit_bytes(guild.id),
            "roles": [self._payloads.role(role) for role in guild.roles],
            "members": [self._member(other) for other in guild.members.values()],
            "channels": [
                _channel(channel, bits)
                for channel, bits in sorted(rights, key=lambda pair: pair[0].position)
                if bits & Permission.VIEW_CHANNEL
            ],
        }

    def _member(self, member: Member) -> Json:
        return {
            "user": self._payloads.user_by_id(member.user_id),
            "nick": member.nick,
            "roles": [str(role_id) for role_id in member.role_ids],
        }

    def _dm(self, person: User) -> Json:
        channel = self._world.dm_between(self._world.bot_id, person.id)
        return {
            "id": str(channel.id),
            "recipient": self._payloads.user_by_id(self._world.bot_id),
            "upload_limit_bytes": self._world.upload_limit_bytes(None),
            "can": _can(int(permissions.DIRECT_MESSAGE)),
        }


def _role(guild: Guild, member: Member) -> str:
    if guild.owner_id == member.user_id:
        return "owns"
    moderates = permissions.in_guild(guild, member) & Permission.MODERATE_MEMBERS
    return "moderates" if moderates else "in"


def _channel(channel: Channel, bits: int) -> Json:
    return {
        "id": str(channel.id),
        "name": channel.name,
        "topic": channel.topic,
        "can": _can(bits),
    }


def _can(bits: int) -> dict[str, bool]:
    return {what: bits & needed == needed for what, needed in CAN.items()}
