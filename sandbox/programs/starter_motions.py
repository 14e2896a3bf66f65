"""`python -m sandbox.programs.starter_motions [NAME …]`: draw the motions that ship with the bot.

Each becomes an mp4, and a small loop of it as animated WebP, in `bot/media/starter`. The same
program, libraries and names give the same files.
"""

import sys
from pathlib import Path

import av
from PIL import Image

from sandbox.drawing.figures import BUILDS, Scene, film
from sandbox.drawing.starter import STARTERS, Starter

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "media" / "starter"
SIZE, TALL = (720, 960), 0.67
ENCODED = {"crf": "24", "preset": "slow", "threads": "1"}
LOOP_HEIGHT, LOOP_EVERY = 256, 2
"""In pixels, and how many frames apart."""


def draw(starter: Starter, folder: Path) -> Path:
    """Write its two files; where the motion is."""
    path = folder / f"{starter.name.lower()}.mp4"
    scene = Scene(BUILDS[starter.who], starter.where, SIZE)
    film(path, scene, starter.motion, starter.length_s, tall=TALL, options=ENCODED)
    _draw_loop(path, path.with_suffix(".webp"))
    return path


def _draw_loop(source: Path, target: Path) -> None:
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        pictures = [
            # PyAV's stubs leave to_image bare
            frame.to_image(width=LOOP_HEIGHT * SIZE[0] // SIZE[1], height=LOOP_HEIGHT)  # type: ignore[no-untyped-call]
            for number, frame in enumerate(container.decode(stream))
            if number % LOOP_EVERY == 0
        ]
        shown_ms = round(1000 * LOOP_EVERY / float(stream.average_rate or 24))
    _save(pictures, target, shown_ms)


def _save(pictures: list[Image.Image], target: Path, shown_ms: int) -> None:
    first, *rest = pictures
    first.save(
        target, "WEBP", save_all=True, append_images=rest, duration=shown_ms, loop=0,
        quality=50, method=6, minimize_size=False,
    )  # fmt: skip


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or STARTERS:
        written = draw(STARTERS[name], FOLDER)
        size_kb = written.stat().st_size // 1000
        sys.stdout.write(f"{written.name}: {STARTERS[name].length_s:g} s, {size_kb} kB\n")
