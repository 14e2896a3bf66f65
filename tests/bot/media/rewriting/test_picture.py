"""What a picture of another kind is sent as: upright, in its own colours, within the limits."""

import random
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from bot.errors import Problem, Refused
from bot.media.facts import IMAGE_LIMIT_BYTES, PIXEL_LIMIT, ImageFacts
from bot.media.image import inspect_image
from bot.media.rewriting.picture import redraw
from tests.heic import make_heic
from tests.media_samples import make_picture, make_truncated


def scene() -> Image.Image:
    """Four colours, each in its own corner, so that nothing may turn or change unseen."""
    picture = Image.new("RGB", (320, 480), (250, 250, 250))
    for at, colour in (
        ((0, 0), "red"),
        ((160, 0), "lime"),
        ((0, 240), "blue"),
        ((160, 240), "grey"),
    ):
        picture.paste(colour, (*at, at[0] + 150, at[1] + 230))
    return picture


def difference(path: Path, wanted: Image.Image) -> float:
    """Of 255, of the worst channel."""
    with Image.open(path) as found:
        assert found.size == wanted.size
        apart = ImageChops.difference(found.convert("RGB"), wanted.convert("RGB"))
        return max(ImageStat.Stat(apart).mean)


@pytest.mark.parametrize("fmt", ["AVIF", "TIFF", "BMP"])
def test_it_is_the_same_picture(tmp_path: Path, fmt: str) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    scene().save(path, fmt)
    assert inspect_image(path) == ImageFacts(fmt, 320, 480, is_other=True, given_as=fmt)
    assert redraw(path, target) == ImageFacts("JPEG", 320, 480)
    assert difference(target, scene()) < 5


@pytest.mark.parametrize("tile", [None, (128, 128), (320, 64)])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_heic_is_put_together_and_upright(
    tmp_path: Path, tile: tuple[int, int] | None, turns: int, brand: bytes
) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    make_heic(path, scene(), tile=tile, quarter_turns=turns, brand=brand)
    upright = scene().rotate(90 * turns, expand=True)
    assert inspect_image(path) == ImageFacts("HEIF", *upright.size, is_other=True, given_as="HEIC")
    assert redraw(path, target) == ImageFacts("JPEG", *upright.size)
    assert difference(target, upright) < 5


@pytest.mark.parametrize("fmt", ["AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cameras_note_is_followed_once(tmp_path: Path, fmt: str, orientation: int) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene().save(path, fmt, exif=exif)
    lying = scene()
    lying.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(lying)
    found = inspect_image(path)
    assert (found.width, found.height) == upright.size
    redraw(path, target)
    assert difference(target, upright) < 5
    with Image.open(target) as sent:
        assert not sent.getexif()


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_is_sent(tmp_path: Path, fmt: str) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    others = [Image.new("RGB", scene().size, colour) for colour in ("black", "white")]
    scene().save(path, fmt, save_all=True, append_images=others, duration=100)
    name = {"WEBP": "WebP"}.get(fmt, fmt)
    assert inspect_image(path) == ImageFacts(fmt, 320, 480, is_other=True, given_as=name)
    assert redraw(path, target) == ImageFacts("JPEG", 320, 480)
    assert difference(target, scene()) < 5


def test_what_is_transparent_stays_so(tmp_path: Path) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    clear = scene().convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    clear.save(path, "TIFF")
    assert redraw(path, target).format == "PNG"
    with Image.open(target) as sent:
        assert not ImageChops.difference(sent, clear).getbbox()


def test_sixteen_bits_of_grey_keep_their_shades(tmp_path: Path) -> None:
    path, target = tmp_path / "given", tmp_path / "sent"
    shades = Image.linear_gradient("L")
    shades.convert("I").point(lambda level: level * 257).convert("I;16").save(path, "TIFF")
    redraw(path, target)
    assert difference(target, shades) < 2


def test_what_would_be_too_large_is_sent_with_less(tmp_path: Path) -> None:
    """Noise, which nothing packs: transparent first, then with all colours, then with fewer."""
    path, target = tmp_path / "given", tmp_path / "sent"
    size = 2600, 2400
    noise = Image.frombytes("RGBA", size, random.Random(5).randbytes(size[0] * size[1] * 4))
    noise.save(path, "TIFF")
    assert redraw(path, target) == ImageFacts("JPEG", *size)
    assert target.stat().st_size <= IMAGE_LIMIT_BYTES


@pytest.mark.parametrize("fmt", ["AVIF", "TIFF", "BMP"])
def test_limits_hold_before_anything_is_decoded(tmp_path: Path, fmt: str) -> None:
    for size, problem in (
        ((99, 200), Problem.IMAGE_TOO_SMALL),
        ((10_000, PIXEL_LIMIT // 10_000 + 1), Problem.IMAGE_TOO_MANY_PIXELS),
    ):
        path = tmp_path / "given"
        Image.new("L", size).save(path, fmt, **({"speed": 10} if fmt == "AVIF" else {}))
        for look in (inspect_image, lambda path: redraw(path, tmp_path / "sent")):
            with pytest.raises(Refused) as caught:
                look(path)
            assert caught.value.problem is problem


@pytest.mark.parametrize("fmt", ["AVIF", "TIFF", "BMP", "HEIC"])
def test_what_breaks_off_is_damaged(tmp_path: Path, fmt: str) -> None:
    whole = tmp_path / "whole"
    if fmt == "HEIC":
        make_heic(whole, scene(), tile=(128, 128))
    else:
        scene().save(whole, fmt)
    for keep in (0.1, 0.5, 0.95):
        with pytest.raises(Refused) as caught:
            inspect_image(make_truncated(whole, tmp_path / "cut", keep=keep))
        named = Problem.IMAGE_CUT_SHORT if fmt in {"AVIF", "HEIC"} else caught.value.problem
        assert caught.value.problem is named


def test_a_picture_of_the_most_pixels_is_drawn_within_its_memory(tmp_path: Path) -> None:
    path = make_picture(tmp_path / "large", size=(8660, 5770), fmt="BMP")
    assert redraw(path, tmp_path / "sent") == ImageFacts("JPEG", 8660, 5770)
