"""One link to a library's motion for all jobs, as long as it lives."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web

from bot.errors import ProviderUnavailable
from bot.jobs.library.sharing import LINK_LIFE_S, RENEWED_EVERY_S, SharedLinks
from bot.media.downloads import Downloads
from bot.provider.providers import Provider
from bot.store.database import Database
from bot.store.people.shelves import Shelves
from tests.bot.databases import place_database
from tests.bot.local_server import serve
from tests.bot.stopped_clock import StoppedClock


class Storage:
    """A provider's storage: it may be down, and lose what it has."""

    def __init__(self) -> None:
        self.url = ""
        self.made, self.numbers = list[str](), count(1)
        self.is_down = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        is_here = str(request.url) in self.made
        return web.Response(text="motion") if is_here else web.Response(status=404)

    async def upload(self) -> str:
        await asyncio.sleep(0)
        if self.is_down:
            raise ProviderUnavailable("down")
        self.made.append(f"{self.url}/assets/{next(self.numbers)}")
        return self.made[-1]


class Bench:
    """The links, as one run of the program has them."""

    def __init__(self, shelves: Shelves, downloads: Downloads, storage: Storage) -> None:
        self.clock = StoppedClock(1_800_000_000.0)
        self.storage = storage
        self._parts = shelves, downloads
        self.restart()

    def restart(self) -> None:
        shelves, downloads = self._parts
        self.links = SharedLinks(shelves=shelves, downloads=downloads, clock=self.clock)

    async def link(self, path: Path) -> str:
        return await self.links.link(path, cast("Provider", self.storage), self.storage.upload)

    async def renew(self, url: str) -> bool:
        return await self.links.renew(url, cast("Provider", self.storage))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    storage = Storage()
    async with (
        await Database.open(place_database(tmp_path), exclusive=True) as database,
        Downloads() as downloads,
        serve(storage.handle) as base,
    ):
        storage.url = base
        yield Bench(Shelves(database), downloads, storage)


@pytest.fixture
def dance(tmp_path: Path) -> Path:
    path = tmp_path / "dance.mp4"
    path.write_bytes(b"dance")
    return path


async def test_many_at_once_are_one_upload(bench: Bench, dance: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "motion", tmp_path / "bow.mp4"
    copy.write_bytes(b"dance")
    other.write_bytes(b"bow")
    links = await asyncio.gather(*(bench.link(path) for path in (dance, copy, other) * 7))
    assert len(set(links)) == len(bench.storage.made) == 2


async def test_a_link_is_known_after_a_restart_and_for_a_day(bench: Bench, dance: Path) -> None:
    first = await bench.link(dance)
    bench.restart()
    bench.clock.now += LINK_LIFE_S - 1
    assert await bench.link(dance) == first
    bench.clock.now += 1
    assert await bench.link(dance) != first


@pytest.mark.parametrize("moved_s", [-3600.0, 2 * LINK_LIFE_S])
async def test_a_link_of_another_time_is_not_trusted(
    bench: Bench, dance: Path, moved_s: float
) -> None:
    first = await bench.link(dance)
    bench.clock.now += moved_s
    assert await bench.link(dance) != first


async def test_what_is_lost_is_made_anew_once(bench: Bench, dance: Path) -> None:
    first = await bench.link(dance)
    bench.storage.made.clear()
    assert await bench.link(dance) == first, "it has just answered"
    bench.clock.now += 60
    again = await asyncio.gather(*(bench.link(dance) for _ in range(5)))
    assert again == bench.storage.made * 5


async def test_a_failed_upload_leaves_nothing_behind(bench: Bench, dance: Path) -> None:
    bench.storage.is_down = True
    found = await asyncio.gather(*(bench.link(dance) for _ in range(3)), return_exceptions=True)
    assert {type(each) for each in found} == {ProviderUnavailable}
    bench.storage.is_down = False
    assert await bench.link(dance) == bench.storage.made[0]


async def test_a_refused_link_is_renewed_unless_it_is_new(bench: Bench, dance: Path) -> None:
    """One that is lost after a minute; one that answers once an hour, whatever came with it."""
    first = await bench.link(dance)
    assert not await bench.renew(first)
    bench.clock.now += 60
    assert not await bench.renew(first), "it answers"
    bench.storage.made.clear()
    assert await bench.renew(first)
    second = await bench.link(dance)
    assert second != first
    assert not await bench.renew(second)
    bench.clock.now += RENEWED_EVERY_S - 1
    assert await bench.link(dance) == second
    assert not await bench.renew(second)
    bench.clock.now += 1
    assert await bench.renew(second)
