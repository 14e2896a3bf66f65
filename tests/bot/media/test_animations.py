"""What GIF, WebP and PNG claim of their frames, and how much of it is believed."""

import time
from pathlib import Path

import pytest
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.claims.animations import Animation, animation_in
from bot.media.facts import Kind, kind_of
from bot.media.pixels import MOST_PARTS
from bot.media.video import inspect_video
from tests.media_samples import make_motion, make_noise, make_picture, make_truncated

SCREEN = (
    b"GIF89a" + (120).to_bytes(2, "little") + (90).to_bytes(2, "little") + b"\x80\0\0" + bytes(6)
)
CONTROL = b"!\xf9\x04\0\x0a\0\0\0"
FRAME = b",\0\0\0\0\x78\0\x5a\0\0\x02\x01\0\0"
END = b";"


def in_file(path: Path) -> Animation | None:
    return animation_in(path, kind_of(path))


def gif(path: Path, *blocks: bytes, screen: bytes = SCREEN) -> Path:
    path.write_bytes(screen + b"".join(blocks) + END)
    return path


def wide(side: int) -> bytes:
    return SCREEN[:6] + side.to_bytes(2, "little") * 2 + SCREEN[10:]


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_the_frames_are_those_that_a_decoder_finds(tmp_path: Path, fmt: str) -> None:
    path = tmp_path / "film"
    frames = [Image.new("RGB", (120, 90), (value, 30, 60)) for value in range(0, 250, 50)]
    lengths = [100, 20, 500, 1000, 250]
    frames[0].save(path, fmt, save_all=True, append_images=frames[1:], duration=lengths)
    found = in_file(path)
    assert found is not None
    assert (found.width, found.height) == (120, 90)
    assert found.frames_s == pytest.approx([each / 1000 for each in lengths])


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_a_still_does_not_move(tmp_path: Path, fmt: str) -> None:
    assert in_file(make_picture(tmp_path / "still", fmt=fmt)) is None


def test_no_other_kind_moves(tmp_path: Path) -> None:
    for path in (
        make_picture(tmp_path / "a"),
        make_motion(tmp_path / "b"),
        make_noise(tmp_path / "c"),
    ):
        assert in_file(path) is None


def test_comments_and_bytes_between_are_passed_over(tmp_path: Path) -> None:
    comment = b"!\xfe\x03abc\0"
    path = gif(tmp_path / "g", comment, b"\0\0", CONTROL, FRAME, comment, CONTROL, FRAME)
    assert in_file(path) == Animation(120, 90, (0.1, 0.1))


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_what_breaks_off_is_read_up_to_there(tmp_path: Path, fmt: str) -> None:
    whole = make_picture(tmp_path / "whole", fmt=fmt, animated=True)
    for hundredth in range(100):
        in_file(make_truncated(whole, tmp_path / "part", keep=hundredth / 100))


HOSTILE = {
    "many frames on a large canvas": lambda path: gif(path, FRAME * 1000, screen=wide(7000)),
    "frames without end": lambda path: gif(path, FRAME * 500_000),
    "blocks of next to nothing": lambda path: gif(
        path, b"!\xfe" + b"\x01a" * (MOST_PARTS + 1100) + b"\0", FRAME
    ),
}


def test_a_long_film_is_of_many_full_blocks(tmp_path: Path) -> None:
    """Of 255 bytes, or 254, however large it is."""
    full = b"\xfe" + bytes(254)
    path = gif(tmp_path / "long", CONTROL, FRAME[:-1] + full * (MOST_PARTS + 1000) + b"\0", FRAME)
    assert in_file(path) == Animation(120, 90, (0.1, 0.1))


def test_chunks_of_nothing_are_counted_as_a_pictures_parts_are(tmp_path: Path) -> None:
    whole = make_picture(tmp_path / "still", fmt="PNG").read_bytes()
    path = tmp_path / "chunks"
    path.write_bytes(whole[:33] + b"\0\0\0\0tEXtabcd" * (MOST_PARTS + 7000) + whole[33:])
    with pytest.raises(Refused) as caught:
        in_file(path)
    assert caught.value.problem is Problem.TOO_HARD_TO_READ


@pytest.mark.parametrize("name", HOSTILE)
def test_more_than_is_painted_is_too_hard(tmp_path: Path, name: str) -> None:
    path = HOSTILE[name](tmp_path / "hostile")
    began = time.process_time()
    with pytest.raises(Refused) as caught:
        animation_in(path, Kind.GIF)
    assert caught.value.problem is Problem.TOO_HARD_TO_READ
    assert time.process_time() - began < 3


def test_a_canvas_of_too_many_pixels_is_refused_before_it_is_painted(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        inspect_video(gif(tmp_path / "g", FRAME * 2, screen=wide(8000)))
    assert caught.value.problem is Problem.VIDEO_TOO_MANY_PIXELS


def test_a_frame_that_breaks_off_is_damage(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        inspect_video(make_truncated(_webp(tmp_path / "w"), tmp_path / "part", keep=0.9))
    assert caught.value.problem is Problem.DAMAGED_VIDEO


def _webp(path: Path) -> Path:
    """Two frames, of which the second is most of the file."""
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    first = Image.new("RGB", (300, 300))
    first.save(path, "WEBP", save_all=True, append_images=[noise], duration=100)
    return path
