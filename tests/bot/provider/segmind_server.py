"""A small stand-in for Segmind: answers by a script and remembers what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.core.jobs import Attempt
from bot.provider.limiter import RateLimiter
from bot.provider.segmind.client import Segmind
from tests.bot.local_server import serve
from tests.bot.stopped_clock import StoppedClock

KEY = "SG_0123456789abcdef"
ID = "2c7f59ea-13f1-402c-9353-915a2b5a2124"
NOW = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC, in unix seconds."""


def attempt(model: str = "pixverse-mimic", quality: str = "360p") -> Attempt:
    """A submit that is about to be made."""
    return Attempt(1, "https://i/1", "https://v/1", NOW, model=model, quality=quality)


def client(
    session: aiohttp.ClientSession, url: str, timeout_s: float = 5.0, api_key: str = KEY
) -> Segmind:
    """The real client, all of whose URLs are at `url`, and for which it is `NOW`."""
    return Segmind(
        session,
        api_key=api_key,
        api_url=f"{url}/v2",
        history_url=f"{url}/history",
        upload_url=f"{url}/upload",
        credits_url=f"{url}/credits",
        limiter=RateLimiter(StoppedClock(), 10**6),
        timeout_s=timeout_s,
        now=lambda: NOW,
    )


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to say; `drop` cuts the connection after that many bytes of the body.

    `hang` waits before that cut, or before everything if there is none.
    """

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: int | None = None
    hang: bool = False

    @property
    def raw(self) -> bytes:
        """The body's bytes: as they are, or as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class SegmindServer:
    """Give answers to `say`; read the requests from `asked`."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._answers: deque[Answer] = deque()
        self._closing = asyncio.Event()

    def say(self, *answers: Answer) -> None:
        """Queue answers; the last one given is repeated for ever."""
        self._answers.extend(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember the request and answer it by the script."""
        self.asked.append(
            Asked(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                request.headers,
                await request.read(),
            )
        )
        answer = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        if answer.hang and answer.drop is None:
            await self._closing.wait()
        if answer.drop is None:
            return web.Response(status=answer.status, body=answer.raw, headers=answer.headers)
        assert request.transport is not None
        if answer.drop:
            response = web.StreamResponse(status=answer.status, headers=answer.headers)
            response.content_length = len(answer.raw)
            await response.prepare(request)
            await response.write(answer.raw[: answer.drop])
            if answer.hang:
                await self._closing.wait()
        request.transport.abort()
        return web.Response()

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator["SegmindServer"]:
        """A server on 127.0.0.1 for as long as the block lasts."""
        server = cls()
        async with serve(server.handle) as server.url:
            try:
                yield server
            finally:
                server._closing.set()
