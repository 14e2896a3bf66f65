"""One port on 127.0.0.1 with everything: REST, gateway, files, and the people's own routes."""

import hmac
import json
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.discord.cdn import Cdn
from sandbox.discord.doors import Handler, guard
from sandbox.discord.gateway import Gateway
from sandbox.discord.pages import Pages
from sandbox.discord.payloads import Payloads
from sandbox.discord.people import People
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest import Api, rest_routes
from sandbox.discord.rest.bodies import BODY, read_fields
from sandbox.discord.rest.limits import API, Limits
from sandbox.discord.sessions import Sessions
from sandbox.discord.wire import ApiError, Fault, Json, answer
from sandbox.discord.world import MIB, World

HEARTBEAT_INTERVAL_S = 41.25
MOST_BYTES = 1024 * MIB
# What carries its own token in the path, or nothing secret at all.
WITHOUT_BOT_TOKEN = ("/gateway", "/interactions/", "/webhooks/")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One REST call of the bot's; `at` in unix seconds of the server's clock."""

    method: str
    path: str
    status: int
    at: float
    template: str | None = None
    body: object = None
    answer: object = None


class DiscordServer:
    """Serves a world; use it with `async with`, and its addresses are known inside."""

    def __init__(
        self,
        world: World,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
    ) -> None:
        self.world = world
        self.requests: list[RequestRecord] = []
        self._host, self._port = host, port
        self._cdn = Cdn(world)
        payloads = Payloads(world, self._cdn)
        self._api = Api(world, self._cdn, payloads)
        self._sessions = Sessions(world, payloads)
        self.gateway = Gateway(self._sessions, heartbeat_interval_s)
        self._people = People(world, self._cdn, payloads)
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
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[guard, _refusals])
        app.add_routes(self._pages.routes() + self._cdn.routes() + self.gateway.routes())
        people = web.Application()
        people.add_routes(self._people.routes())
        people.router.add_get("/control/requests", self._show_requests)
        people.router.add_post("/control/clock", self._move_clock)
        app.add_subapp(self._people_path, people)
        api = web.Application(middlewares=[self._rest, self._limited, _errors])
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
    async def _rest(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note every call, and give every answer the header that clients look for.

        Faults on demand (an answer lost, a 503 after the effect) belong here, around the handler.
        """
        at = self.world.clock.time()
        response = await handler(request)
        response.headers["Via"] = "1.1 sandbox"
        shown = response.body if isinstance(response, web.Response) else None
        self.requests.append(
            RequestRecord(
                method=request.method,
                path=request.path.removeprefix(API),
                status=response.status,
                at=at,
                template=_template(request),
                body=request.get(BODY),
                answer=json.loads(shown) if isinstance(shown, bytes) and shown else None,
            )
        )
        return response

    @web.middleware
    async def _limited(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        template = _template(request)
        if template is None:
            return await handler(request)
        if (refused := self._limits.refuse(request, template)) is not None:
            return refused
        try:
            self._check_token(request)
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
        if not hmac.compare_digest(given.encode(), f"Bot {self.world.token}".encode()):
            raise ApiError(Fault.UNAUTHORIZED)

    async def _show_requests(self, request: web.Request) -> web.Response:
        return answer(
            [
                {
                    "method": record.method,
                    "path": record.path,
                    "status": record.status,
                    "at": record.at,
                }
                for record in self.requests
            ]
        )

    async def _move_clock(self, request: web.Request) -> web.Response:
        seconds = (await read_fields(request)).raw.get("advance_s")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise Refusal("advance_s must be a number of seconds, 0 or more.")
        self.world.clock.advance(seconds)
        return answer({"time": self.world.clock.time()})


def _template(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical.removeprefix(API)


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
