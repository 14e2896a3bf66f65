"""The small moving picture of a motion."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.rewriting.loop import FRAMES_A_S, LONGEST_S, SIDE_PIXELS, draw_loop

RATE = 24


def film(path: Path, seconds: float, turn: int = 0) -> Path:
    """Black, as a phone stores it lying; its left edge is red, and something moves to the right."""
    picture = np.zeros((240, 400, 3), np.uint8)
    picture[:, :80] = (255, 0, 0)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 400, 240, "yuv420p"
        stream.set_display_rotation(turn)
        for number in range(round(seconds * RATE)):
            moved = picture.copy()
            moved[:, 100 + number : 120 + number] = 255
            frame = av.VideoFrame.from_ndarray(moved, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def test_it_is_small_and_shows_how_a_motion_begins(tmp_path: Path) -> None:
    target = tmp_path / "loop.webp"
    count = draw_loop(film(tmp_path / "m.mp4", 7.0), target)
    with Image.open(target) as loop:
        assert max(loop.size) == SIDE_PIXELS
        assert loop.info["loop"] == 0
        assert loop.n_frames == count  # type: ignore[attr-defined]
    assert count == pytest.approx(LONGEST_S * FRAMES_A_S, abs=1)


def test_a_phones_video_stands_upright(tmp_path: Path) -> None:
    target = tmp_path / "loop.webp"
    draw_loop(film(tmp_path / "m.mp4", 0.5, turn=90), target)
    with Image.open(target) as loop:
        shown = loop.convert("RGB")
    assert shown.height > shown.width
    red, _, _ = shown.getpixel((shown.width // 2, shown.height - 5))  # type: ignore[misc]
    assert red > 200


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))
    with pytest.raises(Refused) as caught:
        draw_loop(path, tmp_path / "loop.webp")
    assert caught.value.problem is Problem.DAMAGED_VIDEO
