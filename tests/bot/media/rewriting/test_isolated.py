"""Each kind, by a decoder that can open no other file once it has begun."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.media.inspect import Media
from tests.odd_files import PICTURES, VIDEOS

pytestmark = pytest.mark.slow


@pytest.fixture
async def media() -> AsyncIterator[Media]:
    async with Media() as media:
        yield media


async def test_every_kind_is_drawn_anew_by_who_sees_no_other_file(
    media: Media, tmp_path: Path
) -> None:
    others = [make for make, outcome in PICTURES.values() if "sent as" in outcome]
    for number, make in enumerate(others):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = make(folder)
        assert (await media.inspect_image(path, "p")).is_other
        drawn = await media.redraw(path, "p")
        assert await media.inspect_image(path, "p") == drawn


async def test_every_kind_is_written_anew_by_who_sees_no_other_file(
    media: Media, tmp_path: Path
) -> None:
    others = [make for make, outcome in VIDEOS.values() if outcome == "written anew"]
    for number, make in enumerate(others):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = make(folder)
        facts = await media.inspect_video(path, "m")
        sent = await media.rewrite(path, "m", facts=facts)
        assert await media.inspect_video(path, "m") == replace(sent, given_as="")
