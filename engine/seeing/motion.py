"""What a followed person does, free of their size and place: smooth, and for each frame."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.seeing.arrays import Flags, Floats, Numbers
from engine.seeing.skeleton import (
    ANKLES,
    ARM_CHAINS,
    EARS,
    EYES,
    HIPS,
    LIMB_BONES,
    SHOULDERS,
    angle_of,
    middle,
)
from engine.seeing.track import Take

USUAL_LENGTHS = (0.55, 0.5, 0.82, 0.8) * 2  # of a limb's bones, in torsos
SHORT_GAP_S = 0.4
EASE_S = 0.3
SMOOTHING_S = 0.14
SURE, UNSURE = 0.55, 0.3
NEVER_SHORTER = 0.12


@dataclass(frozen=True)
class Moves:
    """A motion frame by frame; lengths are in torsos of the dancer, angles in radians on screen.

    `limbs` are eight bones as on screen, each against its full length, so that a short one points
    at the viewer; `sure` says from 0 to 1 how far to believe them. `reach` are the full lengths.
    `travel` is the hips' way from where they usually are, `ankles` are where those are from the
    hips, and `floor` is the height at which the lower one usually is. `present` is 0 while nobody
    is there.
    """

    torso: Floats
    limbs: Floats
    sure: Floats
    reach: Floats
    shoulder_tilt: Floats
    hip_tilt: Floats
    head_tilt: Floats
    width: Floats
    travel: Floats
    has_legs: Floats
    floor: Floats
    behind: Floats
    present: Floats
    scene: Numbers


def understand(take: Take) -> Moves:
    """The motion of a take, at the film's frame rate."""
    count = max(1, round(take.duration_s * float(take.rate)))
    times = (np.arange(count) + 0.0) / float(take.rate)
    parts = []
    norm = _Norm.of(take)
    scenes = np.unique(take.scene)
    for index, scene in enumerate(scenes):
        chosen = take.scene == scene
        begin = take.times_s[chosen][0] if index else -1.0
        following = take.times_s[take.scene > scene]
        end = following[0] if following.size else np.inf
        moments = times[(times >= begin - 1e-6) & (times < end - 1e-6)]
        if moments.size:
            parts.append(_scene(take, chosen, moments, norm, int(scene)))
    return Moves(
        *(
            np.concatenate([getattr(p, f) for p in parts]) if f != "reach" else norm.reach
            for f in Moves.__dataclass_fields__
        )
    )


@dataclass(frozen=True)
class _Norm:
    """What is the same in the whole take: the dancer's full lengths, in pixels at scale 1."""

    torso: float
    width: float
    reach: Floats

    @classmethod
    def of(cls, take: Take) -> "_Norm":
        there = take.seen.max(1) > 0
        points, seen = take.points[there], take.seen[there]
        torso = float(np.percentile(_length(_spine(points)), 85))
        torso = max(torso, 1.0)
        width = np.abs(_length(points[:, SHOULDERS[0], :2] - points[:, SHOULDERS[1], :2]))
        reach = []
        for (a, b), usual in zip(LIMB_BONES, USUAL_LENGTHS, strict=True):
            sure = np.minimum(seen[:, a], seen[:, b]) > SURE
            lengths = _length(points[sure, b, :2] - points[sure, a, :2]) / torso
            longest = float(np.percentile(lengths, 92)) if lengths.size >= 5 else 0.0
            reach.append(float(np.clip(longest, 0.75 * usual, 1.6 * usual)))
        # both sides of a body are alike
        pairs = np.array(reach).reshape(2, 4).max(0)
        shoulder = float(np.clip(np.percentile(width, 90), 0.45 * torso, 1.1 * torso))
        return cls(torso, shoulder, np.tile(pairs, 2))


def _scene(take: Take, chosen: Flags, moments: Floats, norm: _Norm, scene: int) -> Moves:
    times = take.times_s[chosen]
    points, seen = take.points[chosen].astype(float), take.seen[chosen].astype(float)
    there = seen.max(1) > 0
    count = len(moments)
    if there.sum() < 2:
        return _nobody(count, norm, scene)
    filled = _fill(times, points, there)
    points, seen = _swap_turned(filled, seen, there)
    points[:, :, :2] = _smooth(times, points[:, :, :2])
    scale = _scale(points, norm, times, there)
    unit = (norm.torso * scale)[:, None]

    bones = np.array([points[:, b, :2] - points[:, a, :2] for a, b in LIMB_BONES])
    bones = bones.transpose(1, 0, 2) / unit[:, None] / norm.reach[None, :, None]
    sure = np.array([np.minimum(seen[:, a], seen[:, b]) for a, b in LIMB_BONES]).T
    believed = _believe(times, sure, there)
    for bone in range(len(LIMB_BONES)):
        bones[:, bone] = _fill(times, bones[:, bone], sure[:, bone] > UNSURE)

    shoulders = points[:, SHOULDERS[0], :2] - points[:, SHOULDERS[1], :2]
    hips = points[:, HIPS[0], :2] - points[:, HIPS[1], :2]
    ears = points[:, EARS[0], :2] - points[:, EARS[1], :2]
    eyes = points[:, EYES[0], :2] - points[:, EYES[1], :2]
    neck = middle(points, EARS) - middle(points, SHOULDERS)
    roll = _tilt(ears + eyes, 0.25 * _length(neck)[:, None])
    head = 0.6 * roll + 0.4 * (angle_of(neck) + np.pi / 2)
    width = _length(shoulders) / (unit[:, 0] / norm.torso) / norm.width

    legs = believed[:, [2, 3, 6, 7]].min(1)
    anchor = _anchor(points, seen)
    travel = (anchor - np.median(anchor[there], 0)) / unit
    ankles = np.stack([points[:, a, 1] - middle(points, HIPS)[:, 1] for a in ANKLES], 1) / unit
    lowest = travel[:, 1] + ankles.max(1)
    floor = np.full(len(times), np.percentile(lowest[there], 85))

    behind = np.stack([_behind(points, chain) for chain in ARM_CHAINS], 1)
    rest = {
        "shoulder_tilt": _tilt(shoulders, np.full((len(times), 1), 0.3 * norm.width)),
        "hip_tilt": _tilt(hips, np.full((len(times), 1), 0.2 * norm.width)),
        "head_tilt": head,
        "width": width,
        "has_legs": legs,
        "floor": floor,
        "behind": behind,
        "present": _ease(times, there.astype(float)),
    }
    slow = {name: _gauss(times, values, 0.12) for name, values in rest.items()}
    steps = {name: resample(times, values, moments) for name, values in slow.items()}
    return Moves(
        torso=resample(times, _spine(points) / unit, moments),
        limbs=resample(times, bones, moments),
        sure=np.clip(resample(times, believed, moments), 0, 1),
        reach=norm.reach,
        travel=resample(times, travel, moments),
        scene=np.full(count, scene),
        **steps,
    )


def _nobody(count: int, norm: _Norm, scene: int) -> Moves:
    zero = np.zeros(count)
    return Moves(
        torso=np.tile([0.0, -1.0], (count, 1)),
        limbs=np.zeros((count, 8, 2)),
        sure=np.zeros((count, 8)),
        reach=norm.reach,
        shoulder_tilt=zero, hip_tilt=zero, head_tilt=zero, width=zero + 1,
        travel=np.zeros((count, 2)), has_legs=zero, floor=zero,
        behind=np.zeros((count, 2)), present=zero, scene=np.full(count, scene),
    )  # fmt: skip


def _swap_turned(points: Floats, seen: Floats, there: Flags) -> tuple[Floats, Floats]:
    """While the dancer shows their back, left and right are taken as they are on screen.

    A model that sees somebody from the side calls one frame's left the next one's right: of all
    ways to name the sides, the one is taken that fits the screen best and has the least jumps.
    """
    torso = np.maximum(_length(_spine(points)), 1e-3)
    facing = (points[:, SHOULDERS[0], 0] - points[:, SHOULDERS[1], 0]) / torso
    facing += (points[:, HIPS[0], 0] - points[:, HIPS[1], 0]) / torso
    facing[~there] = 0.0
    order = np.arange(33)
    for left in (7, *range(11, 33, 2)):
        order[[left, left + 1]] = left + 1, left
    joints = sorted({joint for bone in LIMB_BONES for joint in bone})
    one, other = points[:, joints, :2], points[:, order[joints], :2]
    stay = _length(one[1:] - one[:-1]).mean(1) / torso[1:]
    change = _length(other[1:] - one[:-1]).mean(1) / torso[1:]
    price = np.maximum(0, np.stack([-facing, facing], 1))
    before = np.zeros((len(points), 2), int)
    for index in range(1, len(points)):
        same, turned = stay[index - 1], change[index - 1]
        ways = price[index - 1] + np.array([[same, turned], [turned, same]])
        before[index] = ways.argmin(1)
        price[index] += ways.min(1)
    is_back = np.zeros(len(points), bool)
    state = int(price[-1].argmin())
    for index in range(len(points) - 1, -1, -1):
        is_back[index] = state == 1
        state = int(before[index, state])
    points, seen = points.copy(), seen.copy()
    points[is_back] = points[is_back][:, order]
    seen[is_back] = seen[is_back][:, order]
    return points, seen


def _believe(times: Floats, sure: Floats, there: Flags) -> Floats:
    """How far to follow each bone: short gaps are bridged, into long ones it eases."""
    level = np.clip((sure - UNSURE) / (SURE - UNSURE), 0, 1) * there[:, None]
    believed = level.copy()
    for bone in range(level.shape[1]):
        good = np.flatnonzero(level[:, bone] > 0.5)
        for one, other in pairwise(good):
            if times[other] - times[one] <= SHORT_GAP_S:
                believed[one : other + 1, bone] = np.maximum(1.0, believed[one : other + 1, bone])
        believed[:, bone] = _ease(times, believed[:, bone])
    return believed


def _anchor(points: Floats, seen: Floats) -> Floats:
    """What the body's place is told by: the hips, or above them where those are not seen."""
    hips, shoulders = middle(points, HIPS), middle(points, SHOULDERS)
    share = np.clip((np.median(seen[:, HIPS].min(1)) - 0.3) / 0.3, 0, 1)
    return np.asarray(share * hips + (1 - share) * shoulders, float)


def _behind(points: Floats, chain: tuple[int, ...]) -> Floats:
    """Above 0 where an arm is farther away than the body, in torsos."""
    body = points[:, [*SHOULDERS, *HIPS], 2].mean(1)
    torso = np.maximum(_length(_spine(points)), 1e-3)
    return np.asarray((points[:, list(chain[1:]), 2].mean(1) - body) / torso)


def _scale(points: Floats, norm: _Norm, times: Floats, there: Flags) -> Floats:
    """How near the dancer is: slow, and by the longest that can be seen of them."""
    torso = _length(_spine(points)) / norm.torso
    legs = [
        _length(points[:, b, :2] - points[:, a, :2]) / norm.torso / norm.reach[bone]
        for bone, (a, b) in enumerate(LIMB_BONES)
        if bone in (2, 6)
    ]
    nearness = np.where(there, np.maximum(torso, np.minimum(*legs)), np.nan)
    filled = _fill(times, nearness, there)
    slow = _gauss(times, filled, 0.8)
    return np.asarray(np.clip(slow, 0.2, 2.0))


def _spine(points: Floats) -> Floats:
    return np.asarray(middle(points, SHOULDERS) - middle(points, HIPS), float)


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]))


def _tilt(across: Floats, least: Floats) -> Floats:
    """The tilt of a line from right to left; one seen almost from its end says little."""
    return np.asarray(np.arctan2(across[:, 1], np.maximum(np.abs(across[:, 0]), least[:, 0])))


def _fill(times: Floats, values: Floats, good: Flags) -> Floats:
    """Values where there are none, from those before and after."""
    if good.all() or not good.any():
        return values
    flat = values.reshape(len(values), -1).copy()
    for column in range(flat.shape[1]):
        flat[:, column] = np.interp(times, times[good], flat[good, column])
    return flat.reshape(values.shape)


def _smooth(times: Floats, values: Floats) -> Floats:
    """A parabola through what is near in time: takes the jitter, keeps the peaks of any film."""
    if len(times) < 7:
        return values
    before, after = 2 * values[:1] - values[3:0:-1], 2 * values[-1:] - values[-2:-5:-1]
    padded = np.concatenate([before, values, after]).reshape(len(times) + 6, -1)
    moments = np.concatenate([2 * times[0] - times[3:0:-1], times, 2 * times[-1] - times[-2:-5:-1]])
    out = np.empty((len(times), padded.shape[1]))
    for index, moment in enumerate(times):
        part = slice(index, index + 7)
        away = moments[part] - moment
        near = np.abs(away) < SMOOTHING_S
        near[2:5] = True
        powers = np.vander(away[near], 3)
        out[index] = np.linalg.lstsq(powers, padded[part][near], rcond=None)[0][2]
    return out.reshape(values.shape)


def _gauss(times: Floats, values: Floats, sigma_s: float) -> Floats:
    near = np.exp(-0.5 * ((times[:, None] - times[None]) / sigma_s) ** 2)
    near /= near.sum(1, keepdims=True)
    return np.asarray(np.tensordot(near, values, 1))


def _ease(times: Floats, level: Floats) -> Floats:
    """The same between 0 and 1, without a jump."""
    soft = _gauss(times, level, EASE_S / 2)
    return np.asarray(np.minimum(soft, 1.0))


def resample(times: Floats, values: Floats, moments: Floats) -> Floats:
    """A curve through the values, read at other moments."""
    if len(times) == 1:
        return np.repeat(values, len(moments), 0)
    flat = values.reshape(len(values), -1)
    slope = np.gradient(flat, times, axis=0)
    after = np.clip(np.searchsorted(times, moments, side="right"), 1, len(times) - 1)
    step = times[after] - times[after - 1]
    share = np.clip((moments - times[after - 1]) / step, 0, 1)[:, None]
    one, other = flat[after - 1], flat[after]
    curve = (
        (2 * share**3 - 3 * share**2 + 1) * one
        + (share**3 - 2 * share**2 + share) * step[:, None] * slope[after - 1]
        + (3 * share**2 - 2 * share**3) * other
        + (share**3 - share**2) * step[:, None] * slope[after]
    )
    return np.asarray(curve.reshape(len(moments), *values.shape[1:]))
