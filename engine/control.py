"""What only a stand-in has: routes that move its clock, hold its work, and set its balance."""

import json
import math

from aiohttp import web

from engine.clock import MovableClock
from engine.jobs import Workshop


class ControlError(Exception):
    """A control request is malformed."""


class Control:
    """The routes under /control; they need no key."""

    def __init__(self, clock: MovableClock, workshop: Workshop) -> None:
        self._clock, self._workshop = clock, workshop

    def routes(self) -> list[web.RouteDef]:
        """For the server's application."""
        return [
            web.post("/control/clock", self._advance),
            web.get("/control/accepted", self._accepted),
            web.post("/control/pause", self._pause),
            web.post("/control/resume", self._resume),
            web.post("/control/credits", self._set_credits),
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

    async def _set_credits(self, request: web.Request) -> web.Response:
        self._workshop.credits = await _number(request, "credits")
        return web.json_response({"credits": self._workshop.credits})


async def _number(request: web.Request, name: str) -> float:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    value = body.get(name) if isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ControlError(f'The body must be {{"{name}": <number>}}')
    return float(value)
