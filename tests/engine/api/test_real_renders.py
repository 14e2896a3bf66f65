"""The server with real renders: what it tells of them, and that it outlives bad ones."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from engine.api.jobs import RenderPlan, State
from engine.api.server import ProviderServer
from sandbox.drawing.motions import MOTIONS
from tests.engine.customer import Customer, customer_of
from tests.engine.dancers import draw, frames_of, save, write
from tests.media_samples import make_motion, make_noise, make_pixel_bomb


@pytest.fixture
async def client(tmp_path: Path, weights: Path) -> AsyncIterator[Customer]:
    """Of a server that transfers motion, one render at a time."""
    subject = save(draw(), tmp_path / "subject.png")
    film = write(tmp_path / "film.mp4", frames_of(MOTIONS["jacks"], 0.5))
    plan = RenderPlan(at_once=1, weights=weights)
    async with customer_of(ProviderServer(plan=plan, run_time_s=0), subject, film) as customer:
        yield customer


@pytest.fixture
async def pot_url(client: Customer, tmp_path: Path) -> str:
    """Of a picture without a person, which is painted in a moment."""
    pot = save(np.full((64, 48, 3), 120, np.uint8), tmp_path / "pot.png")
    return await client.upload(pot, "image/png")


async def test_a_render_tells_how_far_it_is(client: Customer) -> None:
    await client.control("pause")
    job = await client.begin()
    shares: list[float] = []
    while not shares or shares[-1] < 0.95:
        metrics = (await client.status(job)).json["metrics"]
        if "progress" in metrics:
            shares.append(metrics["progress"])
        await asyncio.sleep(0.02)
    assert shares == sorted(shares)
    await client.control("resume")
    await job.ended.wait()
    answer = await client.result(job)
    assert answer.json["status"] == "COMPLETED"
    assert "note" not in answer.json["metrics"]


async def test_sway_is_said_with_the_result(client: Customer, pot_url: str) -> None:
    job = await client.finish(image_url=pot_url)
    note = (await client.result(job)).json["metrics"]["note"]
    assert note == "No person was found in the picture: it sways with the motion as a whole"


async def test_bad_files_fail_with_a_sentence_and_the_server_lives_on(
    client: Customer, pot_url: str, tmp_path: Path
) -> None:
    nobody = make_motion(tmp_path / "stick.mp4", duration_s=0.3, size=(64, 64))
    wrong = [
        ({"video_url": (nobody, "video/mp4")}, "No person was found in the reference video"),
        ({"video_url": (make_noise(tmp_path / "n"), "video/mp4")}, "video_url is not an mp4"),
        ({"image_url": (make_pixel_bomb(tmp_path / "b.png"), "image/png")}, "50,000,000 pixels"),
    ]
    for change, words in wrong:
        [(name, (path, kind))] = change.items()
        job = await client.finish(**{name: await client.upload(path, kind)})
        answer = await client.status(job)
        assert (answer.status, answer.json["status"]) == (422, "FAILED")
        assert words in answer.json["error"]
    assert (await client.finish(image_url=pot_url)).state is State.COMPLETED


async def test_renders_wait_for_each_other(client: Customer, pot_url: str) -> None:
    jobs = [await client.begin(image_url=pot_url) for _ in range(2)]
    alone = []
    while not all(job.ended.is_set() for job in jobs):
        told = [job.progress for job in jobs if not job.ended.is_set()]
        alone.append(sum(share is not None and share < 1 for share in told))
        await asyncio.sleep(0.02)
    assert max(alone) == 1
    assert all(job.state is State.COMPLETED for job in jobs)
