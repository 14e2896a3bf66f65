"""Videos, looked at inside the worker."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.errors import Problem, Refused
from bot.media.animation import inspect_animation
from bot.media.claims.animations import animation_in
from bot.media.claims.atoms import check_atoms
from bot.media.facts import (
    DEMUXERS,
    PICTURES,
    PICTURES_TAKEN,
    PIXEL_LIMIT,
    WHOLE_LIMIT_S,
    Kind,
    VideoFacts,
    kind_of,
)

_TOLERANCE_S = 0.05
_TRIMMED_S = 2.0
"""Phones trim by an edit list and keep what lies before it, back to the last keyframe."""
_FASTEST_FPS = 240
_KEYFRAME_SPACING_S, _MOST_KEYFRAME_PIXELS = 0.5, 500_000_000
"""As in 30 seconds of 4K; of a video with larger ones, fewer are decoded."""

CODECS = frozenset(
    {
        *("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mpeg1video", "h263"),
        *("mjpeg", "prores"),
    }
)
SOUND_CODECS = frozenset(
    {
        *("aac", "mp3", "mp2", "opus", "vorbis", "ac3", "eac3", "amr_nb", "amr_wb", "flac", "alac"),
        *("pcm_s16le", "pcm_s16be", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"),
    }
)
_MAY_PROBE = ",".join([*CODECS, *SOUND_CODECS, "libdav1d", "mp3float", "mp2float", "libopus"])
"""FFmpeg decodes a little of some kinds of file on opening: with nothing else, by its names."""

_TAKEN_CODEC, _TAKEN_PIXELS = "h264", frozenset({"yuv420p", "yuvj420p"})
HDR_TRANSFERS = frozenset({16, 18})
"""PQ and HLG (ITU-T H.273)."""

_WIDE_PRIMARIES = frozenset({9, 11, 12})
"""BT.2020 and both of P3 (ITU-T H.273)."""

MOST_PACKETS = 500_000
MOST_DECODED_PIXELS, DECODED_PIXELS_A_BYTE, WIDE_COSTS = 1_500_000_000, 10_000, 2
"""What is written anew is decoded whole: a small file may not keep an encoder long, whatever it
claims. Each pixel of HDR counts so many times."""
_UNPROBED = {"probesize": "32", "skip_frame": "all"}
"""FFmpeg decodes nothing on opening: an mp4's index says what it would look for."""

_STORED = _UNPROBED | {"ignore_editlist": "1"}
"""All packets of the file are read, whatever its edit list hides."""

_UNSEEN = {"skip_loop_filter": "all"}
"""Frames are decoded, but as nobody sees them, the edges of their blocks are not smoothed."""


_ALIKE_S = 1.0
"""Tracks of a file may differ so much in length."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A video's packets; `longest_s` is what anything in its file lasts, or claims to."""

    duration_s: float
    packets: int
    last_keyframe: int
    longest_s: float


def inspect_video(path: Path) -> VideoFacts:
    """Measure a motion and decode keyframes throughout.

    Raises `Refused`, where it asks for it without the fact `name`, and `MemoryError`.
    """
    kind = kind_of(path)
    if animation := animation_in(path, kind):
        facts = inspect_animation(path, animation, kind)
    elif kind in DEMUXERS and kind is not Kind.MOVIE:
        facts = _inspect_other(path, kind)
    else:
        facts = _inspect(path, kind, whole_end=False)
    if facts.duration_s > WHOLE_LIMIT_S + _TOLERANCE_S:
        raise Refused(Problem.VIDEO_TOO_LONG, duration_s=facts.duration_s, limit_s=WHOLE_LIMIT_S)
    return facts


def inspect_result(path: Path) -> VideoFacts:
    """As `inspect_video`, of any length, and from the last keyframe on to its end."""
    return _inspect(path, kind_of(path), whole_end=True)


@contextmanager
def opened(
    path: Path, demuxer: dict[str, str] | None = None, decoder: dict[str, str] | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video and its moving picture, read by the demuxer of its kind and no other.

    Both take further options of FFmpeg's. Raises `Refused` and PyAV's errors.
    """
    guarded = {
        "protocol_whitelist": "",
        "codec_whitelist": _MAY_PROBE,
        "enable_drefs": "0",
        "use_absolute_path": "0",
        "max_pixels": str(PIXEL_LIMIT),
    }
    with (
        path.open("rb") as file,
        av.open(
            file,
            "r",
            format=DEMUXERS[kind_of(path)],
            options=guarded | (demuxer or {}),
            io_open=_no_other_file,
            metadata_errors="replace",
        ) as container,
    ):
        stream = _main_picture(container)
        if stream is None:
            raise Refused(Problem.NO_VIDEO_STREAM)
        if stream.codec_context is not None:
            stream.codec_context.thread_count = 1
            stream.codec_context.options = guarded | (decoder or {})
        yield container, stream


def _inspect(path: Path, kind: Kind, *, whole_end: bool) -> VideoFacts:
    if kind is Kind.GIF:
        raise Refused(Problem.GIF_AS_VIDEO)
    if kind in PICTURES:
        named = kind in PICTURES_TAKEN
        raise Refused(Problem.PICTURE_AS_VIDEO, kind=kind.value if named else "picture")
    if kind is not Kind.MOVIE:
        unknown = kind is Kind.UNKNOWN
        raise Refused(Problem.NOT_A_VIDEO if unknown else Problem.VIDEO_WRONG_FORMAT)
    check_atoms(path)
    with _ffmpegs_errors_are_damage():
        with opened(path, _STORED) as (container, stream):
            _check_codec(stream)
            stored = _measure(container, stream)
        with opened(path, _UNPROBED, _UNSEEN) as (container, stream):
            _check_codec(stream)
            played = _measure(container, stream)
            is_one_of_several = sum(map(_moves, container.streams.video)) > 1
            but = played.last_keyframe if whole_end else None
            spacing_s = _spacing_s(stream, stored.duration_s)
            frames = _keyframes(container, stream, spacing_s, but=but)
            if whole_end:
                frames += _end(container, stream, played.last_keyframe)
            if not frames:
                rewind(container, stream)
                frames = [first_frame(container, stream)]
            frame = frames[0]
            codec = stream.codec_context.codec.canonical_name
    hidden = stored.duration_s - played.duration_s > _TRIMMED_S
    duration_s = stored.duration_s if hidden else played.duration_s
    duration_s = max(duration_s, stored.packets / _FASTEST_FPS)
    has_more = is_one_of_several or played.longest_s > duration_s + _ALIKE_S
    is_other = codec != _TAKEN_CODEC or frame.format.name not in _TAKEN_PIXELS or is_wide(frame)
    name, effort = _named(frame, ""), _effort(frame, stored.packets)
    facts = VideoFacts(duration_s, *_seen(frame), has_more, is_other, name, effort)
    if facts.is_to_be_rewritten and not whole_end:
        check_effort(path, facts)
    return facts


def _inspect_other(path: Path, kind: Kind) -> VideoFacts:
    """What is written anew in any case: its length, and whether it begins with a picture."""
    if kind is Kind.THREE_GP:
        check_atoms(path)
    with _ffmpegs_errors_are_damage():
        with opened(path) as (container, stream):
            _check_codec(stream)
            measured = _measure(container, stream)
        with opened(path) as (container, stream):
            frame = first_frame(container, stream)
    duration_s = max(measured.duration_s, measured.packets / _FASTEST_FPS)
    name, effort = _named(frame, kind.value), _effort(frame, measured.packets)
    facts = VideoFacts(duration_s, *_seen(frame), False, True, name, effort)
    check_effort(path, facts)
    return facts


def _effort(frame: VideoFrame, packets: int) -> int:
    """How many frames there are to decode, one to be mapped as so many more."""
    return packets * (WIDE_COSTS if is_wide(frame) else 1)


def check_effort(path: Path, facts: VideoFacts) -> None:
    """Raises `Refused` for what would take too long to write anew, for a file of its size."""
    if facts.pixels > MOST_DECODED_PIXELS + DECODED_PIXELS_A_BYTE * path.stat().st_size:
        raise Refused(Problem.TOO_HARD_TO_READ)


def is_wide(frame: VideoFrame) -> bool:
    """Whether its colours are others, or more, than every screen shows."""
    return frame.color_trc in HDR_TRANSFERS or frame.color_primaries in _WIDE_PRIMARIES


def _named(frame: VideoFrame, otherwise: str) -> str:
    return "HDR video" if frame.color_trc in HDR_TRANSFERS else otherwise


def _seen(frame: VideoFrame) -> tuple[int, int]:
    """Its width and height as it is looked at."""
    return (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)


@contextmanager
def _ffmpegs_errors_are_damage() -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise Refused(Problem.DAMAGED_VIDEO) from None


def _check_codec(stream: VideoStream) -> None:
    # None where FFmpeg has no decoder, whatever PyAV's stub says.
    context = cast("VideoCodecContext | None", stream.codec_context)
    # Its decoder may have a name of its own, as AV1's has.
    if context is None or context.codec.canonical_name not in CODECS:
        raise Refused(Problem.VIDEO_WRONG_FORMAT)
    if context.width * context.height > PIXEL_LIMIT:
        raise Refused(
            Problem.VIDEO_TOO_MANY_PIXELS,
            width=context.width,
            height=context.height,
            limit_pixels=PIXEL_LIMIT,
        )


def can_be_heard(sound: AudioStream) -> bool:
    """Whether it is of a usual kind; others are left out."""
    context = cast("AudioCodecContext | None", sound.codec_context)
    return context is not None and context.codec.canonical_name in SOUND_CODECS


def _measure(container: InputContainer, stream: VideoStream) -> _Measured:
    """Read every packet: headers may say anything, and a broken download ends early."""
    first, end = math.inf, -math.inf
    packets, last_keyframe, longest_s = 0, 0, (container.duration or 0) / av.time_base
    for packet in container.demux():
        if packet.is_corrupt:
            raise Refused(Problem.DAMAGED_VIDEO)
        shown_at = packet.dts if packet.pts is None else packet.pts
        if shown_at is None:
            continue
        if packet.stream_index != stream.index:
            if packet.time_base is not None:
                over = shown_at + (packet.duration or 0)
                longest_s = max(longest_s, float(over * packet.time_base))
            continue
        packets += 1
        if packets > MOST_PACKETS:
            raise Refused(Problem.TOO_HARD_TO_READ)
        if packet.is_discard:
            continue
        first, end = min(first, shown_at), max(end, shown_at + (packet.duration or 0))
        if packet.is_keyframe:
            last_keyframe = shown_at
    if end <= first:
        raise Refused(Problem.DAMAGED_VIDEO)
    return _Measured(float((end - first) * _tick(stream)), packets, last_keyframe, longest_s)


def first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """The first frame from here that decodes: cut videos may begin with some that cannot.

    Raises `Refused` when none does, and PyAV's errors.
    """
    for packet in container.demux(stream):
        with suppress(av.error.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    return frame
    raise Refused(Problem.DAMAGED_VIDEO)


def _spacing_s(stream: VideoStream, duration_s: float) -> float:
    """How far apart the keyframes are that are decoded."""
    pixels = stream.codec_context.width * stream.codec_context.height
    return max(_KEYFRAME_SPACING_S, duration_s * pixels / _MOST_KEYFRAME_PIXELS)


def _keyframes(
    container: InputContainer, stream: VideoStream, spacing_s: float, *, but: int | None
) -> list[VideoFrame]:
    """The first keyframe; those from there to the last are decoded, but not the one at `but`."""
    rewind(container, stream)
    stream.codec_context.skip_frame = "NONKEY"
    frames: list[VideoFrame] = []
    due_s = -math.inf
    for packet in container.demux(stream):
        if packet.pts is None:  # the end: what the decoder still has
            frames += stream.decode(packet)
        elif packet.is_keyframe and packet.pts != but:
            at_s = float(packet.pts * _tick(stream))
            if at_s >= due_s:
                due_s = at_s + spacing_s
                frames += stream.decode(packet)
        del frames[1:]
    stream.codec_context.skip_frame = "DEFAULT"
    return frames


def _end(container: InputContainer, stream: VideoStream, last_keyframe: int) -> list[VideoFrame]:
    """The first frame from the last keyframe on; what others build on is decoded to the end.

    Raises `Refused` where none is whole.
    """
    rewind(container, stream, last_keyframe)
    stream.codec_context.skip_frame = "NONREF"
    frames: list[VideoFrame] = []
    for frame in container.decode(stream):
        if not frames and not frame.is_corrupt:
            frames.append(frame)
    if not frames:
        raise Refused(Problem.DAMAGED_VIDEO)
    return frames


def rewind(container: InputContainer, stream: VideoStream, ticks: int = 0) -> None:
    """Go on reading from the keyframe at or before `ticks` of the stream's clock."""
    container.seek(ticks, stream=stream)
    stream.codec_context.flush_buffers()


def _tick(stream: VideoStream) -> Fraction:
    if stream.time_base is None:
        raise Refused(Problem.DAMAGED_VIDEO)
    return stream.time_base


def _main_picture(container: InputContainer) -> VideoStream | None:
    """The one that players show: of those that move, the first that is on, or else the first."""
    moving = [each for each in container.streams.video if _moves(each)]
    on = (each for each in moving if each.disposition & av.stream.Disposition.default)
    return next(on, moving[0] if moving else None)


def _moves(stream: VideoStream) -> bool:
    """Whether it is a video, not the cover of an audio file."""
    return not stream.disposition & av.stream.Disposition.attached_pic


def _no_other_file(url: str, flags: int, options: dict[str, str]) -> None:
    """A container may name other files and addresses to read on from; none is opened."""
    raise PermissionError("no other file is opened")
