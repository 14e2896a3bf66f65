"""`python -m sandbox.programs.stage_marks`: draw the marks of a job's stages.

They ship with the bot, in `bot/cards/marks`, and become emoji of its application. Each has a shape
of its own, so that they are told apart without colour, and a colour that stands out from light and
from dark.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "cards" / "marks"
SIDE, FINER = 128, 8
"""In pixels, and how many times finer it is drawn at first."""

BLUE, GREY = (0x6F, 0x7B, 0xF7), (0x86, 0x8A, 0x93)
MIDDLE = SIDE / 2

Draw = ImageDraw.ImageDraw


def _disc(draw: Draw, radius: float, *, filled: bool) -> None:
    box = [FINER * (MIDDLE + way * radius) for way in (-1, -1, 1, 1)]
    draw.ellipse(box, fill=255 if filled else 0)


def _ring(draw: Draw, radius: float, width: float) -> None:
    _disc(draw, radius, filled=True)
    _disc(draw, radius - width, filled=False)


def _done(draw: Draw) -> None:
    """A full disc, with a tick cut out of it."""
    _disc(draw, 54, filled=True)
    tick, width = ((40, 67), (57, 84), (89, 47)), 13
    draw.line([(FINER * x, FINER * y) for x, y in tick], fill=0, width=FINER * width)
    for x, y in tick:
        box = [FINER * (at + way * width / 2) for way in (-1, 1) for at in (x, y)]
        draw.ellipse(box, fill=0)


def _now(draw: Draw) -> None:
    """A ring with a point in it."""
    _ring(draw, 54, 14)
    _disc(draw, 22, filled=True)


def _ahead(draw: Draw) -> None:
    """An empty ring, smaller and thinner."""
    _ring(draw, 42, 10)


MARKS: Mapping[str, tuple[Callable[[Draw], None], tuple[int, int, int]]] = {
    "done": (_done, BLUE),
    "now": (_now, BLUE),
    "ahead": (_ahead, GREY),
}


def draw(name: str) -> Image.Image:
    """One of them: its shape is where it can be seen through, its colour is the same all over."""
    shape, colour = MARKS[name]
    seen = Image.new("L", (SIDE * FINER, SIDE * FINER))
    shape(ImageDraw.Draw(seen))
    picture = Image.new("RGBA", (SIDE, SIDE), colour)
    picture.putalpha(seen.resize((SIDE, SIDE), Image.Resampling.BOX))
    return picture


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in MARKS:
        draw(name).save(FOLDER / f"{name}.png", optimize=True)
