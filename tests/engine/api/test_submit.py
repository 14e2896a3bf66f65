"""What a submit must carry, and how each wrong one is refused."""

from pathlib import Path

import pytest

from engine.api.jobs import State
from tests.engine.customer import Customer, data_url


async def test_an_accepted_submit_names_the_request_and_where_to_ask(customer: Customer) -> None:
    answer = await customer.submit()

    (job,) = customer.server.accepted
    url = f"{customer.server.api_url}/requests/{job.request_id}"
    assert (answer.status, answer.json) == (
        200,
        {
            "request_id": job.request_id,
            "status": "QUEUED",
            "poll_url": url.replace("/v2/", "/v1/"),
            "status_url": f"{url}/status",
            "response_url": url,
        },
    )


async def test_every_accepted_submit_is_a_new_job(customer: Customer) -> None:
    answers = [await customer.submit() for _ in range(2)]
    assert len({answer.json["request_id"] for answer in answers}) == 2
    assert len(customer.server.accepted) == 2


async def test_the_image_may_come_as_base64(customer: Customer, subject: Path) -> None:
    url = data_url(subject, "image/jpeg")
    for image in (url, url.partition(",")[2]):
        job = await customer.finish(image_url=None, image=image)
        assert job.state is State.COMPLETED


async def test_quality_is_540p_unless_said(customer: Customer) -> None:
    assert (await customer.begin(quality=None)).inputs.quality == "540p"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"video_url": None}, "video_url"),
        ({"image_url": None}, "image_url"),
        ({"image": "aGk="}, "image_url and image"),
        ({"video_url": "ftp://127.0.0.1/a.mp4"}, "video_url"),
        ({"video_url": "http://[/a.mp4"}, "video_url"),
        ({"image_url": "a.jpg"}, "image_url"),
        ({"image_url": 7}, "image_url"),
        ({"image_url": None, "image": "not base64!"}, "image"),
        ({"image_url": None, "image": ""}, "image"),
        ({"quality": "1080p"}, "quality"),
        ({"quality": ["540p"]}, "quality"),
    ],
)
async def test_a_bad_field_is_400_and_named(
    customer: Customer, changes: dict[str, object], named: str
) -> None:
    answer = await customer.submit(**changes)
    assert answer.status == 400
    assert named in answer.json["error"]
    assert not customer.server.accepted


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"\xff\xfe\xfd", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_400(customer: Customer, body: bytes) -> None:
    url = f"{customer.server.api_url}/pixverse-mimic"
    headers = {"Content-Type": "application/json"}
    answer = await customer.call("POST", url, data=body, headers=headers)
    assert (answer.status, list(answer.json)) == (400, ["error"])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_wrong_content_type_is_406(customer: Customer, content_type: str) -> None:
    url = f"{customer.server.api_url}/pixverse-mimic"
    headers = {"Content-Type": content_type}
    answer = await customer.call("POST", url, data=b"{}", headers=headers)
    assert answer.status == 406
    assert "content type" in answer.json["error"]


async def test_an_empty_balance_is_406_and_told_apart_by_its_text(customer: Customer) -> None:
    await customer.control("credits", credits=0)
    answer = await customer.submit()
    assert answer.status == 406
    assert "credits" in answer.json["error"]
    assert not customer.server.accepted


async def test_an_unknown_model_is_404(customer: Customer) -> None:
    answer = await customer.call("POST", f"{customer.server.api_url}/pixverse-mimics", json={})
    assert answer.status == 404
    assert "pixverse-mimics" in answer.json["error"]


@pytest.mark.parametrize("key", [None, "SG_other"])
@pytest.mark.parametrize("path", ["v2/pixverse-mimic", "upload-asset"])
async def test_without_the_key_nothing_is_accepted(
    customer: Customer, path: str, key: str | None
) -> None:
    url = f"{customer.server.files_url}/{path}"
    bearer = {"Authorization": f"Bearer {customer.server.api_key}"}
    answer = await customer.call("POST", url, key=key, headers=bearer, json={})
    assert answer.status == 401
    assert "API key" in answer.json["error"]


async def test_a_wrong_method_is_an_html_page(customer: Customer) -> None:
    answer = await customer.get(f"{customer.server.api_url}/pixverse-mimic")
    assert (answer.status, answer.content_type) == (405, "text/html")
