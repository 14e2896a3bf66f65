"""The pictures of a job's stages: drawn here, told apart without colour, seen on any theme."""

from itertools import combinations

import pytest
from PIL import Image, ImageChops

from bot.cards.progress.stages import Marks
from bot.marks import PICTURES
from sandbox.programs import stage_marks

LEAST_CONTRAST = 3.0
"""What WCAG asks of a picture that says something."""

THEMES = ("#ffffff", "#f2f3f5", "#313338", "#2b2d31", "#1a1a1e")


def shipped(mark: str) -> Image.Image:
    return Image.open(PICTURES / f"{mark}.png")


def luminance(colour: tuple[int, ...]) -> float:
    parts = (value / 255 for value in colour[:3])
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mark", Marks._fields)
def test_what_ships_is_what_is_drawn_and_discord_takes_it(mark: str) -> None:
    picture = shipped(mark)
    assert (picture.mode, picture.size) == ("RGBA", (128, 128))
    assert picture.tobytes() == stage_marks.draw(mark).tobytes()
    assert (PICTURES / f"{mark}.png").stat().st_size < 16 * 1024


def test_none_ships_that_is_not_used() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == set(Marks._fields) == {*stage_marks.MARKS}


@pytest.mark.parametrize(("one", "other"), [*combinations(Marks._fields, 2)])
def test_they_are_told_apart_by_their_shapes(one: str, other: str) -> None:
    """Small, as they stand in a line, an eighth of the pixels or more is another one."""
    small = [
        shipped(mark).getchannel("A").resize((22, 22)).point(lambda alpha: 255 * (alpha > 127))
        for mark in (one, other)
    ]
    assert ImageChops.difference(*small).histogram()[255] >= 22 * 22 / 8


@pytest.mark.parametrize("mark", Marks._fields)
@pytest.mark.parametrize("theme", THEMES)
def test_they_stand_out_from_light_and_from_dark(mark: str, theme: str) -> None:
    behind = luminance(tuple(bytes.fromhex(theme[1:])))
    [(_, colour)] = shipped(mark).convert("RGB").getcolors() or []
    assert isinstance(colour, tuple)
    brighter, darker = sorted((luminance(colour), behind), reverse=True)
    assert (brighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST
