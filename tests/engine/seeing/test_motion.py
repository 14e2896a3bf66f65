"""What is understood of a motion, and how another body does it: without any film."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from engine.painting.retarget import Choreography, Rig, retarget
from engine.seeing.arrays import Floats
from engine.seeing.motion import understand
from engine.seeing.skeleton import LIMB_BONES, angle_of, wrap
from sandbox.drawing.body import Stance, skeleton
from sandbox.drawing.figures import BUILDS
from sandbox.drawing.motions import MOTIONS, by_chance, dance, jacks, march
from tests.engine.dancers import take_of

SIZE = (360, 480)


@pytest.fixture
def rig() -> Rig:
    points = np.zeros((33, 3))
    for number, point in skeleton(BUILDS["ada"], Stance()).items():
        points[number] = point * 340 + (180, 250, 0)
    points[2], points[5] = points[7], points[8]
    return Rig(points, (True, True), (True, True), SIZE)


def angles(plan: Choreography) -> Floats:
    bones = []
    for side in (0, 1):
        arm, leg = plan.arms[:, side], plan.legs[:, side]
        bones += [arm[:, 1] - arm[:, 0], arm[:, 2] - arm[:, 1]]
        bones += [leg[:, 1] - leg[:, 0], leg[:, 2] - leg[:, 1]]
    return angle_of(np.stack(bones, 1))


def rest_angles(rig: Rig) -> Floats:
    return angle_of(np.array([rig.points[b, :2] - rig.points[a, :2] for a, b in LIMB_BONES]))


@pytest.mark.parametrize("name", ["dance", "jacks", "kick", "stretch", "squat"])
def test_every_limb_points_where_the_dancers_does(rig: Rig, name: str) -> None:
    motion = MOTIONS[name]
    take = take_of(motion)
    found = angles(retarget(understand(take), rig))
    errors = []
    for index, row in enumerate(found):
        joints = skeleton(BUILDS["ben"], motion(index / float(take.rate)))
        truth = angle_of(np.array([joints[b][:2] - joints[a][:2] for a, b in LIMB_BONES]))
        errors.append(np.degrees(np.abs(wrap(row - truth))).mean())
    assert np.mean(errors) < 1.2
    assert max(errors) < 6


def test_a_limb_that_points_at_the_viewer_is_short(rig: Rig) -> None:
    plan = retarget(understand(take_of(march)), rig)
    thighs = np.hypot(*(plan.legs[:, 0, 1] - plan.legs[:, 0, 0]).T)
    assert thighs.min() < 0.8 * thighs.max()


def test_a_dancer_without_legs_leaves_the_legs_standing(rig: Rig) -> None:
    plan = retarget(understand(take_of(dance, unseen=(25, 26, 27, 28))), rig)
    off = np.abs(wrap(angles(plan) - rest_angles(rig)))
    assert off[:, [2, 3, 6, 7]].max() < 0.02
    assert off[:, [0, 4]].max() > 0.8


def test_an_arm_that_is_not_seen_stays_with_the_torso(rig: Rig) -> None:
    bending = MOTIONS["stretch"]
    moves = understand(take_of(bending, unseen=(13, 15)))
    plan = retarget(moves, rig)
    spine = plan.neck - plan.hips
    lean = wrap(angle_of(spine) - angle_of(rig.neck - rig.hips))
    off = wrap(angles(plan) - rest_angles(rig))
    assert np.abs(lean).max() > 0.2
    assert np.abs(off[:, 0] - lean).max() < 0.02


def test_whoever_leaves_for_a_while_comes_to_rest_without_a_jump(rig: Rig) -> None:
    plan = retarget(understand(take_of(jacks, 4.0, gone=(1.2, 2.8))), rig)
    middle = round(2.0 * 12)
    off = np.abs(wrap(angles(plan)[middle] - rest_angles(rig)))
    assert off.max() < 0.05
    steps = np.abs(np.diff(plan.arms, axis=0)).max((1, 2, 3))
    assert steps.max() < 0.65 * rig.torso


def test_a_short_gap_is_bridged(rig: Rig) -> None:
    whole = angles(retarget(understand(take_of(dance)), rig))
    gap = angles(retarget(understand(take_of(dance, gone=(0.9, 1.1))), rig))
    assert np.degrees(np.abs(wrap(whole - gap)))[:, :2].max() < 40


@pytest.mark.parametrize("far", [0.4, 2.0, -3.0])
def test_nobody_leaves_the_picture(rig: Rig, far: float) -> None:
    def walk(t: float) -> Stance:
        return Stance(shift=(far * math.sin(t), -abs(far) * abs(math.sin(t * 2))))

    plan = retarget(understand(take_of(walk, 4.0)), rig)
    for points in (plan.hips, plan.neck):
        assert points[:, 0].min() > 0
        assert points[:, 0].max() < SIZE[0]
    assert plan.neck[:, 1].min() > 0
    assert np.ptp(plan.hips[:, 0]) > 20


def test_a_foot_that_stands_does_not_slide(rig: Rig) -> None:
    plan = retarget(understand(take_of(MOTIONS["squat"])), rig)
    ankles = plan.legs[:, :, 2]
    assert np.ptp(ankles[..., 1].max(1)) < 0.06 * rig.torso
    assert np.ptp(plan.hips[:, 1]) > 0.2 * rig.torso


def test_without_legs_in_the_picture_the_body_stays_on_its_lower_edge(rig: Rig) -> None:
    half = replace(rig, legs_free=(False, False))
    plan = retarget(understand(take_of(jacks)), half)
    assert np.abs(plan.hips - rig.hips).max() < 0.4 * rig.torso
    assert (plan.hips[:, 1] - rig.hips[1]).min() > -0.05 * rig.torso


def test_each_scene_begins_where_the_subject_stands(rig: Rig) -> None:
    first, second = take_of(dance), take_of(dance)
    moved = second.points + np.array([300, -80, 0], np.float32)
    both = replace(
        first,
        times_s=np.concatenate([first.times_s, second.times_s + 2.0]),
        points=np.concatenate([first.points, moved]),
        seen=np.concatenate([first.seen, second.seen]),
        scene=np.concatenate([first.scene, second.scene + 1]),
        duration_s=4.0,
    )
    plan = retarget(understand(both), rig)
    assert len(plan.hips) == 48
    assert np.abs(plan.hips[:24] - plan.hips[24:]).max() < 0.15 * rig.torso


def test_a_back_is_followed_as_it_is_on_screen(rig: Rig) -> None:
    def turned(t: float) -> Stance:
        return Stance(arms=((1.4, 0.0), (0.3, 0.0)), turn=0.0 if t < 1 else math.pi)

    plan = retarget(understand(take_of(turned, 2.5)), rig)
    hands = plan.arms[-3, :, 2, 0] - plan.neck[-3, 0]
    assert hands[0] > 0 > hands[1]  # the left hand is still on the left of the body
    lifted = plan.arms[-3, :, 2, 1]
    assert lifted[1] < lifted[0] - 0.3 * rig.torso  # the raised arm is on the other side now


def test_a_limb_that_would_leave_the_picture_draws_the_body_aside(rig: Rig) -> None:
    """Not farther than the other side has room, and without a jump."""

    def reach(t: float) -> Stance:
        return Stance(arms=((1.57, 0.0), (0.1, 0.0)), forearms=((1.57, 0.0), (0.1, 0.0)))

    near_the_edge = replace(rig, points=rig.points + np.array([60.0, 0.0, 0.0]))
    plan = retarget(understand(take_of(reach)), near_the_edge)
    wrist, other = plan.arms[:, 0, 2, 0], plan.arms[:, 1, 2, 0]
    assert wrist.max() < SIZE[0]
    assert other.min() > 0
    assert np.abs(np.diff(plan.hips[:, 0])).max() < 0.05 * rig.torso


def test_a_motion_by_chance_is_the_same_again_and_has_no_jumps() -> None:
    one, other = by_chance(random.Random(5)), by_chance(random.Random(5))
    times = np.arange(0, 3, 0.02)
    reaches = np.array([[limb[0] for limb in (*one(t).arms, *one(t).legs)] for t in times])
    assert all(one(t) == other(t) for t in times)
    assert np.ptp(reaches, axis=0).min() > 0.2
    assert np.abs(np.diff(reaches, axis=0)).max() < 0.3


def test_one_picture_with_left_and_right_confused_is_no_jump(rig: Rig) -> None:
    """As a model does with somebody seen from the side."""
    right = take_of(MOTIONS["spin"], 0.6)
    order = np.arange(33)
    order[11:33] = np.arange(11, 33).reshape(-1, 2)[:, ::-1].ravel()
    points = right.points.copy()
    points[[3, 6]] = points[[3, 6]][:, order]
    wanted = angles(retarget(understand(right), rig))
    found = angles(retarget(understand(replace(right, points=points)), rig))
    assert np.degrees(np.abs(wrap(found - wanted))).max() < 1


@pytest.mark.parametrize("rate", [8, 24])
def test_a_film_of_few_pictures_keeps_its_peaks(rig: Rig, rate: int) -> None:
    """What smooths a fast film would flatten a slow one."""
    take = take_of(jacks, rate=rate)
    found = angles(retarget(understand(take), rig))
    for index, row in enumerate(found):
        joints = skeleton(BUILDS["ben"], jacks(index / rate))
        truth = angle_of(np.array([joints[b][:2] - joints[a][:2] for a, b in LIMB_BONES]))
        assert np.degrees(np.abs(wrap(row - truth))).max() < 4
