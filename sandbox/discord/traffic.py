"""What goes between this Discord and its bots: kept for tests, and shown to whoever looks on."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from sandbox.clock import MovableClock
from sandbox.discord.page_guard import Handler
from sandbox.discord.rest.bodies import BODY
from sandbox.discord.rest.limits import API, template_of
from sandbox.discord.wire import Json, answer, encode
from sandbox.faults.injector import STRUCK

MOST_REQUESTS = 5_000
MOST_ENTRIES = 500
MOST_CHARACTERS = 8_000
MASK = "…"
TOKENS_IN_PATHS = ("interaction_token", "webhook_token")

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One REST call of the bot's; `at` in unix seconds of the server's clock.

    `fault` names what befell it on purpose, if anything did; its answer is then not Discord's.
    """

    method: str
    path: str
    status: int
    at: float
    template: str | None = None
    body: object = None
    answer: object = None
    fault: str | None = None


class Traffic:
    """The latest REST calls in full (`requests`), and the latest entries of the log.

    An entry is `{"at", "kind", "direction", "title", "status", "body", "answer"}`, its direction as
    seen from Discord; tokens are masked, and what is too long is cut to the beginning of its text.
    """

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self.requests: deque[RequestRecord] = deque(maxlen=MOST_REQUESTS)
        self.entries: deque[Json] = deque(maxlen=MOST_ENTRIES)
        self.listeners: list[Callable[[Json], None]] = []

    def routes(self) -> list[web.RouteDef]:
        """Paths below the people's address, and handlers."""
        return [web.get("/control/requests", self.show_requests)]

    async def show_requests(self, _request: web.Request) -> web.Response:
        """Every REST call, without what was said."""
        names = ("method", "path", "status", "at")
        return answer([{name: getattr(record, name) for name in names} for record in self.requests])

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep a REST call with its answer."""
        at = self._clock.time()
        response = await handler(request)
        record = RequestRecord(
            method=request.method,
            path=request.path.removeprefix(API),
            status=response.status,
            at=at,
            template=template_of(request),
            body=request.get(BODY),
            answer=_json(response),
            fault=request.get(STRUCK),
        )
        self.requests.append(record)
        self._keep(
            {
                "at": at,
                "kind": "rest",
                "direction": "in",
                "title": _title(request, record),
                "status": record.status,
                "body": shown(record.body),
                "answer": shown(record.answer),
            }
        )
        return response

    def gateway(
        self, direction: Direction, title: str, data: object, code: int | None = None
    ) -> None:
        """Keep a gateway payload's data; `code` is a close code."""
        self._keep(
            {
                "at": self._clock.time(),
                "kind": "gateway",
                "direction": direction,
                "title": title,
                "status": code,
                "body": shown(data),
                "answer": None,
            }
        )

    def _keep(self, entry: Json) -> None:
        self.entries.append(entry)
        for listener in self.listeners:
            listener(entry)


def shown(value: object) -> object:
    """A copy without tokens; if it is too long, the beginning of its text."""
    masked = _masked(value)
    text = encode(masked)
    return masked if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + MASK


def _masked(value: object) -> object:
    if isinstance(value, dict):
        return {key: MASK if key == "token" else _masked(part) for key, part in value.items()}
    return [_masked(part) for part in value] if isinstance(value, list) else value


def _title(request: web.Request, record: RequestRecord) -> str:
    path = record.path
    for name in TOKENS_IN_PATHS:
        if token := request.match_info.get(name):
            path = path.replace(token, MASK)
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{record.method} {path}{query}"


def _json(response: web.StreamResponse) -> object:
    """The JSON of an answer; None for anything else, such as a fault's."""
    body = response.body if isinstance(response, web.Response) else None
    is_json = response.content_type == "application/json"
    try:
        return json.loads(body) if is_json and isinstance(body, bytes) and body else None
    except ValueError:
        return None
