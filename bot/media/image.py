"""Pictures, looked at inside the worker."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bot.errors import Problem, Refused
from bot.media.facts import (
    LEAST_SIDE_PIXELS,
    PICTURES_TAKEN,
    PIXEL_LIMIT,
    VIDEOS,
    ImageFacts,
    Kind,
    kind_of,
)
from bot.media.pixels import Pixels, pixels_of

ORIENTATION = 0x0112
_LYING_ON_ITS_SIDE = frozenset({5, 6, 7, 8})


def inspect_image(path: Path) -> ImageFacts:
    """Decode a picture's pixels. Raises `Refused` without the fact `name`, and `MemoryError`."""
    kind = kind_of(path)
    if kind not in PICTURES_TAKEN:
        raise Refused(Problem.VIDEO_AS_IMAGE if kind in VIDEOS else Problem.NOT_AN_IMAGE)
    Image.MAX_IMAGE_PIXELS = None  # the limit below is ours, and comes before any decoding
    pixels = pixels_of(path.read_bytes(), kind)
    file = io.BytesIO(pixels.content)
    with _any_failure_is_damage(pixels), Image.open(file, formats=[kind.value]) as image:
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise Refused(
                Problem.IMAGE_TOO_MANY_PIXELS, width=width, height=height, limit_pixels=PIXEL_LIMIT
            )
        if min(width, height) < LEAST_SIDE_PIXELS:
            raise Refused(
                Problem.IMAGE_TOO_SMALL, width=width, height=height, limit_pixels=LEAST_SIDE_PIXELS
            )
        if getattr(image, "is_animated", False):
            raise Refused(Problem.ANIMATED_IMAGE)
        if kind is Kind.JPEG:
            # Every bit is read, as for the whole picture, and an eighth of each side is painted.
            image.draft(None, (1, 1))
        image.load()
    if _orientation(pixels.exif) in _LYING_ON_ITS_SIDE:
        width, height = height, width
    return ImageFacts(kind.value, width, height)


@contextmanager
def _any_failure_is_damage(pixels: Pixels) -> Iterator[None]:
    try:
        yield
    except (MemoryError, Refused):
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly every kind of error
        is_cut_short = pixels.is_cut_short or "truncated" in str(error)
        raise Refused(Problem.IMAGE_CUT_SHORT if is_cut_short else Problem.DAMAGED_IMAGE) from None


def _orientation(exif: bytes) -> int:
    try:
        note = Image.Exif()
        note.load(exif)
        return int(note.get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken metadata does not damage the picture
        return 1
