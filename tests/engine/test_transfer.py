"""Whole renders of drawn pairs: the output is looked at again, as a person would."""

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.__main__ import main
from engine.media import duration_s
from engine.painting.watermark import Mark
from engine.render import render
from engine.seeing.agreement import agreement
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.motions import MOTIONS
from tests.engine.dancers import RATE, Frame, draw, frames_of, save, write

pytestmark = pytest.mark.usefixtures("seen_once")
ROOT = Path(__file__).parent.parent.parent


def pictures_of(path: Path) -> list[Frame]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]  # type: ignore[misc]


def still_of(picture: Path, path: Path, count: int) -> Path:
    frame = np.asarray(Image.open(picture).convert("RGB"))
    return write(path, [frame] * count)


@pytest.fixture(scope="module")
def dancer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dancer") / "dance.mp4"
    return write(path, frames_of(MOTIONS["dance"], 1.5), sound_s=1.5)


@pytest.mark.parametrize(("who", "where"), [("ada", "studio"), ("cleo", "shelves")])
def test_the_output_moves_as_the_dancer_does(
    tmp_path: Path, model: PoseModel, dancer: Path, who: str, where: str
) -> None:
    subject = save(draw(who=who, where=where), tmp_path / "subject.png")
    shares: list[float] = []
    outcome = render(subject, dancer, tmp_path / "out.mp4", "360p", progress=shares.append)
    assert outcome.subject == "person"
    found = agreement(dancer, tmp_path / "out.mp4", model)
    still = agreement(dancer, still_of(subject, tmp_path / "still.mp4", 18), model)
    assert found.mean_degrees < 4
    assert found.close_share > 0.97
    assert still.mean_degrees > 25
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    with av.open(str(tmp_path / "out.mp4")) as film:
        stream = film.streams.video[0]
        assert [each.codec.name for each in film.streams] == ["h264", "aac"]
        assert (stream.width, stream.height) == (360, 480)
        assert stream.average_rate == RATE
    assert duration_s(tmp_path / "out.mp4") == pytest.approx(1.5, abs=0.05)


def test_the_place_where_the_body_stood_is_clean(tmp_path: Path) -> None:
    """Far from the dancer's pose, the output shows the wall that was behind the subject."""
    picture = draw(where="studio")
    subject = save(picture, tmp_path / "subject.png")
    arms_up = Stance(arms=((2.6, 0.0),) * 2, forearms=((2.8, 0.0),) * 2)
    film = write(tmp_path / "up.mp4", [draw(arms_up, who="ben", where="warm")] * 6)
    render(subject, film, tmp_path / "out.mp4", "360p", marking="none")
    shown = pictures_of(tmp_path / "out.mp4")[-1]
    small = np.asarray(Image.fromarray(shown).resize((240, 320))).astype(int)
    hanging = np.abs(picture.astype(int) - draw(arms_up, where="studio")).max(2) > 40
    hanging[:130] = False  # below the shoulders: there the arms were, and nothing is now
    wall = (
        np.asarray(Image.fromarray(shown).resize((240, 320))).astype(int)[5:20, 5:20].mean((0, 1))
    )
    off = np.abs(small - wall).mean(2)[hanging]
    assert hanging.sum() > 200
    assert np.percentile(off, 90) < 30


@pytest.mark.parametrize("ground", [10, 250])
@pytest.mark.parametrize("size", [(16, 16), (480, 360), (1080, 720)])
def test_the_mark_is_in_the_corner_and_seen_on_any_ground(
    size: tuple[int, int], ground: int
) -> None:
    picture = np.full((*size, 3), ground, np.uint8)
    Mark.small("draft", picture.shape).put(picture)
    off = np.abs(picture.astype(int) - ground).max(2)
    assert off.max() > 40
    assert not off[: size[0] // 2].any() or size[0] == 16
    assert (off > 40).mean() < 0.02 or size[0] == 16


def test_what_is_no_person_sways(tmp_path: Path, dancer: Path) -> None:
    image = np.full((320, 240, 3), (200, 220, 240), np.uint8)
    y, x = np.mgrid[0:320, 0:240]
    image[((x - 120) / 60) ** 2 + ((y - 200) / 90) ** 2 < 1] = (180, 120, 60)
    subject = save(image, tmp_path / "pot.png")
    outcome = render(subject, dancer, tmp_path / "out.mp4", "360p")
    assert outcome.subject == "nobody"
    shown = [frame.astype(int) for frame in pictures_of(tmp_path / "out.mp4")]
    assert np.abs(shown[4] - shown[12]).max() > 60
    assert np.abs(shown[4] - shown[12])[:60].mean() < 3  # the wall stands still


def test_what_cannot_be_told_from_its_surroundings_sways_with_them(
    tmp_path: Path, dancer: Path
) -> None:
    """A close-up of fur: a cut through it would tear it."""
    y, x = np.mgrid[0:320, 0:240]
    near = np.exp(-(((x - 120) / 90) ** 2) - ((y - 180) / 110) ** 2)[..., None]
    fur = np.random.default_rng(2).normal(0, 9, (320, 240, 1))
    image = (np.array((120, 112, 104)) * (1 - near) + np.array((190, 130, 70)) * near + fur).clip(0)
    subject = save(image.astype(np.uint8), tmp_path / "fur.png")
    outcome = render(subject, dancer, tmp_path / "out.mp4", "360p")
    assert outcome.subject == "nobody"
    shown = [frame.astype(int) for frame in pictures_of(tmp_path / "out.mp4")]
    assert np.abs(shown[4] - shown[12])[20:80, :60].mean() > 3  # far from the middle, too


def test_a_bust_moves_its_head_and_torso(tmp_path: Path, dancer: Path) -> None:
    whole = draw()
    subject = save(whole[20:170], tmp_path / "bust.png")
    outcome = render(subject, dancer, tmp_path / "out.mp4", "360p", marking="none")
    assert outcome.subject == "person"
    shown = [frame.astype(int) for frame in pictures_of(tmp_path / "out.mp4")]
    assert np.abs(shown[2] - shown[8]).mean() > 2
    # no gap opens between the body and the lower edge: red shirt or blue trousers in each
    middle = shown[8].shape[1] // 2
    wall = shown[8][5, 5]
    for frame in shown:
        assert np.abs(frame[-3, middle - 60 : middle + 60] - wall).max(1).max() > 60


def test_the_command_line_renders_measures_and_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dancer = write(tmp_path / "dance.mp4", frames_of(MOTIONS["dance"], 0.75))
    subject, out = save(draw(), tmp_path / "subject.png"), tmp_path / "out.mp4"
    command: list[str | Path] = [sys.executable, "-m", "engine", "render", subject, dancer, out]
    done = subprocess.run(
        [*command, "--quality", "360p"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{out}: 0.8 s.\n")

    def engine(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engine", *map(str, words)])
        return main(), *capsys.readouterr()

    status, told, _ = engine("agreement", dancer, out)
    assert status == 0
    assert json.loads(told)["mean_degrees"] < 4
    status, _, wrong = engine("render", dancer, dancer, out)
    assert status == 1
    assert wrong.endswith(f"{dancer} is not a readable image\n")
    status, _, bare = engine("render", subject, dancer, out, "--weights", tmp_path / "none")
    assert status == 1
    assert "is missing. Fetch it with: python -m engine weights" in bare
