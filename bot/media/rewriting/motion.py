"""Writing a video anew, inside the worker: small enough to post, or as the provider takes it."""

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.animation import pictures_of
from bot.media.claims.animations import animation_in
from bot.media.facts import SENT_SIDE_LIMIT_PIXELS, Kind, VideoFacts, kind_of
from bot.media.rewriting.colours import THREADS, Colours
from bot.media.rewriting.parts import Part, part_of
from bot.media.video import (
    can_be_heard,
    check_effort,
    first_frame,
    inspect_result,
    inspect_video,
    opened,
    rewind,
)

_AUDIO_BITS_PER_S = 64_000
_AUDIO_RATE_HZ = 48_000
_SPARE = 0.06  # of the limit: for the container and for a rate control that is not exact
_LEAST_BITS_PER_PIXEL = 0.05
_SMALLEST_SIDE_PIXELS = 144
_GOOD = {"crf": "20", "bf": "0"}
"""Without frames out of order, each is known to last until the next."""

_SLACK_S = 0.5
"""Where a kind of file does not tell how long its last frame is shown."""
_TICK = Fraction(1, 90_000)
_FASTEST_FPS = 60
_SHORTEST_S = 0.9 / _FASTEST_FPS
"""Of frames that follow each other faster, one is left out: nobody sees them."""

_LEAST_S, _MOST_SQUEEZED = 0.001, 4.0


def fit(source: Path, target: Path, limit_bytes: int) -> bool:
    """Encode `source` once more, as H.264 and AAC in an mp4 of at most `limit_bytes`.

    False when that would not be worth looking at, or does not come out small enough; `target` may
    then hold a part. Raises `Refused` and `MemoryError` as looking at the source does.
    """
    facts = inspect_result(source)
    most_bytes = min(limit_bytes, source.stat().st_size)
    try:
        with opened(source) as (container, stream):
            total_bits = most_bytes * 8 * (1 - _SPARE)
            sound_bits = _AUDIO_BITS_PER_S * facts.duration_s if container.streams.audio else 0
            picture_bits = int(total_bits - sound_bits)
            size = _size(stream, picture_bits / facts.duration_s)
            if size is None:
                return False
            bits_per_s = int(picture_bits / facts.duration_s)
            # It stays near its bits in total: the buffer is all by which it can go over.
            buffer_bits = int(picture_bits * _SPARE * 0.8)
            rate = {"maxrate": str(bits_per_s), "bufsize": str(buffer_bits)}
            first = first_frame(container, stream)
            rewind(container, stream)
            with _written(target, stream.average_rate, first, size, rate) as film:
                film.picture.bit_rate = bits_per_s
                _encode(container, stream, film, Part(first.time or 0.0))
    except (av.error.FFmpegError, OSError):
        return False
    return target.stat().st_size <= limit_bytes


def rewrite(
    source: Path, target: Path, start_s: float = 0.0, length_s: float | None = None
) -> VideoFacts:
    """Write a motion as the provider takes it: its main picture within the longest side, as H.264,
    and as much of its sound; returns what came of it.

    Of a part, from `start_s` on for `length_s` seconds or to the end, the first picture is what was
    shown at that moment, and the last lasts until its end. Raises `Refused` and `MemoryError` as
    looking at the source does, and `OSError`.
    """
    facts, kind = inspect_video(source), kind_of(source)
    left_s = facts.duration_s + (0 if kind is Kind.MOVIE else _SLACK_S) - start_s
    part_s = left_s if length_s is None else min(length_s, left_s)
    if part_s < facts.duration_s:
        frames = math.ceil(facts.frames * part_s / facts.duration_s)
        check_effort(source, replace(facts, frames=frames))
    try:
        if animation := animation_in(source, kind):
            pictures = pictures_of(source, animation, kind)
            _rewrite_animation(pictures, animation.frames_s, target, start_s, part_s)
        else:
            _rewrite_film(source, target, start_s, part_s)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise Refused(Problem.DAMAGED_VIDEO) from None
    return replace(inspect_video(target), given_as=facts.given_as)


def _rewrite_film(source: Path, target: Path, start_s: float, length_s: float) -> None:
    with opened(source) as (container, stream):
        first = first_frame(container, stream)
        size = _sent_size(first.width * _squeezed(stream), first.height)
    part = part_of(source, first.time or 0.0, start_s, length_s)
    with opened(source) as (container, stream):
        rate = stream.average_rate
        with _written(target, rate, first, size, _GOOD, length_s=length_s) as film:
            _encode(container, stream, film, part)


def _rewrite_animation(
    pictures: Iterator[Image.Image],
    frames_s: Sequence[float],
    target: Path,
    start_s: float,
    length_s: float,
) -> None:
    first = _frame_of(next(pictures))
    rate, size = Fraction(len(frames_s) / sum(frames_s)), _sent_size(first.width, first.height)
    with _written(target, rate, first, size, _GOOD, length_s=length_s) as film:
        at_s = -start_s
        frames = itertools.chain([first], map(_frame_of, pictures))
        for frame, shown_s in zip(frames, frames_s, strict=False):
            film.show(frame, at_s, shown_s)
            at_s += shown_s
            if film.is_over:
                break


def _frame_of(picture: Image.Image) -> VideoFrame:
    # PyAV's stubs leave from_image bare
    frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
    return frame


def _sent_size(width: float, height: float) -> tuple[int, int]:
    scale = min(1.0, SENT_SIDE_LIMIT_PIXELS / max(width, height))
    return _even(width * scale), _even(height * scale)


def _squeezed(stream: VideoStream) -> float:
    """How much wider its pixels are shown than they are high."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return ratio if 1 / _MOST_SQUEEZED < ratio < _MOST_SQUEEZED else 1.0


def _even(side: float) -> int:
    """As 4:2:0 wants it."""
    return max(2, int(side) // 2 * 2)


def _size(stream: VideoStream, bits_per_s: float) -> tuple[int, int] | None:
    """Width and height that so few bits can fill; None when too small."""
    width, height = stream.codec_context.width, stream.codec_context.height
    fps = float(stream.average_rate or 30)
    scale = math.sqrt(max(0.0, bits_per_s) / (_LEAST_BITS_PER_PIXEL * fps * width * height))
    if scale < 1:
        width, height = int(width * scale), int(height * scale)
        if min(width, height) < _SMALLEST_SIDE_PIXELS:
            return None
    return _even(width), _even(height)


class _Film:
    """An mp4 under way: its picture keeps the source's time, from 0 on, and never goes back.

    It lasts for `length_s` at most; what comes before 0 is shown until something else is.
    """

    def __init__(
        self, output: OutputContainer, picture: VideoStream, colours: Colours, length_s: float
    ) -> None:
        self._output, self.picture, self._colours = output, picture, colours
        self._length_s = length_s
        self._before: VideoFrame | None = None
        self.is_over = False
        self._shown_s = -math.inf
        self._voice: AudioStream | None = None
        self._heard_s = 0.0
        self._spoken = _Spoken()

    def show(self, frame: VideoFrame, at_s: float, length_s: float) -> None:
        """One more frame; what comes too soon after another is left out."""
        if at_s < -_LEAST_S:
            self._before = frame
            return
        before, self._before = self._before, None
        if at_s < _SHORTEST_S:
            at_s, length_s = 0.0, length_s + max(0.0, at_s)
        elif before is not None:
            self._write(before, 0.0, min(at_s, self._length_s))
        self.is_over = at_s + _LEAST_S > self._length_s
        if not self.is_over:
            self._write(frame, at_s, min(length_s, self._length_s - at_s))

    def _write(self, frame: VideoFrame, at_s: float, length_s: float) -> None:
        if at_s < self._shown_s + _SHORTEST_S:
            return
        self._shown_s = at_s
        written = self._colours.of(frame)
        written.time_base, written.pts = _TICK, round(at_s / _TICK)
        written.duration = max(1, round(length_s / _TICK))
        written.pict_type = PictureType.NONE  # the encoder chooses its own keyframes
        self._output.mux(self.picture.encode(written))

    def speak(self) -> None:
        """There is sound, too. It is said before anything is shown."""
        self._voice = self._output.add_stream("aac", rate=_AUDIO_RATE_HZ)
        self._voice.bit_rate = _AUDIO_BITS_PER_S
        self._voice.layout = "stereo"

    def hear(self, frame: AudioFrame, at_s: float) -> None:
        """One more piece of sound."""
        if self._voice is None or at_s < 0 or at_s > self._length_s:
            return
        at_s = max(at_s, self._heard_s)
        self._heard_s = at_s + frame.samples / frame.sample_rate
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(at_s * frame.sample_rate)
        for piece in self._spoken.pieces(frame):
            self._output.mux(self._voice.encode(piece))

    def end(self) -> None:
        """Write what the encoders still have."""
        if self._before is not None:  # nothing has followed it
            self._write(self._before, 0.0, self._length_s)
        self._output.mux(self.picture.encode(None))
        if self._voice is not None and self._heard_s:
            for piece in self._spoken.rest():
                self._output.mux(self._voice.encode(piece))
            self._output.mux(self._voice.encode(None))


class _Spoken:
    """Sound as the encoder takes it, also where it goes on with other channels or another rate."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def pieces(self, frame: AudioFrame) -> list[AudioFrame]:
        """What comes of a frame, and before it of what was another kind."""
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        before = [] if kind == self._kind else self.rest()
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", "stereo", _AUDIO_RATE_HZ)
        self._kind = kind
        return before + self._resampler.resample(frame)

    def rest(self) -> list[AudioFrame]:
        """What is left at the end."""
        resampler, self._resampler = self._resampler, None
        return resampler.resample(None) if resampler else []


@contextmanager
def _written(
    target: Path,
    rate: Fraction | None,
    first: VideoFrame,
    size: tuple[int, int],
    options: dict[str, str],
    *,
    length_s: float = math.inf,
) -> Iterator[_Film]:
    """An mp4 with a picture of this size, in the colours of the first frame and turned like it.

    It lasts for `length_s` at most.
    """
    usual = min(max(rate or Fraction(30), Fraction(1)), Fraction(_FASTEST_FPS))
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        picture = output.add_stream(
            "libx264",
            rate=usual.limit_denominator(1001),
            options={"preset": "veryfast"} | options,
        )
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        picture.codec_context.thread_count = THREADS
        picture.codec_context.time_base = _TICK
        picture.codec_context.flags |= Flags.frame_duration
        colours = Colours(first, *size)
        colours.tell(picture.codec_context)
        picture.set_display_rotation(first.rotation)
        film = _Film(output, picture, colours, length_s)
        yield film
        film.end()


def _encode(container: InputContainer, source: VideoStream, film: _Film, part: Part) -> None:
    """The part's picture and its sound."""
    sound = next((each for each in container.streams.audio if can_be_heard(each)), None)
    if sound is not None:
        film.speak()
    usual_s = float(1 / (source.average_rate or 30))
    shown_s = -part.start_s - usual_s
    packets = container.demux([source] if sound is None else [source, sound])
    for packet in part.needed(packets, source.index, lambda: film.is_over):
        for frame in _decoded(packet):
            if isinstance(frame, VideoFrame):
                at_s = shown_s if frame.pts is None else frame.time - part.begins_at_s
                if at_s - shown_s < _LEAST_S:  # it has no time, or that of another one
                    at_s = shown_s + usual_s
                shown_s = at_s
                film.show(frame, at_s, float(frame.duration * (frame.time_base or 0)) or usual_s)
            elif isinstance(frame, AudioFrame):
                film.hear(frame, (frame.time or 0.0) - part.begins_at_s)


def _decoded(packet: "av.Packet[Any]") -> "Sequence[VideoFrame | AudioFrame]":
    """What is in it; a damaged one costs its own moment."""
    frames: Sequence[VideoFrame | AudioFrame] = ()
    with suppress(av.error.InvalidDataError):
        frames = packet.decode()
    return frames
