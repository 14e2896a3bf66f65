"""Drawing a small moving picture of a motion, inside the worker."""

from collections.abc import Iterator
from pathlib import Path

import av
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.video import opened

SIDE_PIXELS = 256
FRAMES_A_S, LONGEST_S = 12.0, 5.0
"""It shows how a motion begins."""

_LEAST_S = 0.001


def draw_loop(source: Path, target: Path) -> int:
    """Write it as an animated WebP of at most `SIDE_PIXELS` a side; how many frames it has.

    Raises `Refused` and `MemoryError` as looking at the source does, and `OSError`.
    """
    try:
        times_s, pictures = zip(*_pictures(source), strict=True)
    except (av.error.FFmpegError, ValueError) as error:  # none at all, too
        if isinstance(error, MemoryError):
            raise
        raise Refused(Problem.DAMAGED_VIDEO) from None
    ends_s = (*times_s[1:], times_s[-1] + 1 / FRAMES_A_S)
    shown_ms = [round(1000 * (end - begin)) for begin, end in zip(times_s, ends_s, strict=True)]
    first, *rest = pictures
    first.save(
        target, "WEBP", save_all=True, append_images=rest, duration=shown_ms, loop=0,
        quality=50, method=4,
    )  # fmt: skip
    return len(pictures)


def _pictures(source: Path) -> Iterator[tuple[float, Image.Image]]:
    """Each with the second at which it is shown."""
    next_s = 0.0
    with opened(source) as (container, stream):
        for frame in container.decode(stream):
            at_s = frame.time or 0.0
            if at_s > LONGEST_S:
                return
            if at_s >= next_s:
                next_s = at_s + 1 / FRAMES_A_S - _LEAST_S
                # PyAV's stubs leave to_image bare
                picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
                picture.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
                yield at_s, picture.rotate(frame.rotation, expand=True)
