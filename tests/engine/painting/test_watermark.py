"""The mark of a draft: read by everybody, and over nobody."""

import numpy as np
import pytest

from engine.painting.watermark import Mark

SHAPE, REACH = (480, 360, 3), 15.0
CORNERS = ((40.0, 40.0), (320.0, 40.0), (40.0, 440.0), (320.0, 440.0))


def drawn(figure: np.ndarray | None, ground: int = 120) -> np.ndarray:
    """Where the plain mark changes a picture."""
    picture = np.full(SHAPE, ground, np.uint8)
    Mark.plain("DRAFT", SHAPE, None if figure is None else (figure, REACH)).put(picture)
    found: np.ndarray = np.abs(picture.astype(int) - ground).max(2)
    return found


@pytest.mark.parametrize("free", range(4))
def test_it_takes_the_place_that_the_figure_leaves(free: int) -> None:
    """A hand that is in three corners, one after the other."""
    hand = np.array([[corner] for at, corner in enumerate(CORNERS) if at != free])
    rows, columns = np.nonzero(drawn(hand) > 20)
    for [place] in hand:
        assert np.hypot(columns - place[0], rows - place[1]).min() > REACH


def test_where_every_corner_is_taken_it_goes_between_them() -> None:
    hand = np.array([[corner] for corner in CORNERS])
    rows, columns = np.nonzero(drawn(hand) > 20)
    assert min(np.hypot(columns - x, rows - y).min() for x, y in CORNERS) > REACH


@pytest.mark.parametrize("ground", [10, 120, 250])
def test_it_is_much_plainer_than_the_usual_mark(ground: int) -> None:
    small = np.full(SHAPE, ground, np.uint8)
    Mark.small("draft", SHAPE).put(small)
    usual = (np.abs(small.astype(int) - ground).max(2) > 100).sum()
    assert (drawn(None, ground) > 100).sum() > max(400, 3 * usual)
