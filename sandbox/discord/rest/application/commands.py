"""Registering application commands, global ones and a guild's own."""

from collections import Counter

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.application.command_forms import MOST_OF_TYPE, read_command
from sandbox.discord.rest.bodies import path_id, read_fields, read_json
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.locales import DEFAULT_LOCALE, localized
from sandbox.discord.state.model import Command, CommandType
from sandbox.discord.wire import ApiError, Fault, Json, answer

MOST_AT_ONCE = sum(MOST_OF_TYPE.values())


class Commands:
    """The routes under /applications/{application}/commands and …/guilds/{guild}/commands."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        routes = []
        for scope in ("", "/guilds/{guild_id}"):
            every = f"/applications/{{application_id}}{scope}/commands"
            one = every + "/{command_id}"
            routes += [
                web.get(every, self.show_all, allow_head=False),
                web.put(every, self.replace_all),
                web.post(every, self.create),
                web.get(one, self.show, allow_head=False),
                web.patch(one, self.edit),
                web.delete(one, self.delete),
            ]
        # Registered first, so that "permissions" is not read as a command's id.
        permissions = "/applications/{application_id}/guilds/{guild_id}/commands/permissions"
        return [web.get(permissions, self.show_permissions, allow_head=False), *routes]

    async def show_permissions(self, request: web.Request) -> web.Response:
        """What a guild's admins changed about who may use what: nothing."""
        self._scope(request)
        return answer([])

    async def show_all(self, request: web.Request) -> web.Response:
        """Every command of the scope; its texts in all languages only where that is asked for."""
        found = self._all(self._scope(request))
        if request.query.get("with_localizations") in {"true", "1"}:
            return answer(found)
        locale = request.headers.get("X-Discord-Locale", DEFAULT_LOCALE)
        return answer([localized(command, locale) for command in found])

    async def replace_all(self, request: web.Request) -> web.Response:
        """Make the scope hold exactly these; one of the same name keeps its id."""
        scope = self._scope(request)
        form = Form()
        value = await read_json(request)
        entries = value if isinstance(value, list) else []
        if not isinstance(value, list) or len(entries) > MOST_AT_ONCE:
            form.fail((), "LIST_TYPE_CONVERT", f"A list of up to {MOST_AT_ONCE} is needed.")
        bodies = [
            read_command(Fields(form, entry, (index,)), of_guild=scope is not None)
            for index, entry in enumerate(entries)
        ]
        names = Counter((body["type"], body["name"]) for body in bodies)
        for index, body in enumerate(bodies):
            if names[body["type"], body["name"]] > 1:
                form.fail(
                    (index, "name"),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                )
        form.check()
        self._check_count(bodies)
        before = {command.key: command for command in self._of(scope)}
        for command in before.values():
            del self._world.commands[command.id]
        for body in bodies:
            self._save(scope, body, before.get((body["type"], body["name"])))
        return answer(self._all(scope))

    async def create(self, request: web.Request) -> web.Response:
        """Add a command, or replace the one of the same type and name."""
        scope = self._scope(request)
        fields = await read_fields(request)
        body = read_command(fields, of_guild=scope is not None)
        fields.form.check()
        before = {command.key: command for command in self._of(scope)}
        old = before.get((body["type"], body["name"]))
        if old is None:
            self._check_count([body, *(command.body for command in before.values())])
        command = self._save(scope, body, old)
        return answer(self._api.payloads.command(command), 200 if old else 201)

    async def show(self, request: web.Request) -> web.Response:
        """One command."""
        return answer(self._api.payloads.command(self._one(request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change some of a command's fields."""
        command = self._one(request)
        fields = await read_fields(request)
        merged = Fields(fields.form, command.body | fields.raw | {"type": command.body["type"]})
        body = read_command(merged, of_guild=command.guild_id is not None)
        fields.form.check()
        return answer(self._api.payloads.command(self._save(command.guild_id, body, command)))

    async def delete(self, request: web.Request) -> web.Response:
        """Take a command away."""
        del self._world.commands[self._one(request).id]
        return web.Response(status=204)

    def _scope(self, request: web.Request) -> int | None:
        application_id = path_id(request, "application_id")
        if application_id != self._world.application_id:
            raise ApiError(Fault.UNKNOWN_APPLICATION)
        return self._api.guild(request).id if "guild_id" in request.match_info else None

    def _of(self, scope: int | None) -> list[Command]:
        return [command for command in self._world.commands.values() if command.guild_id == scope]

    def _all(self, scope: int | None) -> list[Json]:
        return [self._api.payloads.command(command) for command in self._of(scope)]

    def _one(self, request: web.Request) -> Command:
        scope = self._scope(request)
        command_id = path_id(request, "command_id")
        command = self._world.commands.get(command_id)
        if command is None or command.guild_id != scope:
            raise ApiError(Fault.UNKNOWN_COMMAND)
        return command

    def _save(self, scope: int | None, body: Json, old: Command | None) -> Command:
        command_id = old.id if old else self._world.snowflakes.next()
        version = old.version if old and old.body == body else self._world.snowflakes.next()
        command = Command(command_id, scope, version, body)
        self._world.commands[command_id] = command
        return command

    def _check_count(self, bodies: list[Json]) -> None:
        counts = Counter(body["type"] for body in bodies)
        if any(count > MOST_OF_TYPE[CommandType(kind)] for kind, count in counts.items()):
            raise ApiError(Fault.TOO_MANY_COMMANDS)
