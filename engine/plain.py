"""The draft renderer: the subject beside the reference's frames, as H.264 with its sound.

It runs in a process of its own (`python -m engine.render`): decoders meet files from strangers,
and a process can be given bounds and be ended, where a thread cannot.
"""

import argparse
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image, ImageOps

SHORT_SIDE_PIXELS = {"360p": 360, "540p": 540, "720p": 720}
LONGEST_S = 30.0
FASTEST_FPS = 30
WIDEST_PANEL = 2.0
LARGEST_PANEL_PIXELS = 1440
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXEL_LIMIT = 50_000_000
MEMORY_LIMIT_BYTES = 3 * 1024**3
CPU_LIMIT_S = 300
SOUND_RATE_HZ = 44_100


class RenderError(Exception):
    """An input cannot be used; the text says which and why."""


def render(subject_path: Path, motion_path: Path, out_path: Path, quality: str) -> None:
    """Write an mp4 of the motion's length whose shorter side is what `quality` names.

    Left stands the subject, right runs the motion; frame rate (at most 30 a second) and sound are
    the motion's. Raises `RenderError` when an input is not what its name says.
    """
    subject = _open_subject(subject_path)
    with _open_motion(motion_path) as (source, video):
        motion_size = _first_size(source, video)
    stage = _Stage(subject, motion_size, SHORT_SIDE_PIXELS[quality])
    with _open_motion(motion_path) as (source, video):
        _film(source, video, stage, out_path)


def duration_s(path: Path) -> float:
    """How many seconds of video a file that `render` wrote holds."""
    with av.open(str(path), format="mov") as video:
        stream = video.streams.video[0]
        return float((stream.duration or 0) * (stream.time_base or 0))


def _open_subject(path: Path) -> Image.Image:
    too_many = f"image_url has more than {PIXEL_LIMIT:,} pixels"
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as picture:
            if picture.width * picture.height > PIXEL_LIMIT:
                raise RenderError(too_many)
            ImageOps.exif_transpose(picture, in_place=True)
            upright = picture.convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RenderError(too_many) from None
    except (OSError, SyntaxError, ValueError):  # Pillow's ways to say "damaged"
        raise RenderError("image_url is not a readable image") from None
    upright.thumbnail((LARGEST_PANEL_PIXELS, LARGEST_PANEL_PIXELS))
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")


@contextmanager
def _open_motion(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    try:
        # the demuxer is forced: no playlist may pose as a video and name other files
        source = av.open(str(path), format="mov", metadata_errors="replace")
    except av.FFmpegError:
        raise RenderError("video_url is not an mp4 or mov video") from None
    with closing(source):
        video = next((each for each in source.streams.video if not _is_cover(each)), None)
        if video is None:
            raise RenderError("video_url holds no video stream")
        video.thread_type = "AUTO"
        try:
            yield source, video
        except av.FFmpegError as error:
            raise RenderError(f"video_url cannot be decoded: {error.strerror}") from None


def _is_cover(video: VideoStream) -> bool:
    return bool(video.disposition & Disposition.attached_pic)


def _first_size(source: InputContainer, video: VideoStream) -> tuple[float, float]:
    for frame in _frames(source, video):
        if isinstance(frame, VideoFrame):
            size = (frame.width * float(video.sample_aspect_ratio or 1), float(frame.height))
            return (size[1], size[0]) if _quarter_turns(frame) % 2 else size
    raise RenderError("video_url holds no picture that can be decoded")


def _film(source: InputContainer, video: VideoStream, stage: "_Stage", out_path: Path) -> None:
    sound = source.streams.audio[0] if source.streams.audio else None
    with av.open(str(out_path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        film = _Film(output, stage, video)
        track = _SoundTrack(output, video) if sound else None
        for frame in _frames(source, *([video, sound] if sound else [video])):
            if isinstance(frame, VideoFrame):
                film.add(frame)
            elif track:
                track.add(frame)
        film.close()
        if track:
            track.close()


def _frames(
    source: InputContainer, *streams: VideoStream | AudioStream
) -> Iterator[VideoFrame | AudioFrame]:
    for packet in source.demux(*streams):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue  # a damaged packet costs its own moment, not the video
        for frame in frames:
            if isinstance(frame, VideoFrame | AudioFrame):
                yield frame


def _quarter_turns(frame: VideoFrame) -> int:
    """How often to turn it counter-clockwise: phones store a film lying, with a note."""
    return round(frame.rotation / 90) % 4


def _start_s(video: VideoStream) -> float:
    return float((video.start_time or 0) * (video.time_base or 0))


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
        if _quarter_turns(frame) % 2:
            width, height = height, width
        # PyAV's stubs leave to_image and from_image bare
        picture: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
        if turns := _quarter_turns(frame):
            picture = picture.rotate(90 * turns, expand=True)
        left = self.panel[0] + (self.panel[0] - picture.width) // 2
        self._canvas.paste(picture, (left, (self.panel[1] - picture.height) // 2))
        whole: VideoFrame = VideoFrame.from_image(self._canvas)  # type: ignore[no-untyped-call]
        return whole


class _Film:
    """The pictures of the output at a steady rate, whatever the rhythm of those that come in."""

    def __init__(self, output: OutputContainer, stage: _Stage, video: VideoStream) -> None:
        wish = video.average_rate or video.guessed_rate or Fraction(FASTEST_FPS)
        bounded = min(max(wish, Fraction(1)), Fraction(FASTEST_FPS))
        self._rate = bounded.limit_denominator(1001)
        self._output, self._stage, self._start_s = output, stage, _start_s(video)
        self._stream = output.add_stream("libx264", rate=self._rate)
        self._stream.width, self._stream.height = stage.size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "veryfast", "crf": "23"}
        self._latest: VideoFrame | None = None
        self._painted: VideoFrame | None = None
        self._count, self._shown_s, self._end_s = 0, 0.0, 0.0

    def add(self, frame: VideoFrame) -> None:
        """Take the next decoded frame. Raises `RenderError` past the longest length."""
        shown_s = self._end_s if frame.pts is None else frame.time - self._start_s
        self._shown_s = max(self._shown_s, shown_s)
        self._fill(self._shown_s)
        self._latest, self._painted = frame, None
        length_s = float(frame.duration * (frame.time_base or 0)) or float(1 / self._rate)
        self._end_s = self._shown_s + length_s

    def close(self) -> None:
        """Show the last frame for its time, and end the stream."""
        self._fill(self._end_s)
        self._output.mux(self._stream.encode(None))

    def _fill(self, until_s: float) -> None:
        if until_s > LONGEST_S + 0.1:
            raise RenderError(f"video_url is longer than {LONGEST_S:g} seconds")
        # a quarter of a frame's time is let pass, so that rounding makes no frame twice
        while self._latest and self._count < until_s * self._rate - 0.25:
            self._painted = self._painted or self._stage.paint(self._latest)
            self._painted.pts, self._painted.time_base = self._count, 1 / self._rate
            self._output.mux(self._stream.encode(self._painted))
            self._count += 1


class _SoundTrack:
    """The sound of the output: AAC, counted by its samples so that no bad time stamp gets in."""

    def __init__(self, output: OutputContainer, video: VideoStream) -> None:
        self._output, self._start_s = output, _start_s(video)
        self._stream = output.add_stream("aac", rate=SOUND_RATE_HZ)
        self._stream.codec_context.layout = "stereo"
        self._form: tuple[int, str, str] | None = None
        self._samples = 0

    def add(self, frame: AudioFrame) -> None:
        """Take the next decoded piece of sound; what lies past the longest length is left out."""
        form = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._form is None:
            self._form = form
            begin_s = min(max(0.0, (frame.time or 0.0) - self._start_s), LONGEST_S)
            self._samples = round(begin_s * frame.sample_rate)
        # the encoder keeps to the form it began with: a stream that changes falls silent
        if form != self._form or self._samples > LONGEST_S * frame.sample_rate:
            return
        frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        self._output.mux(self._stream.encode(frame))

    def close(self) -> None:
        """End the stream."""
        self._output.mux(self._stream.encode(None))


def main() -> int:
    """Render once within bounds; print what came of it as one line of JSON."""
    parser = argparse.ArgumentParser(description=render.__doc__)
    for name in ("subject", "motion", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("quality", choices=sorted(SHORT_SIDE_PIXELS))
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    try:
        render(given.subject, given.motion, given.out, given.quality)
    except RenderError as error:
        sys.stdout.write(json.dumps({"error": str(error)}))
        return 1
    sys.stdout.write(json.dumps({"duration_s": duration_s(given.out)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
