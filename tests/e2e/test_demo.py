"""`make demo`: what it promises happens, is shown, and is checked; a post is then measured."""

import asyncio
import sys
from pathlib import Path

import pytest

from engine.seeing.agreement import agreement
from engine.seeing.pose import PoseModel
from engine.seeing.weights import ready
from sandbox.programs.demo import BrokenPromiseError, must_be_the_video
from tests.media_samples import make_motion

DANCE_S = 1.5
ROOT = Path(__file__).parent.parent.parent


async def test_the_demo_shows_what_each_sees_and_saves_two_videos(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.programs.demo",
        "--folder",
        str(folder),
        "--seconds",
        str(DANCE_S),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(300):
        out, err = await process.communicate()
    shown = out.decode()
    assert process.returncode == 0, shown + err.decode()
    for words in (
        "Ada: /mimic image:subject.jpg video:dance.mp4 quality:360p",
        "Marionette to Ada:",
        "@Ada, your video is ready.",
        "Ben: presses [ 540p · 2 credits ]",
        "Your video is ready.",
        "There is no video in holiday.mp4",
        "(only you can see this)",
        "Try it yourself: make playground",
    ):
        assert words in shown
    for name in ("ada-in-a-server.mp4", "ben-in-a-direct-message.mp4"):
        assert str(folder / name) in shown
        must_be_the_video(folder / name, DANCE_S)
    found = await asyncio.to_thread(
        agreement, folder / "dance.mp4", folder / "ada-in-a-server.mp4", PoseModel(ready())
    )
    assert found.count > 50, found
    assert found.mean_degrees <= 10, "the subject does not move as the dancer does"


def test_a_video_that_is_not_what_was_promised_breaks_the_demo(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromiseError, match="not what was promised"):
        must_be_the_video(make_motion(tmp_path / "short.mp4", duration_s=1.0), DANCE_S)
