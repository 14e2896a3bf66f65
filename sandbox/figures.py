"""A picture of somebody and a clip of somebody else who dances, drawn: nobody's are needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]
SIZE = (360, 480)
FRAMES_PER_S = 24


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles from straight down, in radians, positive towards the right; `rise` in pixels."""

    lean: float = 0.0
    arms: tuple[float, float] = (-0.35, 0.35)
    forearms: tuple[float, float] = (-0.25, 0.25)
    legs: tuple[float, float] = (-0.14, 0.14)
    shins: tuple[float, float] = (-0.08, 0.08)
    rise: float = 0.0


@dataclass(frozen=True, slots=True)
class Outfit:
    """Colours of a figure and of what is behind it."""

    skin: Colour
    shirt: Colour
    trousers: Colour
    hair: Colour
    wall: Colour
    floor: Colour


SUBJECT = Outfit(
    (236, 188, 150), (196, 64, 72), (52, 66, 110), (70, 42, 28), (232, 236, 240), (205, 210, 216)
)
DANCER = Outfit(
    (150, 102, 74), (60, 132, 110), (40, 40, 46), (20, 18, 18), (250, 240, 222), (226, 208, 180)
)


def draw_subject(path: Path) -> None:
    """A JPEG of somebody who stands still."""
    _draw(Pose(), SUBJECT).save(path, quality=92)


def draw_dance(path: Path, duration_s: float = 3.0) -> None:
    """An mp4 (H.264) of somebody who dances."""
    _film(path, duration_s, lambda t: _draw(_dance(t), DANCER))


def _dance(t: float) -> Pose:
    beat = math.tau * t * 0.9
    swing, sway = math.sin(beat), math.sin(beat * 2)
    return Pose(
        lean=0.14 * swing,
        arms=(-1.3 - 1.1 * swing, 1.3 - 1.1 * swing),
        forearms=(-1.9 - 0.8 * sway, 1.9 - 0.8 * sway),
        legs=(-0.2 - 0.35 * max(0.0, swing), 0.2 + 0.35 * max(0.0, -swing)),
        shins=(-0.1 + 0.6 * max(0.0, swing), 0.1 - 0.6 * max(0.0, -swing)),
        rise=10 * abs(sway),
    )


def _film(path: Path, duration_s: float, frame_at: Callable[[float], Image.Image]) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_S, options={"crf": "20"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, FRAMES_PER_S)
        for number in range(round(duration_s * FRAMES_PER_S)):
            frame = av.VideoFrame.from_image(  # type: ignore[no-untyped-call]
                frame_at(number / FRAMES_PER_S)
            )
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _draw(pose: Pose, outfit: Outfit) -> Image.Image:
    scale = 2  # drawn larger and scaled down, for smooth edges
    width, height = SIZE
    image = Image.new("RGB", (width * scale, height * scale), outfit.wall)
    pen = ImageDraw.Draw(image)
    floor_y = height * 0.86
    pen.rectangle((0, floor_y * scale, width * scale, height * scale), fill=outfit.floor)
    hip = (width / 2 + 40 * pose.lean, height * 0.56 - pose.rise)
    neck = (hip[0] + 118 * math.sin(pose.lean), hip[1] - 118 * math.cos(pose.lean))
    shade = tuple(int(part * 0.88) for part in outfit.floor)
    pen.ellipse(_box((width / 2, floor_y + 16), 76 - pose.rise, 9, scale), fill=shade)

    def limb(start: Point, angle: float, length: float, thick: float, colour: Colour) -> Point:
        end = (start[0] + length * math.sin(angle), start[1] + length * math.cos(angle))
        _capsule(pen, start, end, thick=thick, colour=colour, scale=scale)
        return end

    for side, way in enumerate((-1, 1)):
        thigh = (hip[0] + way * 15, hip[1])
        knee = limb(thigh, pose.legs[side], 72, 30, outfit.trousers)
        foot = limb(knee, pose.shins[side], 70, 25, outfit.trousers)
        limb(foot, math.pi / 2 * way, 14, 17, outfit.hair)
    _capsule(pen, hip, neck, thick=58, colour=outfit.shirt, scale=scale)
    for side, way in enumerate((-1, 1)):
        shoulder = (neck[0] + way * 30, neck[1] + 8)
        elbow = limb(shoulder, pose.arms[side], 54, 22, outfit.shirt)
        limb(elbow, pose.forearms[side], 52, 17, outfit.skin)
    head = (neck[0] + 20 * pose.lean, neck[1] - 46)
    pen.ellipse(_box((head[0], head[1] - 6), 31, 36, scale), fill=outfit.hair)
    pen.ellipse(_box((head[0], head[1] + 2), 27, 31, scale), fill=outfit.skin)
    for way in (-1, 1):
        pen.ellipse(_box((head[0] + way * 10, head[1]), 3, 4, scale), fill=(40, 34, 34))
    smile = _box((head[0], head[1] + 10), 10, 7, scale)
    pen.arc(smile, 20, 160, fill=(150, 60, 60), width=2 * scale)
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def _box(centre: Point, across: float, down: float, scale: int) -> tuple[float, ...]:
    x, y = centre
    return tuple(scale * edge for edge in (x - across, y - down, x + across, y + down))


def _capsule(
    pen: ImageDraw.ImageDraw, start: Point, end: Point, *, thick: float, colour: Colour, scale: int
) -> None:
    """A rounded limb, a little lighter on its left."""
    light = tuple(min(255, part + 22) for part in colour)
    for shade, part, shift in ((colour, 1.0, 0.0), (light, 0.5, -thick * 0.14)):
        radius = thick * part / 2
        points = [((x + shift) * scale, y * scale) for x, y in (start, end)]
        pen.line(points, fill=shade, width=int(thick * part * scale))
        for x, y in points:
            pen.ellipse(_box((x / scale, y / scale), radius, radius, scale), fill=shade)
