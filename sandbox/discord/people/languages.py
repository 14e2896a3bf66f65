"""In which language a person's client is, and which one a server prefers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.screens import PERSON
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_fields
from sandbox.discord.state import permissions
from sandbox.discord.state.locales import LOCALES
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import Json, answer


class Languages:
    """Everybody's languages, and the servers'."""

    def __init__(self, api: PeopleApi, tell_controls: Callable[[], Awaitable[Json]]) -> None:
        self._api = api
        self._world = api.world
        self._tell_controls = tell_controls

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.post(PERSON + "/locale", self.speak),
            web.post(PERSON + r"/guilds/{guild_id:\d{1,20}}/locale", self.prefer),
        ]

    async def speak(self, request: web.Request) -> web.Response:
        """Have one's client in another language, `{"locale"}`."""
        person = self._api.person(request)
        self._world.set_locale(person, await _locale(request))
        return answer({"locale": person.locale})

    async def prefer(self, request: web.Request) -> web.Response:
        """Set a server's language, `{"locale"}`, as whoever may manage it."""
        person = self._api.person(request)
        guild = self._world.guild(int(request.match_info["guild_id"]))
        member = guild.members.get(person.id) if guild else None
        if guild is None or member is None:
            raise Refusal("You are in no such server.")
        if not permissions.in_guild(guild, member) & Permission.MANAGE_GUILD:
            raise Refusal("Only who may manage this server can do that.")
        self._world.set_guild_locale(guild, await _locale(request))
        await self._tell_controls()
        return answer({"locale": guild.locale})


async def _locale(request: web.Request) -> str:
    locale = (await read_fields(request)).raw.get("locale")
    if not isinstance(locale, str) or locale not in LOCALES:
        raise Refusal(f"There is no language {locale!r}: it is one of {', '.join(LOCALES)}.")
    return locale
