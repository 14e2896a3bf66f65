"""The account's history: rows of every state and age, and how a list is asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.api.jobs import Job
from tests.engine.customer import Answer, Customer

DAY_S = 24 * 3600.0


async def listed(customer: Customer, **query: str | int) -> Answer:
    return await customer.get(customer.server.history_url, params=query)


def ids(answer: Answer) -> list[str]:
    return [row["request_id"] for row in answer.json["data"]]


async def row_of(customer: Customer, job: Job) -> Answer:
    return await customer.get(f"{customer.server.history_url}/{job.request_id}")


async def test_a_row_tells_inputs_outcome_and_cost(customer: Customer) -> None:
    job = await customer.finish()
    answer = await row_of(customer, job)

    row = answer.json
    assert answer.status == 200
    assert row["request_id"] == job.request_id
    assert (row["model_name"], row["model_status"]) == ("pixverse-mimic", "COMPLETED")
    assert row["request_body"] == {
        "image_url": customer.image_url,
        "video_url": customer.video_url,
        "quality": "360p",
    }
    assert row["generation_url"] == (await customer.result(job)).json["output"]
    assert row["credits_deduction"] == pytest.approx(0.045)
    assert (row["error"], row["latency_ms"] > 0) == (None, True)
    created = datetime.fromisoformat(row["model_created"])
    assert created.timestamp() == pytest.approx(job.submitted_at, abs=0.002)


async def test_rows_of_jobs_under_way_and_failed_are_there(slow_customer: Customer) -> None:
    failed = await slow_customer.begin(image_url="http://127.0.0.1:1/")
    await slow_customer.control("clock", advance_s=1)
    await failed.ended.wait()
    under_way = await slow_customer.begin()

    assert (await row_of(slow_customer, under_way)).json["model_status"] == "PENDING"
    row = (await row_of(slow_customer, failed)).json
    assert (row["model_status"], row["credits_deduction"]) == ("FAILED", 0)
    assert row["error"] == failed.error
    for status, job in (("PENDING", under_way), ("FAILED", failed)):
        assert ids(await listed(slow_customer, status=status)) == [job.request_id]
    assert ids(await listed(slow_customer, status="COMPLETED")) == []


async def test_a_row_outlives_its_request_and_is_found_undashed(slow_customer: Customer) -> None:
    job = await slow_customer.begin()
    await slow_customer.control("clock", advance_s=40 * DAY_S)
    await job.ended.wait()
    assert (await slow_customer.status(job)).status == 404
    undashed = job.request_id.replace("-", "")
    answer = await slow_customer.get(f"{slow_customer.server.history_url}/{undashed}")
    assert answer.json["request_id"] == job.request_id


async def test_pages_go_from_new_to_old_or_back(customer: Customer) -> None:
    jobs = []
    for _ in range(5):
        jobs.append((await customer.begin(image_url="http://127.0.0.1:1/")).request_id)
        await customer.control("clock", advance_s=1)

    pages = [await listed(customer, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [ids(page) for page in pages] == [jobs[4:2:-1], jobs[2:0:-1], [jobs[0]], []]
    assert (pages[0].json["total"], pages[0].json["total_pages"]) == (5, 3)
    assert ids(await listed(customer, sort_order="asc")) == jobs


async def test_days_are_utc_and_both_included(customer: Customer) -> None:
    old = await customer.begin(image_url="http://127.0.0.1:1/")
    old_day = datetime.fromtimestamp(old.submitted_at, UTC).date()
    await customer.control("clock", advance_s=10 * DAY_S)
    new = await customer.begin(image_url="http://127.0.0.1:1/")

    assert ids(await listed(customer)) == [new.request_id]  # the last seven days
    day = old_day.isoformat()
    assert ids(await listed(customer, from_date=day, to_date=day)) == [old.request_id]
    earlier = (old_day - timedelta(days=1)).isoformat()
    assert ids(await listed(customer, from_date=earlier, to_date=earlier)) == []


async def test_the_model_is_matched_by_a_part_of_its_name(customer: Customer) -> None:
    job = await customer.begin()
    assert ids(await listed(customer, model_name="mimic")) == [job.request_id]
    assert ids(await listed(customer, model_name="kling")) == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"page": "0"}, "page"),
        ({"page": "²"}, "page"),
        ({"per_page": "101"}, "per_page"),
        ({"from_date": "01.02.2026"}, "from_date"),
        ({"from_date": "2026-01-01", "to_date": "2026-02-02"}, "31 days"),
        ({"from_date": "2026-01-02", "to_date": "2026-01-01"}, "from_date"),
        ({"status": "QUEUED"}, "status"),
        ({"sort_by": "error"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
    ],
)
async def test_a_bad_parameter_is_400_and_named(
    customer: Customer, query: dict[str, str], named: str
) -> None:
    answer = await customer.get(customer.server.history_url, params=query)
    assert answer.status == 400
    assert named in answer.json["error"]


async def test_an_unknown_id_is_404(customer: Customer) -> None:
    answer = await customer.get(f"{customer.server.history_url}/nonsense")
    assert (answer.status, answer.json["error"]) == (404, "Request nonsense not found")
