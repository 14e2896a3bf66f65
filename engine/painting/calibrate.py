"""A puppet made to be seen as the dancer is seen: what the pose model gets wrong is taken back.

A pose model sees an arm that is raised a little lower than it is, since real shoulders rise along
and its eye expects that. Seen in the dancer and again in the output, the same mistake would be made
twice. So a few frames are painted, looked at, and the limbs turned against what was seen too much.
A mistake depends on how the whole limb is held, so each look tells of the stances that are like it.
Where the looks disagree, as with sleeves before a coat of their colour, they tell nothing.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.ahead import ahead
from engine.painting.retarget import Choreography
from engine.seeing.arrays import Floats, Numbers, Picture
from engine.seeing.motion import Moves
from engine.seeing.pose import Pose, PoseModel
from engine.seeing.skeleton import LIMB_BONES, angle_of, wrap

LOOKS = 24
FEWEST = 6
SURE = 0.6
CLOSE = 0.92  # between how wide and how narrow others would look
MOST, ABSURD = 0.3, 0.7
ALIKE = 0.6  # between two stances, each the directions of a limb's two bones as points on circles
EVERYWHERE, DOUBT = 0.3, 0.3  # of a mistake: what all stances share, and what is chance


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
    for row, (index, picture) in enumerate(zip(frames, ahead(map(paint, frames)), strict=True)):
        shift = plan.hips[index] - rest
        around = replace(
            still.follow, x=still.follow.x + shift[0], y=still.follow.y + shift[1], angle=0.0
        )
        long = np.hypot(*moves.limbs[index].T) > 0.35
        expected[row] = long & (moves.sure[index] > SURE)
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
    directions = np.stack([np.cos(wanted), np.sin(wanted)], -1)
    out = np.zeros_like(wanted)
    for bone in range(len(LIMB_BONES)):
        good = worth[:, bone] > 0
        if good.sum() >= FEWEST:
            stances = directions[:, [bone, bone ^ 1]].reshape(len(wanted), 4)  # with its neighbour
            guesses, scatter = _guess(stances, frames[good], errors[good, bone])
            told = float(good.sum() / expected[:, bone].sum())
            trust = np.clip((told - 0.5) / 0.3, 0, 1) * np.clip((0.18 - scatter) / 0.1, 0, 1)
            out[:, bone] = trust * guesses
    return np.asarray(np.clip(out, -MOST, MOST))


def plan_hips(still: Pose) -> Floats:
    """The point between the hips in the still picture."""
    return np.asarray((still.points[23, :2] + still.points[24, :2]) / 2)


def _telling(moves: Moves) -> Numbers:
    """Frames evenly over those in which somebody is there."""
    there = np.flatnonzero(moves.present > 0.9)
    if there.size < FEWEST:
        return there
    return np.asarray(there[np.unique(np.linspace(0, there.size - 1, LOOKS).astype(int))])


def _guess(stances: Floats, seen: Numbers, errors: Floats) -> tuple[Floats, float]:
    """The error in every stance from those in some, and how far each of these is off the others.

    A Gaussian process: the nearer a stance is to one that was seen, the more it errs alike.
    """
    far = ((stances[:, None] - stances[None, seen]) ** 2).sum(-1)
    alike = EVERYWHERE + np.exp(-far / (2 * ALIKE**2))
    inverse = np.linalg.inv(alike[seen] + DOUBT * np.eye(len(seen)))
    weights = inverse @ errors
    left_out = weights / np.diag(inverse)  # each look against what the others say of it
    return np.asarray(alike @ weights), float(np.sqrt(np.mean(left_out**2)))
