"""A puppet made to be seen as the dancer is seen: what the pose model gets wrong is taken back.

A pose model sees an arm that is raised a little lower than it is, since real shoulders rise along
and its eye expects that. Seen in the dancer and again in the output, the same mistake would be made
twice. So a few frames are painted, looked at, and the limbs turned against what was seen too much.
Where the looks disagree, as with sleeves before a coat of their colour, they tell nothing.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.arrays import Floats, Picture
from engine.motion import Moves
from engine.pose import Pose, PoseModel
from engine.retarget import Choreography
from engine.skeleton import LIMB_BONES, angle_of, wrap

LOOKS = 14
FEWEST = 6
SURE = 0.6
CLOSE = 0.92  # between how wide and how narrow others would look
MOST, ABSURD = 0.3, 0.7
STIFFNESS = 0.4


def mistakes(
    model: PoseModel,
    still: Pose,
    moves: Moves,
    plan: Choreography,
    paint: Callable[[int], Picture],
) -> Floats:
    """By how many radians each limb will be seen too far clockwise, for every frame."""
    wanted = angle_of(moves.limbs)
    frames = _telling(moves)
    errors = np.zeros((len(frames), len(LIMB_BONES)))
    worth, expected = np.zeros_like(errors), np.zeros_like(errors)
    rest = plan_hips(still)
    for row, index in enumerate(frames):
        shift = plan.hips[index] - rest
        around = replace(
            still.follow, x=still.follow.x + shift[0], y=still.follow.y + shift[1], angle=0.0
        )
        long = np.hypot(*moves.limbs[index].T) > 0.35
        expected[row] = long & (moves.sure[index] > SURE)
        picture = paint(int(index))
        pose = model.pose(picture, around)
        # looked at once more from where it is, as an eye that follows would
        pose = model.pose(picture, pose.follow.scaled(CLOSE)) if pose else None
        if pose is None:
            continue
        points = pose.points[:, :2]
        seen = np.array([points[b] - points[a] for a, b in LIMB_BONES])
        errors[row] = wrap(angle_of(seen) - wanted[index])
        sure = np.array([pose.seen[[a, b]].min() > SURE for a, b in LIMB_BONES])
        worth[row] = sure & (expected[row] > 0) & (np.abs(errors[row]) < ABSURD)
    out = np.zeros_like(wanted)
    for bone in range(len(LIMB_BONES)):
        good = worth[:, bone] > 0
        if good.sum() >= FEWEST:
            angles, off = wanted[frames[good], bone], errors[good, bone]
            scatter = float(np.sqrt(np.mean((off - _fit(angles, off, angles)) ** 2)))
            told = float(good.sum() / expected[:, bone].sum())
            trust = np.clip((told - 0.5) / 0.3, 0, 1) * np.clip((0.2 - scatter) / 0.1, 0, 1)
            out[:, bone] = trust * _fit(angles, off, wanted[:, bone])
    return np.asarray(np.clip(out, -MOST, MOST))


def plan_hips(still: Pose) -> Floats:
    """The point between the hips in the still picture."""
    return np.asarray((still.points[23, :2] + still.points[24, :2]) / 2)


def _telling(moves: Moves) -> Floats:
    """Frames evenly over those in which somebody is there."""
    there = np.flatnonzero(moves.present > 0.9)
    if there.size < FEWEST:
        return there
    return np.asarray(there[np.unique(np.linspace(0, there.size - 1, LOOKS).astype(int))])


def _fit(angles: Floats, errors: Floats, everywhere: Floats) -> Floats:
    """The error as a smooth function of the limb's angle, kept small where little was seen."""

    def features(angle: Floats) -> Floats:
        return np.stack([np.ones_like(angle), np.sin(angle), np.cos(angle)], 1)

    seen = features(angles)
    lean = STIFFNESS * np.diag([0.1, 1.0, 1.0])
    return np.asarray(features(everywhere) @ np.linalg.solve(seen.T @ seen + lean, seen.T @ errors))
