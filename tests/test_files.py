"""Odd files through the bot's look and the engine's, and the page that lists them."""

from pathlib import Path

import pytest

from bot.cards.status_text import MOVING
from bot.errors import Problem, Refused
from bot.media.image import inspect_image
from bot.media.rewriting.motion import rewrite
from bot.media.rewriting.picture import redraw
from bot.media.video import inspect_video
from engine.media import frames_of, open_motion, open_subject
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


def outcome_of_picture(path: Path, sent: Path) -> str:
    """As the page calls it; whatever is sent, the engine opens in the same size."""
    try:
        facts = inspect_image(path)
    except Refused as refused:
        return REFUSALS[refused.problem]
    outcome = "taken"
    if facts.is_other:
        first = "first frame " if facts.given_as in MOVING else ""
        facts = redraw(path, sent)
        outcome, path = f"{first}sent as {facts.format}", sent
        assert inspect_image(path) == facts
    assert open_subject(path, 480).size == (facts.width, facts.height)
    return outcome


def outcome_of_video(path: Path, sent: Path) -> str:
    """As the page calls it; whatever is sent, the engine shows, and no longer than was said."""
    try:
        facts = inspect_video(path)
    except Refused as refused:
        return REFUSALS[refused.problem]
    outcome = "taken"
    if facts.is_to_be_rewritten:
        outcome, facts = "written anew", rewrite(path, sent)
        path = sent
        assert not inspect_video(sent).is_to_be_rewritten
    with open_motion(path) as (source, video):
        last_s = max(frame.time or 0.0 for frame in frames_of(source, video))
    assert 0 < last_s <= facts.duration_s + 0.1
    return outcome


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_come_out_as_the_page_says(tmp_path: Path, name: str) -> None:
    make, outcome = PICTURES[name]
    assert outcome_of_picture(make(tmp_path), tmp_path / "sent") == outcome


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_come_out_as_the_page_says(tmp_path: Path, name: str) -> None:
    make, outcome = VIDEOS[name]
    assert outcome_of_video(make(tmp_path), tmp_path / "sent") == outcome


def test_the_page_lists_each_of_them() -> None:
    listed = PAGE.read_text()
    for name, (_, outcome) in (*PICTURES.items(), *VIDEOS.items()):
        assert f"| {name} | {outcome} |" in listed
