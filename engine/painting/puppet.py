"""The person taken apart: the body, arms and legs as layers that can each be bent."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.painting.background import fill_hole, pull_push
from engine.painting.retarget import Rig
from engine.seeing.arrays import Floats, Picture
from engine.seeing.matte import own_colours
from engine.seeing.skeleton import ARM_CHAINS, HIPS, LEG_CHAINS, SHOULDERS, SIDES, TOES

# half as thick as usual, in torsos: at a limb's three joints
ARM_GIRTH, LEG_GIRTH = (0.125, 0.1, 0.075), (0.19, 0.14, 0.1)
THIN, THICK = 0.6, 1.4
SURELY_ARM = 0.4  # of its girth
FAR_FROM_A_LIMB, FAR_FROM_THE_TRUNK = 1.6, 0.35  # in its girth, or the head's; in torsos
HANGS = 0.13  # so far from the body, in torsos, elbow and hand of an arm that does not cross it


@dataclass(frozen=True)
class Layer:
    """One part of the picture: RGBA, colours times alpha, its corner at `origin` (x, y).

    `chain` are the joints that it bends at, in the still; `girth` is half its thickness there.
    """

    pixels: Picture
    origin: tuple[int, int]
    chain: Floats
    girth: tuple[float, ...]


@dataclass(frozen=True)
class Puppet:
    """All layers; a limb that cannot be moved is part of the body."""

    body: Layer
    arms: tuple[Layer | None, Layer | None]
    legs: tuple[Layer | None, Layer | None]


def take_apart(picture: Picture, alpha: Floats, rig: Rig) -> Puppet:
    """Cut the person out and into layers."""
    colours = own_colours(picture, alpha)
    free = (*rig.arms_free, *rig.legs_free)
    limbs = [
        limb if is_free else None for limb, is_free in zip(_limbs(alpha, rig), free, strict=True)
    ]
    trunk = _Trunk.of(rig, limbs, alpha.shape)
    scores = [limb.nearness(alpha.shape) if limb else None for limb in limbs]
    layers: list[Layer | None] = []
    gone = np.zeros_like(alpha)
    bare = np.zeros_like(alpha)
    for index, limb in enumerate(limbs):
        score = scores[index]
        if limb is None or score is None:
            layers.append(None)
            continue
        others = [s for other, s in enumerate(scores) if other != index and s is not None]
        twin = scores[index ^ 1] if index >= 2 else None
        own, taken = limb.share(score, others, twin, trunk)
        hangs = (
            index < 2 and min(_look(trunk.distance, j) for j in limb.chain[1:]) > HANGS * rig.torso
        )
        paint = _sleeved(colours, alpha * own, score, trunk) if hangs else colours
        layers.append(_layer(paint, alpha * own, limb.chain, limb.girth))
        gone = np.minimum(1, gone + taken * (1 - trunk.discs))
        if index < 2:
            bare = np.maximum(bare, _step(score, 1.3, 1.1) * limb.covers(trunk))
    soft = cv2.GaussianBlur(gone, (0, 0), max(0.5, 0.007 * rig.torso))
    body = _body(colours, alpha * (1 - soft), bare, rig)
    return Puppet(body, (layers[0], layers[1]), (layers[2], layers[3]))


def strange_share(alpha: Floats, rig: Rig) -> float:
    """Which share of the cut-out is far from every part of the body: others, or what they hold."""
    limbs = _limbs(alpha, rig)
    trunk = _Trunk.of(rig, list(limbs), alpha.shape)
    near = [limb.nearness(alpha.shape) / FAR_FROM_A_LIMB for limb in limbs]
    near += [trunk.distance / (FAR_FROM_THE_TRUNK * rig.torso), trunk.head / FAR_FROM_A_LIMB]
    return float(alpha[np.minimum.reduce(near) > 1].sum() / max(1.0, float(alpha.sum())))


def _limbs(alpha: Floats, rig: Rig) -> list["_Limb"]:
    """Both arms and both legs, whether they can be moved or not."""
    thickness = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    chains = (*ARM_CHAINS, *((*LEG_CHAINS[side], TOES[side]) for side in SIDES))
    girths = (ARM_GIRTH, ARM_GIRTH, LEG_GIRTH, LEG_GIRTH)
    return [
        _Limb.of(chain, girth, rig, thickness) for chain, girth in zip(chains, girths, strict=True)
    ]


@dataclass(frozen=True)
class _Trunk:
    """Where the body is without its limbs: distances from its four corners' quadrangle."""

    distance: Floats
    outside: Floats
    discs: Floats
    pelvis: Floats
    head: Floats
    size: float

    @classmethod
    def of(cls, rig: Rig, limbs: list["_Limb | None"], shape: tuple[int, ...]) -> "_Trunk":
        corners = [rig.points[j, :2] for j in (SHOULDERS[0], SHOULDERS[1], HIPS[1], HIPS[0])]
        inside = np.zeros(shape[:2], np.uint8)
        cv2.fillConvexPoly(inside, np.round(corners).astype(np.int32), 1)
        distance = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5).astype(np.float32)
        width = 0.07 * rig.torso
        outside = _step(distance, 0.0, width)
        grid = _grid(shape)
        discs = np.zeros(shape[:2], np.float32)
        for index, limb in enumerate(limbs):
            if limb is not None:
                reach = limb.girth[0] * (1.0 if index < 2 else 0.8)
                discs = np.maximum(discs, _disc(grid, limb.chain[0], reach))
        pelvis = np.zeros(shape[:2], np.float32)
        if all(limbs[2:]):
            girth = 0.8 * float(np.mean([limb.girth[0] for limb in limbs[2:] if limb]))
            ends = [limb.chain[0] for limb in limbs[2:] if limb]
            pelvis = _step(_to_segment(grid, ends[0], ends[1], girth), 1.08, 0.92)
            down = (rig.hips - rig.neck) / max(rig.torso, 1e-6)
            pelvis = np.maximum(pelvis, _disc(grid, rig.hips + 0.3 * girth * down, girth))
            discs = np.maximum(discs, pelvis)
        head = _to_segment(grid, rig.neck, rig.head) / (0.33 * rig.torso)
        return cls(distance, outside, discs, pelvis, head, rig.torso)


@dataclass(frozen=True)
class _Limb:
    chain: Floats
    girth: tuple[float, ...]
    torso: float

    @classmethod
    def of(
        cls, chain: tuple[int, ...], usual: tuple[float, ...], rig: Rig, thickness: Floats
    ) -> "_Limb":
        points = rig.points[list(chain), :2].copy()
        girth = []
        for index in range(3):
            one, other = (points[0], points[1]) if index == 0 else (points[1], points[2])
            shares = (0.25, 0.5) if index == 0 else (0.0, 0.25) if index == 1 else (0.6, 0.9)
            seen = [_look(thickness, one + (other - one) * share) for share in shares]
            normal, thick = usual[index] * rig.torso, float(np.mean(seen))
            # more than that is the body behind it
            girth.append(max(thick, THIN * normal) if thick < THICK * normal else 1.1 * normal)
        if len(chain) == 4:
            girth.append(0.8 * girth[-1])
        return cls(points, tuple(girth), rig.torso)

    def nearness(self, shape: tuple[int, ...]) -> Floats:
        """The distance from the limb against its girth: 1 at its skin."""
        best = nearness(self.chain, self.girth, shape)
        # what lies behind the first joint is the body's: its shoulder, its flank
        return np.asarray(best + np.maximum(0, -self.ahead(shape)) * 1.2)

    def ahead(self, shape: tuple[int, ...]) -> Floats:
        """How far past the first joint, along the first bone, against the girth."""
        axis = (self.chain[1] - self.chain[0]) / max(
            1e-6, np.hypot(*(self.chain[1] - self.chain[0]))
        )
        x, y = _grid(shape)
        along = (x - self.chain[0][0]) * axis[0] + (y - self.chain[0][1]) * axis[1]
        return np.asarray(along / self.girth[0], np.float32)

    def share(
        self, score: Floats, others: list[Floats], twin: Floats | None, trunk: _Trunk
    ) -> tuple[Floats, Floats]:
        """Which part of each of the person's pixels is this limb's, and which is its alone.

        Around its first joint it lies under or over the body. Legs have a `twin`.
        """
        body = np.minimum(trunk.distance / (1.1 * self.girth[0]) + 0.15, trunk.head)
        free = _step(np.minimum.reduce([body, *others]) - score, -0.06, 0.06)
        root = _disc(_grid(score.shape), self.chain[0], self.girth[0])
        if twin is not None:
            # below the hips all is the legs', up to the line between them
            below = _step(self.ahead(score.shape), 0.0, 0.3)
            mine = _step(np.minimum.reduce(others) - score, -0.06, 0.06)
            free = np.maximum(free, below * mine) * _step(twin - score, -0.05, 0.05)
            # but what hangs far between them, as a skirt does, stays with the body
            free = free * np.maximum(_step(score, 1.5, 1.2), _step(twin - score, 0.2, 0.6))
            inner = trunk.pelvis * _step(score, 1.5, 1.3) * _step(twin - score, -0.3, -0.1)
            own = np.maximum(free, np.maximum(root * _step(score, 1.1, 0.95), inner))
            # corners where these meet would show as teeth
            return _step(cv2.GaussianBlur(own, (0, 0), 0.03 * self.torso), 0.25, 0.75), free
        # before the body only the limb itself, which fades into the shoulder; beside it all of it
        core = np.maximum(_step(score, 1.12, 0.98), root)
        core = core * _step(self.ahead(score.shape), -0.9, 0.0)
        beside = np.maximum(free, core * (trunk.head > 1))
        own = trunk.outside * beside + (1 - trunk.outside) * core
        return own, free * trunk.outside

    def covers(self, trunk: _Trunk) -> Floats:
        """Where the body goes on behind this limb."""
        return np.asarray(np.clip((1 - trunk.outside) - trunk.discs, 0, 1))


def nearness(chain: Floats, girth: tuple[float, ...], shape: tuple[int, ...]) -> Floats:
    """The distance from a chain of bones, and a hand beyond three joints, against its girth."""
    grid, last = _grid(shape), len(chain) - 2
    scores = []
    for bone in range(len(chain) - 1):
        one, other = chain[bone], chain[bone + 1]
        tip = other + (other - one) * 0.45 if bone == last and len(chain) == 3 else other
        scores.append(_to_segment(grid, one, tip, girth[bone], girth[bone + 1]))
    return np.asarray(np.minimum.reduce(scores))


def _sleeved(colours: Picture, own: Floats, score: Floats, trunk: _Trunk) -> Picture:
    """A hanging arm's colours; close to the body those of its middle go on to its rim.

    Nobody knows where the one ends and the other begins there; a stripe of the body shows on an
    arm that lifts, the arm's own colour does not.
    """
    close = _step(trunk.distance, 0.28 * trunk.size, 0.18 * trunk.size)
    doubtful = (own > 0.01) & (score > SURELY_ARM) & (close > 0)
    known = (own > 0.9) & (score < SURELY_ARM)
    if not doubtful.any() or known.sum() < 30:
        return colours
    rows, columns = np.nonzero((own > 0.01).any(1))[0], np.nonzero((own > 0.01).any(0))[0]
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    plain = pull_push(colours[box].astype(np.float32), ~known[box])
    share = (close * _step(score, SURELY_ARM, SURELY_ARM + 0.15))[box][..., None]
    out = colours.copy()
    out[box] = colours[box] * (1 - share) + plain * share
    return out


def _body(colours: Picture, own: Floats, bare: Floats, rig: Rig) -> Layer:
    """The body, painted where a limb was before it."""
    own = own * _without_slivers(own, rig)
    hidden = bare > 0.02
    known = ~hidden & (own > 0.9)
    if hidden.any() and known.sum() > 200:
        rows, columns = np.nonzero((own > 0.01).any(1))[0], np.nonzero((own > 0.01).any(0))[0]
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        plain = pull_push(colours[box].astype(np.float32), ~known[box])
        ground = np.where(known[box][..., None], colours[box], plain).astype(np.uint8)
        patch = fill_hole(ground, hidden[box], known[box])
        share = np.clip(bare[box] * 1.5, 0, 1)[..., None]
        colours = colours.copy()
        colours[box] = colours[box] * (1 - share) + patch * share
    chain = np.stack([rig.hips, rig.neck, rig.head])
    return _layer(colours, own, chain, (0.4 * rig.torso, 0.2 * rig.torso, 0.2 * rig.torso))


def _without_slivers(own: Floats, rig: Rig) -> Floats:
    """Where the body has some width: no thread is left between the legs, no sleeve at the flank."""
    x, y = _grid(own.shape)
    down = (rig.hips - rig.neck) / max(rig.torso, 1e-6)
    depth = (x - rig.neck[0]) * down[0] + (y - rig.neck[1]) * down[1]
    out = np.ones_like(own)
    places = [(depth > rig.torso, 0.05)]
    if all(rig.arms_free):
        places.append(((depth > 0.3 * rig.torso) & (depth <= rig.torso), 0.08))
    for place, reach in places:
        side = 2 * max(1, round(reach * rig.torso)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        kept = cv2.morphologyEx((own > 0.3).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        kept = cv2.dilate(kept, np.ones((3, 3), np.uint8)).astype(np.float32)
        out = np.where(place, cv2.GaussianBlur(kept, (0, 0), 1.0), out)
    return out


def _layer(colours: Picture, alpha: Floats, chain: Floats, girth: tuple[float, ...]) -> Layer:
    rows, columns = np.nonzero(alpha.max(1) > 0.01)[0], np.nonzero(alpha.max(0) > 0.01)[0]
    if not rows.size:
        return Layer(np.zeros((2, 2, 4), np.uint8), (0, 0), chain, girth)
    top, bottom = max(0, rows[0] - 2), rows[-1] + 3
    left, right = max(0, columns[0] - 2), columns[-1] + 3
    part = np.clip(alpha[top:bottom, left:right], 0, 1)[..., None]
    pixels = np.concatenate([colours[top:bottom, left:right] * part, part * 255], -1)
    return Layer(np.round(pixels).astype(np.uint8), (int(left), int(top)), chain, girth)


def _grid(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    y, x = np.ogrid[0 : shape[0], 0 : shape[1]]
    return x.astype(np.float32), y.astype(np.float32)


def _to_segment(
    grid: tuple[Floats, Floats],
    one: Floats,
    other: Floats,
    girth: float = 1.0,
    end: float | None = None,
) -> Floats:
    """The distance from a line, divided by its girth along the way."""
    axis = (other - one).astype(np.float32)
    x, y = grid[0] - np.float32(one[0]), grid[1] - np.float32(one[1])
    share = np.clip((x * axis[0] + y * axis[1]) / max(1e-6, float(axis @ axis)), 0, 1)
    distance = np.hypot(x - share * axis[0], y - share * axis[1])
    if end is None:
        return np.asarray(distance / np.float32(girth))
    return np.asarray(distance / (girth + np.float32(end - girth) * share))


def _disc(grid: tuple[Floats, Floats], middle: Floats, radius: float) -> Floats:
    distance = np.hypot(grid[0] - np.float32(middle[0]), grid[1] - np.float32(middle[1]))
    return _step(distance, radius * 1.08, radius * 0.92)


def _step(values: Floats, zero: float, one: float) -> Floats:
    """A soft step: 0 at one value, 1 at the other."""
    share = np.clip((values - zero) / (one - zero), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _look(plane: Floats, point: Floats) -> float:
    y = int(np.clip(round(point[1]), 0, plane.shape[0] - 1))
    x = int(np.clip(round(point[0]), 0, plane.shape[1] - 1))
    return float(plane[y, x])
