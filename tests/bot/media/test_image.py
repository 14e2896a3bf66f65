"""Which pictures are taken, and why the others are not."""

from pathlib import Path

import pytest
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.facts import PIXEL_LIMIT, ImageFacts
from bot.media.image import inspect_image
from tests.media_samples import (
    make_audio_only,
    make_motion,
    make_noise,
    make_picture,
    make_pixel_bomb,
    make_truncated,
)


def refusal(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        inspect_image(path)
    return caught.value


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "GIF"])
def test_still_pictures_are_taken_whatever_their_name(tmp_path: Path, fmt: str) -> None:
    path = make_picture(tmp_path / "subject.bin", fmt=fmt)
    assert inspect_image(path) == ImageFacts(fmt, 320, 480)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK", "YCbCr"])
def test_every_way_of_storing_pixels_is_taken(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "subject"
    fmt = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    Image.new(mode, (30, 20)).save(path, fmt)
    assert inspect_image(path) == ImageFacts(fmt, 30, 20)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "upright"), [(1, (320, 480)), (3, (320, 480)), (6, (480, 320)), (8, (480, 320))]
)
def test_the_size_is_that_of_the_upright_picture(
    tmp_path: Path, fmt: str, orientation: int, upright: tuple[int, int]
) -> None:
    path = make_picture(tmp_path / "subject", fmt=fmt, exif_orientation=orientation)
    facts = inspect_image(path)
    assert (facts.width, facts.height) == upright


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # nobody reads them in the worker
@pytest.mark.parametrize(
    "exif", [b"garbage", b"MM\0*\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x05\x01\x12"]
)
def test_broken_metadata_is_no_damage(tmp_path: Path, exif: bytes) -> None:
    path = tmp_path / "subject.jpg"
    Image.new("RGB", (30, 20)).save(path, "JPEG", exif=b"Exif\0\0" + exif)
    assert inspect_image(path) == ImageFacts("JPEG", 30, 20)


def test_a_phones_jpeg_of_several_pictures_is_still(tmp_path: Path) -> None:
    path = tmp_path / "subject.jpg"
    first, second = (Image.new("RGB", (30, 20), colour) for colour in ("red", "blue"))
    first.save(path, "MPO", save_all=True, append_images=[second])
    assert inspect_image(path) == ImageFacts("JPEG", 30, 20)


@pytest.mark.parametrize("fmt", ["GIF", "PNG", "WEBP"])
def test_animations_are_refused(tmp_path: Path, fmt: str) -> None:
    path = make_picture(tmp_path / "subject", fmt=fmt, animated=True)
    assert refusal(path).problem is Problem.ANIMATED_IMAGE


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("keep", [0.05, 0.6, 0.95])
def test_pictures_that_break_off_are_damaged(tmp_path: Path, fmt: str, keep: float) -> None:
    good = make_picture(tmp_path / "good", fmt=fmt)
    path = make_truncated(good, tmp_path / "subject", keep=keep)
    assert refusal(path).problem is Problem.DAMAGED_IMAGE


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"]
)
def test_a_good_beginning_is_not_enough(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "subject"
    path.write_bytes(head + make_noise(tmp_path / "noise").read_bytes())
    assert refusal(path).problem is Problem.DAMAGED_IMAGE


def test_a_pixel_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    refused = refusal(make_pixel_bomb(tmp_path / "subject.png"))
    assert refused.problem is Problem.IMAGE_TOO_MANY_PIXELS
    assert refused.facts == {"width": 20_000, "height": 20_000, "limit_pixels": PIXEL_LIMIT}


def test_other_pictures_and_other_things_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "subject.png"
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    for content in (heic, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"hello", b"", b"\0"):
        path.write_bytes(content)
        assert refusal(path).problem is Problem.NOT_AN_IMAGE
    for other in (
        make_picture(path, fmt="BMP"),
        make_picture(path, fmt="TIFF"),
        make_motion(path, duration_s=0.5),
        make_audio_only(path),
        make_noise(path),
    ):
        assert refusal(other).problem is Problem.NOT_AN_IMAGE
