"""What colours become that not every screen has, and what the encoder tells of all others."""

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import pytest
from av.video.stream import VideoStream
from PIL import Image

from bot.media.facts import VideoFacts
from bot.media.rewriting import colours as rewriting_colours
from bot.media.rewriting.motion import rewrite
from bot.media.video import inspect_video

Light = tuple[float, ...]
"""Red, green and blue of BT.2020, in candela a square metre."""

SIDE = 128
BT709, UNSAID, BT601, BT2020 = 1, 2, 5, 9
RED: Light = (62.7, 6.9, 1.6)
"""The red of every screen (BT.709) at 100 of its own, in BT.2020 (ITU-R BT.2087)."""


def pq(nits: float) -> float:
    """SMPTE ST 2084."""
    level = (nits / 10_000) ** (2610 / 16384)
    return float(((3424 / 4096 + 18.8515625 * level) / (1 + 18.6875 * level)) ** 78.84375)


def hlg(nits: float) -> float:
    """ITU-R BT.2100, on a screen of 1,000."""
    scene = (nits / 1000) ** (1 / 1.2)
    if scene <= 1 / 12:
        return math.sqrt(3 * scene)
    return 0.17883277 * math.log(12 * scene - 0.28466892) + 0.55991073


CURVES: dict[str, tuple[int, Callable[[float], float]]] = {"PQ": (16, pq), "HLG": (18, hlg)}


LIGHTS: tuple[Light, ...] = (RED, *((nits,) * 3 for nits in (0.0, 20.0, 100.0, 203.0, 600.0)))


def make_hdr(path: Path, curve: str) -> Path:
    """Half a second of these lights, one above the other, in HEVC of 10 bits."""
    transfer, coded = CURVES[curve]
    height = SIDE * len(LIGHTS)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx265", rate=10)
        stream.width, stream.height, stream.pix_fmt = SIDE, height, "yuv420p10le"
        stream.options = {"x265-params": "log-level=none"}
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = BT2020, transfer, BT2020
        for index in range(5):
            frame = av.VideoFrame(SIDE, height, "yuv420p10le")
            bands = [_levels(*map(coded, light)) for light in LIGHTS]
            for plane, levels in zip(frame.planes, zip(*bands, strict=True), strict=True):
                each_bytes = plane.buffer_size // len(LIGHTS)
                words = (struct.pack("<H", round(level)) * (each_bytes // 2) for level in levels)
                plane.update(b"".join(words))
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _levels(red: float, green: float, blue: float) -> tuple[float, float, float]:
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    return 64 + 876 * luma, 512 + 896 * (blue - luma) / 1.8814, 512 + 896 * (red - luma) / 1.4746


def seen(path: Path, band: int = 0) -> tuple[int, int, int]:
    """The colour in the middle of its first frame, or of one of its bands."""
    with av.open(str(path)) as film:
        frame = next(film.decode(video=0))
        # PyAV's stubs leave to_image bare
        picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        at = SIDE // 2, SIDE // 2 + band * SIDE
        return cast("tuple[int, int, int]", picture.getpixel(at))


@pytest.mark.parametrize("curve", CURVES)
def test_hdr_comes_out_as_an_ordinary_film(tmp_path: Path, curve: str) -> None:
    """Its red is no paler than it was, its greys are grey, and what is brighter is brighter."""
    path, target = make_hdr(tmp_path / "hdr", curve), tmp_path / "sent"
    size = SIDE, SIDE * len(LIGHTS)
    assert inspect_video(path) == VideoFacts(0.5, *size, is_other=True, given_as="HDR video")
    rewrite(path, target)
    assert inspect_video(target) == VideoFacts(0.5, *size)
    naive, (red, green, blue) = seen(path), seen(target)
    assert red > 100
    assert max(green, blue) / red < 0.9 * naive[1] / naive[0], "it is as pale as it was"
    greys = [seen(target, band) for band in range(1, len(LIGHTS))]
    assert all(max(grey) - min(grey) <= 4 for grey in greys)
    levels = [grey[1] for grey in greys]
    assert levels == sorted(set(levels))
    assert levels[0] < 12
    assert levels[2] > 70
    with av.open(str(target)) as film:
        frame = next(film.decode(video=0))
        told = frame.color_primaries, frame.color_trc, frame.colorspace
    assert told == (BT709, BT709, BT709)


@pytest.mark.parametrize(("codec", "pixels"), [("libx265", "yuv420p"), ("mjpeg", "yuvj422p")])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_black_and_white_stay_so(tmp_path: Path, codec: str, pixels: str, grey: int) -> None:
    path = tmp_path / "film"
    with av.open(str(path), "w", format="mov") as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=10))
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, pixels
        # PyAV's stubs leave from_image bare
        frame: av.VideoFrame = av.VideoFrame.from_image(  # type: ignore[no-untyped-call]
            Image.new("L", (SIDE, SIDE), grey).convert("RGB")
        )
        for packet in (*stream.encode(frame), *stream.encode(None)):
            packet.dts = packet.pts  # of a single picture, x265 leaves it to chance
            output.mux(packet)
    rewrite(path, tmp_path / "sent")
    assert seen(tmp_path / "sent") == pytest.approx((grey,) * 3, abs=4)


@pytest.mark.parametrize(
    ("codec", "colours"), [("libx265", (UNSAID, UNSAID, BT601)), ("libx264", (BT2020, 1, BT709))]
)
def test_what_a_film_tells_of_its_colours_is_told_on_but_for_wide_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, colours: tuple[int, int, int]
) -> None:
    """To map them well takes seconds to begin with, and is the other test's."""
    quick = rewriting_colours._MAPPING.replace("intent=perceptual", "intent=saturation")
    monkeypatch.setattr(rewriting_colours, "_MAPPING", quick)
    path, target = tmp_path / "film", tmp_path / "sent"
    with av.open(str(path), "w", format="mp4") as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=10))
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = colours
        frame = av.VideoFrame(SIDE, SIDE, "yuv420p")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            packet.dts = packet.pts  # of a single picture, x265 leaves it to chance
            output.mux(packet)
    assert inspect_video(path).is_other
    rewrite(path, target)
    with av.open(str(target)) as film:
        frame = next(film.decode(video=0))
        told = frame.color_primaries, frame.color_trc, frame.colorspace
    assert told == ((BT709,) * 3 if colours[0] == BT2020 else colours)
    assert not inspect_video(target).is_other
