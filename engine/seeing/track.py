"""One person followed through a film: the largest, kept until a cut."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from engine.ahead import ahead
from engine.media import RenderError, Timeline, frames_of, open_motion, quarter_turns, steady_rate
from engine.seeing.arrays import Floats, Numbers, Picture
from engine.seeing.pose import Pose, PoseModel, Region
from engine.seeing.skeleton import HIPS, middle

POSES_PER_S = 24.0
LONG_SIDE_PIXELS = 720
CUT_CHANGE, CUT_JUMP = 0.14, 4.0
LONGEST_STRIDE = 0.35
FORGET_S = 1.0
CLOSE, WIDE_EVERY_S = 0.84, 0.4
THUMB = (32, 32)


@dataclass(frozen=True)
class Take:
    """What was seen of a person over time; all arrays begin with the moment.

    `points` are in pixels of the (scaled) film, `seen` says how surely each is seen, 0 where
    nobody is there; `scene` counts the cuts so far. `rate` and `duration_s` are the film's.
    """

    times_s: Floats
    points: Floats
    seen: Floats
    scene: Numbers
    rate: Fraction
    duration_s: float


def follow(path: Path, model: PoseModel, progress: Callable[[float], None]) -> Take:
    """Look at a film many times a second. Raises `RenderError`, also if nobody is in it."""
    with open_motion(path) as (source, video):
        timeline, tracker = Timeline(video), Tracker(model)
        rate = steady_rate(video)
        expected_s = float((video.duration or 0) * (video.time_base or 0)) or 10.0
        times: list[float] = []
        poses: list[tuple[Floats, Floats] | None] = []
        scenes: list[int] = []
        for shown_s, picture in ahead(_moments(source, video, timeline)):
            pose = tracker.look(picture, shown_s)
            poses.append((pose.points, pose.seen) if pose else None)  # its mask would pile up
            times.append(shown_s)
            scenes.append(tracker.scene)
            progress(min(1.0, shown_s / expected_s))
    if not times:
        raise RenderError("video_url holds no picture that can be decoded")
    if not any(poses):
        raise RenderError("No person was found in the reference video")
    empty = np.zeros((33, 3), np.float32)
    return Take(
        times_s=np.array(times),
        points=np.stack([pose[0] if pose else empty for pose in poses]),
        seen=np.stack([pose[1] if pose else empty[:, 0] for pose in poses]),
        scene=np.array(scenes),
        rate=rate,
        duration_s=max(timeline.end_s, 1 / float(rate)),
    )


def _moments(
    source: InputContainer, video: VideoStream, timeline: Timeline
) -> Iterator[tuple[float, Picture]]:
    """What is looked at, and when it is shown."""
    last_s = -1.0
    for frame in frames_of(source, video):
        if not isinstance(frame, VideoFrame):
            continue
        shown_s = timeline.show(frame)
        if shown_s >= last_s + 0.9 / POSES_PER_S:
            last_s = shown_s
            yield shown_s, to_picture(frame)


def to_picture(frame: VideoFrame) -> Picture:
    """A decoded frame upright in RGB, of a size that is enough to see a pose."""
    aspect = float(frame.sample_aspect_ratio or 1) if hasattr(frame, "sample_aspect_ratio") else 1.0
    width, height = frame.width * aspect, float(frame.height)
    share = min(1.0, LONG_SIDE_PIXELS / max(width, height))
    size = max(2, round(width * share)), max(2, round(height * share))
    picture = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
    turns = quarter_turns(frame)
    return np.ascontiguousarray(np.rot90(picture, turns) if turns else picture, np.uint8)


class Tracker:
    """Finds somebody and stays with them; `scene` counts the cuts.

    The model sees joints best in a narrow region, but how large somebody is only in a wide one:
    so it looks closely at each picture, and widely a few times a second.
    """

    def __init__(self, model: PoseModel) -> None:
        self._model = model
        self.scene = 0
        self._thumb: Floats | None = None
        self._usual_change = 0.02
        self._last: Region | None = None
        self._follow: Region | None = None
        self._last_s = 0.0
        self._wide_s = -WIDE_EVERY_S

    def look(self, picture: Picture, shown_s: float) -> Pose | None:
        """The person in the next picture, if they can be seen."""
        if self._is_cut(picture):
            self.scene += 1
            self._last = self._follow = None
        if self._last is not None and shown_s > self._last_s + FORGET_S:
            self._last = None
        pose = self._keep(picture, shown_s) if self._follow else None
        if pose is None:
            pose = self._find(picture, shown_s)
        if pose is None:
            self._follow = None
        return pose

    def _keep(self, picture: Picture, shown_s: float) -> Pose | None:
        """The one who was there a moment ago, looked at where they were."""
        assert self._follow is not None
        if shown_s > self._wide_s + WIDE_EVERY_S:
            wide = self._model.pose(picture, self._follow)
            if wide is None or not self._is_plausible(wide):
                return None
            return self._look_closely(picture, shown_s, wide)
        pose = self._model.pose(picture, self._follow.scaled(CLOSE))
        if pose is None or not self._is_plausible(pose):
            return None
        self._last = self._follow = replace(pose.follow, side=self._follow.side)
        self._last_s = shown_s
        return pose

    def _look_closely(self, picture: Picture, shown_s: float, wide: Pose) -> Pose:
        self._last = self._follow = wide.follow
        self._last_s = self._wide_s = shown_s
        close = self._model.pose(picture, wide.follow.scaled(CLOSE))
        return close if close and self._is_plausible(close) else wide

    def _find(self, picture: Picture, shown_s: float) -> Pose | None:
        regions = self._model.people(picture)
        last = self._last
        if last is not None:
            regions = [
                region
                for region in regions
                if np.hypot(region.x - last.x, region.y - last.y) < LONGEST_STRIDE * last.side
                and 0.5 < region.side / last.side < 2
            ]
            regions.sort(key=lambda region: np.hypot(region.x - last.x, region.y - last.y))
        for region in regions[:3]:
            if pose := self._model.pose(picture, region):
                wide = self._model.pose(picture, pose.follow) or pose
                return self._look_closely(picture, shown_s, wide)
        return None

    def _is_plausible(self, pose: Pose) -> bool:
        """Whether it is still the same person, and not what the eye slid to."""
        last = self._last
        if last is None:
            return True
        hips = middle(pose.points, HIPS)
        stride = np.hypot(hips[0] - last.x, hips[1] - last.y) / last.side
        return bool(stride < LONGEST_STRIDE and 0.6 < pose.follow.side / last.side < 1.6)

    def _is_cut(self, picture: Picture) -> bool:
        grey = cv2.cvtColor(
            cv2.resize(picture, THUMB, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        thumb = cv2.GaussianBlur(grey.astype(np.float32) / 255, (0, 0), 1.0)
        before, self._thumb = self._thumb, thumb
        if before is None:
            return False
        # a change of light as a whole is none of place
        change = float(np.abs((thumb - thumb.mean()) - (before - before.mean())).mean())
        is_cut = change > max(CUT_CHANGE * 0.5, CUT_JUMP * self._usual_change)
        if not is_cut:
            self._usual_change = 0.9 * self._usual_change + 0.1 * change
        return is_cut
