"""A drawn pair on its whole way through Discord, bot and engine; the post is then measured."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from engine.seeing.agreement import agreement
from engine.seeing.pose import PoseModel
from engine.seeing.weights import ready
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, Scene, film
from sandbox.drawing.motions import MOTIONS
from tests.e2e.stage import LONG_S, Stage, is_video

SIZE = (240, 320)


async def test_the_posted_video_moves_as_the_dancer_does(moving_stage: Stage) -> None:
    stage = moving_stage
    dancer, still = stage.folder / "dancer.mp4", stage.folder / "still.mp4"
    await asyncio.to_thread(draw, stage.picture, dancer, still)
    await stage.bot()
    ada = await stage.person("ada")
    await stage.mimic(ada, video=dancer)
    post = (await ada.wait_for(is_video, LONG_S))["message"]
    posted = stage.folder / "posted.mp4"
    posted.write_bytes(await ada.download(post["attachments"][0]["url"]))

    model = PoseModel(ready())
    found = await asyncio.to_thread(agreement, dancer, posted, model)
    baseline = await asyncio.to_thread(agreement, dancer, still, model)
    assert found.count > 100
    assert found.mean_degrees <= 10
    assert baseline.mean_degrees == pytest.approx(40, abs=15)


def draw(picture: Path, dancer: Path, still: Path) -> None:
    """The subject, somebody else's dance, and the subject in a film without any motion."""
    scene = Scene(BUILDS["cleo"], "garden", SIZE)
    Image.fromarray(scene.draw(Stance())[0]).save(picture)
    film(dancer, Scene(BUILDS["dan"], "studio", SIZE), MOTIONS["dance"], 1.2)
    film(still, scene, lambda _t: Stance(), 1.2)
