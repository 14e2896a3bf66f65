"""A drawn person: a skeleton of exact joints, and the round shaded shapes around it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Vector = NDArray[np.float64]
Image = NDArray[np.float32]
Limb = tuple[float, float]

LIGHT = np.array([-0.42, -0.62, -0.66])
# the numbers that pose models give to the joints; left is the person's own
NOSE, EARS, SHOULDERS, ELBOWS, WRISTS = 0, (7, 8), (11, 12), (13, 14), (15, 16)
HIPS, KNEES, ANKLES, TOES = (23, 24), (25, 26), (27, 28), (31, 32)


@dataclass(frozen=True, slots=True)
class Stance:
    """How somebody stands; the left side first.

    Each limb is its angle on screen, in radians from straight down and positive outwards, and how
    far it points at the viewer, from -1 to 1. `turn` is about the upright axis; `shift` is in
    heights of the body, to the right and down: less than nothing is a jump.
    """

    arms: tuple[Limb, Limb] = ((0.35, 0.0), (0.35, 0.0))
    forearms: tuple[Limb, Limb] = ((0.2, 0.15), (0.2, 0.15))
    legs: tuple[Limb, Limb] = ((0.1, 0.0), (0.1, 0.0))
    shins: tuple[Limb, Limb] = ((0.06, 0.0), (0.06, 0.0))
    lean: float = 0.0
    nod: float = 0.0
    turn: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Build:
    """A body and its clothes; sizes are shares of its height, `girth` is 1 for a slim one.

    A child's `head` is larger, and its `limbs` are shorter. A `skirt` reaches so far down the legs:
    1 would be to the ankles.
    """

    skin: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    hair: Colour
    girth: float = 1.0
    shoulders: float = 1.0
    limbs: float = 1.0
    sleeve: float = 0.55
    hem: float = 1.0
    stripe: Colour | None = None
    long_hair: bool = False
    head: float = 1.0
    skirt: float = 0.0


@dataclass(frozen=True, slots=True)
class _Shape:
    """A round shape from `a` to `b`, as thick as `radii` there, coloured from end to end."""

    a: Vector
    b: Vector
    radii: tuple[float, float]
    paint: tuple[tuple[float, Colour], ...]


def skeleton(build: Build, stance: Stance) -> dict[int, Vector]:
    """Each joint by its number: right, down and away from the viewer, in heights of the body.

    The point between the hips is the origin, before `shift`.
    """
    joints: dict[int, Vector] = {}
    spine = np.array([np.sin(stance.lean), -np.cos(stance.lean), 0.0])
    across = np.array([np.cos(stance.lean * 0.8), np.sin(stance.lean * 0.8), 0.0])
    neck = spine * 0.315
    head = neck + 0.12 * build.head * np.array(
        [np.sin(stance.lean + stance.nod), -np.cos(stance.lean + stance.nod), 0.0]
    )
    joints[NOSE] = head + build.head * np.array([0.0, 0.012, -0.055])
    tilt = stance.lean + stance.nod
    side_of_head = np.array([np.cos(tilt), np.sin(tilt), 0.0])
    for side, way in ((0, 1.0), (1, -1.0)):
        joints[EARS[side]] = head + way * 0.05 * build.head * side_of_head
        # a raised arm lifts its shoulder, and draws it in
        raised = min(1.0, max(0.0, (abs(stance.arms[side][0]) - 0.5) / 2.2))
        out = (0.105 - 0.014 * raised) * build.shoulders
        shoulder = neck + way * out * across + (0.032 * raised - 0.006) * spine
        elbow = shoulder + 0.165 * build.limbs * _aim(stance.arms[side], way)
        joints[SHOULDERS[side]] = shoulder
        joints[ELBOWS[side]] = elbow
        joints[WRISTS[side]] = elbow + 0.145 * build.limbs * _aim(stance.forearms[side], way)
        hip = np.array([way * 0.052 * (0.7 + 0.3 * build.girth), 0.0, 0.0])
        knee = hip + 0.245 * build.limbs * _aim(stance.legs[side], way)
        ankle = knee + 0.235 * build.limbs * _aim(stance.shins[side], way)
        joints[HIPS[side]], joints[KNEES[side]], joints[ANKLES[side]] = hip, knee, ankle
        joints[TOES[side]] = ankle + np.array([way * 0.035, 0.03, -0.06])
    cos, sin = np.cos(stance.turn), np.sin(stance.turn)
    around = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    offset = np.array([*stance.shift, 0.0])
    return {number: around @ point + offset for number, point in joints.items()}


def draw_body(
    image: Image, build: Build, stance: Stance, hips: tuple[float, float], height: float
) -> dict[int, Vector]:
    """Draw somebody of that height in pixels onto the image; the joints, in pixels.

    `hips` is where the point between them is without a shift.
    """
    place = np.array([hips[0], hips[1], 0.0])
    joints = {n: place + height * point for n, point in skeleton(build, stance).items()}
    depth = np.full(image.shape[:2], np.inf, np.float32)
    for shape in _shapes(build, joints, height):
        _draw_shape(image, depth, shape)
    _draw_head(image, depth, build, stance, joints)
    return joints


def _aim(limb: Limb, way: float) -> Vector:
    angle, nearness = limb
    flat = np.sqrt(max(0.0, 1 - nearness * nearness))
    return np.array([way * flat * np.sin(angle), flat * np.cos(angle), -nearness])


def _shapes(build: Build, joints: dict[int, Vector], height: float) -> Iterator[_Shape]:
    thick = height * (0.55 + 0.45 * build.girth)
    yield from _torso(build, joints, height)
    if build.skirt:
        yield from _skirt(build, joints, height)
    shoulders = (joints[SHOULDERS[0]] + joints[SHOULDERS[1]]) / 2
    ears = (joints[EARS[0]] + joints[EARS[1]]) / 2
    yield _Shape(shoulders, ears, (0.036 * thick, 0.03 * height), ((1.0, build.skin),))
    for side in (0, 1):
        shoulder, elbow, wrist = (joints[group[side]] for group in (SHOULDERS, ELBOWS, WRISTS))
        upper = ((min(1.0, build.sleeve), build.shirt), (1.0, build.skin))
        lower = ((max(0.0, build.sleeve - 1.0), build.shirt), (1.0, build.skin))
        yield _Shape(shoulder, elbow, (0.036 * thick, 0.027 * thick), upper)
        yield _Shape(elbow, wrist, (0.027 * thick, 0.019 * thick), lower)
        along = (wrist - elbow) / max(1e-6, float(np.linalg.norm(wrist - elbow)))
        palm = ((1.0, build.skin),)
        yield _Shape(wrist, wrist + along * 0.05 * height, (0.018 * height, 0.024 * height), palm)
        yield _Shape(
            wrist + along * 0.05 * height,
            wrist + along * 0.085 * height,
            (0.022 * height, 0.011 * height),
            palm,
        )
        hip, knee, ankle, toe = (joints[group[side]] for group in (HIPS, KNEES, ANKLES, TOES))
        thigh = ((min(1.0, build.hem * 2), build.trousers), (1.0, build.skin))
        shin = ((max(0.0, build.hem * 2 - 1.0), build.trousers), (1.0, build.skin))
        yield _Shape(hip, knee, (0.054 * thick, 0.036 * thick), thigh)
        yield _Shape(knee, ankle, (0.036 * thick, 0.024 * thick), shin)
        heel = ankle + np.array([0.0, 0.012 * height, 0.01 * height])
        yield _Shape(heel, toe, (0.026 * height, 0.021 * height), ((1.0, build.shoes),))


def _torso(build: Build, joints: dict[int, Vector], height: float) -> Iterator[_Shape]:
    left, right = joints[SHOULDERS[0]], joints[SHOULDERS[1]]
    low_left, low_right = joints[HIPS[0]], joints[HIPS[1]]
    profile = ((0.0, 0.84, 0.036), (0.22, 0.8, 0.05), (0.62, 0.72, 0.05), (1.0, 0.95, 0.055))
    levels = [level for level, _, _ in profile]
    for step in range(29):
        level = step / 28
        width = float(np.interp(level, levels, [each[1] for each in profile]))
        radius = float(np.interp(level, levels, [each[2] for each in profile]))
        radius *= height * (0.4 + 0.6 * build.girth)
        one, other = left + (low_left - left) * level, right + (low_right - right) * level
        middle = (one + other) / 2
        is_striped = build.stripe is not None and step % 6 < 2 and 0.1 < level < 0.85
        colour = build.stripe if is_striped and build.stripe else build.shirt
        if level > 0.9:
            colour = build.trousers
        yield _Shape(
            middle + (one - middle) * width,
            middle + (other - middle) * width,
            (radius, radius),
            ((1.0, colour),),
        )


def _skirt(build: Build, joints: dict[int, Vector], height: float) -> Iterator[_Shape]:
    """Between the legs and around them, as they move."""
    sides = [[joints[group[side]] for group in (HIPS, KNEES, ANKLES)] for side in (0, 1)]
    steps = max(2, round(40 * build.skirt))
    for step in range(steps):
        down = 2 * build.skirt * step / (steps - 1)
        bone, along = (0, down) if down < 1 else (1, down - 1)
        one, other = (legs[bone] + (legs[bone + 1] - legs[bone]) * along for legs in sides)
        radius = height * (0.055 + 0.012 * down) * (0.4 + 0.6 * build.girth)
        yield _Shape(one, other, (radius, radius), ((1.0, build.trousers),))


def _draw_shape(image: Image, depth: Image, shape: _Shape) -> None:
    """Each pixel by the nearest point of the axis: exact where the axis lies in the screen."""
    rows, columns, grid = _window(image, shape)
    if grid is None:
        return
    x, y = grid
    axis = shape.b - shape.a
    length = float(axis[0] ** 2 + axis[1] ** 2)
    along = (x - shape.a[0]) * axis[0] + (y - shape.a[1]) * axis[1]
    share = np.clip(along / length, 0, 1) if length > 1e-6 else np.zeros_like(x)
    radius = shape.radii[0] + (shape.radii[1] - shape.radii[0]) * share
    right, down = x - shape.a[0] - share * axis[0], y - shape.a[1] - share * axis[1]
    rest = radius**2 - right**2 - down**2
    bulge = np.sqrt(np.maximum(rest, 0))
    away = shape.a[2] + share * axis[2] - bulge
    shown = (rest > 0) & (away < depth[rows, columns])
    bright = _brightness(right / radius, down / radius, bulge / radius)
    colour = np.empty((*x.shape, 3), np.float32)
    colour[:] = shape.paint[-1][1]
    for until, paint in reversed(shape.paint[:-1]):
        colour[share <= until] = paint
    _put(image[rows, columns], depth[rows, columns], shown, colour * bright[..., None], away)


def _draw_head(
    image: Image, depth: Image, build: Build, stance: Stance, joints: dict[int, Vector]
) -> None:
    middle = (joints[EARS[0]] + joints[EARS[1]]) / 2
    height = float(np.linalg.norm(joints[EARS[0]] - joints[EARS[1]])) / 0.1
    tilt = stance.lean + stance.nod
    across, tall = 0.054 * height, 0.072 * height
    top = middle + np.array([0, -0.012 * height, 0.012 * height])
    _ball(image, depth, top, tilt=tilt, radii=(across * 1.13, tall * 1.04), colour=build.hair)
    if build.long_hair:
        fall = middle + np.array([0, 0.05 * height, 0.05 * height])
        _ball(image, depth, fall, tilt=tilt, radii=(across * 1.25, tall * 1.35), colour=build.hair)
    if np.cos(stance.turn) > 0:
        front = middle + np.array([0, 0.006 * height, -0.03 * height])
        face = (float(np.sin(stance.turn)), build)
        radii = (across, tall * 0.93)
        _ball(image, depth, front, tilt=tilt, radii=radii, colour=build.skin, face=face)


def _ball(
    image: Image,
    depth: Image,
    middle: Vector,
    *,
    tilt: float,
    radii: tuple[float, float],
    colour: Colour,
    face: tuple[float, Build] | None = None,
) -> None:
    big = max(radii)
    rows, columns, grid = _window(image, _Shape(middle, middle, (big, big), ((1.0, colour),)))
    if grid is None:
        return
    cos, sin = np.cos(tilt), np.sin(tilt)
    x, y = grid[0] - middle[0], grid[1] - middle[1]
    u, v = (x * cos + y * sin) / radii[0], (-x * sin + y * cos) / radii[1]
    rest = 1 - u**2 - v**2
    bulge = np.sqrt(np.maximum(rest, 0))
    away = middle[2] - bulge * radii[0]
    bright = _brightness(u * cos - v * sin, u * sin + v * cos, bulge)
    paint = np.empty((*u.shape, 3), np.float32)
    paint[:] = colour
    if face is not None:
        _make_up(paint, u + face[0] * 0.6, v, face[1])
    shown = (rest > 0) & (away < depth[rows, columns])
    _put(image[rows, columns], depth[rows, columns], shown, paint * bright[..., None], away)


def _make_up(paint: Image, u: Image, v: Image, build: Build) -> None:
    dark = tuple(part * 0.8 for part in build.hair)
    for way in (-1, 1):
        white = ((u - way * 0.38) / 0.2) ** 2 + ((v + 0.08) / 0.085) ** 2 < 1
        paint[white] = (244, 240, 236)
        iris = ((u - way * 0.38) / 0.09) ** 2 + ((v + 0.08) / 0.08) ** 2 < 1
        paint[iris] = (52, 40, 36)
        brow = ((u - way * 0.38) / 0.24) ** 2 + ((v + 0.25) / 0.04) ** 2 < 1
        paint[brow] = dark
    nose = (np.abs(u - 0.05) < 0.045) & (v > 0.02) & (v < 0.26)
    paint[nose] *= 0.88
    mouth = (u / 0.3) ** 2 + ((v - 0.47) / 0.07) ** 2 < 1
    paint[mouth] = (172, 74, 74)
    paint[v < -0.62 + 0.2 * u**2] = build.hair


def _window(image: Image, shape: _Shape) -> tuple[slice, slice, tuple[Image, Image] | None]:
    reach = max(shape.radii) + 1
    low = np.floor(np.minimum(shape.a, shape.b)[:2] - reach).astype(int)
    high = np.ceil(np.maximum(shape.a, shape.b)[:2] + reach).astype(int)
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(image.shape[1], int(high[0])), min(image.shape[0], int(high[1]))
    if left >= right or top >= bottom:
        return slice(0), slice(0), None
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32) + 0.5
    return slice(top, bottom), slice(left, right), (x, y)


def _brightness(right: Image, down: Image, near: Image) -> Image:
    facing = right * LIGHT[0] + down * LIGHT[1] - near * LIGHT[2]
    return np.asarray(0.58 + 0.5 * np.clip(facing, 0, 1) - 0.1 * (1 - near), np.float32)


def _put(image: Image, depth: Image, shown: NDArray[np.bool_], colour: Image, away: Image) -> None:
    np.copyto(image, colour, where=shown[..., None])
    np.copyto(depth, away, where=shown, casting="same_kind")
