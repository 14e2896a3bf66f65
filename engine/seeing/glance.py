"""Who is in a picture and in a film, at a glance: a few moments of it, nobody is followed."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from engine.media import LONGEST_S, RenderError, frames_of, open_motion
from engine.seeing.arrays import Picture
from engine.seeing.matte import best_pose
from engine.seeing.pose import PoseModel
from engine.seeing.track import to_picture

MOMENTS = 6
MOST_PIXELS = 120_000_000  # decoded for one moment: a film with few key pictures is seen early
SMALLER, ASIDE = 0.5, 0.12  # of the largest person's size: another one, who stands elsewhere
OFTEN = 1 / 3  # of the moments in which there is somebody


def who_stands(picture: Picture, model: PoseModel) -> Literal["person", "nobody"]:
    """Whether somebody is in an RGB picture whom a render would move."""
    return "person" if best_pose(model, picture) else "nobody"


def who_moves(path: Path, model: PoseModel) -> Literal["person", "nobody", "several"]:
    """Who is in a film, several if others are often about as large as the largest.

    Raises `RenderError` for what cannot be read.
    """
    with open_motion(path) as (source, video):
        length_s = float((video.duration or 0) * (video.time_base or 0))
        if length_s > LONGEST_S + 0.1:
            raise RenderError(f"video_url is longer than {LONGEST_S:g} seconds")
        shares = (np.arange(2 * MOMENTS) + 0.5) / (2 * MOMENTS)
        is_readable = False
        # who was nowhere at first is looked for once more, at the moments in between
        for moments_s in (shares[::2] * length_s, shares[1::2] * length_s):
            counts = []
            for picture in _pictures(source, video, moments_s):
                is_readable = True
                counts.append(_people(picture, model))
            there = [count for count in counts if count]
            if there:
                crowded = sum(count > 1 for count in there) / len(there)
                return "several" if crowded >= OFTEN else "person"
    if not is_readable:
        raise RenderError("video_url holds no picture that can be decoded")
    return "nobody"


def _pictures(
    source: InputContainer, video: VideoStream, moments_s: "np.ndarray"
) -> Iterator[Picture]:
    """One at about each of these moments, as far as they can be found."""
    base, seen = float(video.time_base or 1), set[int | None]()
    most = MOST_PIXELS // max(1, video.width * video.height)
    for moment_s in moments_s:
        wanted = round(moment_s / base) + (video.start_time or 0)
        with suppress(av.FFmpegError):
            source.seek(wanted, stream=video)
        last = None
        for count, frame in enumerate(frames_of(source, video)):
            if isinstance(frame, VideoFrame):
                last = frame
                if count >= most or (frame.pts or 0) >= wanted:
                    break
        if last is not None and last.pts not in seen:
            seen.add(last.pts)
            yield to_picture(last)


def _people(picture: Picture, model: PoseModel) -> int:
    """How many stand in a picture: the largest, and who is not much smaller."""
    found = [model.pose(picture, region) for region in model.people(picture)[:4]]
    poses = sorted((pose for pose in found if pose), key=lambda pose: -pose.size)
    if not poses:
        return 0
    places = [np.array([pose.follow.x, pose.follow.y]) for pose in poses]
    apart = ASIDE * poses[0].size
    others = [
        place
        for pose, place in zip(poses[1:], places[1:], strict=True)
        if pose.size > SMALLER * poses[0].size and np.hypot(*(place - places[0])) > apart
    ]
    return 1 + len(others)
