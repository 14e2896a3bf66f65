"""Writing a video anew, inside the worker: small enough to post, or as the provider takes it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream

from bot.errors import Problem, Refused
from bot.media.facts import SENT_SIDE_LIMIT_PIXELS, SPARE_CORES, VideoFacts
from bot.media.video import first_frame, inspect_result, inspect_video, opened, rewind

_AUDIO_BITS_PER_S = 64_000
_AUDIO_RATE_HZ = 48_000
_SPARE = 0.06  # of the limit: for the container and for a rate control that is not exact
_LEAST_BITS_PER_PIXEL = 0.05
_SMALLEST_SIDE_PIXELS = 144
_GOOD = {"crf": "20"}
_THREADS = min(2, SPARE_CORES)


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
            with _written(target, stream, size, rate) as (output, picture):
                picture.bit_rate = bits_per_s
                _encode(container, stream, output, picture)
    except (av.error.FFmpegError, OSError):
        return False
    return target.stat().st_size <= limit_bytes


def rewrite(source: Path, target: Path) -> VideoFacts:
    """Write a motion as the provider takes it: its main picture within the longest side, as H.264,
    and as much of its sound; returns what came of it.

    Raises `Refused` and `MemoryError` as looking at the source does, and `OSError`.
    """
    facts = inspect_video(source)
    try:
        with opened(source) as (container, stream):
            shown = stream.codec_context
            scale = min(1.0, SENT_SIDE_LIMIT_PIXELS / max(shown.width, shown.height))
            size = _even(shown.width * scale), _even(shown.height * scale)
            with _written(target, stream, size, _GOOD) as (output, picture):
                _encode(container, stream, output, picture, facts.duration_s)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise Refused(Problem.DAMAGED_VIDEO) from None
    return inspect_video(target)


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


@contextmanager
def _written(
    target: Path, source: VideoStream, size: tuple[int, int], options: dict[str, str]
) -> Iterator[tuple[OutputContainer, VideoStream]]:
    """An mp4 with a picture of this size that keeps the source's time."""
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        picture = output.add_stream(
            "libx264", rate=source.average_rate or 30, options={"preset": "veryfast"} | options
        )
        picture.codec_context.thread_count = _THREADS
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        if source.time_base is not None:
            picture.codec_context.time_base = source.time_base
        yield output, picture


def _encode(
    container: InputContainer,
    source: VideoStream,
    output: OutputContainer,
    picture: VideoStream,
    sound_s: float = math.inf,
) -> None:
    """The picture whole and as it is turned, and its sound for so long."""
    picture.set_display_rotation(first_frame(container, source).rotation)
    rewind(container, source)
    sound = next(iter(container.streams.audio), None)
    voice = None if sound is None else output.add_stream("aac", rate=_AUDIO_RATE_HZ)
    if voice is not None:
        voice.bit_rate = _AUDIO_BITS_PER_S
        voice.layout = "stereo"
    spoken = _Spoken()
    for packet in container.demux([source] if sound is None else [source, sound]):
        for frame in _decoded(packet):
            if isinstance(frame, av.VideoFrame):
                small = frame.reformat(picture.width, picture.height, "yuv420p", threads=_THREADS)
                small.pict_type = PictureType.NONE  # the encoder chooses its own keyframes
                output.mux(picture.encode(small))
            elif voice is not None and isinstance(frame, av.AudioFrame):
                if (frame.time or 0.0) > sound_s:
                    continue
                for piece in spoken.pieces(frame):
                    output.mux(voice.encode(piece))
    output.mux(picture.encode(None))
    if voice is not None:
        for piece in spoken.rest():
            output.mux(voice.encode(piece))
        output.mux(voice.encode(None))


class _Spoken:
    """Sound as the encoder takes it, also where it goes on with other channels or another rate."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def pieces(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        """What comes of a frame, and before it of what was another kind."""
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        before = [] if kind == self._kind else self.rest()
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", "stereo", _AUDIO_RATE_HZ)
        self._kind = kind
        return before + self._resampler.resample(frame)

    def rest(self) -> list[av.AudioFrame]:
        """What is left at the end."""
        resampler, self._resampler = self._resampler, None
        return resampler.resample(None) if resampler else []


def _decoded(packet: "av.Packet[Any]") -> "Sequence[av.VideoFrame | av.AudioFrame]":
    """What is in it; a damaged one costs its own moment."""
    frames: Sequence[av.VideoFrame | av.AudioFrame] = ()
    with suppress(av.error.InvalidDataError):
        frames = packet.decode()
    return frames
