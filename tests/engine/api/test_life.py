"""A job's life: its states over time, its result, its failures, its end."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.api.jobs import Job, RenderPlan, State
from engine.api.server import ProviderServer
from tests.engine.customer import Customer, customer_of
from tests.media_samples import make_audio_only, make_noise, make_picture, make_pixel_bomb

HOUR_S = 3600.0


async def end_after(customer: Customer, job: Job, seconds: float) -> None:
    await customer.control("clock", advance_s=seconds)
    await job.ended.wait()


async def test_states_follow_the_clock(slow_customer: Customer) -> None:
    job = await slow_customer.begin()
    assert (await slow_customer.status(job)).json["status"] == "QUEUED"

    await slow_customer.control("clock", advance_s=1)
    polled = await slow_customer.status(job)
    assert (polled.status, polled.json["metrics"]) == (200, {})
    assert polled.json["status"] == "PROCESSING"
    assert (await slow_customer.result(job)).json["status"] == "PROCESSING"

    await end_after(slow_customer, job, 132)
    polled = await slow_customer.status(job)
    assert (polled.status, polled.json["status"]) == (200, "COMPLETED")
    assert polled.json["metrics"]["total_time"] >= 133
    assert polled.json["metrics"]["inference_time"] >= 132


async def test_a_result_names_the_video_its_size_and_its_cost(customer: Customer) -> None:
    job = await customer.finish()
    answer = await customer.result(job)

    body = answer.json
    assert (answer.status, body["status"], body["error"]) == (200, "COMPLETED", None)
    assert body["output"] == body["video"]["url"]
    assert body["output"].startswith(f"{customer.server.files_url}/generations/")
    assert body["video"]["content_type"] == "video/mp4"
    video = await customer.get(body["output"], key=None)
    assert len(video.content) == int(body["video"]["file_size"])
    assert body["metrics"]["cost"] == pytest.approx(0.5 * 0.09)
    assert body["metrics"]["remaining_credits"] == pytest.approx(100 - 0.5 * 0.09)
    v1 = await customer.get(f"{customer.server.files_url}/v1/requests/{job.request_id}")
    assert v1.json == body


async def test_after_an_hour_from_submission_it_is_forgotten(slow_customer: Customer) -> None:
    job = await slow_customer.begin()
    await end_after(slow_customer, job, HOUR_S - 60)
    assert (await slow_customer.status(job)).status == 200

    await slow_customer.control("clock", advance_s=60)
    for answer in (await slow_customer.status(job), await slow_customer.result(job)):
        assert answer.status == 404
        assert answer.json == {"error": f"Request {job.request_id} not found"}


@pytest.mark.parametrize("request_id", ["nonsense", "2c7f59ea-13f1-402c-9353-915a2b5a2124"])
async def test_an_unknown_id_is_404(customer: Customer, request_id: str) -> None:
    answer = await customer.get(f"{customer.server.api_url}/requests/{request_id}/status")
    assert (answer.status, answer.json["error"]) == (404, f"Request {request_id} not found")


async def test_an_input_that_cannot_be_fetched_fails_the_job(customer: Customer) -> None:
    gone = f"{customer.server.files_url}/assets/gone.mp4"
    job = await customer.finish(video_url=gone)

    for answer in (await customer.status(job), await customer.result(job)):
        assert (answer.status, answer.json["status"]) == (422, "FAILED")
        assert "video_url could not be downloaded: HTTP 404" in answer.json["error"]
    assert customer.server.workshop.credits == 100

    job = await customer.finish(image_url="http://127.0.0.1:1/refused.jpg")
    assert "image_url could not be downloaded" in (job.error or "")


async def test_inputs_of_a_wrong_kind_fail_the_job(customer: Customer, tmp_path: Path) -> None:
    noise = await customer.upload(make_noise(tmp_path / "noise"), "video/mp4")
    bomb = await customer.upload(make_pixel_bomb(tmp_path / "bomb.png"), "image/png")
    sound = await customer.upload(make_audio_only(tmp_path / "sound.mp4"), "video/mp4")
    wrong = [
        ({"image_url": noise}, "image_url is not a readable image"),
        ({"image_url": customer.video_url}, "image_url is not a readable image"),
        ({"image_url": bomb}, "image_url has more than 50,000,000 pixels"),
        ({"video_url": noise}, "video_url is not an mp4 or mov video"),
        ({"video_url": customer.image_url}, "video_url is not an mp4 or mov video"),
        ({"video_url": sound}, "video_url holds no video stream"),
    ]
    jobs = [await customer.begin(**changes) for changes, _ in wrong]
    await asyncio.gather(*(job.ended.wait() for job in jobs))
    assert [job.error for job in jobs] == [
        f"Validation error in pixverse-mimic: {text}" for _, text in wrong
    ]


async def test_a_renderer_that_dies_fails_its_job(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    job = await customer.finish()
    assert job.error == "Validation error in pixverse-mimic: the inputs could not be processed"


async def test_a_renderer_that_takes_too_long_is_ended(subject: Path, motion: Path) -> None:
    plan = RenderPlan(is_plain=True, timeout_s=0.01)
    async with customer_of(ProviderServer(plan=plan, run_time_s=0), subject, motion) as customer:
        job = await customer.finish()
    assert job.error == "Validation error in pixverse-mimic: the inputs take too long to process"


async def test_inputs_are_fetched_when_the_job_runs(
    slow_customer: Customer, subject: Path, motion: Path
) -> None:
    fetched: list[web.Request] = []

    async def serve(request: web.Request) -> web.FileResponse:
        fetched.append(request)
        return web.FileResponse(subject if request.path == "/subject" else motion)

    application = web.Application()
    application.add_routes([web.get("/{name}", serve)])
    async with TestServer(application) as elsewhere:
        links = {"image_url": str(elsewhere.make_url("/subject"))}
        links["video_url"] = str(elsewhere.make_url("/motion"))
        job = await slow_customer.begin(**links)
        assert not fetched
        await end_after(slow_customer, job, 133)
    assert [request.path for request in fetched] == ["/subject", "/motion"]
    assert all("x-api-key" not in request.headers for request in fetched)


async def test_what_was_uploaded_is_read_where_it_lies(slow_customer: Customer) -> None:
    job = await slow_customer.begin()
    await end_after(slow_customer, job, 133)
    assert job.state is State.COMPLETED
    assert not any(seen.path.startswith("/assets/") for seen in slow_customer.server.requests)


async def test_paused_jobs_stay_in_processing_until_resumed(slow_customer: Customer) -> None:
    await slow_customer.control("pause")
    jobs = [await slow_customer.begin(), await slow_customer.begin(image_url="http://127.0.0.1:1/")]
    await slow_customer.control("clock", advance_s=1000)
    for job in jobs:
        assert (await slow_customer.status(job)).json["status"] == "PROCESSING"

    await slow_customer.control("resume")
    await asyncio.gather(*(job.ended.wait() for job in jobs))
    assert [job.state for job in jobs] == [State.COMPLETED, State.FAILED]


async def test_a_server_that_stops_ends_its_work(slow_customer: Customer, tmp_path: Path) -> None:
    job = await slow_customer.begin(
        image_url=await slow_customer.upload(
            make_picture(tmp_path / "large.png", size=(2000, 3000), fmt="PNG"), "image/png"
        )
    )
    await slow_customer.control("clock", advance_s=1)
    assert job.state is State.PROCESSING  # the fixture's end must not wait for it


async def test_accepted_jobs_are_listed_by_control(customer: Customer) -> None:
    arrival = asyncio.create_task(customer.server.until_accepted(1))
    await customer.submit(quality="4k")
    assert not arrival.done()
    job = await customer.begin()
    await arrival

    answer = await customer.get(f"{customer.server.control_url}/accepted", key=None)
    assert answer.json == [
        {
            "request_id": job.request_id,
            "model": "pixverse-mimic",
            "image_url": customer.image_url,
            "video_url": customer.video_url,
            "quality": "360p",
            "at": job.submitted_at,
        }
    ]
    posts = [seen for seen in customer.server.requests if seen.path.endswith("/pixverse-mimic")]
    assert len(posts) == 2


@pytest.mark.parametrize("body", [{}, {"advance_s": -1}, {"advance_s": "1"}, {"advance_s": True}])
async def test_a_malformed_control_request_is_400(
    customer: Customer, body: dict[str, object]
) -> None:
    url = f"{customer.server.control_url}/clock"
    answer = await customer.call("POST", url, key=None, json=body)
    assert (answer.status, list(answer.json)) == (400, ["error"])
