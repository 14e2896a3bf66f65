"""Odd files through the bot's decoders and the engine's, and the page that lists them."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cards.status_text import MOVING
from bot.clock import SystemClock
from bot.errors import Problem, Refused
from bot.media.inspect import Media
from engine.media import frames_of, open_motion, open_subject
from tests.bot.life.kept import LentMedia
from tests.odd_files import PICTURES, VIDEOS

PAGE = Path(__file__).parent.parent / "docs" / "files.md"

REFUSALS = {
    Problem.NOT_AN_IMAGE: "another kind",
    Problem.VIDEO_WRONG_FORMAT: "another kind",
    Problem.DAMAGED_IMAGE: "damaged",
    Problem.IMAGE_CUT_SHORT: "its end is missing",
    Problem.NOT_A_VIDEO: "no video",
    Problem.GIF_AS_VIDEO: "a picture",
    Problem.PICTURE_AS_VIDEO: "a picture",
    Problem.VIDEO_AS_IMAGE: "a video",
    Problem.NO_VIDEO_STREAM: "no video",
    Problem.DAMAGED_VIDEO: "damaged",
}


async def outcome_of_picture(media: Media, path: Path) -> str:
    """As the page calls it; whatever is sent, the engine opens in the same size."""
    try:
        facts = await media.inspect_image(path, "p")
    except Refused as refused:
        return REFUSALS[refused.problem]
    outcome = "taken"
    if facts.is_other:
        first = "first frame " if facts.given_as in MOVING else ""
        facts = await media.redraw(path, "p")
        outcome = f"{first}sent as {facts.format}"
        assert await media.inspect_image(path, "p") == facts
    assert open_subject(path, 480).size == (facts.width, facts.height)
    return outcome


async def outcome_of_video(media: Media, path: Path) -> str:
    """As the page calls it; whatever is sent, the engine shows, and no longer than was said."""
    try:
        facts = await media.inspect_video(path, "m")
    except Refused as refused:
        return REFUSALS[refused.problem]
    outcome = "taken"
    if facts.is_to_be_rewritten:
        outcome, facts = "written anew", await media.rewrite(path, "m", facts=facts)
        assert not facts.is_to_be_rewritten
        assert await media.inspect_video(path, "m") == replace(facts, given_as="")
    with open_motion(path) as (source, video):
        last_s = max(frame.time or 0.0 for frame in frames_of(source, video))
    assert 0 < last_s <= facts.duration_s + 0.1
    return outcome


@pytest.fixture
def media() -> Media:
    """Whose decoders can open no other file once they have begun."""
    return LentMedia(clock=SystemClock())


@pytest.mark.parametrize("name", PICTURES)
async def test_pictures_come_out_as_the_page_says(media: Media, tmp_path: Path, name: str) -> None:
    make, outcome = PICTURES[name]
    assert await outcome_of_picture(media, make(tmp_path)) == outcome


@pytest.mark.parametrize("name", VIDEOS)
async def test_videos_come_out_as_the_page_says(media: Media, tmp_path: Path, name: str) -> None:
    make, outcome = VIDEOS[name]
    assert await outcome_of_video(media, make(tmp_path)) == outcome


def test_the_page_lists_each_of_them() -> None:
    listed = PAGE.read_text()
    for name, (_, outcome) in (*PICTURES.items(), *VIDEOS.items()):
        assert f"| {name} | {outcome} |" in listed
