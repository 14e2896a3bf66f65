"""The motion of a film put onto a still picture: the whole way from two files to one."""

import sys
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import cv2
from av import AudioFrame, VideoFrame

from engine.ahead import free_threads, together
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
from engine.painting.staging import Limbs, Staging, Still, bystanders, prepare, take_in
from engine.painting.watermark import Mark
from engine.seeing.arrays import Picture, fit
from engine.seeing.glance import who_moves
from engine.seeing.matte import best_pose
from engine.seeing.motion import understand
from engine.seeing.pose import PoseModel
from engine.seeing.track import Take, follow
from engine.seeing.weights import DEFAULT_FOLDER, WeightsError, ready
from engine.worker import work

WATCHING, PREPARING = 0.45, 0.1
Marking = Literal["none", "small", "plain"]


@dataclass(frozen=True)
class Outcome:
    """How a render went; a `note` says, for people, what does not move as it could."""

    duration_s: float
    subject: Literal["person", "nobody"]
    limbs: Limbs
    note: str | None


def render(
    subject_path: Path,
    motion_path: Path,
    out_path: Path,
    quality: str,
    *,
    weights: Path = DEFAULT_FOLDER,
    marking: Marking = "small",
    progress: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Write an mp4 in which the subject does what the film's largest person does.

    Raises `RenderError` when an input cannot be used, `WeightsError` without the weights.
    """
    picture = fit(open_subject(subject_path, 2560), SHORT_SIDE_PIXELS[quality])
    model = PoseModel(ready(weights))
    with open_motion(motion_path):
        pass  # what is no film at all is said before anything is done
    cv2.setNumThreads(1)  # the threads are here
    still, take = _taken_in(picture, motion_path, model, lambda share: progress(WATCHING * share))
    moves = understand(take)
    staging = prepare(picture, still, moves, model)
    progress(begun := WATCHING + PREPARING)
    mark = _mark(marking, picture, staging)
    count = len(moves.present)
    with new_film(out_path) as output, open_motion(motion_path) as (source, video):
        sound = source.streams.audio[0] if source.streams.audio else None
        film = Film(output, (picture.shape[1], picture.shape[0]), take.rate)
        track = SoundTrack(output, video) if sound else None
        for frame in together(staging.painter.paint, count):
            if mark:
                mark.put(frame)
            film.add(VideoFrame.from_ndarray(frame, format="rgb24"))
            progress(begun + (1 - begun) * film.count / count)
        film.close()
        if track and sound:
            for piece in frames_of(source, sound):
                if isinstance(piece, AudioFrame):
                    track.add(piece)
            track.close()
    subject: Literal["person", "nobody"] = "person" if still else "nobody"
    return Outcome(count / float(take.rate), subject, staging.limbs, staging.note)


def _taken_in(
    picture: Picture, motion_path: Path, model: PoseModel, progress: Callable[[float], None]
) -> tuple[Still | None, Take]:
    """All that the picture alone tells, found while the film is watched; and that."""
    pose = best_pose(model, picture)
    if pose is None:
        model.spread(free_threads())
        return None, follow(motion_path, model, progress)
    usable = ~bystanders(model, picture, pose)
    with ThreadPoolExecutor(1) as beside:
        still = beside.submit(take_in, picture, pose, usable)

        def watched(share: float) -> None:
            if still.done():  # its core is free
                model.spread(free_threads())
            progress(share)

        take = follow(motion_path, model, watched)
        found = still.result()
    model.spread(free_threads())
    return found, take


def _mark(marking: Marking, picture: Picture, staging: Staging) -> Mark | None:
    if marking == "plain":
        return Mark.plain("DRAFT", picture.shape, staging.figure)
    word = "draft" if staging.figure else "draft: sway"
    return Mark.small(word, picture.shape) if marking == "small" else None


def _render(given: Namespace, progress: Callable[[float], None]) -> dict[str, object]:
    weights = given.weights or DEFAULT_FOLDER
    try:
        outcome = render(
            given.subject,
            given.motion,
            given.out,
            given.quality,
            weights=weights,
            marking="plain" if given.draft else "none" if given.no_mark else "small",
            progress=progress,
        )
        told = asdict(outcome)
        return (
            told | {"motion": who_moves(given.motion, PoseModel(weights))} if given.draft else told
        )
    except WeightsError as error:
        raise RenderError(str(error)) from None


if __name__ == "__main__":
    sys.exit(work(_render))
