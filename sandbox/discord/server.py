"""One port on 127.0.0.1 with everything: REST, gateway, files, and the people's own routes."""

import hmac
import secrets
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.discord.gateway.sessions import Sessions
from sandbox.discord.gateway.sockets import Gateway
from sandbox.discord.page.controls import MOST_AHEAD_S, Control, Controls, clock_control
from sandbox.discord.page.document import Pages
from sandbox.discord.page.fault_controls import REST, FaultControls
from sandbox.discord.page.language_controls import language_controls
from sandbox.discord.page_guard import FILES_PATHS, Handler, guard
from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.people.client import People
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import read_fields
from sandbox.discord.rest.limits import API, Limits, template_of
from sandbox.discord.rest.routes import rest_routes
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.world import MIB, World
from sandbox.discord.traffic import RequestRecord, Traffic
from sandbox.discord.wire import ApiError, Fault, Json, answer
from sandbox.faults.injector import Faults

HEARTBEAT_INTERVAL_S = 41.25
MOST_BYTES = 1024 * MIB
# What carries its own token in the path, or nothing secret at all.
WITHOUT_BOT_TOKEN = ("/gateway", "/interactions/", "/webhooks/")


class DiscordServer:
    """Serves a world; use it with `async with`, and its addresses are known inside.

    `controls` are shown on the page beside the server's own, or instead of one with the same id.
    `faults` befall bots' REST as the server "discord", and the files that anybody fetches as "cdn".
    """

    def __init__(
        self,
        world: World,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        controls: Sequence[Control] = (),
        faults: Faults | None = None,
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
    ) -> None:
        self.world = world
        self._host, self._port = host, port
        self._cdn = Cdn(world)
        payloads = Payloads(world, self._cdn)
        self._api = Api(world, self._cdn, payloads)
        self._sessions = Sessions(world, payloads)
        self.traffic = Traffic(world.clock)
        self.faults = faults or Faults()
        self.gateway = Gateway(self._sessions, self.traffic, heartbeat_interval_s)
        self._around_files = self.faults.around("cdn")
        self.controls = Controls()
        self.controls.add(
            *FaultControls(self.faults, self.gateway).controls(),
            clock_control(world.clock, self._advance),
            *controls,
            *language_controls(world),
        )
        self._people = People(world, self._cdn, payloads, self.traffic, self.controls.tell)
        self.controls.listeners.append(self._people.show_controls)
        self._people_path = f"/people/{secrets.token_urlsafe(16)}"
        self._pages = Pages(self._cdn, self._people_path)
        self._limits = Limits(world.clock)
        self._runner: web.AppRunner | None = None
        self.api_url = self.gateway_url = self.people_url = ""

    async def __aenter__(self) -> Self:
        """Listen; OSError if the port is taken."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._announce(self._runner.addresses[0][1])
        self.world.listeners += [self._sessions, self._people]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection and the port."""
        for listener in (self._sessions, self._people):
            self.world.listeners.remove(listener)
        self.gateway.drop_all()
        await self._people.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def requests(self) -> deque[RequestRecord]:
        """The latest REST calls of bots."""
        return self.traffic.requests

    def announcement(self) -> Json:
        """The addresses, the bot's token, and the ids by name: what other processes must know."""
        return {
            "page_url": f"{self._cdn.base_url}/",
            "api_url": self.api_url,
            "gateway_url": self.gateway_url,
            "people_url": self.people_url,
            "token": self.world.token,
            "application_id": self.world.application_id,
            "users": {name: user.id for name, user in self.world.users.items()},
            "guilds": {name: guild.id for name, guild in self.world.guilds.items()},
            "channels": {name: channel.id for name, channel in self.world.channels.items()},
        }

    def _application(self) -> web.Application:
        app = web.Application(
            client_max_size=MOST_BYTES, middlewares=[guard, _refusals, self._files_struck]
        )
        app.add_routes(self._pages.routes() + self._cdn.routes() + self.gateway.routes())
        people = web.Application()
        people.add_routes(self._people.routes() + self.controls.routes() + self.traffic.routes())
        people.router.add_post("/control/clock", self._move_clock)
        app.add_subapp(self._people_path, people)
        around = [
            _marked,
            self.traffic.note,
            self.faults.around(REST, root=API),
            self._limited,
            _errors,
        ]
        api = web.Application(middlewares=around)
        api.add_routes(rest_routes(self._api))
        app.add_subapp(API, api)
        return app

    def _announce(self, port: int) -> None:
        address = f"{self._host}:{port}"
        self._cdn.base_url = f"http://{address}"
        self.api_url = f"http://{address}{API}"
        self.gateway_url = f"ws://{address}/gateway"
        self.people_url = f"http://{address}{self._people_path}"
        self._api.gateway_url = self.gateway.url = self.gateway_url

    @web.middleware
    async def _files_struck(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(FILES_PATHS):
            return await handler(request)
        return await self._around_files(request, handler)

    @web.middleware
    async def _limited(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        template = template_of(request)
        if template is None:
            return await handler(request)
        try:
            self._check_token(request)  # strangers use up nobody's limits, and are told of none
        except ApiError as error:
            return answer(error.body, error.status)
        try:
            if (refused := self._limits.refuse(request, template)) is not None:
                return refused
            response = await handler(request)
        except ApiError as error:
            response = answer(error.body, error.status)
        self._limits.mark(request, template, response)
        return response

    def _check_token(self, request: web.Request) -> None:
        path = request.path.removeprefix(API)
        if path.startswith(WITHOUT_BOT_TOKEN) and path != "/gateway/bot":
            return
        given = request.headers.get("Authorization", "")
        sent, own = given.encode(errors="surrogateescape"), f"Bot {self.world.token}".encode()
        if not hmac.compare_digest(sent, own):
            raise ApiError(Fault.UNAUTHORIZED)

    async def _move_clock(self, request: web.Request) -> web.Response:
        seconds = (await read_fields(request)).raw.get("advance_s")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= MOST_AHEAD_S:
            raise Refusal("advance_s must be a number of seconds, 0 or more.")
        await self._advance(seconds)
        return answer({"time": self.world.clock.time()})

    async def _advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)


@web.middleware
async def _marked(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The header that clients look for on every answer."""
    response = await handler(request)
    response.headers["Via"] = "1.1 sandbox"
    return response


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Discord's JSON for what went wrong."""
    try:
        return await handler(request)
    except ApiError as error:
        return answer(error.body, error.status)
    except web.HTTPNotFound:
        fault = Fault.NOT_FOUND
    except web.HTTPMethodNotAllowed:
        fault = Fault.METHOD_NOT_ALLOWED
    return answer(ApiError(fault).body, ApiError(fault).status)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A person's client says in a sentence why it does not do something."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return answer({"message": str(refusal)}, 400)
    except ApiError as error:
        return answer(error.body, error.status)
    except web.HTTPNotFound:
        return answer({"message": "There is nothing at this address."}, 404)
    except web.HTTPClientError as error:
        return answer({"message": f"This was not understood: {error.reason}."}, error.status)
