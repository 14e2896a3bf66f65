"""Making a finished video small enough to post, inside the worker."""

import math
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream

from bot.media.facts import SPARE_CORES
from bot.media.video import first_frame, inspect_result, opened, rewind

_AUDIO_BITS_PER_S = 64_000
_AUDIO_RATE_HZ = 48_000
_SPARE = 0.06  # of the limit: for the container and for a rate control that is not exact
_LEAST_BITS_PER_PIXEL = 0.05
_SMALLEST_SIDE_PIXELS = 144
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
            sound = next(iter(container.streams.audio), None)
            total_bits = most_bytes * 8 * (1 - _SPARE)
            picture_bits = int(total_bits - (_AUDIO_BITS_PER_S * facts.duration_s if sound else 0))
            size = _size(stream, picture_bits / facts.duration_s)
            if size is None:
                return False
            with av.open(
                str(target), "w", format="mp4", options={"movflags": "+faststart"}
            ) as output:
                picture = _picture_stream(output, stream, size, picture_bits, facts.duration_s)
                picture.set_display_rotation(first_frame(container, stream).rotation)
                rewind(container, stream)
                _encode(container, output, stream, picture, sound)
    except (av.error.FFmpegError, OSError):
        return False
    return target.stat().st_size <= limit_bytes


def _size(stream: VideoStream, bits_per_s: float) -> tuple[int, int] | None:
    """Width and height that so few bits can fill: even, as 4:2:0 wants; None when too small."""
    width, height = stream.codec_context.width, stream.codec_context.height
    fps = float(stream.average_rate or 30)
    scale = math.sqrt(max(0.0, bits_per_s) / (_LEAST_BITS_PER_PIXEL * fps * width * height))
    if scale < 1:
        width, height = int(width * scale), int(height * scale)
        if min(width, height) < _SMALLEST_SIDE_PIXELS:
            return None
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _picture_stream(
    output: OutputContainer,
    source: VideoStream,
    size: tuple[int, int],
    bits: int,
    duration_s: float,
) -> VideoStream:
    """An encoder that stays near `bits` in total: its buffer is all by which it can go over."""
    bits_per_s = int(bits / duration_s)
    options = {
        "preset": "veryfast",
        "maxrate": str(bits_per_s),
        "bufsize": str(int(bits * _SPARE * 0.8)),
    }
    stream = output.add_stream("libx264", rate=source.average_rate or 30, options=options)
    stream.codec_context.thread_count = _THREADS
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.bit_rate = bits_per_s
    if source.time_base is not None:
        stream.codec_context.time_base = source.time_base
    return stream


def _encode(
    container: InputContainer,
    output: OutputContainer,
    source: VideoStream,
    picture: VideoStream,
    sound: AudioStream | None,
) -> None:
    voice = None if sound is None else output.add_stream("aac", rate=_AUDIO_RATE_HZ)
    if voice is not None:
        voice.bit_rate = _AUDIO_BITS_PER_S
        voice.layout = "stereo"
    resampler = av.AudioResampler("fltp", "stereo", _AUDIO_RATE_HZ, frame_size=1024)
    for packet in container.demux([source] if sound is None else [source, sound]):
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                small = frame.reformat(picture.width, picture.height, "yuv420p", threads=_THREADS)
                small.pict_type = PictureType.NONE  # the encoder chooses its own keyframes
                output.mux(picture.encode(small))
            elif voice is not None and isinstance(frame, av.AudioFrame):
                for piece in resampler.resample(frame):
                    output.mux(voice.encode(piece))
    output.mux(picture.encode(None))
    if voice is not None:
        for piece in resampler.resample(None):
            output.mux(voice.encode(piece))
        output.mux(voice.encode(None))
