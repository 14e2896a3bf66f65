"""Drawn people in small pictures and films, and takes of a motion that need no film at all."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.seeing.track import Take
from sandbox.drawing.body import ANKLES, Stance, skeleton
from sandbox.drawing.figures import BUILDS, Scene
from tests.media_samples import AUDIO_RATE_HZ, add_tone

SMALL = (240, 320)
RATE, TICKS_PER_S = 12, 12_000
Frame = NDArray[np.uint8]


def draw(stance: Stance | None = None, *, who: str = "ada", where: str = "studio") -> Frame:
    """One small picture of somebody."""
    return Scene(BUILDS[who], where, SMALL).draw(stance or Stance())[0]


def crowd(*people: tuple[str, Stance, float, float], where: str = "studio") -> Frame:
    """Several in one small picture, from back to front: who, how, where across it, and how tall."""
    picture = wall = Scene(BUILDS["ada"], where, SMALL).backdrop()
    for who, stance, middle, tall in people:
        alone, _ = Scene(BUILDS[who], where, SMALL).draw(stance, middle=middle, tall=tall)
        is_theirs = np.abs(alone.astype(int) - wall).max(2, keepdims=True) > 3
        picture = np.where(is_theirs, alone, picture)
    return picture


def save(frame: Frame, path: Path) -> Path:
    """Write it as an image; returns `path`."""
    Image.fromarray(frame).save(path)
    return path


def frames_of(
    motion: Callable[[float], Stance], seconds: float, *, who: str = "ben", where: str = "warm"
) -> list[Frame]:
    """The pictures of a motion, twelve a second."""
    scene = Scene(BUILDS[who], where, SMALL)
    return [scene.draw(motion(index / RATE))[0] for index in range(round(seconds * RATE))]


def write(
    path: Path,
    frames: Iterable[Frame],
    *,
    times_s: Iterable[float] | None = None,
    pix_fmt: str = "yuv420p",
    sound_s: float = 0.0,
    sound_codec: Literal["aac", "pcm_s16le"] = "aac",
) -> Path:
    """An mp4 or mov of these pictures, at these times if they are given; returns `path`."""
    pictures = list(frames)
    height, width = pictures[0].shape[:2]
    form = "mov" if path.suffix == ".mov" else "mp4"
    with av.open(str(path), "w", format=form, options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height = width, height
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.options = {"preset": "ultrafast"}
        sound = output.add_stream(sound_codec, rate=AUDIO_RATE_HZ) if sound_s else None
        if sound is not None:
            sound.codec_context.layout = "mono"
        moments = list(times_s) if times_s is not None else [n / RATE for n in range(len(pictures))]
        for picture, moment in zip(pictures, moments, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(moment * TICKS_PER_S), Fraction(1, TICKS_PER_S)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            add_tone(output, sound, sound_s)
    return path


def take_of(
    motion: Callable[[float], Stance],
    seconds: float = 2.0,
    *,
    unseen: Iterable[int] = (),
    gone: tuple[float, float] = (0.0, 0.0),
    rate: int | None = None,
) -> Take:
    """What a perfect eye would see of a motion; some joints never, nobody in between.

    It looks 15 times a second, or at each of a film's `rate` pictures.
    """
    times = np.arange(0, seconds, 1 / (rate or 15))
    points = np.zeros((len(times), 33, 3), np.float32)
    seen = np.zeros((len(times), 33), np.float32)
    for row, moment in enumerate(times):
        stance = motion(float(moment))
        joints = skeleton(BUILDS["ben"], stance)
        lowest = max(joints[ankle][1] for ankle in ANKLES) - stance.shift[1]
        for number, point in joints.items():
            points[row, number] = (point - (0, lowest, 0)) * 250 + (120, 300, 0)
            seen[row, number] = 1.0
        for number, like in ((2, 7), (5, 8)):
            points[row, number], seen[row, number] = points[row, like], 1.0
    seen[:, list(unseen)] = 0.0
    nobody = (times >= gone[0]) & (times < gone[1])
    points[nobody], seen[nobody] = 0.0, 0.0
    scene = np.zeros(len(times), np.int64)
    return Take(times, points, seen, scene, Fraction(rate or RATE), seconds)
