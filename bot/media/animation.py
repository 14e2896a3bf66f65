"""GIF, WebP and PNG that move, inside the worker: their frames, as a video has them."""

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from PIL import Image

from bot.errors import Problem, Refused
from bot.media.claims.animations import Animation
from bot.media.facts import NAMES, PIXEL_LIMIT, Kind, VideoFacts
from bot.media.pixels import pixels_of


def inspect_animation(path: Path, animation: Animation, kind: Kind) -> VideoFacts:
    """Measure what moves and decode how it begins.

    Raises `Refused` without the fact `name`, and `MemoryError`.
    """
    width, height = animation.width, animation.height
    if width * height > PIXEL_LIMIT:
        raise Refused(
            Problem.VIDEO_TOO_MANY_PIXELS, width=width, height=height, limit_pixels=PIXEL_LIMIT
        )
    first = next(pictures_of(path, animation, kind), None)
    if first is None or first.size != (width, height):
        raise Refused(Problem.DAMAGED_VIDEO)
    name = NAMES.get(kind, kind.value)
    frames = len(animation.frames_s)
    return VideoFacts(animation.duration_s, width, height, False, True, name, frames)


def pictures_of(path: Path, animation: Animation, kind: Kind) -> Iterator[Image.Image]:
    """Its frames one after the other, on white where they are transparent.

    Raises `Refused` where one cannot be decoded, and `MemoryError`.
    """
    Image.MAX_IMAGE_PIXELS = None  # the limit above is ours, and comes before any decoding
    content = pixels_of(path.read_bytes(), kind).content
    try:
        with Image.open(io.BytesIO(content), formats=[kind.value]) as film, suppress(EOFError):
            apart = int(bool(film.info.get("default_image")))  # a PNG's own picture
            for index in range(apart, apart + len(animation.frames_s)):
                film.seek(index)
                yield _on_white(film) if film.has_transparency_data else film.convert("RGB")
    except (MemoryError, Refused):
        raise
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly every kind of error
        raise Refused(Problem.DAMAGED_VIDEO) from None


def _on_white(film: Image.Image) -> Image.Image:
    shown = Image.new("RGBA", film.size, "white")
    shown.alpha_composite(film.convert("RGBA"))
    return shown.convert("RGB")
