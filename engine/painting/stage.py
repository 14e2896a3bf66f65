"""Each frame of the output: the layers bent into their place over what is behind them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine.painting.puppet import Layer, Puppet
from engine.painting.retarget import Choreography, Rig
from engine.seeing.arrays import Floats, Picture

STEP_PIXELS = 4
BEND_LEAST, BEND_MOST = 0.35, 1.4


@dataclass(frozen=True)
class Shadow:
    """A soft dark spot under the feet: how dark, and half its size in pixels."""

    depth: float
    across: float
    down: float
    below: float


class Stage:
    """Paints frames; the same object for the whole film."""

    def __init__(
        self,
        background: Picture,
        puppet: Puppet,
        rig: Rig,
        choreography: Choreography,
        shadow: Shadow | None,
    ) -> None:
        self._background, self._puppet, self._rig = background, puppet, rig
        self._moves, self._shadow = choreography, shadow

    def paint(self, index: int) -> Picture:
        """The RGB picture of that frame."""
        canvas = self._background.copy()
        moves, puppet = self._moves, self._puppet
        legs = moves.legs[index]
        if self._shadow is not None and puppet.legs[0] is not None:
            self._darken(canvas, self._shadow, legs[:, 2])
        near = np.argsort([leg[2][1] for leg in legs])  # the lower foot stands nearer
        for side in near:
            if (layer := puppet.legs[side]) is not None:
                _bend_limb(canvas, layer, legs[side])
        for is_behind in (True, False):
            if not is_behind:
                self._bend_body(canvas, index)
            for side, layer in enumerate(puppet.arms):
                if layer is not None and bool(moves.behind[index, side]) == is_behind:
                    _bend_limb(canvas, layer, moves.arms[index, side])
        return canvas

    def _bend_body(self, canvas: Picture, index: int) -> None:
        """Hips, chest and head, each turned about its own point, blended along the spine."""
        moves, layer = self._moves, self._puppet.body
        hips, neck = moves.hips[index], moves.neck[index]
        rest_hips, rest_neck, rest_head = layer.chain
        spine = neck - hips
        length = max(float(np.hypot(*spine)), 1e-3)
        rest_length = max(float(np.hypot(*(rest_neck - rest_hips))), 1e-3)
        width = float(moves.chest_width[index])
        up = spine / length

        box = self._body_box(index, layer)
        if box is None:
            return
        grid, area = _coarse(box, canvas.shape)
        along = ((grid - hips) @ up) / length
        lean, turn = float(moves.chest_turn[index]), float(moves.hips_turn[index])
        share = length / rest_length
        low = _turn_back(grid, hips, rest_hips, turn, (up, share, 1.0))
        high = _turn_back(grid, neck, rest_neck, lean, (up, share, width))
        base = rest_neck + 0.35 * (rest_head - rest_neck)
        lift = base - rest_neck
        pivot = neck + _rotated(lift, lean)
        head = _turn_back(grid, pivot, base, float(moves.head_turn[index]), (up, 1.0, 1.0))
        towards = _rotated(lift, lean) / max(float(np.hypot(*lift)), 1e-3)
        above = ((grid - pivot) @ towards) / max(float(np.hypot(*lift)), 1e-3)
        places = low + (high - low) * _smooth(along * 0.9 + 0.05)[..., None]
        nod = _smooth((above + 1.0) / 2.0)[..., None]
        places = places + (head - places) * nod
        _blend(canvas, layer, places, area, cv2.BORDER_REPLICATE)

    def _body_box(self, index: int, layer: Layer) -> tuple[int, int, int, int] | None:
        moves = self._moves
        height, width = layer.pixels.shape[:2]
        corners = layer.origin + np.array([[0, 0], [width, 0], [0, height], [width, height]])
        out = []
        for place, rest, turn in (
            (moves.hips[index], layer.chain[0], moves.hips_turn[index]),
            (moves.neck[index], layer.chain[1], moves.chest_turn[index]),
            (moves.neck[index], layer.chain[1], moves.head_turn[index]),
        ):
            out.append(place + _rotated(corners - rest, turn))
        points = np.concatenate(out)
        return _box(points.min(0), points.max(0), self._background.shape)

    def _darken(self, canvas: Picture, shadow: Shadow, ankles: Floats) -> None:
        floor = float(self._rig.points[[27, 28], 1].max()) + shadow.below
        lift = max(0.0, floor - shadow.below - float(ankles[:, 1].max()))
        strength = shadow.depth / (1 + 4 * lift / shadow.across)
        stands = np.exp((ankles[:, 1] - ankles[:, 1].max()) / (2 * shadow.down))
        half = abs(float(ankles[0, 0] - ankles[1, 0])) / 2 * float(stands.min())
        middle = float(ankles[:, 0] @ stands / stands.sum())
        across, down = shadow.across + 0.75 * half, shadow.down
        box = _box(
            np.array([middle - 2.2 * across, floor - 2.2 * down]),
            np.array([middle + 2.2 * across, floor + 2.2 * down]),
            canvas.shape,
        )
        if box is None:
            return
        left, top, right, bottom = box
        y, x = np.ogrid[top:bottom, left:right]
        far = ((x - middle) / across) ** 2 + ((y - floor) / down) ** 2
        dark = 1 - strength * np.exp(-1.6 * far)
        part = canvas[top:bottom, left:right]
        canvas[top:bottom, left:right] = (part * dark[..., None]).astype(np.uint8)


def cover(layer: Layer, posed: Floats, shape: tuple[int, ...]) -> Picture:
    """Where a bent limb covers a picture of that shape, from 0 to 255."""
    canvas = np.zeros((*shape[:2], 3), np.uint8)
    opaque = np.repeat(layer.pixels[..., 3:], 4, axis=2)
    _bend_limb(canvas, replace(layer, pixels=opaque), posed)
    return canvas[..., 0]


def _bend_limb(canvas: Picture, layer: Layer, posed: Floats) -> None:
    """A chain of bones, each drawn back into the still; round about the joints."""
    girth = max(layer.girth)
    tip = posed[-1] + (posed[-1] - posed[-2]) * 0.1
    reach = 1.6 * girth + 0.6 * float(np.hypot(*(layer.chain[-1] - layer.chain[-2])))
    points = np.concatenate([posed, tip[None]])
    box = _box(points.min(0) - reach, points.max(0) + reach, canvas.shape)
    if box is None:
        return
    grid, area = _coarse(box, canvas.shape)
    bones = len(posed) - 1
    places = _bone_back(grid, posed[0], posed[1], layer.chain[0], layer.chain[1])
    for joint in range(1, bones):
        after = _bone_back(
            grid, posed[joint], posed[joint + 1], layer.chain[joint], layer.chain[joint + 1]
        )
        share = _past(grid, posed[joint - 1 : joint + 2], layer.chain[joint - 1 : joint + 2])
        places = _round_blend(places, after, share, layer.chain[joint], girth)
    _blend(canvas, layer, places, area, cv2.BORDER_CONSTANT)


def _bone_back(
    grid: Floats, one: Floats, other: Floats, rest: Floats, rest_other: Floats
) -> Floats:
    """Where in the still a bone's surroundings come from; beyond its ends nothing is stretched."""
    axis, rest_axis = other - one, rest_other - rest
    length = max(float(np.hypot(*axis)), 1e-3)
    rest_length = max(float(np.hypot(*rest_axis)), 1e-3)
    d, r = axis / length, rest_axis / rest_length
    x, y = grid[..., 0] - np.float32(one[0]), grid[..., 1] - np.float32(one[1])
    along = x * np.float32(d[0]) + y * np.float32(d[1])
    across = y * np.float32(d[0]) - x * np.float32(d[1])
    inner = np.clip(along, 0, length)
    along = inner * np.float32(rest_length / length) + (along - inner)
    return np.stack(
        [
            np.float32(rest[0]) + along * np.float32(r[0]) - across * np.float32(r[1]),
            np.float32(rest[1]) + along * np.float32(r[1]) + across * np.float32(r[0]),
        ],
        -1,
    )


def _past(grid: Floats, posed: Floats, rest: Floats) -> Floats:
    """How far each point is the next bone's, by its direction from the joint between the two."""
    before = (posed[1] - posed[0]) / max(float(np.hypot(*(posed[1] - posed[0]))), 1e-3)
    after = (posed[2] - posed[1]) / max(float(np.hypot(*(posed[2] - posed[1]))), 1e-3)
    bend = _angle_between(before, after)
    change = abs(bend - _angle_between(rest[1] - rest[0], rest[2] - rest[1]))
    forward = before + after
    size = float(np.hypot(*forward))
    if size < 0.05:
        forward, size = after, 1.0
    forward = forward / size
    x, y = grid[..., 0] - np.float32(posed[1][0]), grid[..., 1] - np.float32(posed[1][1])
    far = np.sqrt(x * x + y * y) + 1e-3
    slope = np.arcsin(
        np.clip((x * np.float32(forward[0]) + y * np.float32(forward[1])) / far, -1, 1)
    )
    side = x * np.float32(-forward[1]) + y * np.float32(forward[0])
    outer = side * np.float32(-np.sign(bend)) > 0
    wide = float(np.clip(change / 2, BEND_LEAST, BEND_MOST))
    tight = float(np.clip(min(wide, 0.5 * (np.pi / 2 - abs(bend) / 2)), 0.12, BEND_MOST))
    return _smooth(0.5 + slope / (2 * np.where(outer, wide, tight)))


def _round_blend(one: Floats, other: Floats, share: Floats, joint: Floats, reach: float) -> Floats:
    """Between two places, at the same distance from the joint: a bend loses no thickness."""
    middle = joint.astype(np.float32)
    a, b = one - middle, other - middle
    mixed = a + (b - a) * share[..., None]
    size_a, size_b = np.hypot(a[..., 0], a[..., 1]), np.hypot(b[..., 0], b[..., 1])
    wanted = size_a + (size_b - size_a) * share
    size = np.hypot(mixed[..., 0], mixed[..., 1])
    stretch = np.clip(wanted / np.maximum(size, 1e-3), 1, 4)
    return np.asarray(middle + mixed * stretch[..., None])


def _angle_between(one: Floats, other: Floats) -> float:
    return float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other))


def _turn_back(
    grid: Floats, place: Floats, rest: Floats, turn: float, squeeze: tuple[Floats, float, float]
) -> Floats:
    """Undo a turn about a point; before it a squeeze along and across an axis."""
    axis, along_share, across_share = squeeze
    up = axis.astype(np.float32)
    side = np.array([-up[1], up[0]], np.float32)
    offset = grid - place.astype(np.float32)
    along, across = offset @ up, offset @ side
    stretched = (along / np.float32(along_share))[..., None] * up
    stretched = stretched + (across / np.float32(across_share))[..., None] * side
    return np.asarray(_rotated(stretched, -turn) + rest.astype(np.float32), np.float32)


def _rotated(vectors: Floats, turn: float) -> Floats:
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]], vectors.dtype)
    return np.asarray(vectors @ matrix)


def _smooth(share: Floats) -> Floats:
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _box(low: Floats, high: Floats, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(shape[1], int(high[0]) + 1), min(shape[0], int(high[1]) + 1)
    return (left, top, right, bottom) if left + 1 < right and top + 1 < bottom else None


def _coarse(
    box: tuple[int, int, int, int], shape: tuple[int, ...]
) -> tuple[Floats, tuple[int, int, int, int]]:
    """A thin grid over the box, as `cv2.resize` would spread it; and the box it covers."""
    step = STEP_PIXELS
    left, top = box[0] - box[0] % step, box[1] - box[1] % step
    columns, rows = -(-(box[2] - left) // step), -(-(box[3] - top) // step)
    x = left + (np.arange(columns, dtype=np.float32) + 0.5) * step - 0.5
    y = top + (np.arange(rows, dtype=np.float32) + 0.5) * step - 0.5
    grid = np.stack(np.meshgrid(x, y), -1)
    return grid, (left, top, left + columns * step, top + rows * step)


def _blend(
    canvas: Picture, layer: Layer, places: Floats, area: tuple[int, int, int, int], border: int
) -> None:
    """Fetch the layer's pixels from their places in the still, and lay them over the canvas."""
    left, top, right, bottom = area
    local = places.astype(np.float32) - np.array(layer.origin, np.float32)
    maps = cv2.resize(local, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    right, bottom = min(right, canvas.shape[1]), min(bottom, canvas.shape[0])
    maps = np.ascontiguousarray(maps[: bottom - top, : right - left])
    pixels = cv2.remap(layer.pixels, maps, None, cv2.INTER_LINEAR, borderMode=border)
    alpha = pixels[..., 3:]
    if not alpha.any():
        return
    part = canvas[top:bottom, left:right]
    keep = cv2.merge([255 - pixels[..., 3]] * 3)
    canvas[top:bottom, left:right] = cv2.add(
        cv2.multiply(part, keep, scale=1 / 255), pixels[..., :3]
    )
