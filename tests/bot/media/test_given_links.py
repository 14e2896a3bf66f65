"""A link that a person gave is trusted least: public addresses, the usual port, files alone."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import DownloadError, DownloadRefused
from bot.media import addresses
from bot.media.addresses import Suppliers
from bot.media.downloads import Downloads
from tests.bot import tls
from tests.bot.local_server import serve
from tests.bot.media.test_downloads import BODY, Names, Site

NAMES = {
    "elsewhere.example": ["127.0.0.1"],  # which counts as public here
    "cdn.discordapp.com": ["10.0.0.8"],
    "proxy.inside": ["10.0.0.9"],
    "localhost": ["127.0.0.2"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": ["127.0.0.1", "10.0.0.8"],
    "mapped.example": ["::ffff:10.0.0.8"],
}
TRUSTED = Suppliers({"proxy.inside"}, [ip_network("10.0.0.0/8")])


class Web(Site):
    """A stranger's server: beside files it has pages, and may never come to an end."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        match request.path.split("/")[1:]:
            case ["page", status]:
                self.asked.append(request)
                return web.Response(status=int(status), text="<p>", content_type="text/html")
            case ["endless" | "slow" as name]:
                return await self._go_on(request, pause_s=0.05 if name == "slow" else 0.0)
        return await super().handle(request)

    async def _go_on(self, request: web.Request, pause_s: float) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(10 if pause_s else 65_536))
            await asyncio.sleep(pause_s)


@pytest.fixture
def site() -> Web:
    return Web()


@pytest.fixture
async def base(site: Web, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Where the stranger's server is: at the usual port of the open internet."""
    really = addresses.is_public
    here = ip_address("127.0.0.1")
    monkeypatch.setattr(
        "bot.media.downloads.is_public", lambda address: address == here or really(address)
    )
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", tls.of_a_client())
    async with serve(site.handle, tls.of_a_server()) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr("bot.media.downloads._USUAL_PORT", port)
        yield f"https://elsewhere.example:{port}"


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def fetched(url: str, folder: Path, timeout_s: float = 5.0) -> int:
    def proxy(_: str) -> str:
        raise AssertionError("the operator's proxy is asked for a stranger's link")

    async with Downloads(Names(NAMES), suppliers=TRUSTED, proxy_for=proxy) as downloads:
        try:
            return await downloads.save(
                url, folder / "file", limit_bytes=3_000_000, timeout_s=timeout_s, supplier=None
            )
        finally:
            assert left(folder) in ([], ["file"])


async def test_a_file_is_saved_and_nothing_of_ours_told(
    base: str, site: Web, tmp_path: Path
) -> None:
    assert await fetched(f"{base}/to?url={base}/whole", tmp_path) == len(BODY)
    assert (tmp_path / "file").read_bytes() == BODY
    told = {"Cookie", "Authorization", "x-api-key", "Referer"}
    assert not any(told & set(asked.headers) for asked in site.asked)


@pytest.mark.parametrize("path", ["/page/200", "/to?url=/page/200"])
async def test_a_page_is_no_file(base: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(DownloadRefused) as caught:
        await fetched(base + path, tmp_path)
    assert caught.value.is_page


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_what_is_not_handed_out_is_no_page(base: str, tmp_path: Path, status: int) -> None:
    with pytest.raises(DownloadError, match=str(status)) as caught:
        await fetched(f"{base}/page/{status}", tmp_path)
    assert type(caught.value) is DownloadError


@pytest.mark.parametrize("is_redirected", [False, True], ids=["at once", "by a redirect"])
@pytest.mark.parametrize(
    "target",
    [
        "http://elsewhere.example/whole",
        "https://elsewhere.example/whole",  # at 443, where this one is not
        "https://elsewhere.example:22/whole",
        "https://cdn.discordapp.com:{port}/attachments/1/2/a.png",
        "https://proxy.inside:{port}/v2",
        "https://localhost:{port}/metrics",
        "https://127.0.0.2:{port}/metrics",
        "https://127.1:{port}/metrics",
        "https://2130706434:{port}/metrics",
        "https://[::1]:{port}/metrics",
        "https://[::ffff:7f00:2]:{port}/metrics",
        "https://[::ffff:10.0.0.8]:{port}/x",
        "https://[64:ff9b::a00:8]:{port}/x",
        "https://１２７.０.０.２:{port}/metrics",
        "https://metadata.example:{port}/latest/meta-data",
        "https://mixed.example:{port}/whole",
        "https://mapped.example:{port}/whole",
        "https://me:secret@elsewhere.example:{port}/whole",
        "https://elsewhere.example:{port}@10.0.0.8/whole",
        "file:///etc/passwd",
    ],
)
async def test_nothing_inside_is_asked(
    base: str, site: Web, tmp_path: Path, target: str, *, is_redirected: bool
) -> None:
    """Not even where the operator's own addresses are allowed to Discord and to the provider."""
    url = target.format(port=base.rpartition(":")[2])
    with capture_logs() as logs, pytest.raises(DownloadRefused):
        await fetched(f"{base}/to?url={url}" if is_redirected else url, tmp_path)
    assert len(site.asked) == is_redirected
    assert logs == []


async def test_what_does_not_end_is_ended(base: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadRefused) as caught:
        await fetched(f"{base}/endless", tmp_path)
    assert caught.value.too_large
    with pytest.raises(DownloadError, match=r"more than 0\.3 s"):
        await fetched(f"{base}/slow", tmp_path, timeout_s=0.3)
    with pytest.raises(DownloadError, match="more than 3 times"):
        await fetched(f"{base}/again/", tmp_path)


async def test_names_that_are_not_answered_use_up_nobodys_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many links as can wait, of a name server that never answers; a file is written all the
    same."""
    goes_on = threading.Event()

    def hang(host: str, *_: object) -> list[object]:
        goes_on.wait(30)
        raise socket.gaierror(f"{host} is not known")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    async with Downloads() as downloads:
        links = [
            downloads.save(
                f"https://slow{number}.example/a",
                tmp_path / f"{number}" / "file",
                limit_bytes=9,
                timeout_s=20.0,
                supplier=None,
            )
            for number in range(40)
        ]
        waiting = asyncio.gather(*links, return_exceptions=True)
        try:
            async with asyncio.timeout(15):
                await asyncio.sleep(0.1)
                await asyncio.to_thread((tmp_path / "other").write_text, "here")
        finally:
            goes_on.set()
            ends = await waiting
    assert {type(end) for end in ends} == {DownloadError}
