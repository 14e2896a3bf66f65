"""What a motion of another kind is sent as: its pictures, its length, its colours, its sound."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageSequence, ImageStat

from bot.errors import Problem, Refused
from bot.media import video
from bot.media.facts import VideoFacts
from bot.media.rewriting.motion import rewrite
from bot.media.video import inspect_video
from tests.media_samples import make_motion, make_picture
from tests.odd_files import VIDEOS, make_film

OTHERS = [name for name, (_, outcome) in VIDEOS.items() if outcome == "written anew"]
LEFT_OUT = {
    "HDR of a phone (HLG, BT.2020)",
    "a 4K video",
    "a video with a second one behind it",
    "a video whose sound goes on",
}
SQUARE = {"a 3gp of an old phone": (192, 144)}
"""Its pixels are wider than high."""


def shown(path: Path) -> Iterator[tuple[float, Image.Image]]:
    """Each frame upright and small, with the second at which it is shown."""
    try:
        with Image.open(path) as animation:
            at_s = 0.0
            for frame in ImageSequence.Iterator(animation):
                yield at_s, frame.convert("RGB").resize((32, 32))
                at_s += frame.info["duration"] / 1000
    except OSError:
        with av.open(str(path)) as film:
            for each in film.decode(video=0):
                # PyAV's stubs leave to_image bare
                lying: Image.Image = each.to_image()  # type: ignore[no-untyped-call]
                picture = lying.rotate(each.rotation, expand=True)
                yield each.time or 0.0, picture.resize((32, 32))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("name", sorted({*OTHERS} - LEFT_OUT))
def test_it_is_the_same_film(tmp_path: Path, name: str) -> None:
    source, target = VIDEOS[name][0](tmp_path), tmp_path / "sent"
    facts = inspect_video(source)
    assert facts.is_to_be_rewritten
    sent = rewrite(source, target)
    assert not sent.is_other
    assert inspect_video(target) == VideoFacts(sent.duration_s, sent.width, sent.height)
    even = facts.width // 2 * 2, facts.height // 2 * 2
    assert (sent.width, sent.height) == SQUARE.get(name, even)
    before, after = list(shown(source)), list(shown(target))
    assert len(after) == len(before)
    start_s = before[0][0]
    assert after[0][0] == 0
    for (was_s, was), (is_s, now) in zip(before, after, strict=True):
        assert is_s == pytest.approx(was_s - start_s, abs=0.05)
        assert difference(was, now) < 8
    assert sent.duration_s == pytest.approx(facts.duration_s, abs=0.6)
    assert after[-1][0] < sent.duration_s <= after[-1][0] + 0.2
    with av.open(str(target)) as film, av.open(str(source)) as given:
        assert film.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert len(film.streams.audio) == len(given.streams.audio)
        for sound in film.streams.audio:
            assert sound.duration is not None
            assert sound.time_base is not None
            assert float(sound.duration * sound.time_base) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(("name", "given_as"), [
    ("an animated GIF as video", "GIF"), ("an animated WebP as video", "WebP"),
    ("an animated PNG as video", "PNG"), ("a WebM of VP8", "WebM"), ("an AVI", "AVI"),
    ("HEVC of a phone", ""), ("an MPEG transport stream", "MPEG-TS"),
])  # fmt: skip
def test_what_it_was_is_told(tmp_path: Path, name: str, given_as: str) -> None:
    source = VIDEOS[name][0](tmp_path)
    assert inspect_video(source).given_as == given_as


def test_each_frame_of_a_gif_is_shown_for_its_time(tmp_path: Path) -> None:
    """One that claims no time is shown for a tenth of a second, as browsers do."""
    path = tmp_path / "film.gif"
    frames = [Image.new("RGB", (120, 90), (value, 30, 60)) for value in (0, 80, 160, 240)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[500, 0, 40, 1000])
    facts = inspect_video(path)
    assert replace(facts, duration_s=0) == VideoFacts(0, 120, 90, is_other=True, given_as="GIF")
    assert facts.duration_s == pytest.approx(1.64)
    sent = rewrite(path, tmp_path / "sent")
    assert sent.duration_s == pytest.approx(1.64, abs=0.001)
    times = [at_s for at_s, _ in shown(tmp_path / "sent")]
    assert times == pytest.approx([0.0, 0.5, 0.6, 0.64], abs=0.001)


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG"])
def test_what_a_frame_leaves_as_it_was_stays(tmp_path: Path, fmt: str) -> None:
    """Encoders store of each frame only what changes, and what is transparent is white."""
    path = tmp_path / "film"
    ground = Image.new("RGBA", (120, 90), (0, 0, 0, 0))
    ground.paste((200, 30, 30, 255), (0, 0, 60, 90))
    frames = [ground.copy() for _ in range(3)]
    for index, frame in enumerate(frames):
        frame.paste((30, 30, 200, 255), (5, 5 + 25 * index, 25, 25 + 25 * index))
    how = {"duration": 100, "lossless": True} if fmt == "WEBP" else {"duration": 100, "disposal": 2}
    frames[0].save(path, fmt, save_all=True, append_images=frames[1:], **how)
    rewrite(path, tmp_path / "sent")
    last = [picture for _, picture in shown(tmp_path / "sent")][-1]
    for at, colour in (
        ((4, 24), (30, 30, 200)),
        ((4, 4), (200, 30, 30)),
        ((26, 16), (255, 255, 255)),
    ):
        assert last.getpixel(at) == pytest.approx(colour, abs=25)


def test_a_large_animation_is_scaled_down(tmp_path: Path) -> None:
    path = make_picture(tmp_path / "film.gif", size=(2400, 1200), fmt="GIF", animated=True)
    assert rewrite(path, tmp_path / "sent") == VideoFacts(0.2, 1920, 960, given_as="GIF")


def test_more_than_sixty_frames_a_second_are_thinned_out(tmp_path: Path) -> None:
    path = make_film(tmp_path, "libx265", times=tuple(range(0, 1000, 8)), fps=125)
    assert len(list(shown(path))) == 125
    sent = rewrite(path, tmp_path / "sent")
    assert 50 <= len(list(shown(tmp_path / "sent"))) <= 66
    assert sent.duration_s == pytest.approx(1.0, abs=0.02)


def test_pixels_that_are_wider_than_high_become_square(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 240, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for index in range(5):
            frame = av.VideoFrame(160, 240, "yuv420p")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    sent = rewrite(path, tmp_path / "sent")
    assert (sent.width, sent.height) == (320, 240)


def test_a_small_file_may_not_claim_much_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is handed over as it is costs no such work."""
    monkeypatch.setattr(video, "MOST_DECODED_PIXELS", 240 * 320 * 11)
    monkeypatch.setattr(video, "DECODED_PIXELS_A_BYTE", 0)
    for container, duration_s, is_fine in (
        ("mp4", 1.0, True), ("webm", 1.0, False), ("webm", 0.9, True), ("avi", 1.0, False),
    ):  # fmt: skip
        path = make_motion(tmp_path / "m", duration_s=duration_s, container=container)
        if is_fine:
            inspect_video(path)
            continue
        with pytest.raises(Refused) as caught:
            inspect_video(path)
        assert caught.value.problem is Problem.TOO_HARD_TO_READ


def test_what_is_longer_than_taken_is_refused_before_it_is_written(tmp_path: Path) -> None:
    path = make_motion(tmp_path / "long.mkv", duration_s=601, fps=1, container="matroska")
    with pytest.raises(Refused) as caught:
        rewrite(path, tmp_path / "sent")
    assert caught.value.problem is Problem.VIDEO_TOO_LONG
    assert not (tmp_path / "sent").exists()
