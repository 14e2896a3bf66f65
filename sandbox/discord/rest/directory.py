"""Who and what there is: the application, users, guilds, members, roles, the gateway's address."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import path_id
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.permissions import Permission, in_guild
from sandbox.discord.wire import ApiError, Fault, answer

GUILD_MEMBERS_INTENT = 1 << 1


class Directory:
    """Routes that only read."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        guild = "/guilds/{guild_id}"
        handlers = {
            "/gateway": self.gateway,
            "/gateway/bot": self.gateway_for_bot,
            "/oauth2/applications/@me": self.application,
            "/applications/@me": self.application,
            "/users/@me": self.own_user,
            "/users/@me/guilds": self.own_guilds,
            "/users/{user_id}": self.user,
            guild: self.guild,
            guild + "/channels": self.channels,
            guild + "/threads/active": self.threads,
            guild + "/roles": self.roles,
            guild + "/roles/{role_id}": self.role,
            guild + "/members": self.members,
            guild + "/members/{user_id}": self.member,
        }
        return [web.get(path, handler, allow_head=False) for path, handler in handlers.items()]

    async def gateway(self, request: web.Request) -> web.Response:
        """Where the gateway is."""
        return answer({"url": self._api.gateway_url})

    async def gateway_for_bot(self, request: web.Request) -> web.Response:
        """Where the gateway is, and how often it may be entered."""
        starts = self._world.session_starts
        told = {"shards": starts.shards, "session_start_limit": starts.limit()}
        return answer({"url": self._api.gateway_url} | told)

    async def application(self, request: web.Request) -> web.Response:
        """The bot's application."""
        return answer(self._api.payloads.application())

    async def own_user(self, request: web.Request) -> web.Response:
        """The bot itself."""
        return answer(self._api.payloads.own_user())

    async def own_guilds(self, request: web.Request) -> web.Response:
        """The guilds the bot is in, by their ids."""
        query = Fields(Form(), dict(request.query))
        limit = query.integer("limit", least=1, most=200) or 200
        after, before = query.snowflake("after") or 0, query.snowflake("before")
        query.form.check()
        mine = [
            guild
            for guild in sorted(self._world.guilds.values(), key=lambda guild: guild.id)
            if self._world.bot_id in guild.members
            and after < guild.id
            and (before is None or guild.id < before)
        ]
        return answer(
            [
                {
                    "id": str(guild.id),
                    "name": guild.name,
                    "icon": None,
                    "banner": None,
                    "owner": guild.owner_id == self._world.bot_id,
                    "permissions": str(int(in_guild(guild, guild.members[self._world.bot_id]))),
                    "features": [],
                }
                for guild in mine[:limit]
            ]
        )

    async def user(self, request: web.Request) -> web.Response:
        """Somebody."""
        user = self._world.user(path_id(request, "user_id"))
        if user is None:
            raise ApiError(Fault.UNKNOWN_USER)
        return answer(self._api.payloads.user(user))

    async def guild(self, request: web.Request) -> web.Response:
        """One guild."""
        guild = self._api.guild(request)
        body = self._api.payloads.guild(guild)
        if request.query.get("with_counts") in {"true", "1"}:
            count = len(guild.members)
            body |= {"approximate_member_count": count, "approximate_presence_count": 1}
        return answer(body)

    async def channels(self, request: web.Request) -> web.Response:
        """A guild's channels."""
        found = map(self._world.channel, self._api.guild(request).channel_ids)
        return answer([self._api.payloads.channel(channel) for channel in found if channel])

    async def threads(self, request: web.Request) -> web.Response:
        """A guild's threads that are open, as far as the bot sees them; it has joined none."""
        guild = self._api.guild(request)
        seen = [
            self._api.payloads.channel(thread)
            for thread in self._world.threads_of(guild)
            if self._api.rights(thread) & Permission.VIEW_CHANNEL
        ]
        return answer({"threads": seen, "members": [], "has_more": False})

    async def roles(self, request: web.Request) -> web.Response:
        """A guild's roles."""
        return answer([self._api.payloads.role(role) for role in self._api.guild(request).roles])

    async def role(self, request: web.Request) -> web.Response:
        """One role."""
        role_id = path_id(request, "role_id")
        for role in self._api.guild(request).roles:
            if role.id == role_id:
                return answer(self._api.payloads.role(role))
        raise ApiError(Fault.UNKNOWN_ROLE)

    async def members(self, request: web.Request) -> web.Response:
        """A guild's members, for an application with the privileged intent."""
        guild = self._api.guild(request)
        query = Fields(Form(), dict(request.query))
        limit = query.integer("limit", least=1, most=1000) or 1
        after = query.snowflake("after") or 0
        query.form.check()
        if not self._world.privileged_intents & GUILD_MEMBERS_INTENT:
            raise ApiError(Fault.MISSING_ACCESS)
        ids = sorted(user_id for user_id in guild.members if user_id > after)[:limit]
        return answer([self._api.payloads.member(guild.members[user_id]) for user_id in ids])

    async def member(self, request: web.Request) -> web.Response:
        """One member."""
        guild = self._api.guild(request)
        user_id = path_id(request, "user_id")
        if self._world.user(user_id) is None:
            raise ApiError(Fault.UNKNOWN_USER)
        if user_id not in guild.members:
            raise ApiError(Fault.UNKNOWN_MEMBER)
        return answer(self._api.payloads.member(guild.members[user_id]))
