"""Downloads: what is fetched whole, what is given up, and where they never go."""

import asyncio
import gzip
import os
import socket
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from structlog.testing import capture_logs

from bot.errors import CannotSave, DownloadError, DownloadRefused
from bot.media.addresses import is_public
from bot.media.downloads import Downloads
from bot.media.saving.part import part_of
from tests.bot.disk import files_may_have
from tests.bot.local_server import serve

BODY = bytes(range(256)) * 9000  # several writes' worth
PUBLIC_API = "https://api.segmind.com/v2"


class Names(AbstractResolver):
    """A name server with the given names, and no others."""

    def __init__(self, known: Mapping[str, list[str]]) -> None:
        self._known = known

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._known:
            raise socket.gaierror(f"{host} is not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._known[host]
        ]

    async def close(self) -> None:
        pass


NAMES = {
    "localhost": ["127.0.0.1"],
    "inside.example": ["10.0.0.8"],
    "mixed.example": ["93.184.215.14", "169.254.169.254"],
    "sly.example": ["::ffff:127.0.0.1"],
}


class Site:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.hanging = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        name, _, rest = request.path.lstrip("/").partition("/")
        if name == "status":
            return web.Response(status=int(rest), body=b"no")
        if name == "to":
            return web.Response(status=302, headers={"Location": request.query["url"]})
        if name == "again":
            return web.Response(status=307, headers={"Location": f"/again/{rest}x"})
        if name == "nowhere":
            return web.Response(status=302)
        if name == "gzip":
            return web.Response(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})
        if name == "empty":
            return web.Response()
        return await self._stream(request, name)

    async def _stream(self, request: web.Request, name: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Set-Cookie": "a=b"})
        if name != "chunked":
            response.content_length = len(BODY)
        await response.prepare(request)
        await response.write(BODY[: len(BODY) // 2])
        if name == "hang":
            self.hanging.set()
            await asyncio.Event().wait()
        if name == "short":
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(BODY[len(BODY) // 2 :])
        return response


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def base(site: Site) -> AsyncIterator[str]:
    async with serve(site.handle) as url:
        yield url


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    async with Downloads(Names(NAMES)) as opened:
        yield opened


class Save:
    """`Downloads.save` into a folder that must hold the finished file, or nothing at all."""

    def __init__(self, downloads: Downloads, folder: Path, supplier: str) -> None:
        self._downloads = downloads
        self._supplier = supplier
        self.path = folder / "file.bin"

    async def __call__(
        self, url: str, limit_bytes: int = 10_000_000, timeout_s: float = 5.0
    ) -> int:
        return await self._downloads.save(
            url,
            self.path,
            limit_bytes=limit_bytes,
            timeout_s=timeout_s,
            supplier=self._supplier,
        )

    def left(self) -> list[str]:
        return [path.name for path in self.path.parent.iterdir()]


@pytest.fixture
def save(downloads: Downloads, tmp_path: Path, base: str) -> Save:
    return Save(downloads, tmp_path, supplier=base)


@pytest.fixture
def save_outside(downloads: Downloads, tmp_path: Path) -> Save:
    return Save(downloads, tmp_path, supplier=PUBLIC_API)


@pytest.mark.parametrize("name", ["whole", "chunked"])
async def test_a_file_is_saved_whole(base: str, save: Save, name: str) -> None:
    assert await save(f"{base}/{name}") == len(BODY)
    assert save.path.read_bytes() == BODY
    assert save.left() == ["file.bin"]


async def test_nothing_of_ours_is_told(base: str, site: Site, save: Save) -> None:
    await save(f"{base}/whole")
    await save(f"{base}/whole")
    headers = site.asked[1].headers
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "x-api-key", "Referer"} & set(headers)


async def test_an_older_file_gives_way_only_to_a_whole_one(base: str, save: Save) -> None:
    save.path.write_bytes(b"older")
    with pytest.raises(DownloadError):
        await save(f"{base}/short")
    assert save.path.read_bytes() == b"older"
    await save(f"{base}/whole")
    assert save.path.read_bytes() == BODY


async def test_a_part_left_by_a_killed_process_is_no_hindrance(base: str, save: Save) -> None:
    save.path.with_name("file.bin.0badcafe.part").write_bytes(BODY * 2)
    save.path.with_name("file.bin.0badcafe.new").mkdir()
    assert await save(f"{base}/whole") == len(BODY)
    assert save.left() == ["file.bin"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("status/403", "403"),
        ("status/404", "404"),
        ("status/410", "410"),
        ("status/500", "500"),
        ("status/206", "206"),
        ("empty", "empty"),
        ("short", "broke off"),
        ("again/", "more than 3 times"),
    ],
)
async def test_what_goes_wrong_leaves_nothing(base: str, save: Save, path: str, said: str) -> None:
    with pytest.raises(DownloadError, match=said) as caught:
        await save(f"{base}/{path}")
    assert type(caught.value) is DownloadError
    assert save.left() == []


@pytest.mark.parametrize("name", ["whole", "chunked"])
async def test_too_many_bytes_are_refused(base: str, save: Save, name: str) -> None:
    with pytest.raises(DownloadRefused) as caught:
        await save(f"{base}/{name}", limit_bytes=len(BODY) - 1)
    assert caught.value.too_large
    assert save.left() == []
    assert await save(f"{base}/{name}", limit_bytes=len(BODY)) == len(BODY)


async def test_a_compressed_body_is_refused(base: str, save: Save) -> None:
    with pytest.raises(DownloadRefused, match="compressed"):
        await save(f"{base}/gzip")


async def test_the_time_covers_the_whole_download(base: str, save: Save) -> None:
    with pytest.raises(DownloadError, match=r"more than 0\.3 s"):
        await save(f"{base}/hang", timeout_s=0.3)
    assert save.left() == []


async def test_a_cancelled_download_leaves_nothing(base: str, site: Site, save: Save) -> None:
    task = asyncio.create_task(save(f"{base}/hang"))
    await site.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert save.left() == []


async def test_a_folder_that_cannot_be_is_an_error_of_ours(base: str, save: Save) -> None:
    save.path.parent.rmdir()
    save.path.parent.write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be saved"):
        await save(f"{base}/whole")


async def test_bytes_name_and_folders_are_on_disk_before_it_counts(
    base: str, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps only what was synced, and a file is lost with its folder's entry."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(number: int) -> None:
        fsync(number)
        done.append(Path(f"/proc/self/fd/{number}").readlink().name)

    def note_replace(self: Path, target: Path) -> Path:
        done.append("renamed")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    folder = save.path.parent
    folder.rmdir()
    await save(f"{base}/whole")
    part = part_of(save.path).name
    assert done == [folder.parent.name, part, "renamed", folder.name]


async def test_a_full_disk_is_no_fault_of_the_download(base: str, save: Save) -> None:
    with capture_logs() as logs:
        with files_may_have(10):
            for _ in range(2):
                with pytest.raises(CannotSave, match="cannot be saved"):
                    await save(f"{base}/whole")
        assert save.left() == []
        await save(f"{base}/whole")
    assert [entry["log_level"] for entry in logs] == ["error", "debug", "info"]


async def test_a_refused_connection_is_an_error(save: Save) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError, match="broke off"):
            await save(f"http://127.0.0.1:{unused.getsockname()[1]}/")


async def test_three_redirects_are_followed(base: str, save: Save) -> None:
    url = f"{base}/to?url=/to?url={base}/to?url=/whole"
    assert await save(url) == len(BODY)


@pytest.mark.parametrize(
    "target",
    [
        "https://inside.example/x",
        "https://mixed.example/x",
        "https://sly.example/x",
        "https://10.1.2.3/x",
        "http://example.com/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "https://me:secret@example.com/x",
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(
    base: str, save: Save, target: str
) -> None:
    with pytest.raises(DownloadRefused):
        await save(f"{base}/to?url={target}")


async def test_a_redirect_to_nowhere_ends(base: str, save: Save) -> None:
    with pytest.raises(DownloadError):
        await save(f"{base}/nowhere")


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://inside.example/x",
        "https://mixed.example/x",
        "https://sly.example/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://127.1/x",
        "https://0177.0.0.1/x",
        "https://user@cdn.discordapp.com/x",
        "https://:pass@cdn.discordapp.com/x",
        "https:///x",
        "//cdn.discordapp.com/x",
        "https://[::1/x",
        "https://a:99999/x",
        "data:text/plain,hello",
        "",
    ],
)
async def test_only_https_to_the_open_internet(save_outside: Save, url: str) -> None:
    with pytest.raises(DownloadRefused):
        await save_outside(url)
    assert save_outside.left() == []


async def test_a_name_that_cannot_exist_is_refused(tmp_path: Path) -> None:
    async with Downloads() as downloads:
        with pytest.raises(DownloadRefused):
            await Save(downloads, tmp_path, PUBLIC_API)(f"https://{'a' * 64}.example/x")


async def test_loopback_is_for_a_supplier_on_loopback(
    base: str, save: Save, save_outside: Save
) -> None:
    named = base.replace("127.0.0.1", "localhost")
    for url in (base, named):
        assert await save(f"{url}/whole") == len(BODY)
        with pytest.raises(DownloadRefused):
            await save_outside(f"{url}/whole")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::5db8:d70e", True),
        ("2002:5db8:d70e::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.2", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:192.168.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_on_the_open_internet(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
