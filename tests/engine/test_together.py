"""What a render does at the same time: in no other order, no more memory, and never for longer."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame

from engine import ahead as threads
from engine.ahead import ahead, free_threads, together
from engine.media import Film, RenderError
from engine.render import render
from engine.seeing.arrays import Picture
from sandbox.drawing.motions import MOTIONS
from tests.engine.dancers import draw, frames_of, save, write

ROOT = Path(__file__).parent.parent.parent
NICE = """
import os, sys
from engine.worker import look
sys.exit(look(lambda given: {"niceness": os.nice(0)}))
"""


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a machine of one core."""
    monkeypatch.setattr(threads, "THREADS", 2)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))


@pytest.mark.usefixtures("seen_once")
def test_two_threads_make_the_video_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its pictures: of equal ones x264 does not always make equal bytes."""
    before = threading.active_count()
    subject = save(draw(), tmp_path / "subject.png")
    film = write(tmp_path / "film.mp4", frames_of(MOTIONS["dance"], 1.0), sound_s=1.0)
    made: list[list[bytes]] = []
    add = Film.add

    def keep(film: Film, picture: VideoFrame) -> None:
        made[-1].append(picture.to_ndarray().tobytes())
        add(film, picture)

    monkeypatch.setattr(Film, "add", keep)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    for count in (1, 2):
        monkeypatch.setattr(threads, "THREADS", count)
        made.append([])
        render(subject, film, tmp_path / f"{count}.mp4", "360p")
    assert made[0] == made[1]
    assert len(set(made[0])) > 1
    assert threading.active_count() <= before


class OutOfOrder:
    """A painter whose even frames wait until the next odd one is done; knows how many it began."""

    def __init__(self) -> None:
        self.begun = 0
        self._odd = {index: threading.Event() for index in range(1, 21, 2)}

    def paint(self, index: int) -> Picture:
        """A picture of its number."""
        self.begun += 1
        if index % 2:
            self._odd[index].set()
        else:
            assert self._odd[index + 1].wait(10)
        return np.full((2, 2, 3), index, np.uint8)


@pytest.mark.usefixtures("two_threads")
def test_frames_come_in_their_order_and_are_painted_only_a_little_ahead() -> None:
    painter = OutOfOrder()
    for index, picture in enumerate(together(painter.paint, 20)):
        assert picture[0, 0, 0] == index
        assert painter.begun <= index + 4
    assert index == 19


@pytest.mark.usefixtures("two_threads")
def test_a_busy_machine_is_not_asked_for_a_second_core(monkeypatch: pytest.MonkeyPatch) -> None:
    assert free_threads() == 2
    monkeypatch.setattr(os, "getloadavg", lambda: (2.0 * threads.CORES, 0.0, 0.0))
    assert free_threads() == 1


def test_what_comes_ahead_comes_whole_and_breaks_where_it_breaks() -> None:
    before = threading.active_count()

    def three() -> Iterator[int | None]:
        yield from (0, None, 2)
        raise RenderError("there is no more")

    found: list[int | None] = []
    with pytest.raises(RenderError, match="no more"):
        found.extend(ahead(three()))
    assert found == [0, None, 2]
    assert list(ahead([])) == []
    assert threading.active_count() <= before


@pytest.mark.usefixtures("two_threads", "seen_once")
def test_nothing_goes_on_after_a_render_that_failed(tmp_path: Path) -> None:
    """The film turns out to hold nobody while the picture is still being taken apart."""
    before = threading.active_count()
    film = write(tmp_path / "film.mp4", [np.full((32, 32, 3), 90, np.uint8)])
    subject = save(draw(), tmp_path / "subject.png")
    with pytest.raises(RenderError, match="No person was found"):
        render(subject, film, tmp_path / "out.mp4", "360p")
    assert threading.active_count() <= before


def test_whoever_answers_people_comes_before_the_engine() -> None:
    here = int(subprocess.run(["nice"], capture_output=True, check=True).stdout)
    told = subprocess.run(
        [sys.executable, "-c", NICE, "subject", "motion"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == f'{{"niceness": {min(19, here + 10)}}}\n'
