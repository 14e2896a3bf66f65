"""The plain renderer: the subject beside the reference's frames, for tests that need no motion."""

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageOps

from engine.media import (
    SHORT_SIDE_PIXELS,
    Film,
    RenderError,
    SoundTrack,
    Timeline,
    duration_s,
    frames_of,
    new_film,
    open_motion,
    open_subject,
    quarter_turns,
    steady_rate,
)
from engine.worker import work

WIDEST_PANEL = 2.0
LARGEST_PANEL_PIXELS = 1440


def render(subject_path: Path, motion_path: Path, out_path: Path, quality: str) -> None:
    """Write an mp4 of the motion's length whose shorter side is what `quality` names.

    Left stands the subject, right runs the motion; frame rate (at most 30 a second) and sound are
    the motion's. Raises `RenderError` when an input is not what its name says.
    """
    subject = open_subject(subject_path, LARGEST_PANEL_PIXELS)
    with open_motion(motion_path) as (source, video):
        motion_size = _first_size(source, video)
    stage = _Stage(subject, motion_size, SHORT_SIDE_PIXELS[quality])
    with open_motion(motion_path) as (source, video):
        _film(source, video, stage, out_path)


def _first_size(source: InputContainer, video: VideoStream) -> tuple[float, float]:
    for frame in frames_of(source, video):
        if isinstance(frame, VideoFrame):
            size = (frame.width * float(video.sample_aspect_ratio or 1), float(frame.height))
            return (size[1], size[0]) if quarter_turns(frame) % 2 else size
    raise RenderError("video_url holds no picture that can be decoded")


def _film(source: InputContainer, video: VideoStream, stage: "_Stage", out_path: Path) -> None:
    sound = source.streams.audio[0] if source.streams.audio else None
    with new_film(out_path) as output:
        film = Film(output, stage.size, steady_rate(video))
        track = SoundTrack(output, video) if sound else None
        timeline, painter = Timeline(video), _Painter(film, stage, video)
        for frame in frames_of(source, *([video, sound] if sound else [video])):
            if isinstance(frame, VideoFrame):
                painter.fill(timeline.show(frame))
                painter.latest = frame
            elif track:
                track.add(frame)
        painter.fill(timeline.end_s)
        film.close()
        if track:
            track.close()


class _Painter:
    """A steady rate of pictures, whatever the rhythm of those that come in."""

    def __init__(self, film: Film, stage: "_Stage", video: VideoStream) -> None:
        self._film, self._stage, self._rate = film, stage, steady_rate(video)
        self._latest: VideoFrame | None = None
        self._painted: VideoFrame | None = None

    @property
    def latest(self) -> VideoFrame | None:
        """The picture that is shown now."""
        return self._latest

    @latest.setter
    def latest(self, frame: VideoFrame) -> None:
        self._latest, self._painted = frame, None

    def fill(self, until_s: float) -> None:
        """Show the latest picture until then."""
        # a quarter of a frame's time is let pass, so that rounding makes no frame twice
        while self._latest and self._film.count < until_s * self._rate - 0.25:
            self._painted = self._painted or self._stage.paint(self._latest)
            self._film.add(self._painted)


class _Stage:
    """Both panels, side by side: the subject painted once, each frame painted over the last."""

    def __init__(self, subject: Image.Image, motion_size: tuple[float, float], height: int) -> None:
        wish = motion_size[0] / motion_size[1]
        aspect = min(max(wish, 1 / WIDEST_PANEL), WIDEST_PANEL)
        self.panel = (2 * round(height * aspect / 2), height)
        share = min(self.panel[0] / motion_size[0], height / motion_size[1])
        self._frame_size = tuple(max(2, round(side * share)) for side in motion_size)
        self.size = (self.panel[0] * 2, height)
        self._canvas = Image.new("RGB", self.size)
        left = ImageOps.contain(subject, self.panel)
        corner = subject.getpixel((0, 0))
        self._canvas.paste(corner if isinstance(corner, tuple) else 0, (0, 0, *self.panel))
        place = ((self.panel[0] - left.width) // 2, (self.panel[1] - left.height) // 2)
        self._canvas.paste(left, place)

    def paint(self, frame: VideoFrame) -> VideoFrame:
        """The whole picture with this frame on its right."""
        width, height = self._frame_size
        if quarter_turns(frame) % 2:
            width, height = height, width
        # PyAV's stubs leave to_image and from_image bare
        picture: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
        if turns := quarter_turns(frame):
            picture = picture.rotate(90 * turns, expand=True)
        left = self.panel[0] + (self.panel[0] - picture.width) // 2
        self._canvas.paste(picture, (left, (self.panel[1] - picture.height) // 2))
        whole: VideoFrame = VideoFrame.from_image(self._canvas)  # type: ignore[no-untyped-call]
        return whole


def _render(given: Namespace, _progress: Callable[[float], None]) -> dict[str, object]:
    render(given.subject, given.motion, given.out, given.quality)
    return {"duration_s": duration_s(given.out)}


if __name__ == "__main__":
    sys.exit(work(_render))
