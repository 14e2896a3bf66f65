"""Which pictures are taken, and why the others are not."""

import zlib
from pathlib import Path

import pytest
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.facts import LEAST_SIDE_PIXELS, PIXEL_LIMIT, ImageFacts
from bot.media.image import inspect_image
from bot.media.pixels import MOST_PARTS, MOST_SCANS
from tests.media_samples import (
    make_endless_scans,
    make_motion,
    make_noise,
    make_picture,
    make_pixel_bomb,
    make_png,
    make_truncated,
    png_chunk,
)

WORKFLOW = zlib.compress(b'{"node": "KSampler"}' * 80_000)
"""What image generators store of a picture's making: 1.6 MB, once unpacked."""

BOMB = zlib.compress(bytes(20_000_000))


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
    Image.new(mode, (120, 110)).save(path, fmt)
    assert inspect_image(path) == ImageFacts(fmt, 120, 110)


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
    Image.new("RGB", (120, 110)).save(path, "JPEG", exif=b"Exif\0\0" + exif)
    assert inspect_image(path) == ImageFacts("JPEG", 120, 110)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"zTXt", b"workflow\0\0" + WORKFLOW),
        (b"iTXt", b"workflow\0\1\0\0\0" + WORKFLOW),
        (b"zTXt", b"bomb\0\0" + BOMB),
        (b"zTXt", b"no compression at all\0\0" + bytes(40)),
        (b"iCCP", b"profile\0\0" + BOMB),
        (b"iCCP", b"profile\0\0garbage"),
        (b"tRNS", b""),
        (b"gAMA", b""),
        (b"cHRM", b"short"),
        (b"pHYs", b"short"),
        (b"eXIf", b"garbage"),
        (b"acTL", b"short"),
        (b"prVt", b"whatever an editor keeps"),
    ],
    ids=lambda chunk: f"{chunk[0].decode()} {len(chunk[1])}",
)
@pytest.mark.parametrize("place", ["before", "after", "spoilt"])
def test_a_pngs_notes_are_no_part_of_its_picture(
    tmp_path: Path, chunk: tuple[bytes, bytes], place: str
) -> None:
    path = tmp_path / "subject.png"
    if place == "after":
        make_png(path, after=(chunk,))
    else:
        make_png(path, chunk, spoilt=chunk[0] if place == "spoilt" else b"")
    assert inspect_image(path) == ImageFacts("PNG", 320, 480)


def test_seventy_chunks_of_text_are_none_too_many(tmp_path: Path) -> None:
    page = zlib.compress(bytes(1_000_000))
    texts = ((b"zTXt", b"page\0\0" + page) for _ in range(70))
    assert inspect_image(make_png(tmp_path / "p.png", *texts)) == ImageFacts("PNG", 320, 480)


@pytest.mark.parametrize(("spoilt", "upright"), [(b"", (480, 320)), (b"eXIf", (320, 480))])
def test_a_pngs_camera_note_counts_if_its_checksum_is_right(
    tmp_path: Path, spoilt: bytes, upright: tuple[int, int]
) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    note = turned.tobytes().removeprefix(b"Exif\0\0")
    facts = inspect_image(make_png(tmp_path / "p.png", (b"eXIf", note), spoilt=spoilt))
    assert (facts.width, facts.height) == upright


@pytest.mark.parametrize(
    "segment",
    [
        (0xE0, b"JFIF\0"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta" + bytes(60_000)),
        (0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        (0xE2, b"MPF\0garbage"),
        (0xE2, b"ICC_PROFILE\0\x07\x02garbage"),
        (0xED, b"Photoshop 3.0\x008BIM\x04"),
        (0xEE, b"Adobe"),
        (0xFE, bytes(65_000)),
    ],
    ids=lambda segment: f"{segment[0]:x} {len(segment[1])}",
)
def test_a_jpegs_notes_are_no_part_of_its_picture(
    tmp_path: Path, segment: tuple[int, bytes]
) -> None:
    good = make_picture(tmp_path / "good.jpg").read_bytes()
    marker, data = segment
    path = tmp_path / "subject.jpg"
    note = bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2) + data
    path.write_bytes(good[:2] + note + b"junk" + good[2:])
    assert inspect_image(path) == ImageFacts("JPEG", 320, 480)


@pytest.mark.parametrize("name", [b"XMP ", b"EXIF", b"ICCP", b"JUNK"])
def test_a_webps_notes_are_no_part_of_its_picture(tmp_path: Path, name: bytes) -> None:
    """The last one says that it goes on beyond the file's end."""
    content = bytearray(make_picture(tmp_path / "good.webp", fmt="WEBP").read_bytes())
    content += name + (5_000_000).to_bytes(4, "little") + b"<x:xmpmeta"
    content[4:8] = (len(content) - 8).to_bytes(4, "little")
    path = tmp_path / "subject.webp"
    path.write_bytes(content)
    assert inspect_image(path) == ImageFacts("WEBP", 320, 480)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG"])
def test_broken_pixels_are_damage(tmp_path: Path, fmt: str) -> None:
    content = bytearray(make_picture(tmp_path / "good", fmt=fmt).read_bytes())
    at = content.index(b"IDAT" if fmt == "PNG" else b"\xff\xc0") + 8
    content[at : at + 4] = b"\xff\xff\xff\xff" if fmt == "PNG" else bytes(4)
    path = tmp_path / "subject"
    path.write_bytes(content)
    assert refusal(path).problem is Problem.DAMAGED_IMAGE


@pytest.mark.parametrize("fmt", ["PNG", "GIF"])
def test_a_picture_that_lacks_only_its_last_word_is_taken(tmp_path: Path, fmt: str) -> None:
    content = make_picture(tmp_path / "good", fmt=fmt).read_bytes()
    path = tmp_path / "subject"
    path.write_bytes(content[: -12 if fmt == "PNG" else -1])
    assert inspect_image(path) == ImageFacts(fmt, 320, 480)


def test_a_phones_jpeg_of_several_pictures_is_still(tmp_path: Path) -> None:
    path = tmp_path / "subject.jpg"
    first, second = (Image.new("RGB", (120, 110), colour) for colour in ("red", "blue"))
    first.save(path, "MPO", save_all=True, append_images=[second])
    assert inspect_image(path) == ImageFacts("JPEG", 120, 110)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("keep", [0.05, 0.6, 0.95])
def test_a_picture_that_breaks_off_lacks_its_end(tmp_path: Path, fmt: str, keep: float) -> None:
    good = make_picture(tmp_path / "good", fmt=fmt)
    path = make_truncated(good, tmp_path / "subject", keep=keep)
    assert refusal(path).problem is Problem.IMAGE_CUT_SHORT


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"]
)
def test_a_good_beginning_is_not_enough(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "subject"
    path.write_bytes(head + make_noise(tmp_path / "noise").read_bytes())
    assert refusal(path).problem in {Problem.DAMAGED_IMAGE, Problem.IMAGE_CUT_SHORT}


def test_a_picture_too_small_to_show_anybody_is_refused(tmp_path: Path) -> None:
    refused = refusal(make_picture(tmp_path / "subject.png", fmt="PNG", size=(400, 99)))
    assert refused.problem is Problem.IMAGE_TOO_SMALL
    assert refused.facts == {"width": 400, "height": 99, "limit_pixels": LEAST_SIDE_PIXELS}


def test_a_pixel_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    refused = refusal(make_pixel_bomb(tmp_path / "subject.png"))
    assert refused.problem is Problem.IMAGE_TOO_MANY_PIXELS
    assert refused.facts == {"width": 20_000, "height": 20_000, "limit_pixels": PIXEL_LIMIT}


def test_a_jpeg_may_go_over_its_pixels_so_many_times(tmp_path: Path) -> None:
    plain = make_endless_scans(tmp_path / "plain.jpg", scans=0).read_bytes()
    own = plain.count(b"\xff\xda")
    assert own > 1, "it is progressive"
    most = make_endless_scans(tmp_path / "most.jpg", scans=MOST_SCANS - own)
    assert inspect_image(most) == ImageFacts("JPEG", 200, 200)
    more = make_endless_scans(tmp_path / "more.jpg", scans=MOST_SCANS - own + 1)
    assert refusal(more).problem is Problem.TOO_HARD_TO_READ
    # What stands between scans may hide some from one reader, and not from another.
    head, scan, tail = more.read_bytes().rpartition(b"\xff\xda")
    for hiding in (b"\xff\xd9", b"\xff\xfe\xff\xff", b"\xff\2\xff\xff"):
        more.write_bytes(head + hiding + scan + tail)
        assert refusal(more).problem is Problem.TOO_HARD_TO_READ


def test_the_bytes_of_a_scan_behind_a_picture_are_not_its_scans(tmp_path: Path) -> None:
    path = make_picture(tmp_path / "subject.jpg")
    path.write_bytes(path.read_bytes() + b"\xff\xda\x12\x34" * 10_000)  # as in a video behind it
    assert inspect_image(path) == ImageFacts("JPEG", 320, 480)


@pytest.mark.parametrize(
    ("fmt", "at", "part"),
    [
        ("JPEG", 2, b"\xff\xfe\0\2"),
        ("PNG", 33, png_chunk(b"teXt", b"")),
        ("WEBP", 12, b"JUNK\0\0\0\0"),
    ],
)
def test_a_picture_of_a_hundred_thousand_parts_is_too_hard(
    tmp_path: Path, fmt: str, at: int, part: bytes
) -> None:
    path = make_picture(tmp_path / "subject", fmt=fmt)
    content = path.read_bytes()
    path.write_bytes(content[:at] + part * (MOST_PARTS // 2) + content[at:])
    assert inspect_image(path) == ImageFacts(fmt, 320, 480)
    path.write_bytes(content[:at] + part * MOST_PARTS + content[at:])
    assert refusal(path).problem is Problem.TOO_HARD_TO_READ


def test_other_pictures_and_other_things_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "subject.png"
    photoshop = b"8BPS" + bytes(64)
    for content in (photoshop, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"hello", b"", b"\0"):
        path.write_bytes(content)
        assert refusal(path).problem is Problem.NOT_AN_IMAGE
    assert refusal(make_noise(path)).problem is Problem.NOT_AN_IMAGE


@pytest.mark.parametrize("container", ["mp4", "mov", "webm", "avi"])
def test_a_video_is_called_one(tmp_path: Path, container: str) -> None:
    path = make_motion(tmp_path / "subject.png", duration_s=0.5, container=container)
    assert refusal(path).problem is Problem.VIDEO_AS_IMAGE
