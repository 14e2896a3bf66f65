"""The outside world's bad moments on demand, for any aiohttp server: before or after the effect.

A `Fault` is what becomes of one request; a `Rule` says which requests it befalls. `Faults.around`
is the middleware, and tells a witness of each point that can be seen from outside, so that whoever
watches can choose exactly then to end the client.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Effect = Callable[[], Awaitable[web.StreamResponse]]
Wait = Callable[[], Awaitable[object]]
Moment = Literal["before", "after"]

STRUCK = web.RequestKey("struck", str)
"""Under this key a request has the name of the fault that befell it."""


REQUEST: ContextVar[web.Request | None] = ContextVar("REQUEST", default=None)
"""Which one it is that a witness is told of, or that a fault befalls."""


class Point(NamedTuple):
    """Something that can be seen from outside: a request before its effect, or after it.

    `route` is the path with its placeholders, "" where there is no such route; `after` comes before
    any of the answer is sent.
    """

    server: str
    method: str
    route: str
    moment: Moment

    def __str__(self) -> str:
        return f"{self.moment} {self.server} {self.method} {self.route}"


Witness = Callable[[Point], Awaitable[None]]


class Vanished(Exception):
    """What a witness raises when the client is gone: nothing more becomes of its request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one request. `strike` gets it, and what lets it have its effect, once."""

    name: str
    strike: Callable[[web.Request, Effect], Awaitable[web.StreamResponse]]


def answers(name: str, answer: Callable[[], web.StreamResponse], *, after: bool = False) -> Fault:
    """Another answer in place of the right one; a body is read first, as real servers do."""

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        await _come_to(request, effect, after=after)
        return answer()

    return Fault(_named(name, after=after), strike)


def resets(*, after: bool = False) -> Fault:
    """The connection is reset."""

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        await _come_to(request, effect, after=after)
        return _abort(request)

    return Fault(_named("reset", after=after), strike)


def stalls(wait: Wait, *, after: bool = False) -> Fault:
    """No answer; once `wait()` ends (a clock's sleep, or an event's wait), a reset."""

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        await _come_to(request, effect, after=after)
        await wait()
        return _abort(request)

    return Fault(_named("stall", after=after), strike)


def late(wait: Wait, *, after: bool = False) -> Fault:
    """The right answer, once `wait()` ends.

    Before the effect that is late too, even if the client no longer waits for it.
    """

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        if not after:
            await request.read()
            await wait()
        response = await effect()
        if after:
            await wait()
        return response

    return Fault(_named("late", after=after), strike)


def breaks_off(pause: Wait | None = None) -> Fault:
    """Half of the body, and an end of the connection; or, with `pause`, the rest after it.

    What has no body of its own, or a streamed one, is reset.
    """

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        whole = await effect()
        body = whole.body if isinstance(whole, web.Response) else None
        if not isinstance(body, bytes) or len(body) < 2:
            return whole if pause else _abort(request)
        part = web.StreamResponse(status=whole.status, headers=whole.headers)
        part.content_length = len(body)
        with suppress(ConnectionError):
            await part.prepare(request)
            await part.write(body[: len(body) // 2])
            if pause is not None:
                await pause()
                await part.write(body[len(body) // 2 :])
        if pause is None and request.transport is not None:
            request.transport.close()
        return part

    return Fault("pause in mid-body" if pause else "cut off", strike)


async def _come_to(request: web.Request, effect: Effect, *, after: bool) -> None:
    await (effect() if after else request.read())


def _abort(request: web.Request) -> web.Response:
    """Nobody gets this response: its status only stands in records."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


def _named(name: str, *, after: bool) -> str:
    return f"{name} {'after' if after else 'before'}"


@dataclass(slots=True)
class Rule:
    """Which requests a fault befalls: those that fit all of this, with this chance.

    `times` is how often it still does, `None` for always; `spares` is asked last.
    """

    fault: Fault
    server: str | None = None
    method: str | None = None
    route: str | None = None
    chance: float = 1.0
    times: int | None = None
    spares: Callable[[web.Request], bool] = lambda _: False

    def fits(self, point: Point, request: web.Request) -> bool:
        """Whether it may befall this request, leaving chance aside."""
        return (
            self.times != 0
            and self.server in {None, point.server}
            and self.method in {None, point.method}
            and self.route in {None, point.route}
            and not self.spares(request)
        )


class Faults:
    """One injector for any number of servers; the first rule that fits and has its chance strikes.

    `struck` counts faults by name. `witness` is told of each point, and may take its time.
    """

    def __init__(self, seed: int | None = None, witness: Witness | None = None) -> None:
        self.rules: list[Rule] = []
        self.struck: Counter[str] = Counter()
        self.witness = witness
        self._random = random.Random(seed)  # noqa: S311 - faults are no secret

    def add(self, *rules: Rule) -> None:
        """Let these rules hold, after those that hold already."""
        self.rules += rules

    def around(self, server: str, *, root: str = "") -> Middleware:
        """The middleware for a server of that name; `root` is left out of its routes."""

        @web.middleware
        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            route = resource.canonical.removeprefix(root) if resource else ""
            return await self._strike(server, route, request, handler)

        return strike

    async def _strike(
        self, server: str, route: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        before = Point(server, request.method, route, "before")
        REQUEST.set(request)

        async def effect() -> web.StreamResponse:
            response = await handler(request)
            await self._see(before._replace(moment="after"))
            return response

        try:
            await self._see(before)
            fault = self._choose(before, request)
            if fault is None:
                return await effect()
            self.struck[fault.name] += 1
            request[STRUCK] = fault.name
            return await fault.strike(request, effect)
        except (Vanished, ConnectionError):  # or it has gone in the middle of its own body
            return _abort(request)

    async def _see(self, point: Point) -> None:
        if self.witness is not None:
            await self.witness(point)

    def _choose(self, point: Point, request: web.Request) -> Fault | None:
        for rule in self.rules:
            if rule.fits(point, request) and self._random.random() < rule.chance:
                if rule.times is not None:
                    rule.times -= 1
                return rule.fault
        return None
