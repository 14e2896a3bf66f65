"""All that is done once for a picture: cut out, taken apart, filled in, and every frame planned."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import cv2
import numpy as np

from engine.painting.background import fill_hole
from engine.painting.calibrate import mistakes
from engine.painting.judge import MOST_STRANGE, are_whole
from engine.painting.puppet import Puppet, strange_share, take_apart
from engine.painting.retarget import Choreography, Rig, retarget
from engine.painting.stage import Shadow, Stage
from engine.painting.sway import SwayStage
from engine.seeing.arrays import Flags, Floats, Picture
from engine.seeing.matte import person_matte, unfold
from engine.seeing.motion import Moves
from engine.seeing.pose import Pose, PoseModel
from engine.seeing.skeleton import ANKLES

NOBODY_NOTE = "No person was found in the picture: it sways with the motion as a whole"
CROWD_NOTE = (
    "Somebody or something is too close to the person in the picture to be told apart: "
    "it sways with the motion as a whole"
)
FIGURE_REACH = 0.18  # around its joints, in torsos
Limbs = Literal["all", "some", "none"]


class Painter(Protocol):
    """Paints the RGB picture of each frame."""

    def paint(self, index: int) -> Picture:
        """That frame's picture."""
        ...


@dataclass(frozen=True)
class Staging:
    """Who paints, and in which way: which limbs of a person move, and a `note` about the others.

    `figure` are points about the person in each frame and how far it reaches around them, in
    pixels; `None` where it sways.
    """

    painter: Painter
    limbs: Limbs
    figure: tuple[Floats, float] | None
    note: str | None


@dataclass(frozen=True)
class Still:
    """All that follows from the picture alone: somebody taken apart, and what is behind them.

    `strange` is the share of the cut-out that can be no part of theirs.
    """

    picture: Picture
    alpha: Floats
    pose: Pose
    rig: Rig
    puppet: Puppet
    background: Picture
    shadow: Shadow | None
    strange: float


def take_in(picture: Picture, pose: Pose, usable: Flags) -> Still:
    """All of it from somebody's pose, and from where there is nobody else."""
    alpha = person_matte(picture, pose)
    rig = Rig.of(pose, (picture.shape[1], picture.shape[0]))
    background, shadow = clear(picture, alpha, rig, usable)
    puppet = take_apart(picture, alpha, rig)
    strange = strange_share(alpha, rig)
    return Still(picture, alpha, pose, rig, puppet, background, shadow, strange)


def prepare(picture: Picture, still: Still | None, moves: Moves, model: PoseModel) -> Staging:
    """Everything up to the first frame; what would come out in tatters is left alone."""
    if still is None:
        return Staging(SwayStage(picture, moves), "none", None, NOBODY_NOTE)
    if still.strange > MOST_STRANGE:
        return Staging(SwayStage(picture, moves), "none", None, CROWD_NOTE)
    still, plan = _tidied(still, retarget(moves, still.rig), moves)
    rig = still.rig

    def stage(plan: Choreography) -> Stage:
        return Stage(still.background, still.puppet, rig, plan, still.shadow)

    plan = retarget(moves, rig, -mistakes(model, still.pose, moves, plan, stage(plan).paint))
    free = (*rig.arms_free, *rig.legs_free)
    limbs: Limbs = "all" if all(free) else "some" if any(free) else "none"
    return Staging(stage(plan), limbs, (plan.outline(), FIGURE_REACH * rig.torso), note_of(rig))


def _tidied(still: Still, plan: Choreography, moves: Moves) -> tuple[Still, Choreography]:
    """With those limbs left at the body that would not stay whole."""
    whole = are_whole(still.puppet, plan, still.alpha.shape)
    if all(whole):
        return still, plan
    arms = still.rig.arms_free[0] and whole[0], still.rig.arms_free[1] and whole[1]
    has_legs = all(still.rig.legs_free) and all(whole[2:])
    rig = replace(still.rig, arms_free=arms, legs_free=(has_legs, has_legs))
    puppet = take_apart(still.picture, still.alpha, rig)
    return replace(still, rig=rig, puppet=puppet), retarget(moves, rig)


def note_of(rig: Rig) -> str | None:
    """What stays still, for people."""
    names = ("the left arm", "the right arm")
    still = [name for name, is_free in zip(names, rig.arms_free, strict=True) if not is_free]
    if len(still) == 2:
        still = ["both arms"]
    if not all(rig.legs_free):
        still.append("the legs")
    if not still:
        return None
    is_one = len(still) == 1 and still[0] in names
    stays, it = ("stays", "it") if is_one else ("stay", "them")
    text = f"{' and '.join(still)} {stays} still: the picture does not show {it} whole and apart"
    return text[0].upper() + text[1:]


def bystanders(model: PoseModel, picture: Picture, subject: Pose) -> Flags:
    """Where other people are: nothing of them may fill the hole."""
    height, width = picture.shape[:2]
    found = np.zeros((height, width), bool)
    for region in model.people(picture)[:4]:
        far = np.hypot(region.x - subject.follow.x, region.y - subject.follow.y)
        is_other = far > 0.1 * subject.size
        other = model.pose(picture, region, masked=True) if is_other else None
        if other is not None:
            found |= _grown(unfold(other, width, height) > 0.3, 0.02 * other.size) > 0
    return found


def clear(
    picture: Picture, alpha: Floats, rig: Rig, usable: Flags
) -> tuple[Picture, Shadow | None]:
    """The picture without the person and their shadow on the floor, and what that was like."""
    person = _grown(alpha > 0.01, 0.08 * rig.torso)
    ground = np.zeros(alpha.shape, np.uint8)
    below = 0.1 * rig.torso
    if all(rig.legs_free):
        feet = rig.points[list(ANKLES), :2]
        across = abs(feet[0, 0] - feet[1, 0]) / 2 + 0.9 * rig.torso
        middle = round(float(feet[:, 0].mean())), round(float(feet[:, 1].max() + below))
        cv2.ellipse(ground, middle, (round(across), round(0.3 * rig.torso)), 0, 0, 360, 1, -1)
    hole = (person | ground) > 0
    background = fill_hole(picture, hole, usable)
    spot = (ground > 0) & (person == 0)
    if spot.sum() < 20:
        return background, None
    darker = 1 - picture[spot].mean(1) / np.maximum(background[spot].mean(1), 1)
    depth = float(np.clip(np.percentile(darker, 98), 0, 0.6))
    if depth < 0.05:
        return background, None
    return background, Shadow(depth, 0.45 * rig.torso, 0.1 * rig.torso, below)


def _grown(mask: Flags, reach: float) -> Picture:
    side = 2 * max(2, round(reach)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel))
