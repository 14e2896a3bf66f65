"""Rate limits per route, as headers on answers and a 429 beyond them.

The numbers are this server's: Discord publishes none and asks clients to read the headers.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from sandbox.clock import MovableClock
from sandbox.discord.wire import answer

API = "/api/v10"
MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")
GLOBAL_PER_S = 50
MOST_WINDOWS = 1000


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    limit: int
    window_s: float


DEFAULT = Rate(30, 5.0)
RATES: Mapping[tuple[str, str], Rate] = {
    ("POST", "/channels/{channel_id}/messages"): Rate(5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): Rate(5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): Rate(5, 1.0),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"): Rate(5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"): Rate(5, 2.0),
    ("PUT", "/applications/{application_id}/commands"): Rate(10, 20.0),
}
UNLIMITED = {"/interactions/{interaction_id}/{interaction_token}/callback", "/gateway"}
"""The routes that have no limit, and whose answers say nothing of one: they need no bot's token."""


def template_of(request: web.Request) -> str | None:
    """The route's path with its placeholders; None if there is no such route."""
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical.removeprefix(API)


@dataclass(slots=True)
class _Window:
    resets_at: float
    used: int = 0


class Limits:
    """Counts requests in fixed windows on the server's clock."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, ...], _Window] = {}
        self._second = _Window(0.0)

    def refuse(self, request: web.Request, template: str) -> web.Response | None:
        """A 429 if this request is one too many; otherwise it is counted."""
        if template in UNLIMITED:
            return None
        if not template.startswith("/webhooks") and self._global_spent():
            return self._too_many(self._second.resets_at, scope="global")
        window, rate = self._window(request, template)
        if window.used >= rate.limit:
            response = self._too_many(window.resets_at, scope="user")
            self.mark(request, template, response)
            return response
        window.used += 1
        return None

    def mark(self, request: web.Request, template: str, response: web.StreamResponse) -> None:
        """Put the state of the request's bucket on its answer."""
        if template in UNLIMITED:
            return
        window, rate = self._window(request, template)
        left_s = max(window.resets_at - self._clock.time(), 0.0)
        bucket = hashlib.md5(f"{request.method} {template}".encode(), usedforsecurity=False)
        response.headers["X-RateLimit-Limit"] = str(rate.limit)
        response.headers["X-RateLimit-Remaining"] = str(max(rate.limit - window.used, 0))
        response.headers["X-RateLimit-Reset"] = f"{window.resets_at:.3f}"
        response.headers["X-RateLimit-Reset-After"] = f"{math.ceil(left_s * 1000) / 1000:.3f}"
        response.headers["X-RateLimit-Bucket"] = bucket.hexdigest()

    def _window(self, request: web.Request, template: str) -> tuple[_Window, Rate]:
        rate = RATES.get((request.method, template), DEFAULT)
        major = [request.match_info[name] for name in MAJOR if name in request.match_info]
        key = (request.method, template, *major)
        now = self._clock.time()
        window = self._windows.get(key)
        if window is None or window.resets_at <= now:
            if len(self._windows) > MOST_WINDOWS:
                self._windows = {k: w for k, w in self._windows.items() if w.resets_at > now}
            window = self._windows[key] = _Window(now + rate.window_s)
        return window, rate

    def _global_spent(self) -> bool:
        now = self._clock.time()
        if self._second.resets_at <= now:
            self._second = _Window(now + 1.0)
        self._second.used += 1
        return self._second.used > GLOBAL_PER_S

    def _too_many(self, resets_at: float, scope: str) -> web.Response:
        left_s = math.ceil(max(resets_at - self._clock.time(), 0.001) * 1000) / 1000
        everywhere = scope == "global"
        body = {
            "message": "You are being rate limited.",
            "retry_after": left_s,
            "global": everywhere,
        }
        response = answer(body, 429)
        response.headers["Retry-After"] = str(math.ceil(left_s))
        response.headers["X-RateLimit-Scope"] = scope
        if everywhere:
            response.headers["X-RateLimit-Global"] = "true"
        return response
