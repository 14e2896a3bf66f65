"""Drawing a picture anew, inside the worker, as the provider takes it."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from bot.errors import Problem, Refused
from bot.media.facts import IMAGE_LIMIT_BYTES, ImageFacts
from bot.media.image import check_size, opened_picture, orientation_of

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEEP_GREY = ("I", "F")
_PROFILE_LIMIT_BYTES = 65_000


def redraw(source: Path, target: Path) -> ImageFacts:
    """Draw a picture's first frame upright, as PNG where it is transparent and else as JPEG.

    Returns what came of it. Raises `Refused` and `MemoryError` as looking at the source does, and
    `OSError`.
    """
    with opened_picture(source) as (image, pixels, _):
        image.load()
        check_size(*image.size)
        drawn = _eight_bits(image)
        profile = image.info.get("icc_profile") or b""
        turn = _TURNS.get(orientation_of(image, pixels))
        if turn is not None:
            drawn = drawn.transpose(turn)
    told = {"icc_profile": profile} if 0 < len(profile) <= _PROFILE_LIMIT_BYTES else {}
    for fmt, content in _written(drawn, told):
        if len(content) <= IMAGE_LIMIT_BYTES:
            target.write_bytes(content)
            return ImageFacts(fmt, *drawn.size)
    raise Refused(Problem.IMAGE_TOO_LARGE, size_bytes=len(content), limit_bytes=IMAGE_LIMIT_BYTES)


def _eight_bits(image: Image.Image) -> Image.Image:
    """In RGB, with its transparency if it has any."""
    if image.mode.startswith(_DEEP_GREY):  # Pillow would cut off the upper bits
        deep = image.convert("F" if image.mode == "F" else "I")
        return deep.point(lambda level: level * (1 / 256)).convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _written(drawn: Image.Image, told: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Its format and its bytes, each time fewer of them."""
    if drawn.mode == "RGBA":
        if drawn.getchannel("A").getextrema() != (255, 255):
            yield "PNG", _saved(drawn, "PNG", compress_level=3, **told)
        white = Image.new("RGBA", drawn.size, "white")
        white.alpha_composite(drawn)
        drawn = white.convert("RGB")
    yield "JPEG", _saved(drawn, "JPEG", quality=95, subsampling="4:4:4", **told)
    yield "JPEG", _saved(drawn, "JPEG", quality=80, **told)


def _saved(drawn: Image.Image, fmt: str, **options: object) -> bytes:
    content = io.BytesIO()
    drawn.save(content, fmt, **options)
    return content.getvalue()
