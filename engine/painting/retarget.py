"""A motion put onto another body: where each of its joints is in each frame of the output."""

from dataclasses import dataclass

import numpy as np

from engine.seeing.arrays import Flags, Floats, Numbers
from engine.seeing.motion import Moves
from engine.seeing.pose import Pose
from engine.seeing.skeleton import (
    ANKLES,
    ARM_CHAINS,
    EARS,
    EYES,
    HIPS,
    LEG_CHAINS,
    LIMB_BONES,
    SHOULDERS,
    SIDES,
    TOES,
    angle_of,
    middle,
    wrap,
)

FREE_SEEN = 0.5
HEAD_MOST, TILT_MOST = 0.6, 0.35
NARROWEST = 0.6
MARGIN = 0.04
HAND = 0.3
ASIDE_MOST, ASIDE_FRAMES = 0.12, 6


@dataclass(frozen=True)
class Rig:
    """The subject's joints in their picture, and which limbs can be moved.

    `points` are in pixels of the working picture. A limb that is not wholly in the picture, or not
    surely seen, stays with the body.
    """

    points: Floats
    arms_free: tuple[bool, bool]
    legs_free: tuple[bool, bool]
    size: tuple[int, int]

    @classmethod
    def of(cls, pose: Pose, size: tuple[int, int]) -> "Rig":
        """Of a pose in a picture of that size: width, height."""
        points = pose.points.astype(float)

        def free(chain: tuple[int, ...]) -> bool:
            inside = all(
                0.005 * size[0] < points[j, 0] < 0.995 * size[0]
                and 0.0 < points[j, 1] < 0.995 * size[1]
                for j in chain
            )
            return inside and bool(pose.seen[list(chain)].min() > FREE_SEEN)

        arms = free(ARM_CHAINS[0]), free(ARM_CHAINS[1])
        legs = free(LEG_CHAINS[0]), free(LEG_CHAINS[1])
        # one leg that walks while the other is nailed down looks worse than none
        if not all(legs):
            legs = (False, False)
        return cls(points, arms, legs, size)

    @property
    def hips(self) -> Floats:
        """The point between them."""
        return middle(self.points, HIPS).astype(float)

    @property
    def neck(self) -> Floats:
        """The point between the shoulders."""
        return middle(self.points, SHOULDERS).astype(float)

    @property
    def head(self) -> Floats:
        """The point between the ears."""
        return middle(self.points, EARS).astype(float)

    @property
    def torso(self) -> float:
        """From hips to neck, in pixels: what all else is measured by."""
        return float(np.hypot(*(self.neck - self.hips)))


@dataclass(frozen=True)
class Choreography:
    """The output's joints frame by frame, in pixels.

    `hips`, `neck` and `head` are points with the turn of the part against the still, `chest_width`
    is the share of the still's. `arms` hold shoulder, elbow and wrist, `legs` hip, knee, ankle and
    toe; the left comes first. `behind` says of the arms whether they are drawn before the body.
    """

    hips: Floats
    neck: Floats
    hips_turn: Floats
    chest_turn: Floats
    head_turn: Floats
    chest_width: Floats
    arms: Floats
    legs: Floats
    behind: Flags

    def outline(self) -> Floats:
        """Points all over the body, for each frame: frames, points, x and y."""
        spine = self.neck - self.hips
        trunk = [self.hips + share * spine for share in (0.0, 0.5, 1.0, 1.4, 1.7)]
        limbs = []
        for chain in (self.arms, self.legs):
            between = (chain[:, :, 1:] + chain[:, :, :-1]) / 2
            tips = chain[:, :, -1:] + 0.4 * (chain[:, :, -1:] - chain[:, :, -2:-1])
            limbs += [each.reshape(len(spine), -1, 2) for each in (chain, between, tips)]
        return np.concatenate([np.stack(trunk, 1), *limbs], 1)


def retarget(moves: Moves, rig: Rig, turned: Floats | None = None) -> Choreography:
    """Let the subject do these moves, each limb turned by some more radians in each frame."""
    count = len(moves.present)
    present = moves.present
    torso_angle, torso_length = _torso(moves, rig)
    upright = angle_of(rig.neck - rig.hips)
    lean = wrap(torso_angle - upright)
    shoulder_rest = _line_tilt(rig, SHOULDERS)
    hip_rest = _line_tilt(rig, HIPS)
    chest_turn = 0.5 * lean + 0.5 * present * np.clip(
        moves.shoulder_tilt - shoulder_rest, -0.8, 0.8
    )
    hips_turn = 0.35 * lean + 0.5 * present * np.clip(
        moves.hip_tilt - hip_rest, -TILT_MOST, TILT_MOST
    )
    head_rest = _head_tilt(rig)
    head_turn = lean + np.clip(
        present * wrap(moves.head_tilt - head_rest) - lean, -HEAD_MOST, HEAD_MOST
    )
    width = np.clip(1 + present * 0.8 * (np.minimum(moves.width, 1) - 1), NARROWEST, 1)

    spine = torso_length[:, None] * np.stack([np.cos(torso_angle), np.sin(torso_angle)], 1)
    shoulders = _attach(rig, SHOULDERS, rig.neck, chest_turn, width)
    hips = _attach(rig, HIPS, rig.hips, hips_turn, np.ones(count))
    limbs = _limbs(moves, rig, lean, turned)
    arms = np.zeros((count, 2, 3, 2))
    legs = np.zeros((count, 2, 4, 2))
    for side in SIDES:
        upper, fore, thigh, shin = (limbs[:, 4 * side + bone] for bone in range(4))
        arms[:, side, 0] = spine + shoulders[:, side]
        arms[:, side, 1] = arms[:, side, 0] + upper
        arms[:, side, 2] = arms[:, side, 1] + fore
        legs[:, side, 0] = hips[:, side]
        legs[:, side, 1] = legs[:, side, 0] + thigh
        legs[:, side, 2] = legs[:, side, 1] + shin
    root = _root(moves, rig, legs, spine)
    root[:, 0] += _sideways(np.concatenate([arms, legs[:, :, :3]], 1), root, rig)
    legs[:, :, 3] = legs[:, :, 2] + _feet(moves, rig, legs)
    behind = _behind(moves)
    return Choreography(
        hips=root,
        neck=root + spine,
        hips_turn=hips_turn,
        chest_turn=chest_turn,
        head_turn=head_turn,
        chest_width=width,
        arms=arms + root[:, None, None],
        legs=legs + root[:, None, None],
        behind=behind,
    )


def _torso(moves: Moves, rig: Rig) -> tuple[Floats, Floats]:
    upright = float(angle_of(rig.neck - rig.hips))
    turn = wrap(angle_of(moves.torso) - upright)
    length = np.clip(np.hypot(moves.torso[:, 0], moves.torso[:, 1]), 0.6, 1.04)
    if not all(rig.legs_free):  # the lower edge of the picture holds the body
        turn = np.clip(turn, -0.6, 0.6)
        length = np.clip(length, 0.92, 1.04)
    return upright + moves.present * turn, rig.torso * (1 + moves.present * (length - 1))


def _limbs(moves: Moves, rig: Rig, lean: Floats, turned: Floats | None) -> Floats:
    """Each bone as it is on screen, in pixels; unsure ones rest, arms with the torso."""
    out = np.zeros((len(lean), 8, 2))
    for bone, (a, b) in enumerate(LIMB_BONES):
        is_arm = bone % 4 < 2
        rest = rig.points[b, :2] - rig.points[a, :2]
        rest_angle = float(angle_of(rest)) + (lean if is_arm else 0.0)
        vector = moves.limbs[:, bone]
        sure = moves.sure[:, bone] * moves.present
        wanted = angle_of(vector) + (0.0 if turned is None else turned[:, bone])
        angle = rest_angle + sure * wrap(wanted - rest_angle)
        share = np.clip(np.hypot(vector[:, 0], vector[:, 1]), 0.15, 1.06)
        full = _full_length(rig, bone)
        here = float(np.hypot(*rest))
        length = here + sure * (full * share - here)
        out[:, bone] = length[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return out


def _full_length(rig: Rig, bone: int) -> float:
    """A bone's length if it lay in the picture's plane: its twin's where that shows more."""
    lengths = []
    for each in (bone, (bone + 4) % 8):
        a, b = LIMB_BONES[each]
        is_free = (rig.arms_free if bone % 4 < 2 else rig.legs_free)[each // 4]
        length = float(np.hypot(*(rig.points[b, :2] - rig.points[a, :2])))
        if is_free or each == bone:
            lengths.append(length)
    return min(max(lengths), 1.5 * lengths[0])


def _attach(rig: Rig, pair: tuple[int, int], about: Floats, turn: Floats, width: Floats) -> Floats:
    cos, sin = np.cos(turn), np.sin(turn)
    out = np.zeros((len(turn), 2, 2))
    along = _across(rig)
    for side in SIDES:
        arm = rig.points[pair[side], :2] - about
        flat = (arm @ along)[None] * along[None] * (width - 1)[:, None] + arm
        out[:, side] = np.stack(
            [cos * flat[:, 0] - sin * flat[:, 1], sin * flat[:, 0] + cos * flat[:, 1]], 1
        )
    return out


def _across(rig: Rig) -> Floats:
    spine = (rig.neck - rig.hips) / max(rig.torso, 1e-6)
    return np.array([-spine[1], spine[0]])


def _line_tilt(rig: Rig, pair: tuple[int, int]) -> float:
    line = rig.points[pair[0], :2] - rig.points[pair[1], :2]
    return float(np.arctan2(line[1], abs(line[0]) + 1e-6))


def _head_tilt(rig: Rig) -> float:
    ears = rig.points[EARS[0], :2] - rig.points[EARS[1], :2]
    eyes = rig.points[EYES[0], :2] - rig.points[EYES[1], :2]
    line, neck = ears + eyes, rig.head - rig.neck
    roll = np.arctan2(line[1], max(abs(line[0]), 0.25 * np.hypot(*neck)))
    return float(0.6 * roll + 0.4 * (angle_of(neck) + np.pi / 2))


def _root(moves: Moves, rig: Rig, legs: Floats, spine: Floats) -> Floats:
    """Where the hips are: a foot that stands does not slide, and nobody leaves the picture."""
    unit = rig.torso * moves.present[:, None]
    rest = rig.hips
    if not all(rig.legs_free):
        sideways = np.clip(moves.travel[:, 0], -0.35, 0.35)
        down = np.clip(0.35 * moves.travel[:, 1], -0.03, 0.12)
        return np.asarray(rest + unit * np.stack([sideways, down], 1))
    reach = moves.reach
    theirs = np.stack(
        [
            sum(moves.limbs[:, 4 * side + bone] * reach[4 * side + bone] for bone in (2, 3))
            for side in SIDES
        ],
        1,
    )  # hip to ankle, in their torsos
    ours = legs[:, :, 2]
    stands = np.exp((theirs[:, :, 1] - theirs[:, :, 1].max(1, keepdims=True)) / 0.06)
    stands /= stands.sum(1, keepdims=True)
    foot = (stands[..., None] * theirs).sum(1)
    our_foot = (stands[..., None] * ours).sum(1)
    rest_feet = rig.points[list(ANKLES), :2]
    legs_seen = (moves.has_legs * moves.present)[:, None]

    place = moves.travel + foot
    usual = _scene_median(place, moves.scene)
    lift = np.clip(place[:, 1] - moves.floor, -1.2, 0.08)
    by_feet = np.stack(
        [
            rest_feet[:, 0].mean() + rig.torso * (place[:, 0] - usual[:, 0]) - our_foot[:, 0],
            rest_feet[:, 1].max() + rig.torso * lift - our_foot[:, 1],
        ],
        1,
    )
    lowest = ours[:, :, 1].max(1)
    by_hips = np.stack(
        [rest[0] + unit[:, 0] * moves.travel[:, 0], rest_feet[:, 1].max() - lowest], 1
    )
    root = by_hips + legs_seen * (by_feet - by_hips)
    return _kept_inside(root, rest, spine, rig)


def _scene_median(values: Floats, scene: Numbers) -> Floats:
    out = np.zeros_like(values)
    for number in np.unique(scene):
        out[scene == number] = np.median(values[scene == number], 0)
    return out


def _kept_inside(root: Floats, rest: Floats, spine: Floats, rig: Rig) -> Floats:
    """The way sideways and up, shortened as a whole until the trunk stays in the picture."""
    width, height = rig.size
    half = 0.35 * rig.torso
    top = 0.55 * rig.torso
    low = np.minimum(root[:, 0], root[:, 0] + spine[:, 0]) - half
    high = np.maximum(root[:, 0], root[:, 0] + spine[:, 0]) + half
    step = root[:, 0] - rest[0]
    share = 1.0
    for edge, limit, sign in ((low, MARGIN * width, -1), (high, (1 - MARGIN) * width, 1)):
        over = sign * (edge - limit)
        moved = sign * step
        bad = (over > 0) & (moved > 0)
        if bad.any():
            share = min(share, float(np.clip(1 - over[bad] / moved[bad], 0, 1).min()))
    out = root.copy()
    out[:, 0] = rest[0] + share * step
    rise = np.minimum(0, root[:, 1] + spine[:, 1] - top - 0.01 * height)
    out[:, 1] = root[:, 1] - np.maximum(rise, np.minimum(0, root[:, 1] - rest[1]))
    return out


def _sideways(limbs: Floats, root: Floats, rig: Rig) -> Floats:
    """A slow step aside wherever a limb would leave the picture, as far as the others allow."""
    width, edge = rig.size[0], HAND * rig.torso
    ends = root[:, None, None, 0] + limbs[..., 0]
    free = [side for side, is_free in enumerate((*rig.arms_free, *rig.legs_free)) if is_free]
    if not free:
        return np.zeros(len(root))
    low, high = ends[:, free].min((1, 2)) - edge, ends[:, free].max((1, 2)) + edge
    inside = np.maximum(0, -low) - np.maximum(0, high - width)
    step = np.where(high - low < width, inside, (width - low - high) / 2)
    step = np.clip(step, -ASIDE_MOST * width, ASIDE_MOST * width)
    far = np.arange(-2 * ASIDE_FRAMES, 2 * ASIDE_FRAMES + 1)
    near = np.exp(-0.5 * (far / (0.7 * ASIDE_FRAMES)) ** 2)
    padded = np.pad(step, 2 * ASIDE_FRAMES, mode="edge")
    return np.asarray(np.convolve(padded, near / near.sum(), mode="valid"))


def _feet(moves: Moves, rig: Rig, legs: Floats) -> Floats:
    """Ankle to toe: flat on the floor, with the shin in the air."""
    out = np.zeros((len(moves.present), 2, 2))
    length = max(rig.torso, 1e-6)
    lowest = legs[:, :, 2, 1].max(1)
    for side in SIDES:
        _, knee, ankle = LEG_CHAINS[side]
        rest = rig.points[TOES[side], :2] - rig.points[ankle, :2]
        shin = rig.points[ankle, :2] - rig.points[knee, :2]
        turn = wrap(angle_of(legs[:, side, 2] - legs[:, side, 1]) - float(angle_of(shin)))
        lifted = np.clip((lowest - legs[:, side, 2, 1]) / (0.5 * length), 0, 1)
        angle = float(angle_of(rest)) + turn * (0.25 + 0.75 * lifted)
        out[:, side] = np.hypot(*rest) * np.stack([np.cos(angle), np.sin(angle)], 1)
    return out


def _behind(moves: Moves) -> Flags:
    """An arm goes behind the body only when it clearly is, and stays there for a while."""
    out = np.zeros(moves.behind.shape, bool)
    for side in SIDES:
        is_behind = False
        for index, value in enumerate(moves.behind[:, side]):
            is_behind = value > (0.12 if is_behind else 0.3)
            out[index, side] = is_behind
    return out
