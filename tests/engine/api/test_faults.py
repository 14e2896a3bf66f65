"""The provider's bad times: slow, failing, down, and well again."""

import pytest

from engine.api.faults import FAILURES
from engine.api.jobs import State
from tests.engine.customer import Customer


async def set_mode(customer: Customer, mode: str) -> None:
    answer = await customer.control("mode", mode=mode)
    assert (answer.status, answer.json) == (200, {"mode": mode})
    shown = await customer.get(f"{customer.server.control_url}/mode", key=None)
    assert shown.json == {"mode": mode}


async def test_it_is_well_at_first(customer: Customer) -> None:
    shown = await customer.get(f"{customer.server.control_url}/mode", key=None)
    assert (shown.status, shown.json) == (200, {"mode": "well"})


async def test_slow_runs_take_ten_times_as_long(slow_customer: Customer) -> None:
    before = await slow_customer.begin()
    await set_mode(slow_customer, "slow")
    after = await slow_customer.begin()
    await slow_customer.control("clock", advance_s=1300)
    assert (await slow_customer.status(before)).json["status"] == "PROCESSING"
    assert (await slow_customer.status(after)).json["status"] == "PROCESSING"
    await slow_customer.control("clock", advance_s=30)
    for job in (before, after):
        await job.ended.wait()
        assert job.state is State.COMPLETED


async def test_well_again_a_run_that_is_over_time_ends_at_once(slow_customer: Customer) -> None:
    await set_mode(slow_customer, "slow")
    job = await slow_customer.begin()
    await slow_customer.control("clock", advance_s=200)
    assert (await slow_customer.status(job)).json["status"] == "PROCESSING"
    await set_mode(slow_customer, "well")
    await job.ended.wait()
    assert job.state is State.COMPLETED


async def test_failing_runs_end_with_a_reason_and_are_not_billed(customer: Customer) -> None:
    await set_mode(customer, "failing")
    job = await customer.finish()
    for answer in (await customer.status(job), await customer.result(job)):
        assert (answer.status, answer.json["status"]) == (422, "FAILED")
        assert answer.json["error"] == FAILURES["unknown"]
    assert customer.server.workshop.credits == 100
    await set_mode(customer, "well")
    assert (await customer.finish()).state is State.COMPLETED


async def test_down_every_answer_of_the_api_is_a_503_page(customer: Customer) -> None:
    server = customer.server
    job = await customer.finish()
    await set_mode(customer, "down")
    answers = [
        await customer.submit(),
        await customer.status(job),
        await customer.result(job),
        await customer.get(server.credits_url),
        await customer.get(server.history_url),
        await customer.get(server.credits_url, key=None),
        await customer.call("POST", server.upload_url, json={"data_urls": []}),
    ]
    for answer in answers:
        assert (answer.status, answer.content_type) == (503, "text/html")
    assert len(server.accepted) == 1
    assert (await customer.get(f"{server.files_url}{job.video_path}", key=None)).status == 200
    await set_mode(customer, "well")
    assert (await customer.status(job)).status == 200


@pytest.mark.parametrize("mode", ["tired", "", None, 5, ["down"]])
async def test_another_mode_is_refused(customer: Customer, mode: object) -> None:
    answer = await customer.control("mode", mode=mode)
    assert answer.status == 400
    assert answer.json == {"error": 'The body must be {"mode": <one of well, slow, failing, down>}'}
