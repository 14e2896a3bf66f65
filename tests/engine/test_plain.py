"""The plain video: its form, its length, its sound, and what each half shows."""

import random
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from av import VideoFrame
from av.stream import Disposition
from PIL import Image, ImageChops, ImageDraw, ImageStat

from engine.media import RenderError, duration_s, open_subject
from engine.plain import render
from tests.media_samples import (
    MOTION_BACKGROUND,
    SUBJECT_BACKGROUND,
    make_audio_only,
    make_motion,
    make_noise,
    make_picture,
    make_pixel_bomb,
    make_truncated,
)


class Seen(NamedTuple):
    """What a decoder finds in a video."""

    pictures: list[Image.Image]
    size: tuple[int, int]
    rate: Fraction | None
    duration_s: float
    codecs: list[str]
    sound_s: float


def look(path: Path) -> Seen:
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        pictures, samples = [], 0
        frames: Iterable[object] = video.decode(*video.streams)
        for frame in frames:
            if isinstance(frame, VideoFrame):
                pictures.append(to_picture(frame))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
        assert stream.pix_fmt == "yuv420p"
        return Seen(
            pictures=pictures,
            size=(stream.width, stream.height),
            rate=stream.average_rate,
            duration_s=float((stream.duration or 0) * (stream.time_base or 0)),
            codecs=[each.codec.name for each in video.streams],
            sound_s=samples / video.streams.audio[0].rate if video.streams.audio else 0,
        )


def to_picture(frame: VideoFrame) -> Image.Image:
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # bare in PyAV's stubs
    return picture


def halves(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    middle = picture.width // 2
    return (
        picture.crop((0, 0, middle, picture.height)),
        picture.crop((middle, 0, picture.width, picture.height)),
    )


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean over all pixels, 0 for the same picture, 255 for black against white."""
    small = [picture.convert("L").resize((60, 90)) for picture in (one, other)]
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0]


def test_it_shows_the_subject_beside_the_motions_frames(tmp_path: Path) -> None:
    subject = make_picture(tmp_path / "subject.jpg", size=(240, 320))
    motion = make_motion(tmp_path / "motion.mp4", duration_s=1, fps=12)
    render(subject, motion, tmp_path / "out.mp4", "360p")

    seen, original = look(tmp_path / "out.mp4"), look(motion)
    assert len(seen.pictures) == len(original.pictures) == 12
    still = Image.open(subject)
    for picture, frame in zip(seen.pictures, original.pictures, strict=True):
        left, right = halves(picture)
        assert difference(left, still) < 6
        assert difference(right, frame) < 6
    first, later = halves(seen.pictures[0])[1], halves(seen.pictures[3])[1]
    assert difference(first, later) > 10


@pytest.mark.parametrize(("quality", "short_side"), [("360p", 360), ("540p", 540), ("720p", 720)])
@pytest.mark.parametrize("size", [(120, 160), (160, 90), (200, 20), (20, 200), (130, 130)])
def test_the_short_side_is_the_quality_and_sides_are_even(
    tmp_path: Path, subject: Path, size: tuple[int, int], quality: str, short_side: int
) -> None:
    motion = make_motion(tmp_path / "motion.mp4", duration_s=0.1, fps=10, size=size)
    render(subject, motion, tmp_path / "out.mp4", quality)
    seen = look(tmp_path / "out.mp4")
    assert min(seen.size) == short_side
    assert not any(side % 2 for side in seen.size)


@pytest.mark.parametrize(("fps", "expected"), [(8, 8), (30, 30), (60, 30)])
def test_rate_is_kept_up_to_thirty_and_length_always(
    tmp_path: Path, subject: Path, fps: int, expected: int
) -> None:
    motion = make_motion(tmp_path / "motion.mp4", duration_s=1.5, fps=fps)
    render(subject, motion, tmp_path / "out.mp4", "360p")
    seen = look(tmp_path / "out.mp4")
    assert seen.rate == expected
    assert seen.duration_s == pytest.approx(1.5)
    assert duration_s(tmp_path / "out.mp4") == seen.duration_s
    assert seen.codecs == ["h264"]


def test_sound_comes_along(tmp_path: Path, subject: Path) -> None:
    motion = make_motion(tmp_path / "motion.mov", duration_s=1, audio=True, container="mov")
    render(subject, motion, tmp_path / "out.mp4", "360p")
    seen = look(tmp_path / "out.mp4")
    assert seen.codecs == ["h264", "aac"]
    assert seen.sound_s == pytest.approx(1, abs=0.1)


def test_the_index_comes_first_so_that_it_plays_while_loading(
    tmp_path: Path, subject: Path, motion: Path
) -> None:
    render(subject, motion, tmp_path / "out.mp4", "360p")
    content = (tmp_path / "out.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "GIF"])
def test_other_pictures_do_as_well(tmp_path: Path, motion: Path, fmt: str) -> None:
    subject = make_picture(tmp_path / "subject", fmt=fmt)
    render(subject, motion, tmp_path / "out.mp4", "360p")
    left, _ = halves(look(tmp_path / "out.mp4").pictures[0])
    assert left.getpixel((5, 5)) == pytest.approx(SUBJECT_BACKGROUND, abs=12)


def test_a_turned_picture_is_shown_upright(tmp_path: Path, motion: Path) -> None:
    lying = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(lying).rectangle((0, 0, 60, 240), fill="black")  # its head, once turned
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "subject.jpg", exif=exif)
    render(tmp_path / "subject.jpg", motion, tmp_path / "out.mp4", "360p")
    left, _ = halves(look(tmp_path / "out.mp4").pictures[0])
    top = left.convert("L").getpixel((left.width // 2, 20))
    bottom = left.convert("L").getpixel((left.width // 2, left.height - 20))
    assert (top, bottom) == pytest.approx((0, 255), abs=20)


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_film_stored_lying_is_shown_as_players_show_it(
    tmp_path: Path, subject: Path, degrees: int
) -> None:
    motion = _half_dark(tmp_path / "motion.mp4", degrees)
    render(subject, motion, tmp_path / "out.mp4", "360p")
    picture = look(tmp_path / "out.mp4").pictures[0]
    _, right = halves(picture)
    assert (right.width < right.height) == (degrees % 180 != 0)
    grey = right.convert("L")
    corner = grey.getpixel((10, 10)), grey.getpixel((right.width - 10, right.height - 10))
    # stored with a dark top; turned counter-clockwise the top comes to lie on the left
    dark_first = {90: True, -90: False, 180: False}[degrees]
    assert corner == pytest.approx((0, 255) if dark_first else (255, 0), abs=20)


def _half_dark(path: Path, degrees: int) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.set_display_rotation(degrees)
        picture = Image.new("RGB", (160, 120), "white")
        ImageDraw.Draw(picture).rectangle((0, 0, 160, 60), fill="black")
        for _ in range(2):
            frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def test_a_film_of_uneven_rhythm_keeps_its_moments(tmp_path: Path, subject: Path) -> None:
    with av.open(str(tmp_path / "motion.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 120, 160, "yuv420p"
        for moment, grey in ((0, 0), (3, 80), (20, 160), (22, 240)):
            picture = Image.new("L", (120, 160), grey).convert("RGB")
            frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = moment, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    render(subject, tmp_path / "motion.mp4", tmp_path / "out.mp4", "360p")

    seen = look(tmp_path / "out.mp4")
    middle = seen.pictures[len(seen.pictures) // 2]
    assert halves(middle)[1].convert("L").getpixel((50, 50)) == pytest.approx(80, abs=8)
    assert seen.duration_s == pytest.approx(look(tmp_path / "motion.mp4").duration_s, abs=0.1)


def test_a_broken_off_film_gives_what_there_is(tmp_path: Path, subject: Path, motion: Path) -> None:
    broken = make_truncated(motion, tmp_path / "broken.mp4", keep=0.7)
    render(subject, broken, tmp_path / "out.mp4", "360p")
    assert 0 < duration_s(tmp_path / "out.mp4") < 0.5


def test_a_broken_off_picture_gives_what_there_is(tmp_path: Path, motion: Path) -> None:
    whole = make_picture(tmp_path / "whole.jpg")
    with open_subject(make_truncated(whole, tmp_path / "half.jpg"), 480) as half:
        assert half.size == (320, 480)
        assert half.getpixel((5, 5)) == pytest.approx(SUBJECT_BACKGROUND, abs=9)
        assert half.getpixel((5, 475)) != pytest.approx(SUBJECT_BACKGROUND, abs=9)


def test_wrong_inputs_are_named(tmp_path: Path, subject: Path, motion: Path) -> None:
    noise = make_noise(tmp_path / "noise")
    bomb = make_pixel_bomb(tmp_path / "bomb.png")
    no_index = make_motion(tmp_path / "tail.mp4", duration_s=0.3, faststart=False)
    pairs = [
        (noise, motion, "image_url is not a readable image"),
        (motion, motion, "image_url is not a readable image"),
        (bomb, motion, "image_url has more than"),
        (subject, noise, "video_url is not an mp4 or mov video"),
        (subject, subject, "video_url is not an mp4 or mov video"),
        (subject, make_truncated(no_index, tmp_path / "cut.mp4"), "video_url is not an mp4 or mov"),
        (subject, make_audio_only(tmp_path / "sound.mp4"), "video_url holds no video stream"),
        (
            subject,
            make_motion(tmp_path / "long.mp4", duration_s=31, fps=2, size=(64, 64)),
            "video_url is longer than 30 seconds",
        ),
    ]
    for image, video, text in pairs:
        with pytest.raises(RenderError, match=text):
            render(image, video, tmp_path / "out.mp4", "360p")


def test_damage_costs_its_own_moment_and_never_more_than_the_video(
    tmp_path: Path, subject: Path
) -> None:
    motion = make_motion(tmp_path / "motion.mp4", duration_s=0.5, size=(96, 128), audio=True)
    good = motion.read_bytes().replace(b"SoundHandler", b"Sound\xff\xfe\xfd\xfc\xfb\xfa\xf9")
    chance = random.Random(3)
    rendered = 0
    for flips in (0, 1, 2, 4, 8, 16, 32, 64):
        damaged = bytearray(good)
        for _ in range(flips):
            damaged[chance.randrange(good.index(b"mdat"), len(good))] = chance.randrange(256)
        motion.write_bytes(damaged)
        try:
            render(subject, motion, tmp_path / "out.mp4", "360p")
        except RenderError:
            continue
        rendered += 1
        assert look(tmp_path / "out.mp4").duration_s == pytest.approx(0.5, abs=0.1)
    assert rendered > 4


def test_a_songs_cover_is_no_video(tmp_path: Path, subject: Path) -> None:
    with av.open(str(tmp_path / "song.mp4"), "w") as output:
        cover = output.add_mux_stream("mjpeg", width=160, height=240)
        cover.disposition = Disposition.attached_pic
        output.start_encoding()
        packet = av.Packet(subject.read_bytes())
        packet.stream, packet.pts, packet.dts = cover, 0, 0
        output.mux(packet)
    with pytest.raises(RenderError, match="video_url holds no video stream"):
        render(subject, tmp_path / "song.mp4", tmp_path / "out.mp4", "360p")


def test_a_playlist_cannot_pose_as_a_video(tmp_path: Path, subject: Path, motion: Path) -> None:
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{motion}\n#EXT-X-ENDLIST\n")
    with pytest.raises(RenderError, match="not an mp4 or mov"):
        render(subject, playlist, tmp_path / "out.mp4", "360p")


def test_the_samples_look_as_the_tests_believe(subject: Path, motion: Path) -> None:
    assert Image.open(subject).getpixel((3, 3)) == pytest.approx(SUBJECT_BACKGROUND, abs=6)
    corner = look(motion).pictures[0].getpixel((3, 3))
    assert corner == pytest.approx(MOTION_BACKGROUND, abs=12)
