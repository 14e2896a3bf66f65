"""What only a stand-in has: routes that move its clock, hold or break its work, set its balance."""

import dataclasses
import ipaddress
import json
import math
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from engine.api.clock import MovableClock
from engine.api.faults import Faults, HabitError, Handler, Mode
from engine.api.jobs import Workshop

CONTROL_PATH = "/control/"


class ControlError(Exception):
    """A control request is malformed."""


class Forbidden(Exception):
    """A request comes from where none should, or under a name that is not this server's."""


def guard(names: Collection[str]) -> Middleware:
    """Let nobody in under a name of their own, and only this machine's programs control.

    A browser sends any site's requests to any address; under a name of the site's own, if that
    name's address is changed meanwhile, it also reads the answers (DNS rebinding). The controls
    need no key, so no web page may send them anything at all.
    """

    @web.middleware
    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = [_host_in(told) for told in request.headers.getall("Host", [""])]
        if request.path.startswith(CONTROL_PATH):
            if "Origin" in request.headers:
                raise Forbidden("A web page may not control this server")
            if not all(map(is_loopback, [*hosts, request.remote or ""])):
                raise Forbidden("This server is controlled from its own machine, at 127.0.0.1")
        elif not all(_is_address(host) or host == "localhost" or host in names for host in hosts):
            raise Forbidden("This server does not answer to that name: start it with --name")
        return await handler(request)

    return look


class Control:
    """The routes under /control; they need no key."""

    def __init__(self, clock: MovableClock, workshop: Workshop, faults: Faults) -> None:
        self._clock, self._workshop, self._faults = clock, workshop, faults

    def routes(self) -> list[web.RouteDef]:
        """For the server's application."""
        return [
            web.post("/control/clock", self._advance),
            web.get("/control/accepted", self._accepted),
            web.post("/control/pause", self._pause),
            web.post("/control/resume", self._resume),
            web.get("/control/credits", self._credits),
            web.post("/control/credits", self._set_credits),
            web.get("/control/mode", self._mode),
            web.post("/control/mode", self._set_mode),
            web.get("/control/faults", self._habits),
            web.post("/control/faults", self._set_habits),
            web.get("/control/lost-submit", self._loss),
            web.post("/control/lost-submit", self._set_loss),
        ]

    async def _advance(self, request: web.Request) -> web.Response:
        try:
            self._clock.advance(await _number(request, "advance_s"))
        except ValueError as error:
            raise ControlError(str(error)) from None
        return web.json_response({"now": self._clock.time()})

    async def _accepted(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "request_id": job.request_id,
                    "model": job.inputs.model.slug,
                    "image_url": job.inputs.image_url,
                    "video_url": job.inputs.video_url,
                    "quality": job.inputs.quality,
                    "at": job.submitted_at,
                }
                for job in self._workshop.accepted
            ]
        )

    async def _pause(self, _request: web.Request) -> web.Response:
        self._workshop.pause()
        return web.json_response({"paused": True})

    async def _resume(self, _request: web.Request) -> web.Response:
        self._workshop.resume()
        return web.json_response({"paused": False})

    async def _credits(self, _request: web.Request) -> web.Response:
        return web.json_response({"credits": self._workshop.credits})

    async def _set_credits(self, request: web.Request) -> web.Response:
        self._workshop.credits = await _number(request, "credits")
        return await self._credits(request)

    async def _mode(self, _request: web.Request) -> web.Response:
        return web.json_response({"mode": self._faults.mode.value})

    async def _set_mode(self, request: web.Request) -> web.Response:
        value = await _field(request, "mode")
        if not isinstance(value, str) or value not in set(Mode):
            raise ControlError(f'The body must be {{"mode": <one of {", ".join(Mode)}>}}')
        self._faults.set(Mode(value))
        return await self._mode(request)

    async def _habits(self, _request: web.Request) -> web.Response:
        return web.json_response(dataclasses.asdict(self._faults.habits))

    async def _set_habits(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if body is None:
            raise ControlError("The body must be an object of what is to change")
        try:
            self._faults.habits = self._faults.habits.changed(body)
        except HabitError as error:
            raise ControlError(str(error)) from None
        return await self._habits(request)

    async def _loss(self, _request: web.Request) -> web.Response:
        shown = {"next": self._faults.loses_next, "readings": self._faults.readings}
        return web.json_response(shown)

    async def _set_loss(self, request: web.Request) -> web.Response:
        value = await _field(request, "next")
        if not isinstance(value, bool):
            raise ControlError('The body must be {"next": true} or {"next": false}')
        self._faults.loses_next = value
        return await self._loss(request)


def _host_in(told: str) -> str:
    try:
        return urlsplit(f"//{told}").hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


async def _body(request: web.Request) -> dict[str, object] | None:
    try:
        body = json.loads(await request.read())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


async def _field(request: web.Request, name: str) -> object:
    return (await _body(request) or {}).get(name)


async def _number(request: web.Request, name: str) -> float:
    value = await _field(request, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ControlError(f'The body must be {{"{name}": <number>}}')
    return float(value)
