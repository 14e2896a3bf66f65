"""Drafts: free in every way, honest about how they were made, and looked at before, for nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.api import looks
from engine.api.jobs import RenderPlan
from engine.api.server import ProviderServer
from sandbox.drawing.body import Stance
from sandbox.drawing.motions import MOTIONS
from tests.engine.customer import Answer, Customer, customer_of
from tests.engine.dancers import Frame, draw, frames_of, save, write
from tests.media_samples import make_noise

NOBODY = np.full((64, 48, 3), 120, np.uint8)


async def draft(customer: Customer, **changes: object) -> Answer:
    """Submit one, and its result."""
    fields = {"subject_url": customer.image_url, "motion_url": customer.video_url}
    answer = await customer.submit_to("draft", **(fields | changes))
    assert answer.status == 200, answer
    job = customer.server.accepted[-1]
    await job.ended.wait()
    return await customer.result(job)


async def look(customer: Customer, *, key: str | None = "", **changes: Any) -> Answer:
    """Ask who is in the two files."""
    fields = {"subject_url": customer.image_url, "motion_url": customer.video_url}
    url = f"{customer.server.files_url}/look"
    return await customer.call("POST", url, json=fields | changes, key=key)


def beside(one: Frame, other: Frame) -> Frame:
    """Two pictures of one room in one, half of each."""
    half = one.shape[1] // 2
    return np.concatenate([one[:, half // 2 : -half // 2], other[:, half // 2 : -half // 2]], 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Somebody and nobody in a picture; one, two and nobody in a film."""
    folder = tmp_path_factory.mktemp("files")
    ben = frames_of(MOTIONS["wave"], 0.5)
    cleo = [draw(Stance(), who="cleo", where="warm")] * len(ben)
    pairs = [beside(*two) for two in zip(ben, cleo, strict=True)]
    return {
        "person": save(draw(), folder / "person.png"),
        "no person": save(NOBODY, folder / "nobody.png"),
        "one": write(folder / "one.mp4", ben),
        "two": write(folder / "two.mp4", pairs),
        "none": write(folder / "none.mp4", [NOBODY] * 6),
    }


@pytest.fixture
async def real(files: dict[str, Path], weights: Path) -> AsyncIterator[Customer]:
    """Of a server that transfers motion."""
    plan = RenderPlan(at_once=1, weights=weights)
    server = ProviderServer(plan=plan, run_time_s=0)
    async with customer_of(server, files["person"], files["one"]) as customer:
        yield customer


async def test_a_draft_is_in_the_history_and_never_touches_the_balance(customer: Customer) -> None:
    await customer.control("credits", credits=0)
    await customer.control("faults", history_deduction="failures too")
    answer = await draft(customer)
    assert (answer.json["metrics"]["cost"], customer.server.workshop.credits) == (0, 0)
    failed = await draft(customer, motion_url=f"{customer.server.files_url}/assets/gone")
    assert failed.json["status"] == "FAILED"
    assert "motion_url could not be downloaded" in failed.json["error"]
    assert customer.server.workshop.credits == 0
    rows = (await customer.get(customer.server.history_url)).json["data"]
    told = {(row["model_name"], row["model_status"], row["credits_deduction"]) for row in rows}
    assert told == {("draft", "COMPLETED", 0), ("draft", "FAILED", 0)}


async def test_a_result_tells_how_the_draft_was_made(
    real: Customer, files: dict[str, Path]
) -> None:
    whole = (await draft(real)).json["metrics"]
    assert whole["draft"] == {"limbs": "all", "subject": "person", "motion": "person"}
    assert "note" not in whole
    two = await real.upload(files["two"], "video/mp4")
    pot = await real.upload(files["no person"], "image/png")
    sways = (await draft(real, subject_url=pot, motion_url=two)).json["metrics"]
    assert sways["draft"] == {"limbs": "none", "subject": "nobody", "motion": "several"}
    assert "sways" in sways["note"]


async def test_only_drafts_tell_of_it(customer: Customer) -> None:
    job = await customer.finish()
    assert "draft" not in (await customer.result(job)).json["metrics"]


async def test_a_look_tells_who_is_in_both_files(real: Customer, files: dict[str, Path]) -> None:
    assert (await look(real)).json == {"subject": "person", "motion": "person"}
    pot = await real.upload(files["no person"], "image/png")
    two = await real.upload(files["two"], "video/mp4")
    assert (await look(real, subject_url=pot, motion_url=two)).json == {
        "subject": "nobody",
        "motion": "several",
    }
    none = await real.upload(files["none"], "video/mp4")
    assert (await look(real, motion_url=none)).json == {"subject": "person", "motion": "nobody"}
    assert not real.server.accepted


async def test_a_look_is_guarded_as_a_submit_is(customer: Customer, tmp_path: Path) -> None:
    assert (await look(customer, key=None)).status == 401
    assert (await look(customer, key="SG_other")).status == 401
    noise = await customer.upload(make_noise(tmp_path / "noise"), "video/mp4")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"motion_url": None}, "motion_url is required"),
        ({"image_url": "http://127.0.0.1/a"}, "image_url is not a parameter of draft"),
        ({"subject_url": "file:///etc/passwd"}, "subject_url must be an http or https URL"),
        ({"subject_url": "http://10.0.0.1/a.jpg"}, "subject_url could not be downloaded"),
        ({"subject_url": noise}, "subject_url is not a readable image"),
        ({"motion_url": noise}, "motion_url is not an mp4 or mov video"),
    ]
    for change, words in wrong:
        answer = await look(customer, **change)
        assert answer.status == 400, answer
        assert words in answer.json["error"]
    await customer.control("mode", mode="down")
    assert (await look(customer)).status == 503


async def test_a_look_keeps_nothing(tmp_path: Path, subject: Path, motion: Path) -> None:
    server = ProviderServer(run_time_s=0, media_dir=tmp_path)
    async with customer_of(server, subject, motion) as customer:
        assert (await look(customer)).status == 200
        assert not list((tmp_path / "work").iterdir())


async def test_a_plain_server_sees_whom_it_is_told_to_see(customer: Customer) -> None:
    await customer.control("faults", seen_subject="nobody", seen_motion="several")
    seen = {"subject": "nobody", "motion": "several"}
    assert (await look(customer)).json == seen
    assert (await draft(customer)).json["metrics"]["draft"] == {"limbs": "none", **seen}


async def test_a_crowd_of_looks_is_told_to_come_back(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_LOOKS", 2)
    answers = await asyncio.gather(*(look(customer) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503]
    assert (await look(customer)).status == 200


async def test_a_look_that_takes_too_long_is_ended(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "LOOK_TIMEOUT_S", 0.01)
    answer = await look(customer)
    assert (answer.status, answer.json["error"]) == (400, "the inputs take too long to process")
