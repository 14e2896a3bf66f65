"""A part of a motion begins and ends at its frame, whatever kind of file it is cut from."""

import math
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

from bot.errors import Problem, Refused
from bot.media import video
from bot.media.inspect import Media
from bot.media.rewriting import motion
from bot.media.rewriting.motion import rewrite
from tests.media_samples import make_motion

FPS, STEP, RATE_HZ = 10, 6, 48_000
KINDS = {
    "mp4": ("libx264", {"g": "250", "bf": "2"}),
    "mov": ("libx265", {"x265-params": "keyint=15:log-level=none"}),
    "matroska": ("libx264", {"g": "7"}),
    "webm": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    "mpegts": ("libx264", {"g": "12", "bf": "2"}),
    "avi": ("mpeg4", {"g": "12", "qmin": "1", "qmax": "1", "b": "9000k"}),
}


def make_count(path: Path, kind: str, *, seconds: float = 4.0) -> Path:
    """Each frame is a little brighter than the one before; the sound begins at half of it."""
    codec, options = KINDS[kind]
    with av.open(str(path), "w", format=kind) as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=FPS, options=options))
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        voice = {"webm": "libopus", "avi": "mp3"}.get(kind, "aac")
        sound = cast("AudioStream", output.add_stream(voice, rate=RATE_HZ))
        sound.codec_context.layout = "mono"
        for index in range(round(seconds * FPS)):
            picture = Image.new("RGB", (64, 64), (index * STEP % 256,) * 3)
            # PyAV's stubs leave from_image bare
            frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        samples = array("h", [0]) * round(seconds * RATE_HZ)
        for at in range(len(samples) // 2, len(samples)):
            samples[at] = round(12_000 * math.sin(at * 0.06))
        hears = av.AudioResampler(sound.codec_context.format, "mono", RATE_HZ)
        spoken = av.AudioFrame("s16", "mono", len(samples))
        spoken.planes[0].update(samples.tobytes())
        spoken.sample_rate, spoken.pts, spoken.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        fifo = av.AudioFifo()
        for piece in hears.resample(spoken):
            fifo.write(piece)
        while read := fifo.read(sound.codec_context.frame_size):
            output.mux(sound.encode(read))
        output.mux(sound.encode(None))
    return path


def numbers(path: Path) -> list[int]:
    """Which frames of the count it shows."""
    with av.open(str(path)) as film:
        shown = [frame.reformat(format="rgb24") for frame in film.decode(video=0)]
        return [round(bytes(frame.planes[0])[96] / STEP) for frame in shown]


def loud_from_s(path: Path) -> float:
    """When its sound begins."""
    with av.open(str(path)) as film:
        for frame in film.decode(audio=0):
            pieces = av.AudioResampler("s16", "mono", RATE_HZ).resample(frame)
            heard = array("h", bytes(pieces[0].planes[0])[: 2 * pieces[0].samples])
            for number, value in enumerate(heard):
                if abs(value) > 4_000:
                    return (frame.time or 0.0) + number / RATE_HZ
    return math.inf


@pytest.mark.parametrize("kind", KINDS)
def test_it_begins_and_ends_at_its_frame_with_its_sound(tmp_path: Path, kind: str) -> None:
    source, target = make_count(tmp_path / "film", kind), tmp_path / "part"
    sent = rewrite(source, target, 1.7, 1.2)
    late = kind == "avi"  # all but its first frame come one later
    assert numbers(target) == list(range(17 - late, 29 - late))
    assert sent.duration_s == pytest.approx(1.2, abs=0.002)
    assert loud_from_s(target) == pytest.approx(0.3, abs=0.06)
    assert not sent.is_to_be_rewritten


def test_its_first_picture_is_what_was_shown_at_that_moment(tmp_path: Path) -> None:
    source, target = make_count(tmp_path / "film", "mp4"), tmp_path / "part"
    sent = rewrite(source, target, 1.75, 0.3)
    assert numbers(target) == [17, 18, 19, 20]
    assert sent.duration_s == pytest.approx(0.3, abs=0.002)
    sent = rewrite(source, target, 3.92)
    assert numbers(target) == [39]
    assert sent.duration_s == pytest.approx(0.08, abs=0.002)
    sent = rewrite(source, target, 3.2)
    assert numbers(target) == list(range(32, 40))


def test_only_what_is_needed_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, decoded = make_count(tmp_path / "film", "matroska"), 0
    decode = motion._decoded

    def counted(packet: "av.Packet[Any]") -> object:
        nonlocal decoded
        decoded += isinstance(packet.stream, VideoStream)
        return decode(packet)

    monkeypatch.setattr("bot.media.rewriting.motion._decoded", counted)
    rewrite(source, tmp_path / "part", 3.0, 0.3)
    assert 3 <= decoded <= 14


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_cut_in_its_own_time(tmp_path: Path, fmt: str) -> None:
    source, target = tmp_path / "film", tmp_path / "part"
    frames = [Image.new("RGB", (64, 64), (number * STEP,) * 3) for number in range(30)]
    how = {"lossless": True} if fmt == "WEBP" else {}
    frames[0].save(source, fmt, save_all=True, append_images=frames[1:], duration=100, **how)
    sent = rewrite(source, target, 1.05, 0.5)
    assert numbers(target) == [10, 11, 12, 13, 14, 15]
    assert sent.duration_s == pytest.approx(0.5, abs=0.002)


def test_a_small_file_may_not_claim_much_work_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that would be handed over as it is."""
    source, target = make_count(tmp_path / "film", "mp4"), tmp_path / "part"
    monkeypatch.setattr(video, "DECODED_PIXELS_A_BYTE", 0)
    monkeypatch.setattr(video, "MOST_DECODED_PIXELS", 64 * 64 * 12)
    rewrite(source, target, 1.0, 1.2)
    with pytest.raises(Refused) as caught:
        rewrite(source, target, 1.0, 1.4)
    assert caught.value.problem is Problem.TOO_HARD_TO_READ


async def test_a_part_of_a_long_motion_is_judged_by_itself(tmp_path: Path) -> None:
    """The whole of it would be too much work."""
    path = make_motion(tmp_path / "m.mkv", duration_s=60, fps=2, container="matroska")
    async with Media() as media:
        facts = await media.inspect_video(path, "m.mkv")
        sent = await media.rewrite(path, "m.mkv", facts=facts, start_s=59.0, length_s=1.0)
        assert sent.duration_s == pytest.approx(1.0, abs=0.002)
