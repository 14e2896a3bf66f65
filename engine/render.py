"""The motion of a film put onto a still picture: the whole way from two files to one."""

import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from av import AudioFrame, VideoFrame
from PIL import Image

from engine.media import (
    SHORT_SIDE_PIXELS,
    Film,
    RenderError,
    SoundTrack,
    frames_of,
    new_film,
    open_motion,
    open_subject,
)
from engine.painting.background import fill_hole
from engine.painting.calibrate import mistakes
from engine.painting.puppet import take_apart
from engine.painting.retarget import Rig, retarget
from engine.painting.stage import Shadow, Stage
from engine.painting.sway import SwayStage
from engine.painting.watermark import Mark
from engine.seeing.arrays import Flags, Floats, Picture
from engine.seeing.matte import best_pose, person_matte, unfold
from engine.seeing.motion import Moves, understand
from engine.seeing.pose import Pose, PoseModel
from engine.seeing.skeleton import ANKLES
from engine.seeing.track import follow
from engine.seeing.weights import DEFAULT_FOLDER, WeightsError, ready
from engine.worker import work

LONGEST_ASPECT = 3.0
WATCHING, PREPARING = 0.45, 0.1


@dataclass(frozen=True)
class Outcome:
    """How a render went: `mode` is `person`, or `sway` where none is in the picture."""

    duration_s: float
    mode: str


class Painter(Protocol):
    """Paints the RGB picture of each frame."""

    def paint(self, index: int) -> Picture:
        """That frame's picture."""
        ...


def render(
    subject_path: Path,
    motion_path: Path,
    out_path: Path,
    quality: str,
    *,
    weights: Path = DEFAULT_FOLDER,
    has_mark: bool = True,
    progress: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Write an mp4 in which the subject does what the film's largest person does.

    Raises `RenderError` when an input cannot be used, `WeightsError` without the weights.
    """
    picture = fit(open_subject(subject_path, 2560), SHORT_SIDE_PIXELS[quality])
    model = PoseModel(ready(weights))
    take = follow(motion_path, model, lambda share: progress(WATCHING * share))
    moves = understand(take)
    stage, mode = prepare(picture, moves, model)
    progress(begun := WATCHING + PREPARING)
    mark = Mark("draft" if mode == "person" else "draft: sway", picture.shape) if has_mark else None
    count = len(moves.present)
    with new_film(out_path) as output, open_motion(motion_path) as (source, video):
        sound = source.streams.audio[0] if source.streams.audio else None
        film = Film(output, (picture.shape[1], picture.shape[0]), take.rate)
        track = SoundTrack(output, video) if sound else None
        for index in range(count):
            frame = stage.paint(index)
            if mark:
                mark.put(frame)
            film.add(VideoFrame.from_ndarray(frame, format="rgb24"))
            progress(begun + (1 - begun) * (index + 1) / count)
        film.close()
        if track and sound:
            for piece in frames_of(source, sound):
                if isinstance(piece, AudioFrame):
                    track.add(piece)
            track.close()
    return Outcome(count / float(take.rate), mode)


def fit(picture: Image.Image, short_side: int) -> Picture:
    """The picture as an array whose shorter side is that long; sides are even."""
    width, height = picture.size
    share = min(short_side / min(width, height), LONGEST_ASPECT * short_side / max(width, height))
    size = tuple(max(16, 2 * round(side * share / 2)) for side in (width, height))
    image = np.asarray(picture)
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=way))


def prepare(picture: Picture, moves: Moves, model: PoseModel) -> tuple[Painter, str]:
    """All that is done once: cut out, take apart, fill in, and plan every frame."""
    pose = best_pose(model, picture)
    if pose is None:
        return SwayStage(picture, moves), "sway"
    alpha = person_matte(picture, pose)
    rig = Rig.of(pose, (picture.shape[1], picture.shape[0]))
    background, shadow = clear(picture, alpha, rig, ~bystanders(model, picture, pose))
    puppet = take_apart(picture, alpha, rig)
    plan = retarget(moves, rig)
    first = Stage(background, puppet, rig, plan, shadow)
    too_far = mistakes(model, pose, moves, plan, first.paint)
    return Stage(background, puppet, rig, retarget(moves, rig, -too_far), shadow), "person"


def bystanders(model: PoseModel, picture: Picture, subject: Pose) -> Flags:
    """Where other people are: nothing of them may fill the hole."""
    height, width = picture.shape[:2]
    found = np.zeros((height, width), bool)
    for region in model.people(picture)[:4]:
        far = np.hypot(region.x - subject.follow.x, region.y - subject.follow.y)
        other = model.pose(picture, region) if far > 0.1 * subject.size else None
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


def _render(given: Namespace, progress: Callable[[float], None]) -> dict[str, object]:
    try:
        outcome = render(
            given.subject,
            given.motion,
            given.out,
            given.quality,
            weights=given.weights or DEFAULT_FOLDER,
            has_mark=not given.no_mark,
            progress=progress,
        )
    except WeightsError as error:
        raise RenderError(str(error)) from None
    return {"duration_s": outcome.duration_s, "mode": outcome.mode}


if __name__ == "__main__":
    sys.exit(work(_render))
