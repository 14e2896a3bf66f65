"""Drawing a small moving picture of a motion, inside the worker."""

from pathlib import Path

import av
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.video import opened

SIDE_PIXELS = 256
FRAMES_A_S, LONGEST_S = 12.0, 5.0
"""It shows how a motion begins."""


def draw_loop(source: Path, target: Path) -> int:
    """Write it as an animated WebP of at most `SIDE_PIXELS` a side; how many frames it has.

    Raises `Refused` and `MemoryError` as looking at the source does, and `OSError`.
    """
    pictures: list[Image.Image] = []
    shown_s = 0.0
    with opened(source) as (container, stream):
        try:
            for frame in container.decode(stream):
                at_s = frame.time or 0.0
                if pictures and at_s < shown_s + 1 / FRAMES_A_S:
                    continue
                if at_s > LONGEST_S:
                    break
                # PyAV's stubs leave to_image bare
                picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
                picture.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
                pictures.append(picture)
                shown_s = at_s
        except av.error.FFmpegError:
            raise Refused(Problem.DAMAGED_VIDEO) from None
    first, *rest = pictures
    first.save(
        target, "WEBP", save_all=True, append_images=rest, duration=round(1000 / FRAMES_A_S),
        loop=0, quality=50, method=4,
    )  # fmt: skip
    return len(pictures)
