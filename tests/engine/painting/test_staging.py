"""Which limbs move in the end, and what people are told of the others."""

from itertools import product

import numpy as np
import pytest

from bot.cards.posts.remarks import DRAFTS
from engine.painting.retarget import Rig
from engine.painting.staging import (
    CROWD_NOTE,
    NOBODY_NOTE,
    Limbs,
    Staging,
    note_of,
    prepare,
    take_in,
)
from engine.seeing.matte import best_pose
from engine.seeing.motion import Moves, understand
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.motions import MOTIONS
from tests.engine.dancers import Frame, crowd, draw, take_of

LEFT_ACROSS = Stance(arms=((0.25, 0.2), (0.35, 0.0)), forearms=((-1.9, 0.45), (0.2, 0.15)))


@pytest.fixture(autouse=True)
def _no_longer_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is behind the person, and how exactly their limbs are held, does not matter here."""
    monkeypatch.setattr("engine.painting.background.inpaint", lambda *given: None)
    monkeypatch.setattr("engine.painting.calibrate.LOOKS", 1)


@pytest.fixture(scope="module")
def moves() -> Moves:
    return understand(take_of(MOTIONS["dance"], 1.0))


def staged(picture: Frame, model: PoseModel, moves: Moves) -> Staging:
    pose = best_pose(model, picture)
    anywhere = np.ones(picture.shape[:2], bool)
    return prepare(picture, take_in(picture, pose, anywhere) if pose else None, moves, model)


def moved(staging: Staging) -> np.ndarray:
    """Where it changes from frame to frame, and how much."""
    frames = [staging.painter.paint(index).astype(int) for index in (0, 4, 8)]
    change: np.ndarray = np.max([np.abs(frame - frames[0]).max(2) for frame in frames[1:]], axis=0)
    return change


@pytest.mark.parametrize(
    ("picture", "limbs", "note"),
    [
        (draw(), "all", None),
        (
            draw(LEFT_ACROSS),
            "some",
            "The left arm stays still: the picture does not show it whole and apart",
        ),
        (crowd(("ada", Stance(), 0.5, 0.76), ("ben", Stance(), 0.64, 0.6)), "none", CROWD_NOTE),
        (np.full((64, 48, 3), 120, np.uint8), "none", NOBODY_NOTE),
    ],
)
def test_what_would_be_torn_stays_and_people_are_told(
    model: PoseModel, moves: Moves, picture: Frame, limbs: Limbs, note: str | None
) -> None:
    staging = staged(picture, model, moves)
    assert (staging.limbs, staging.note) == (limbs, note)


def test_an_arm_that_stays_does_not_fly_about(model: PoseModel, moves: Moves) -> None:
    """Their left is on the right of the picture; the dancer stretches both arms out."""
    free, held = (moved(staged(draw(stance), model, moves)) for stance in (None, LEFT_ACROSS))
    quarter = free.shape[1] // 4
    rights, lefts = ((each[:, :quarter], each[:, -quarter:]) for each in (free, held))
    numbers = [int((part > 40).sum()) for part in (*rights, *lefts)]
    assert min(numbers[:3]) > 1000, numbers
    assert numbers[3] < 100, numbers


@pytest.mark.parametrize(
    ("arms", "legs", "note"),
    [
        ((True, True), True, None),
        ((True, False), True, "The right arm stays still: the picture does not show it whole"),
        ((False, False), True, "Both arms stay still: the picture does not show them whole"),
        ((True, True), False, "The legs stay still: the picture does not show them whole"),
        ((False, True), False, "The left arm and the legs stay still: the picture does not show"),
    ],
)
def test_a_note_names_what_stays(arms: tuple[bool, bool], legs: bool, note: str | None) -> None:
    rig = Rig(np.zeros((33, 3)), arms, (legs, legs), (10, 10))
    told = note_of(rig)
    assert told is None if note is None else told is not None and told.startswith(note)


def test_whatever_is_said_of_a_draft_can_be_said_in_other_languages() -> None:
    """The bot passes it on, and knows each of these sentences."""
    rigs = [
        Rig(np.zeros((33, 3)), (left, right), (legs, legs), (10, 10))
        for left, right, legs in product((True, False), repeat=3)
    ]
    notes = {note_of(rig) for rig in rigs} - {None}
    assert notes | {NOBODY_NOTE, CROWD_NOTE} == DRAFTS
