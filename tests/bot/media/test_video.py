"""Which videos are taken, how long they really are, and why others are not."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from bot.errors import Problem, Refused
from bot.media.facts import VideoFacts
from bot.media.rewriting.motion import fit, rewrite
from bot.media.video import inspect_result, inspect_video
from tests.media_samples import (
    make_audio_only,
    make_films,
    make_motion,
    make_noise,
    make_picture,
    make_repeated,
    make_truncated,
)


def problem(path: Path) -> Problem:
    with pytest.raises(Refused) as caught:
        inspect_video(path)
    return caught.value.problem


@pytest.fixture(scope="module")
def motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds, its index at the end."""
    return make_motion(tmp_path_factory.mktemp("m") / "m.mp4", duration_s=12, faststart=False)


def remuxed(source: Path, target: Path, *, movflags: str = "+faststart", turn: int = 0) -> Path:
    with (
        av.open(str(source), "r") as reader,
        av.open(str(target), "w", format="mp4", options={"movflags": movflags}) as writer,
    ):
        stream = writer.add_stream_from_template(reader.streams.video[0])
        stream.set_display_rotation(turn)
        for packet in reader.demux(reader.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                writer.mux(packet)
    return target


def patched(source: Path, target: Path, atom: bytes, offset: int, value: int) -> Path:
    """A copy with the 32-bit number at `offset` behind an atom's name set to `value`."""
    content = bytearray(source.read_bytes())
    at = content.index(atom) + len(atom) + offset
    content[at : at + 4] = struct.pack(">I", value)
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("container", ["mp4", "mov"])
@pytest.mark.parametrize("faststart", [True, False])
@pytest.mark.parametrize("audio", [True, False])
def test_mp4_and_mov_are_taken_whatever_their_name(
    tmp_path: Path, container: str, faststart: bool, audio: bool
) -> None:
    path = tmp_path / "motion.bin"
    make_motion(path, container=container, faststart=faststart, audio=audio)
    assert inspect_video(path) == VideoFacts(2.0, 240, 320)
    assert inspect_result(path) == VideoFacts(2.0, 240, 320)


def test_a_fragmented_mp4_is_taken(motion: Path, tmp_path: Path) -> None:
    path = remuxed(motion, tmp_path / "f.mp4", movflags="frag_keyframe+empty_moov")
    assert inspect_video(path) == VideoFacts(12.0, 240, 320)
    assert problem(make_truncated(path, tmp_path / "cut.mp4")) is Problem.DAMAGED_VIDEO


@pytest.mark.parametrize(("turn", "upright"), [(90, (320, 240)), (180, (240, 320))])
def test_the_size_is_that_of_the_upright_video(
    motion: Path, tmp_path: Path, turn: int, upright: tuple[int, int]
) -> None:
    facts = inspect_video(remuxed(motion, tmp_path / "turned.mp4", turn=turn))
    assert (facts.width, facts.height) == upright


def test_a_turned_video_stays_turned_when_made_smaller(motion: Path, tmp_path: Path) -> None:
    turned = remuxed(motion, tmp_path / "turned.mp4", turn=90)
    target = tmp_path / "smaller.mp4"
    assert fit(turned, target, turned.stat().st_size // 2)
    facts = inspect_video(target)
    assert facts.width > facts.height
    angles = [_rotation(path) for path in (turned, target)]
    assert angles[0] == angles[1] != 0


def _rotation(path: Path) -> int:
    with av.open(str(path), "r") as container:
        return next(container.decode(video=0)).rotation


def test_a_title_in_another_alphabets_bytes_is_no_damage(motion: Path, tmp_path: Path) -> None:
    path = tmp_path / "titled.mp4"
    content = motion.read_bytes()
    assert b"VideoHandler" in content
    path.write_bytes(content.replace(b"VideoHandler", b"Vid\xe9oHandler"))
    assert inspect_video(path).duration_s == 12.0


@pytest.mark.parametrize(
    ("tracks", "sound_s", "sent"),
    [
        ((((64, 64), 1.0), ((640, 480), 20.0)), 0.0, VideoFacts(1.0, 64, 64)),
        ((((64, 64), 1.0), ((64, 64), 1.0)), 1.0, VideoFacts(1.0, 64, 64)),
        ((((64, 64), 1.0),), 20.0, VideoFacts(1.0, 64, 64)),
        ((((3840, 2160), 0.5),), 0.0, VideoFacts(0.5, 1920, 1080)),
        ((((64, 2050), 0.5),), 0.5, VideoFacts(0.5, 58, 1920)),
    ],
    ids=["a longer one behind", "two alike", "sound goes on", "4K", "tall"],
)
def test_what_is_more_than_the_provider_takes_is_left_out(
    tmp_path: Path,
    tracks: tuple[tuple[tuple[int, int], float], ...],
    sound_s: float,
    sent: VideoFacts,
) -> None:
    source, target = make_films(tmp_path / "s.mp4", *tracks, sound_s=sound_s), tmp_path / "t.mp4"
    assert inspect_video(source).is_to_be_rewritten
    assert rewrite(source, target) == sent
    with av.open(str(target)) as written:
        assert len(written.streams.video) == 1
        assert len(written.streams.audio) == (sound_s > 0)
        assert (written.duration or 0) / av.time_base == pytest.approx(sent.duration_s, abs=0.2)


@pytest.mark.parametrize(
    ("size", "sound_s"), [((1920, 1080), 0.5), ((64, 64), 1.4), ((64, 64), 0.0)]
)
def test_what_the_provider_takes_is_left_alone(
    tmp_path: Path, size: tuple[int, int], sound_s: float
) -> None:
    path = make_films(tmp_path / "s.mp4", (size, 0.5), sound_s=sound_s)
    assert not inspect_video(path).is_to_be_rewritten


def test_a_video_stays_turned_when_it_is_written_anew(tmp_path: Path) -> None:
    wide = make_films(tmp_path / "w.mp4", ((2400, 1200), 0.5))
    turned = remuxed(wide, tmp_path / "turned.mp4", turn=90)
    assert inspect_video(turned) == VideoFacts(0.5, 1200, 2400)
    assert rewrite(turned, tmp_path / "t.mp4") == VideoFacts(0.5, 960, 1920)


def test_a_damaged_packet_costs_its_own_moment(tmp_path: Path) -> None:
    wide = make_films(tmp_path / "w.mp4", ((2400, 1200), 2.0))
    content = bytearray(wide.read_bytes())
    middle = (content.index(b"mdat") + content.index(b"moov")) // 2
    content[middle : middle + 40] = b"\xff" * 40
    wide.write_bytes(content)
    sent = rewrite(wide, tmp_path / "t.mp4")
    assert (sent.width, sent.height) == (1920, 960)
    assert sent.duration_s == pytest.approx(2.0, abs=0.3)


def test_sound_that_changes_its_kind_on_the_way_is_written_whole(tmp_path: Path) -> None:
    source, target = tmp_path / "changing.mp4", tmp_path / "t.mp4"
    with av.open(str(source), "w", format="mp4") as output:
        picture = output.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 2000, 64, "yuv420p"
        sound = output.add_stream("libmp3lame", rate=48_000)
        for index in range(20):
            # PyAV's stubs leave from_image bare
            frame: av.VideoFrame = av.VideoFrame.from_image(  # type: ignore[no-untyped-call]
                Image.new("RGB", (2000, 64))
            )
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        at = 0
        for channels in ("mono", "stereo"):
            for packet in mp3_packets(channels):
                packet.stream, packet.pts, packet.dts = sound, at, at
                output.mux(packet)
                at += packet.duration or 0
    assert rewrite(source, target).duration_s == pytest.approx(2.0, abs=0.1)
    with av.open(str(target)) as written:
        heard_s = sum(frame.samples / frame.sample_rate for frame in written.decode(audio=0))
    assert heard_s == pytest.approx(2.0, abs=0.2)


def mp3_packets(layout: str) -> "list[av.Packet[Any]]":
    """A second of silence; each frame of an MP3 says by itself how many channels it has."""
    encoder = av.CodecContext.create("libmp3lame", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, layout, av.AudioFormat("s16p")
    encoder.time_base = Fraction(1, 48_000)
    packets = []
    for index in range(41):
        frame = av.AudioFrame("s16p", layout, 1152)
        for plane in frame.planes:
            plane.update(bytes(1152 * 2))
        frame.sample_rate, frame.pts = 48_000, index * 1152
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


def test_a_single_frame_is_a_video(tmp_path: Path) -> None:
    facts = inspect_video(make_motion(tmp_path / "m.mp4", duration_s=0.01, fps=10))
    assert facts.duration_s == pytest.approx(0.1)


def test_what_parts_are_cut_out_of_may_last_ten_minutes(tmp_path: Path) -> None:
    path = tmp_path / "motion.mp4"
    assert inspect_video(make_motion(path, duration_s=600, fps=1, size=(64, 64))).duration_s == 600
    make_motion(path, duration_s=601, fps=1, size=(64, 64))
    with pytest.raises(Refused) as caught:
        inspect_video(path)
    assert caught.value.problem is Problem.VIDEO_TOO_LONG
    assert caught.value.facts == {"duration_s": 601.0, "limit_s": 600.0}
    assert inspect_result(path).duration_s == 601.0, "ours to judge are motions only"


@pytest.mark.parametrize(
    ("atom", "offset"), [(b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16), (b"elst", 8)]
)
def test_headers_that_lie_about_the_length_change_nothing(
    motion: Path, tmp_path: Path, atom: bytes, offset: int
) -> None:
    """Neither a duration nor an edit list that hides most of the file makes it cheap."""
    path = patched(motion, tmp_path / "lie.mp4", atom, offset, 1000)
    assert inspect_video(path).duration_s == 12.0


def test_a_trimmed_video_is_as_long_as_it_plays(motion: Path, tmp_path: Path) -> None:
    path = patched(motion, tmp_path / "trimmed.mp4", b"elst", 8, 10_500)
    assert inspect_video(path).duration_s == pytest.approx(10.5, abs=0.1)


def test_frames_cannot_be_squeezed_into_no_time(motion: Path, tmp_path: Path) -> None:
    path = patched(motion, tmp_path / "squeezed.mp4", b"stts", 12, 1)
    assert inspect_video(path).duration_s == 144 / 240


@pytest.mark.parametrize("keep", [0.1, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("faststart", [True, False])
def test_videos_that_break_off_are_damaged(tmp_path: Path, keep: float, faststart: bool) -> None:
    good = make_motion(tmp_path / "good.mp4", audio=True, faststart=faststart)
    path = make_truncated(good, tmp_path / "cut.mp4", keep=keep)
    assert problem(path) is Problem.DAMAGED_VIDEO


def test_an_index_without_samples_is_damaged(tmp_path: Path) -> None:
    path = make_motion(tmp_path / "motion.mp4")
    content = path.read_bytes()
    samples_at = content.index(b"mdat") + 4
    path.write_bytes(content[:samples_at] + bytes(len(content) - samples_at))
    assert problem(path) is Problem.DAMAGED_VIDEO


@pytest.mark.parametrize("count", [0xFFFF_FFFF, 0x0FFF_FFFF])
def test_an_index_of_absurd_size_is_refused(motion: Path, tmp_path: Path, count: int) -> None:
    path = patched(motion, tmp_path / "huge.mp4", b"stsz", 8, count)
    assert problem(path) is Problem.DAMAGED_VIDEO


@pytest.mark.parametrize("container", ["flv", "asf"])
def test_what_is_not_read_is_told_apart_from_no_video(tmp_path: Path, container: str) -> None:
    path = make_motion(tmp_path / "motion.mp4", container=container)
    assert problem(path) is Problem.VIDEO_WRONG_FORMAT


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    assert problem(make_audio_only(tmp_path / "motion.mp4")) is Problem.NO_VIDEO_STREAM


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "motion.mp4"
    for content in (
        b"",
        b"hello",
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\n",
    ):
        path.write_bytes(content)
        assert problem(path) is Problem.NOT_A_VIDEO
    assert problem(make_noise(path)) is Problem.NOT_A_VIDEO


@pytest.mark.parametrize(
    ("fmt", "facts"),
    [
        ("GIF", {}),
        ("WEBP", {"kind": "WEBP"}),
        ("PNG", {"kind": "PNG"}),
        ("JPEG", {"kind": "JPEG"}),
        ("TIFF", {"kind": "picture"}),
    ],
)
def test_a_still_picture_is_called_one(tmp_path: Path, fmt: str, facts: dict[str, str]) -> None:
    path = tmp_path / "motion.mp4"
    with pytest.raises(Refused) as caught:
        inspect_video(make_picture(path, fmt=fmt))
    expected = Problem.PICTURE_AS_VIDEO if facts else Problem.GIF_AS_VIDEO
    assert (caught.value.problem, caught.value.facts) == (expected, facts)


def test_a_container_cannot_read_another_file(motion: Path, tmp_path: Path) -> None:
    """A mov may say that its samples lie in another file; FFmpeg would read them if allowed."""
    other = tmp_path / "other.mp4"
    other.write_bytes(motion.read_bytes())
    path = tmp_path / "alias.mov"
    path.write_bytes(_with_alias(motion.read_bytes(), other))
    allowed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(path), "r", options=allowed) as container:
        assert sum(1 for _ in container.decode(video=0)) == 144, "the file is a real attack"
    assert problem(path) is Problem.DAMAGED_VIDEO


def _with_alias(content: bytes, other: Path) -> bytes:
    """The mp4 `content`, whose index is at its end, with its samples said to be in `other`."""
    start, end = 0, len(content)
    parents: list[int] = []
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        while content[start + 4 : start + 8] != name:
            start += int.from_bytes(content[start : start + 4])
        end = start + int.from_bytes(content[start : start + 4])
        parents.append(start)
        start += 8
    dref_at = parents.pop()
    target = str(other).encode()
    alias = bytes(10) + bytes(28) + bytes(12) + bytes([len(other.name)])
    alias += other.name.encode().ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 1, 1)
    alias += bytes(16) + struct.pack(">hH", 2, len(target)) + target + bytes(len(target) % 2)
    alias += struct.pack(">hH", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    changed = bytearray(content[:dref_at] + dref + content[end:])
    for at in parents:
        size = int.from_bytes(content[at : at + 4]) + len(dref) - (end - dref_at)
        changed[at : at + 4] = struct.pack(">I", size)
    return bytes(changed)


def test_of_huge_keyframes_fewer_are_decoded(tmp_path: Path) -> None:
    def made(broken: int) -> Path:
        return make_repeated(
            tmp_path / f"{broken}.mp4",
            size=(5_000, 5_000),
            frames=32,
            fps=2,
            codec="mjpeg",
            broken=frozenset({broken}),
        )

    facts = inspect_video(made(1))
    assert (facts.frames, facts.pixels) == (32, 32 * 25_000_000)
    assert problem(made(2)) is Problem.DAMAGED_VIDEO
