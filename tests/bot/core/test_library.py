"""What motions are called, and the set that ships with the bot."""

from pathlib import Path

import pytest

from bot.core.library.motions import STARTERS, Motion, key_of, name_in
from bot.errors import Problem, Refused
from bot.jobs.files import Files
from bot.media.video import inspect_video


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Wave", "Wave"),
        ("  Moon \n walk\t", "Moon walk"),
        ("a\u202eb\u200bc", "a b c"),
        ("@everyone", "@everyone"),
        ("é" * 40, "é" * 40),
    ],
)
def test_a_name_is_kept_on_one_line_without_what_cannot_be_seen(typed: str, kept: str) -> None:
    assert name_in(typed) == kept


@pytest.mark.parametrize("typed", ["", " \u200b ", "\u200d", "x" * 41])
def test_a_name_that_says_nothing_or_too_much_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        name_in(typed)
    assert caught.value.problem is Problem.MOTION_NAME_UNFIT


def test_names_are_one_however_they_are_written() -> None:
    assert key_of("ＷＡＶＥ") == key_of(" wave ") == "wave"
    assert key_of("Straße") == key_of("STRASSE")


@pytest.mark.parametrize("motion", STARTERS.values(), ids=lambda motion: motion.name)
def test_the_starter_set_is_there_and_as_long_as_it_says(motion: Motion, tmp_path: Path) -> None:
    files = Files(tmp_path)
    path = files.library_motion(motion.ref)
    facts = inspect_video(path)
    assert facts.duration_s == pytest.approx(motion.length_s, abs=0.01)
    assert not facts.is_to_be_rewritten
    assert path.stat().st_size <= 300_000
    assert files.loop(motion.ref).stat().st_size <= 100_000


def test_there_are_ten() -> None:
    assert len(STARTERS) == 10
