"""A short run of each part, the same each time: `make fuzz` has the long ones."""

from pathlib import Path

import pytest

from bot.errors import Problem, Refused
from bot.media.inspect import ImageFacts, Media, VideoFacts
from tests.fuzz.answers import fuzz_answers
from tests.fuzz.files import fuzz_files
from tests.fuzz.requests import fuzz_requests

SEEDS = (
    "a phone's JPEG, stored lying on its side",
    "a PNG with the workflow of an image generator",
    "a lossless WebP",
    "a still GIF",
    "a mov with sound",
)


async def test_spoiled_files_are_taken_or_refused(tmp_path: Path) -> None:
    tally = await fuzz_files(40, 1, tmp_path / "files", SEEDS)
    assert not tally.wrong, str(tally)
    assert tally.ends.total() == 40
    assert tally.ends["picture taken"]
    assert tally.ends["video taken"]


class Broken(Media):
    """Whose looks end as none may."""

    async def inspect_image(
        self, path: Path, name: str, person_id: int = 0, *, is_offer: bool = False
    ) -> ImageFacts:
        raise KeyError(name)

    async def inspect_video(
        self, path: Path, name: str, person_id: int = 0, *, is_offer: bool = False
    ) -> VideoFacts:
        if person_id % 2:
            raise Refused(Problem.VIDEO_TOO_LONG, duration_s=float("nan"))
        return VideoFacts(float("inf"), 1, 1)


async def test_what_must_not_be_is_told(tmp_path: Path) -> None:
    tally = await fuzz_files(20, 1, tmp_path / "files", SEEDS, Broken)
    for wrong in ("KeyError", "nan", "inf"):
        assert any(wrong in sentence for sentence in tally.wrong), str(tally)


async def test_changed_answers_are_read_or_refused(tmp_path: Path) -> None:
    tally = await fuzz_answers(200, 1, tmp_path / "answers")
    assert not tally.wrong, str(tally)
    assert tally.ends["result: read"]
    assert tally.ends["submit: SubmitInDoubt"]


@pytest.mark.slow
async def test_every_odd_request_is_answered_and_the_books_agree(tmp_path: Path) -> None:
    tally = await fuzz_requests(30, 1, tmp_path / "requests")
    assert not tally.wrong, str(tally)
    assert tally.ends["command: replied"]
    assert tally.ends["component: replied"]
