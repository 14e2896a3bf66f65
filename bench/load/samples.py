"""The files that go round: a picture, a motion, and the finished video, drawn once a run."""

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from PIL import Image, ImageDraw, ImageFilter

FPS = 24
MOTION_S = RESULT_S = 2.0
PICTURE_SIZE, MOTION_SIZE, RESULT_SIZE = (768, 1024), (480, 640), (540, 720)
MOTION_BITS_PER_S, RESULT_BITS_PER_S = 1_000_000, 1_200_000
GRAIN_SEED = 7


@dataclass(frozen=True, slots=True)
class Samples:
    """The bytes of each file."""

    picture: bytes
    motion: bytes
    result: bytes

    def described(self) -> list[tuple[str, str, int]]:
        """Name, kind, and size in bytes of each."""
        return [
            ("picture", f"JPEG, {_by(PICTURE_SIZE)}", len(self.picture)),
            ("motion", f"H.264 mp4, {_by(MOTION_SIZE)}, {MOTION_S:g} s", len(self.motion)),
            ("finished video", f"H.264 mp4, {_by(RESULT_SIZE)}, {RESULT_S:g} s", len(self.result)),
        ]


def make_samples(folder: Path) -> Samples:
    """Draw and encode all three; the folder is where the encoder writes."""
    picture = folder / "picture.jpg"
    _figure(PICTURE_SIZE, 0.0).save(picture, "JPEG", quality=90)
    motion = _encode(folder / "motion.mp4", MOTION_SIZE, MOTION_S, MOTION_BITS_PER_S)
    result = _encode(folder / "result.mp4", RESULT_SIZE, RESULT_S, RESULT_BITS_PER_S)
    return Samples(picture.read_bytes(), motion.read_bytes(), result.read_bytes())


def _encode(path: Path, size: tuple[int, int], duration_s: float, bits_per_s: int) -> Path:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = bits_per_s
        for index in range(round(duration_s * FPS)):
            frame = VideoFrame.from_ndarray(np.asarray(_figure(size, index / FPS)), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _figure(size: tuple[int, int], at_s: float) -> Image.Image:
    """Somebody who swings their arms before a grainy wall; the grain keeps the bit rate real."""
    width, height = size
    chance = random.Random(GRAIN_SEED + round(at_s * FPS))
    grain = Image.frombytes("L", (width // 4, height // 4), chance.randbytes(width * height // 16))
    wall = grain.resize(size).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    picture = Image.blend(wall, Image.new("RGB", size, (90, 120, 150)), 0.7)
    draw = ImageDraw.Draw(picture)
    middle, unit = width / 2, height / 12
    swing = math.sin(2 * math.pi * at_s)
    draw.ellipse([middle - unit, unit, middle + unit, unit * 3], fill=(220, 180, 150))
    draw.line([(middle, unit * 3), (middle, unit * 7)], fill=(150, 40, 60), width=round(unit))
    for side in (-1, 1):
        hand = (middle + side * unit * 3, unit * (5 + 2 * swing * side))
        foot = (middle + side * unit * (1 + swing / 2), unit * 11)
        draw.line([(middle, unit * 4), hand], fill=(220, 180, 150), width=round(unit / 2))
        draw.line([(middle, unit * 7), foot], fill=(40, 50, 90), width=round(unit / 1.5))
    return picture


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
