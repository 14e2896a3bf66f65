"""Who is in a film, told from a few moments of it."""

from pathlib import Path

import numpy as np
import pytest

from engine.media import RenderError
from engine.seeing import glance
from engine.seeing.glance import who_moves
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from tests.engine.dancers import RATE, SMALL, draw, write
from tests.media_samples import make_motion, make_truncated

WALL = np.full((SMALL[1], SMALL[0], 3), 130, np.uint8)


def test_one_picture_is_a_film(tmp_path: Path, model: PoseModel) -> None:
    assert who_moves(write(tmp_path / "one.mp4", [draw()]), model) == "person"


def test_who_comes_between_two_looks_is_seen_when_looked_for_again(
    tmp_path: Path, model: PoseModel
) -> None:
    """A film of two seconds is looked at every third of one, and then in between."""
    frames = [WALL] * (2 * RATE)
    frames[10:13] = [draw(Stance())] * 3
    assert who_moves(write(tmp_path / "late.mp4", frames), model) == "person"


def test_a_film_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, model: PoseModel) -> None:
    whole = write(tmp_path / "whole.mp4", [draw()] * 24)
    assert who_moves(make_truncated(whole, tmp_path / "cut.mp4", keep=0.5), model) == "person"


def test_what_is_too_long_is_refused_without_being_read(tmp_path: Path, model: PoseModel) -> None:
    long = make_motion(tmp_path / "long.mp4", duration_s=31, fps=2, size=(64, 64))
    with pytest.raises(RenderError, match="video_url is longer than 30 seconds"):
        who_moves(long, model)


def test_a_film_with_one_key_picture_costs_no_more_than_others(
    tmp_path: Path, model: PoseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each moment is looked for from the key picture before it, and only so far."""
    film = write(tmp_path / "film.mp4", [draw()] + [WALL] * 23)
    assert who_moves(film, model) == "nobody"
    monkeypatch.setattr(glance, "MOST_PIXELS", 0)
    assert who_moves(film, model) == "person"
