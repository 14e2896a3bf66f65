"""What is on disk at each moment that can be seen from outside, and answers that are lost there."""

from typing import Any

import pytest

from sandbox.clients.person import PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Point, Rule, breaks_off, resets
from tests.bot.life.world import Life
from tests.e2e.stage import is_video

SUBMIT = ("provider", "POST", "/v2/{model}")
POLL = ("provider", "GET", "/v2/requests/{request_id}/status")
FILE = ("provider", "GET", "/generations/{name}")
POST = ("discord", "POST", "/channels/{channel_id}/messages")
LOST: list[Fault] = [
    resets(after=True),
    answers.page(502, after=True),
    answers.garbage(after=True),
    breaks_off(),
]


async def delivered(life: Life) -> PersonClient:
    """Bring one job to its end, and be its requester."""
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))  # time may pass now
    await life.reaches("delivered", step_s=1.0)
    return ada


def ids(fault: Fault) -> str:
    return fault.name


async def test_each_step_is_saved_before_the_request_that_stands_on_it(life: Life) -> None:
    seen: dict[tuple[str, ...], Any] = {}

    async def witness(point: Point) -> None:
        if point.moment == "before" and point[:3] in {SUBMIT, POLL, FILE, POST}:
            [job] = life.rows(
                "SELECT state, video_url IS NOT NULL, request_id IS NOT NULL,"
                " delivery_tried_at IS NOT NULL FROM jobs"
                " LEFT JOIN attempts ON attempts.id = attempt_id"
            )
            is_on_disk = any((life.folder / "data" / "media").glob("*/video.mp4"))
            seen.setdefault(point[:3], (*job, is_on_disk, life.money()))

    life.faults.witness = witness
    await delivered(life)
    assert seen == {
        SUBMIT: ("submitting", True, False, False, False, ["hold"]),
        POLL: ("rendering", True, True, False, False, ["hold"]),
        FILE: ("fetching", True, True, False, False, ["hold"]),
        POST: ("delivering", True, True, True, True, ["hold", "capture"]),
    }


@pytest.mark.parametrize("fault", LOST, ids=ids)
async def test_a_submit_whose_answer_is_lost_is_found_and_not_repeated(
    life: Life, fault: Fault
) -> None:
    life.faults.add(Rule(fault, *SUBMIT, times=1))
    ada = await delivered(life)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]
    assert life.faults.struck.total() == 1


@pytest.mark.parametrize("fault", LOST, ids=ids)
async def test_a_post_whose_answer_is_lost_stands_once(life: Life, fault: Fault) -> None:
    life.faults.add(Rule(fault, *POST, times=1))
    ada = await delivered(life)
    [post] = await life.posts(ada, life.channel("general"))
    assert life.rows("SELECT delivered, delivery_message_id FROM jobs") == [
        ("channel", int(post["id"]))
    ]


@pytest.mark.parametrize("fault", LOST, ids=ids)
async def test_a_download_that_breaks_is_made_again_and_paid_for_once(
    life: Life, fault: Fault
) -> None:
    life.faults.add(Rule(fault, *FILE, times=2))
    ada = await delivered(life)
    await ada.wait_for(is_video)
    assert life.money() == ["hold", "capture"]
    assert life.faults.struck.total() == 2
