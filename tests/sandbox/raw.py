"""Plain clients for the REST API and the gateway: what goes over the wire, and nothing else."""

import asyncio
import json
import zlib
from contextlib import AsyncExitStack
from io import BytesIO
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from sandbox.discord.server import DiscordServer

Json = dict[str, Any]
NO_PRIVILEGE = 53608447 & ~(1 << 1 | 1 << 8 | 1 << 15)


class Reply(NamedTuple):
    """A REST answer."""

    status: int
    body: Any
    headers: CIMultiDictProxy[str]

    @property
    def code(self) -> int:
        """Discord's JSON error code."""
        code: int = self.body["code"]
        return code


class Rest:
    """Calls the API with the bot's token."""

    def __init__(self, session: aiohttp.ClientSession, server: DiscordServer) -> None:
        self.session = session
        self._server = server

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Reply:
        """Send JSON, or a form if there are files (by name, numbered in their order)."""
        headers = {"Authorization": f"Bot {token or self._server.world.token}"}
        sent: dict[str, Any] = {} if body is None else {"json": body}
        if files is not None:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body or {}))
            for index, (name, data) in enumerate(files.items()):
                form.add_field(f"files[{index}]", BytesIO(data), filename=name)
            sent = {"data": form}
        url = self._server.api_url + path
        async with self.session.request(method, url, headers=headers, **sent) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text or None
            return Reply(response.status, body, response.headers)

    async def fetch(self, url: str) -> tuple[int, bytes]:
        """What is behind any address."""
        async with self.session.get(url) as response:
            return response.status, await response.read()


async def knock(
    server: DiscordServer,
    target: str,
    *headers: str,
    method: str = "GET",
    host: str | None = None,
    body: str = "",
) -> Reply:
    """One request byte by byte as it is written here: no client tidies the target or the headers.

    Without `host` the right one is sent; with "" none at all.
    """
    url = URL(server.people_url)
    host = url.authority if host is None else host
    lines = [f"{method} {target} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        head = "\r\n".join([*lines, "Connection: close", "", ""])
        writer.write(head.encode("latin-1") + body.encode())
        answer = await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
        await writer.wait_closed()
    top, _, content = answer.partition(b"\r\n\r\n")
    first, *rest = top.decode().split("\r\n")
    pairs = CIMultiDict[str]()
    for line in rest:
        name, _, value = line.partition(": ")
        pairs.add(name, value)
    is_json = pairs.get("Content-Type") == "application/json"
    return Reply(
        int(first.split()[1]), json.loads(content) if is_json else content, CIMultiDictProxy(pairs)
    )


class GatewayClient:
    """One gateway connection, plain or as a zlib stream."""

    def __init__(self, server: DiscordServer, query: str = "?v=10&encoding=json") -> None:
        self._server = server
        self._query = query
        self._inflate = zlib.decompressobj() if "zlib-stream" in query else None
        self._stack = AsyncExitStack()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.session_id = ""
        self.number = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            url = self._server.gateway_url + self._query
            self._socket = await stack.enter_async_context(session.ws_connect(url))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        """The connection."""
        assert self._socket is not None
        return self._socket

    async def send(self, op: int, data: object = None) -> None:
        """Send a payload."""
        await self.socket.send_json({"op": op, "d": data})

    async def receive(self) -> Json:
        """The next payload."""
        frame = await self.socket.receive(timeout=60)
        if frame.type is aiohttp.WSMsgType.BINARY:
            assert self._inflate is not None
            assert frame.data.endswith(b"\x00\x00\xff\xff")
            payload: Json = json.loads(self._inflate.decompress(frame.data))
        else:
            assert frame.type is aiohttp.WSMsgType.TEXT, frame
            payload = json.loads(frame.data)
        self.number = payload["s"] or self.number
        return payload

    async def event(self, name: str) -> Json:
        """The data of the next event of that name."""
        while (payload := await self.receive())["t"] != name:
            continue
        data: Json = payload["d"]
        return data

    async def closed_with(self) -> int | None:
        """The close code, once everything before it was read."""
        while True:
            frame = await self.socket.receive(timeout=60)
            if frame.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                return self.socket.close_code

    async def identify(self, intents: int = NO_PRIVILEGE, **other: object) -> Json:
        """Log in; returns READY."""
        await self.ask_in(intents, **other)
        ready = await self.event("READY")
        self.session_id = ready["session_id"]
        return ready

    async def ask_in(self, intents: object = NO_PRIVILEGE, **other: object) -> None:
        """Send IDENTIFY without waiting for what follows."""
        properties = {"os": "linux", "browser": "test", "device": "test"}
        body = {"token": self._server.world.token, "intents": intents, "properties": properties}
        await self.send(2, body | other)

    async def resume(self, session_id: str, seq: int) -> None:
        """Send RESUME."""
        body = {"token": self._server.world.token, "session_id": session_id, "seq": seq}
        await self.send(6, body)
