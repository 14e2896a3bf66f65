"""The motion of a film put onto a still picture: the whole way from two files to one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from engine.background import fill_hole, pull_push
from engine.matte import best_pose, person_matte
from engine.media import (
    SHORT_SIDE_PIXELS,
    Film,
    SoundTrack,
    frames_of,
    new_film,
    open_motion,
    open_subject,
)
from engine.motion import understand
from engine.pose import Picture, PoseModel
from engine.puppet import take_apart
from engine.retarget import Rig, retarget
from engine.skeleton import ANKLES
from engine.stage import Shadow, Stage
from engine.track import Take, follow

LONGEST_ASPECT = 3.0
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """How a render went."""

    duration_s: float
    mode: str


def render(
    subject_path: Path,
    motion_path: Path,
    out_path: Path,
    quality: str,
    *,
    weights: Path,
    draft_mark: bool = True,
    progress: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Write an mp4 in which the subject does what the film's largest person does.

    Raises `RenderError` when an input cannot be used.
    """
    picture = fit(open_subject(subject_path, 2560), SHORT_SIDE_PIXELS[quality])
    model = PoseModel(weights)
    take = follow(motion_path, model, lambda share: progress(0.45 * share))
    stage, count = prepare(picture, take, model)
    progress(0.55)
    with new_film(out_path) as output, open_motion(motion_path) as (source, video):
        sound = source.streams.audio[0] if source.streams.audio else None
        film = Film(output, (picture.shape[1], picture.shape[0]), take.rate)
        track = SoundTrack(output, video) if sound else None
        output.start_encoding()
        for index in range(count):
            film.add(VideoFrame.from_ndarray(stage.paint(index), format="rgb24"))
            progress(0.55 + 0.45 * (index + 1) / count)
        film.close()
        if track and sound:
            for frame in frames_of(source, sound):
                if isinstance(frame, AudioFrame):
                    track.add(frame)
            track.close()
    return Outcome(count / float(take.rate), "person")


def fit(picture, short_side: int) -> Picture:
    """The picture as an array whose shorter side is that long; sides are even."""
    width, height = picture.size
    share = min(short_side / min(width, height), LONGEST_ASPECT * short_side / max(width, height))
    size = tuple(max(16, 2 * round(side * share / 2)) for side in (width, height))
    image = np.asarray(picture)
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=way))


def prepare(picture: Picture, take: Take, model: PoseModel) -> tuple[Stage, int]:
    """All that is done once: cut out, take apart, fill in, and plan every frame."""
    pose = best_pose(model, picture)
    assert pose is not None
    alpha = person_matte(picture, pose)
    rig = Rig.of(pose, (picture.shape[1], picture.shape[0]))
    moves = understand(take)
    background, shadow = clear(picture, alpha, rig)
    stage = Stage(background, take_apart(picture, alpha, rig), rig, retarget(moves, rig), shadow)
    return stage, len(moves.present)


def clear(picture: Picture, alpha: Plane, rig: Rig) -> tuple[Picture, Shadow | None]:
    """The picture without the person and their shadow on the floor, and what that was like."""
    person = _grown(alpha > 0.01, 0.08 * rig.torso)
    ground = np.zeros(alpha.shape, np.uint8)
    below = 0.1 * rig.torso
    if all(rig.legs_free):
        feet = rig.points[list(ANKLES), :2]
        across = abs(feet[0, 0] - feet[1, 0]) / 2 + 0.75 * rig.torso
        middle = round(float(feet[:, 0].mean())), round(float(feet[:, 1].max() + below))
        cv2.ellipse(ground, middle, (round(across), round(0.25 * rig.torso)), 0, 0, 360, 1, -1)
    hole = (person | ground) > 0
    rim = max(2.0, 0.06 * rig.torso)
    filled = fill_hole(picture, _grown(hole, rim) > 0)
    share = np.clip(1 - cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5) / rim, 0, 1)
    background = (picture + (filled.astype(np.float32) - picture) * share[..., None]).astype(np.uint8)
    spot = (ground > 0) & (person == 0)
    if spot.sum() < 20:
        return background, None
    darker = 1 - picture[spot].mean(1) / np.maximum(background[spot].mean(1), 1)
    depth = float(np.clip(np.percentile(darker, 92), 0, 0.6))
    if depth < 0.05:
        return background, None
    return background, Shadow(depth, 0.45 * rig.torso, 0.1 * rig.torso, below)


def _grown(mask: NDArray[np.bool_], reach: float) -> NDArray[np.uint8]:
    side = 2 * max(2, round(reach)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel))
