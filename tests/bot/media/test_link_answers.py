"""Whether a link still works: one byte is asked for, and whatever else comes is a no."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.media.downloads import Downloads
from tests.bot.local_server import serve

PUBLIC_API = "https://api.segmind.com/v2"
BODIES = {200: b"whole", 206: b"w", 404: b"This content is no longer available."}


class Site:
    """Answers with the status that the path names, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        match request.path.split("/")[1:]:
            case ["silence"]:
                await asyncio.Event().wait()
            case ["empty"]:
                return web.Response()
            case ["moved"]:
                return web.Response(status=302, headers={"Location": "/200"})
            case ["cut"]:
                assert request.transport is not None
                request.transport.abort()
        status = int(request.path[1:]) if request.path[1:].isdigit() else 500
        return web.Response(status=status, body=BODIES.get(status))


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def base(site: Site) -> AsyncIterator[str]:
    async with serve(site.handle) as url:
        yield url


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    async with Downloads() as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "does"),
    [
        ("200", True),
        ("206", True),
        ("204", False),
        ("403", False),
        ("404", False),
        ("416", False),
        ("429", False),
        ("503", False),
        ("empty", False),
        ("moved", False),
        ("cut", False),
    ],
)
async def test_only_a_byte_is_an_answer(
    base: str, site: Site, downloads: Downloads, path: str, does: bool
) -> None:
    assert await downloads.answers(f"{base}/{path}", timeout_s=5.0, supplier=base) is does
    assert {asked.headers["Range"] for asked in site.asked} == {"bytes=0-0"}


async def test_an_answer_that_comes_too_late_is_none(base: str, downloads: Downloads) -> None:
    assert not await downloads.answers(f"{base}/silence", timeout_s=0.1, supplier=base)


@pytest.mark.parametrize("url", ["{base}/200", "https://10.1.2.3/x", "https://[::1/x", ""])
async def test_what_would_not_be_downloaded_is_not_asked(
    base: str, site: Site, downloads: Downloads, url: str
) -> None:
    asked = url.format(base=base)
    assert not await downloads.answers(asked, timeout_s=5.0, supplier=PUBLIC_API)
    assert site.asked == []
