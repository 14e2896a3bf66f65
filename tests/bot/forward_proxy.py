"""A small forward proxy on 127.0.0.1, as companies have one: CONNECT, and plain http."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit


class Asked(NamedTuple):
    """What came in: for CONNECT the target is host:port, else a whole address."""

    method: str
    target: str
    authorization: str | None


class ForwardProxy:
    """Use it with `async with`. Every host it knows is this machine: `ports` says at which port,
    where that is not the one that is asked for. `refusal` is a status to answer everything with.
    """

    def __init__(self, ports: Mapping[str, int | None]) -> None:
        self._ports = ports
        self.asked: list[Asked] = []
        self.refusal: int | None = None
        self.url = ""
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.url = f"http://ada:se%20cret@127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            method, target, _ = first.split(" ")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            self.asked.append(Asked(method, target, headers.pop("proxy-authorization", None)))
            url = urlsplit(f"//{target}" if method == "CONNECT" else target)
            status = self.refusal or (None if url.hostname in self._ports else 502)
            if status is not None:
                answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                writer.write(answer.encode())
                await writer.drain()
                return
            assert url.hostname is not None
            there = await asyncio.open_connection(
                "127.0.0.1", self._ports[url.hostname] or url.port
            )
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                if "upgrade" not in headers:
                    headers["connection"] = "close"
                path = url._replace(scheme="", netloc="").geturl() or "/"
                said = [f"{method} {path} HTTP/1.1"]
                said += [f"{name}: {value}" for name, value in headers.items()]
                there[1].write("\r\n".join([*said, "", ""]).encode("latin-1"))
            await _join((reader, writer), there)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two is gone
        finally:
            writer.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(here: Ends, there: Ends) -> None:
    """Hand on whatever either says, until one of them has said all."""
    ways = [
        asyncio.ensure_future(_hand_on(here[0], there[1])),
        asyncio.ensure_future(_hand_on(there[0], here[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        there[1].close()


async def _hand_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
