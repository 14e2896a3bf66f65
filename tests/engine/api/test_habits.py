"""The provider's odd habits: every shape of a right answer, and a history that lags or loses."""

from typing import Any

import aiohttp
import pytest

from engine.api.faults import Habits
from engine.api.history import BILLED_FAILURE_CREDITS
from tests.engine.customer import Answer, Customer


async def habits(customer: Customer, **changes: object) -> Answer:
    return await customer.control("faults", **changes)


async def rows(customer: Customer) -> list[Any]:
    answer = await customer.get(customer.server.history_url)
    found: list[Any] = answer.json["data"]
    return found


async def test_they_are_shown_and_changed_one_by_one(customer: Customer) -> None:
    shown = await customer.get(f"{customer.server.control_url}/faults", key=None)
    assert Habits(**shown.json) == Habits()
    changed = await habits(customer, output="list", history_late_s=5)
    assert (changed.json["output"], changed.json["history_late_s"]) == ("list", 5)
    assert (await habits(customer, output="text")).json["history_late_s"] == 5
    assert customer.server.faults.habits == Habits(history_late_s=5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"colour": "red"}, "colour is none of history_late_s, history_copies"),
        ({"output": "poem"}, "output must be one of text, list, object, nothing"),
        ({"result_gone": 1}, "result_gone must be true or false"),
        ({"history_copies": 0}, "history_copies must be a whole number from 1 to 100"),
        ({"history_late_s": -1}, "history_late_s must be a number, 0 or more"),
    ],
)
async def test_what_is_no_habit_is_refused(
    customer: Customer, change: dict[str, object], reason: str
) -> None:
    answer = await habits(customer, **change)
    assert answer.status == 400
    assert answer.json["error"].startswith(reason)
    assert customer.server.faults.habits == Habits()


async def test_rows_come_late(slow_customer: Customer) -> None:
    await habits(slow_customer, history_late_s=60)
    job = await slow_customer.begin()
    row_url = f"{slow_customer.server.history_url}/{job.request_id}"
    assert await rows(slow_customer) == []
    assert (await slow_customer.get(row_url)).status == 404
    await slow_customer.control("clock", advance_s=61)
    assert [row["request_id"] for row in await rows(slow_customer)] == [job.request_id]
    assert (await slow_customer.get(row_url)).status == 200


async def test_rows_come_repeatedly_undashed_and_with_their_inputs_as_text(
    customer: Customer,
) -> None:
    await habits(customer, history_copies=2, history_ids="undashed", history_inputs="text")
    job = await customer.finish()
    early, last = await rows(customer)
    assert {early["request_id"], last["request_id"]} == {job.request_id.replace("-", "")}
    assert (early["model_status"], last["model_status"]) == ("PENDING", "COMPLETED")
    assert (early["generation_url"], bool(last["generation_url"])) == (None, True)
    assert customer.image_url in last["request_body"]


async def test_the_next_submit_alone_is_lost_when_asked(customer: Customer) -> None:
    assert (await customer.control("lost-submit", next=1)).status == 400
    await rows(customer)
    assert (await customer.control("lost-submit", next=True)).json == {"next": True, "readings": 1}
    with pytest.raises(aiohttp.ClientError):
        await customer.submit()
    [lost] = customer.server.accepted
    assert await rows(customer) == []
    shown = await customer.get(f"{customer.server.control_url}/lost-submit", key=None)
    assert shown.json == {"next": False, "readings": 1}
    kept = await customer.finish()
    assert [row["request_id"] for row in await rows(customer)] == [kept.request_id]
    assert customer.server.accepted == [lost, kept]

    await customer.control("lost-submit", next=True)
    await customer.control("lost-submit", next=False)
    assert (await customer.submit()).status == 200


async def test_what_is_accepted_while_the_history_loses_never_has_a_row(customer: Customer) -> None:
    await habits(customer, history_loses=True)
    lost = await customer.finish()
    await habits(customer, history_loses=False)
    kept = await customer.finish()
    assert [row["request_id"] for row in await rows(customer)] == [kept.request_id]
    assert customer.server.accepted == [lost, kept]


async def test_polls_can_be_404_or_500_and_failed_be_200(customer: Customer) -> None:
    job = await customer.finish()
    for status in ("404", "500"):
        await habits(customer, status=status)
        assert (await customer.status(job)).status == int(status)
    await habits(customer, status="as usual", failed="200")
    await customer.control("mode", mode="failing")
    failed = await customer.finish()
    answer = await customer.status(failed)
    assert (answer.status, answer.json["status"]) == (200, "FAILED")


@pytest.mark.parametrize("word", ["CANCELLED", "EXPIRED", "KAPUTT"])
async def test_a_run_that_failed_can_have_another_name(customer: Customer, word: str) -> None:
    """And its row may leave out what it cost, which is then not nothing."""
    await habits(customer, failed_word=word)
    await customer.control("mode", mode="failing")
    failed = await customer.finish()
    for answer in (await customer.status(failed), await customer.result(failed)):
        assert (answer.status, answer.json["status"]) == (200, word)
    [row] = await rows(customer)
    assert (row["model_status"], row["credits_deduction"]) == (word, 0.0)
    await habits(customer, history_deduction="failures too")
    assert (await rows(customer))[0]["credits_deduction"] == BILLED_FAILURE_CREDITS
    await habits(customer, history_deduction="nothing")
    [row] = await rows(customer)
    assert "credits_deduction" not in row


async def test_a_result_can_be_gone_though_it_is_complete(customer: Customer) -> None:
    job = await customer.finish()
    await habits(customer, result_gone=True)
    assert (await customer.status(job)).json["status"] == "COMPLETED"
    assert (await customer.result(job)).status == 404


async def test_every_shape_of_a_result(customer: Customer) -> None:
    job = await customer.finish()
    url = f"{customer.server.files_url}{job.video_path}"

    async def told(**changes: object) -> Any:
        await habits(customer, **changes)
        return (await customer.result(job)).json

    assert (await told(output="list"))["output"] == [url]
    assert (await told(output="object"))["output"] == {"video_url": url}
    assert "output" not in await told(output="nothing")
    assert (await told(video="text"))["video"] == url
    assert "video" not in await told(video="nothing")
    assert (await told(metrics="empty"))["metrics"] == {}
    assert (await told(metrics="null"))["metrics"] is None
    assert "metrics" not in await told(metrics="nothing")
    assert "status" not in await told(final_status=False)
