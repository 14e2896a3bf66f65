"""Films and pictures as they come: turned, odd, deep, broken; and who is followed in them."""

import json
import random
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.media import RenderError, duration_s, open_subject
from engine.render import render
from engine.seeing.arrays import fit
from engine.seeing.matte import best_pose
from engine.seeing.pose import PoseModel
from engine.seeing.track import Take, follow
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import Scene, build_by_chance
from sandbox.drawing.motions import MOTIONS, by_chance
from tests.engine.dancers import Frame, draw, frames_of, save, write
from tests.media_samples import make_noise, make_pixel_bomb, make_truncated

pytestmark = pytest.mark.usefixtures("seen_once")
ROOT = Path(__file__).parent.parent.parent
DAMAGES = 9


@pytest.fixture(scope="module")
def dancing() -> list[Frame]:
    return frames_of(MOTIONS["jacks"], 0.75)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, dancing: list[Frame]) -> Path:
    return write(tmp_path_factory.mktemp("film") / "film.mp4", dancing, sound_s=0.75)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(draw(), tmp_path_factory.mktemp("subject") / "subject.png")


def seen_in(path: Path, model: PoseModel) -> Take:
    return follow(path, model, lambda _share: None)


def hips_of(take: Take) -> np.ndarray:
    return (take.points[:, 23, :2] + take.points[:, 24, :2]) / 2


def beside(one: Frame, other: Frame) -> Frame:
    return np.concatenate([one, other], 1)


def shrunk(frame: Frame, share: float) -> Frame:
    size = round(frame.shape[1] * share), round(frame.shape[0] * share)
    small = np.asarray(Image.fromarray(frame).resize(size))
    whole = np.empty_like(frame)
    whole[:] = frame[2, 2]
    whole[-size[1] :, : size[0]] = small
    return whole


def test_the_larger_of_two_is_followed_and_kept(
    tmp_path: Path, model: PoseModel, dancing: list[Frame]
) -> None:
    child = [shrunk(frame, 0.6) for frame in frames_of(MOTIONS["wave"], 0.75, who="eve")]
    pair = [beside(c, d) for c, d in zip(child, dancing, strict=True)]
    take = seen_in(write(tmp_path / "pair.mp4", pair), model)
    assert (hips_of(take)[:, 0] > 240).all()


def test_whoever_comes_later_is_not_taken_for_the_first(
    tmp_path: Path, model: PoseModel, dancing: list[Frame]
) -> None:
    """The first is small; somebody larger walks in from the side and stays."""
    other = draw(who="dan", where="warm")
    pictures = []
    for index, frame in enumerate([*dancing, *dancing[::-1]]):
        away = max(0, 240 - 30 * index)
        coming = np.empty_like(other)
        coming[:] = other[:, :1]
        coming[:, away:] = other[:, : 240 - away]
        pictures.append(beside(shrunk(frame, 0.7), coming))
    take = seen_in(write(tmp_path / "later.mp4", pictures), model)
    assert take.seen.max(1).all()
    assert (hips_of(take)[:, 0] < 200).all()


def test_a_cut_begins_anew(tmp_path: Path, model: PoseModel, dancing: list[Frame]) -> None:
    other = [
        beside(frame, np.full_like(frame, 40))
        for frame in frames_of(MOTIONS["wave"], 0.5, who="eve", where="shelves")
    ]
    first = [beside(np.full_like(frame, 220), frame) for frame in dancing[:6]]
    take = seen_in(write(tmp_path / "cut.mp4", first + other), model)
    assert take.scene.tolist() == [0] * 6 + [1] * 6
    assert (hips_of(take)[:6, 0] > 240).all()
    assert (hips_of(take)[6:, 0] < 240).all()


def test_motion_is_no_cut(tmp_path: Path, model: PoseModel) -> None:
    kicks = frames_of(MOTIONS["kick"], 1.5, where="shelves")
    assert seen_in(write(tmp_path / "kick.mp4", kicks), model).scene.max() == 0


def test_arms_are_told_from_leaves_behind_a_dancer_in_a_skirt(
    tmp_path: Path, model: PoseModel
) -> None:
    """What a wide look takes for arms folded over the body."""
    chance = random.Random(3)
    scene = Scene(build_by_chance(chance), "garden", (480, 480))
    motion = by_chance(chance)
    drawn = [scene.draw(motion(1.2 + index / 12)) for index in range(12)]
    take = seen_in(write(tmp_path / "skirt.mp4", [picture for picture, _ in drawn]), model)
    wrists = np.stack([[joints[j][:2] for j in (15, 16)] for _, joints in drawn])
    off = np.hypot(*np.moveaxis(take.points[:, [15, 16], :2] - wrists, 2, 0))
    assert scene.build.skirt
    assert np.median(off) < 8
    assert off.max() < 30


def test_leaving_for_a_while_is_no_failure(
    tmp_path: Path, model: PoseModel, subject: Path, dancing: list[Frame]
) -> None:
    empty = np.empty_like(dancing[0])
    empty[:] = dancing[0][2, 2]
    path = write(tmp_path / "gone.mp4", [*dancing[:4], *[empty] * 4, *dancing[4:]])
    take = seen_in(path, model)
    assert not take.seen[5:7].any()
    assert take.seen[[0, -1]].max(1).all()
    render(subject, path, tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(13 / 12, abs=0.1)


def test_nobody_in_the_film_is_a_sentence(tmp_path: Path, subject: Path) -> None:
    empty = np.full((120, 90, 3), 90, np.uint8)
    path = write(tmp_path / "empty.mp4", [empty] * 3)
    with pytest.raises(RenderError, match="No person was found in the reference video"):
        render(subject, path, tmp_path / "out.mp4", "360p")


def test_a_film_with_a_note_to_turn_it_is_turned(
    tmp_path: Path, model: PoseModel, dancing: list[Frame]
) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame)) for frame in dancing[:3]]
    path = write(tmp_path / "lying.mp4", lying)
    turned = turn_note(path, tmp_path / "turned.mp4")
    take = seen_in(turned, model)
    shoulders, ankles = take.points[0, [11, 12], 1].mean(), take.points[0, [27, 28], 1].mean()
    assert ankles > shoulders + 80


def turn_note(path: Path, out: Path) -> Path:
    """The display matrix in the header that says: turn by a quarter."""
    content = bytearray(path.read_bytes())
    upright = b"".join(n.to_bytes(4, "big", signed=True) for n in (65536, 0, 0, 0, 65536, 0, 0, 0))
    lying = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0))
    at = content.index(upright, content.index(b"tkhd"))
    content[at : at + len(upright)] = lying
    out.write_bytes(content)
    return out


def test_uneven_times_keep_the_length(tmp_path: Path, subject: Path, dancing: list[Frame]) -> None:
    times = [0.0, 0.05, 0.1, 0.4, 0.42, 0.44, 0.9, 1.0, 1.5]
    path = write(tmp_path / "uneven.mp4", dancing, times_s=times)
    render(subject, path, tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(1.5, abs=0.25)


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv444p"])
def test_deep_and_full_colours_are_read(
    tmp_path: Path, model: PoseModel, dancing: list[Frame], pix_fmt: str
) -> None:
    take = seen_in(write(tmp_path / "deep.mp4", dancing[:3], pix_fmt=pix_fmt), model)
    assert take.seen.max(1).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "I;16", "CMYK", "1"])
def test_pictures_of_all_modes(tmp_path: Path, model: PoseModel, mode: str) -> None:
    frame = Image.fromarray(draw())
    if mode == "I;16":
        grey = np.asarray(frame.convert("L")).astype(np.uint16) * 257
        frame = Image.fromarray(grey)
    else:
        frame = frame.convert(mode)
    path = tmp_path / ("subject.jpg" if mode == "CMYK" else "subject.png")
    frame.save(path)
    picture = fit(open_subject(path, 2560), 360)
    assert picture.shape == (480, 360, 3)
    assert mode == "1" or best_pose(model, picture)


@pytest.mark.parametrize("size", [(37, 53), (900, 60), (3, 400), (1, 1)])
def test_odd_sizes_give_even_ones(tmp_path: Path, film: Path, size: tuple[int, int]) -> None:
    path = save(np.asarray(Image.fromarray(draw()).resize(size)), tmp_path / "odd.png")
    render(path, film, tmp_path / "out.mp4", "360p")
    with av.open(str(tmp_path / "out.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert max(stream.width, stream.height) <= 3 * 360
        assert min(stream.width, stream.height) >= 16


def test_damaged_sound_does_not_cost_the_video(
    tmp_path: Path, subject: Path, dancing: list[Frame]
) -> None:
    good = write(tmp_path / "good.mp4", dancing, sound_s=0.75)
    with av.open(str(good)) as source:
        places = [p.pos for p in source.demux(source.streams.audio[0]) if p.pos is not None]
    content = bytearray(good.read_bytes())
    for place in places[2:-2]:
        content[place : place + 12] = bytes(random.Random(place).randrange(256) for _ in range(12))
    (tmp_path / "bad.mp4").write_bytes(content)
    render(subject, tmp_path / "bad.mp4", tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize(("rate_hz", "channels"), [(1, 1), (8000, 9)])
def test_sound_that_nobody_could_hear_does_not_cost_the_video(
    tmp_path: Path, subject: Path, dancing: list[Frame], rate_hz: int, channels: int
) -> None:
    path = write(tmp_path / "film.mov", dancing, sound_s=0.75, sound_codec="pcm_s16le")
    content = bytearray(path.read_bytes())
    entry = content.index(b"sowt") + 4
    content[entry + 16 : entry + 18] = channels.to_bytes(2)
    content[entry + 24 : entry + 26] = rate_hz.to_bytes(2)
    path.write_bytes(content)
    render(subject, path, tmp_path / "out.mp4", "360p")
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert (out.duration or 0) / av.time_base == pytest.approx(0.75, abs=0.1)


def test_pictures_of_an_unknown_codec_are_a_sentence_and_sound_of_one_is_silence(
    tmp_path: Path, subject: Path, film: Path
) -> None:
    content = film.read_bytes()
    blind, mute = tmp_path / "blind.mp4", tmp_path / "mute.mp4"
    blind.write_bytes(content.replace(b"avc1", b"xxxx"))
    mute.write_bytes(content.replace(b"mp4a", b"xxxx"))
    with pytest.raises(RenderError, match="nothing here can decode"):
        render(subject, blind, tmp_path / "out.mp4", "360p")
    render(subject, mute, tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(0.75, abs=0.05)


def test_an_index_that_points_beyond_the_file_does_not_cost_the_video(
    tmp_path: Path, subject: Path, film: Path
) -> None:
    content = bytearray(film.read_bytes())
    sizes = content.rindex(b"stsz") + 16  # of the sound, which comes second
    content[sizes + 8 : sizes + 12] = b"\x30\x00\x00\x00"
    (tmp_path / "bad.mp4").write_bytes(content)
    render(subject, tmp_path / "bad.mp4", tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(0.75, abs=0.05)


def test_a_damaged_note_of_the_camera_does_not_cost_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    with Image.new("RGB", (60, 40), "red") as picture:
        note = Image.Exif()
        note[0x0112], note[0x010E] = 6, "a text"
        picture.save(path, exif=note)
    assert open_subject(path, 2560).size == (40, 60)
    width_as_text = path.read_bytes().replace(b"\x01\x0e\x00\x02", b"\x01\x00\x00\x02")
    path.write_bytes(width_as_text)
    assert open_subject(path, 2560).size == (40, 60)


def test_an_hour_is_refused_before_it_is_watched(
    tmp_path: Path, subject: Path, dancing: list[Frame]
) -> None:
    path = write(tmp_path / "hour.mp4", dancing[:2], times_s=[0, 3600])
    with pytest.raises(RenderError, match="longer than 30 seconds"):
        render(subject, path, tmp_path / "out.mp4", "360p")


def test_whatever_is_damaged_ends_with_a_video_or_a_sentence(
    tmp_path: Path, subject: Path, film: Path
) -> None:
    chance = random.Random(11)
    inputs: list[tuple[Path, Path]] = [
        (make_noise(tmp_path / "noise.png"), film),
        (make_pixel_bomb(tmp_path / "bomb.png"), film),
        (film, film),
        (subject, subject),
        (subject, make_noise(tmp_path / "noise.mp4")),
        (subject, tmp_path / "none.mp4"),
    ]
    (tmp_path / "none.mp4").write_bytes(b"")
    for number in range(DAMAGES):
        if number % 3 == 0:
            broken = make_truncated(subject, tmp_path / f"{number}.png", keep=chance.random())
            inputs.append((broken, film))
        elif number % 3 == 1:
            broken = make_truncated(film, tmp_path / f"{number}.mp4", keep=chance.random())
            inputs.append((subject, broken))
        else:
            content = bytearray(film.read_bytes())
            for _ in range(2 ** chance.randrange(10)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            broken = tmp_path / f"{number}.mp4"
            broken.write_bytes(content)
            inputs.append((subject, broken))
    sentences = []
    for picture, motion in inputs:
        try:
            outcome = render(picture, motion, tmp_path / "out.mp4", "360p")
        except RenderError as error:
            sentences.append(str(error))
        else:
            assert 0 < outcome.duration_s < 31
    assert len(sentences) >= 8
    assert all(len(sentence) > 15 for sentence in sentences)


def test_a_stance_is_no_motion_but_renders(tmp_path: Path, subject: Path) -> None:
    one = write(tmp_path / "one.mp4", [draw(Stance(), who="ben", where="warm")])
    render(subject, one, tmp_path / "out.mp4", "360p")
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(1 / 12, abs=0.02)


WITH_ITS_PEAK = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module("engine.render", run_name="__main__", alter_sys=True)
finally:
    print(open("/proc/self/status").read(), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "kind", ["usual", "huge", "huge and deep", "cut off", "noise", "large film"]
)
def test_a_worker_stays_small_whatever_it_is_given(
    tmp_path: Path, subject: Path, dancing: list[Frame], kind: str
) -> None:
    picture, motion = subject, write(tmp_path / "film.mp4", dancing[:4], sound_s=0.33)
    if kind.startswith("huge"):
        picture = tmp_path / "huge.png"
        mode = "I;16" if kind == "huge and deep" else "RGB"
        Image.new(mode, (7000, 7000)).save(picture, compress_level=1)
    elif kind == "cut off":
        motion = make_truncated(motion, tmp_path / "cut.mp4", keep=0.6)
    elif kind == "noise":
        motion = make_noise(tmp_path / "noise.mp4")
    elif kind == "large film":
        motion = write(tmp_path / "large.mp4", [np.kron(draw(), np.ones((9, 9, 1), np.uint8))] * 3)
    command: list[str | Path] = [sys.executable, "-c", WITH_ITS_PEAK, "engine.render"]
    done = subprocess.run(
        [*command, picture, motion, tmp_path / "out.mp4", "360p"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert set(outcome) in ({"error"}, {"duration_s", "subject", "limbs", "note"})
    peak_mb = int(done.stderr.rsplit("VmHWM:", 1)[1].split()[0]) / 1024
    assert peak_mb < (350 if kind in {"usual", "cut off", "noise"} else 520)
