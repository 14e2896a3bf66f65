"""Pictures, looked at inside the worker."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pi_heif
from PIL import AvifImagePlugin, Image

from bot.errors import Problem, Refused
from bot.media.claims.animations import animation_in
from bot.media.facts import (
    LEAST_SIDE_PIXELS,
    NAMES,
    PICTURES_READ,
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

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.register_heif_opener(thumbnails=False, decode_threads=1, aux_images=False)


def inspect_image(path: Path) -> ImageFacts:
    """Decode a picture's pixels. Raises `Refused` without the fact `name`, and `MemoryError`."""
    with opened_picture(path) as (image, pixels, kind):
        moves = bool(getattr(image, "is_animated", False)) or bool(animation_in(path, kind))
        if kind is Kind.JPEG:
            # Every bit is read, as for the whole picture, and an eighth of each side is painted.
            size, moves = image.size, False
            image.draft(None, (1, 1))
            image.load()
        else:
            image.load()
            size = image.size  # which only the decoder knows of some
            check_size(*size)
    width, height = size
    if orientation_of(image, pixels) in _LYING_ON_ITS_SIDE:
        width, height = height, width
    is_other = moves or kind not in PICTURES_TAKEN
    name = NAMES.get(kind, kind.value) if is_other else ""
    return ImageFacts(kind.value, width, height, is_other, name)


@contextmanager
def opened_picture(path: Path) -> Iterator[tuple[Image.Image, Pixels, Kind]]:
    """A picture before its first frame is decoded, read as its first bytes say.

    Raises `Refused`, also for what Pillow raises inside, and `MemoryError`.
    """
    kind = kind_of(path)
    if kind not in PICTURES_READ:
        raise Refused(Problem.VIDEO_AS_IMAGE if kind in VIDEOS else Problem.NOT_AN_IMAGE)
    Image.MAX_IMAGE_PIXELS = None  # the limit below is ours, and comes before any decoding
    pixels = pixels_of(path.read_bytes(), kind)
    if pixels.is_cut_short and kind not in PICTURES_TAKEN:  # their decoders paint over it
        raise Refused(Problem.IMAGE_CUT_SHORT)
    file = io.BytesIO(pixels.content)
    with _any_failure_is_damage(pixels), Image.open(file, formats=[kind.value]) as image:
        check_size(*image.size)
        yield image, pixels, kind


def check_size(width: int, height: int) -> None:
    """Raises `Refused` for too many pixels, and for too few on a side."""
    if width * height > PIXEL_LIMIT:
        raise Refused(
            Problem.IMAGE_TOO_MANY_PIXELS, width=width, height=height, limit_pixels=PIXEL_LIMIT
        )
    if min(width, height) < LEAST_SIDE_PIXELS:
        raise Refused(
            Problem.IMAGE_TOO_SMALL, width=width, height=height, limit_pixels=LEAST_SIDE_PIXELS
        )


@contextmanager
def _any_failure_is_damage(pixels: Pixels) -> Iterator[None]:
    try:
        yield
    except (MemoryError, Refused):
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise nearly every kind of error
        is_cut_short = pixels.is_cut_short or "truncated" in str(error)
        raise Refused(Problem.IMAGE_CUT_SHORT if is_cut_short else Problem.DAMAGED_IMAGE) from None


def orientation_of(image: Image.Image, pixels: Pixels) -> int:
    """How a picture that was loaded is to be turned; a broken note on that counts as none."""
    try:
        note = Image.Exif()
        note.load(pixels.exif or image.info.get("exif") or b"")
        return int(note.get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken metadata does not damage the picture
        return 1
