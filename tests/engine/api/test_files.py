"""The file host, uploads, and the account's balance."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from engine.api.clock import MovableClock
from engine.api.inputs import fetching_session
from engine.api.server import ProviderServer
from engine.api.storage import Storage
from tests.engine.customer import Customer, customer_of

WEEK_S = 7 * 24 * 3600.0


async def test_a_video_needs_no_key_and_is_there_for_a_week(slow_customer: Customer) -> None:
    job = await slow_customer.begin()
    await slow_customer.control("clock", advance_s=133)
    await job.ended.wait()
    url = (await slow_customer.result(job)).json["output"]

    video = await slow_customer.get(url, key=None)
    assert (video.status, video.content_type) == (200, "video/mp4")
    assert video.content[4:8] == b"ftyp"
    head = await slow_customer.call("HEAD", url, key=None)
    assert head.status == 200

    await slow_customer.control("clock", advance_s=WEEK_S - 60)
    assert (await slow_customer.get(url, key=None)).status == 200
    await slow_customer.control("clock", advance_s=61)
    assert (await slow_customer.get(url, key=None)).status == 404


async def test_uploads_come_back_as_they_were(customer: Customer, subject: Path) -> None:
    answer = await customer.get(customer.image_url, key=None)
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert answer.content == await asyncio.to_thread(subject.read_bytes)
    assert customer.image_url.startswith(f"{customer.server.files_url}/assets/")
    assert customer.image_url.endswith(".jpg")


async def test_several_files_go_up_at_once(customer: Customer) -> None:
    body = {"data_urls": ["data:text/plain;base64,aGk=", "data:;base64,aG8="]}
    answer = await customer.call("POST", customer.server.upload_url, json=body)
    contents = [(await customer.get(url, key=None)).content for url in answer.json["file_urls"]]
    assert contents == [b"hi", b"ho"]
    assert answer.json["message"]


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/javascript"])
async def test_no_upload_is_served_as_a_page(customer: Customer, content_type: str) -> None:
    body = {"data_urls": [f"data:{content_type};base64,aGk="]}
    answer = await customer.call("POST", customer.server.upload_url, json=body)
    [url] = answer.json["file_urls"]
    assert (await customer.get(url, key=None)).content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "host",
    ["10.0.0.5", "192.168.1.1", "169.254.169.254", "[::ffff:10.0.0.5]", "[fd00::1]", "0.0.0.0"],
)
@pytest.mark.parametrize("may_fetch_here", [True, False])
async def test_nothing_is_fetched_from_the_network_around_it(
    host: str, may_fetch_here: bool
) -> None:
    async with fetching_session(may_fetch_here=may_fetch_here) as session:
        with pytest.raises(aiohttp.ClientConnectorError, match="no public address"):
            await session.get(f"http://{host}/")


async def test_only_a_server_on_this_machine_alone_fetches_from_it(customer: Customer) -> None:
    async with fetching_session(may_fetch_here=False) as session:
        with pytest.raises(aiohttp.ClientConnectorError, match="no public address"):
            await session.get(customer.image_url)
    async with (
        fetching_session(may_fetch_here=True) as session,
        session.get(customer.image_url) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data_urls": []},
        {"data_urls": "data:text/plain;base64,aGk="},
        {"data_urls": [7]},
        {"data_urls": ["http://127.0.0.1/a.jpg"]},
        {"data_urls": ["data:text/plain,hi"]},
        {"data_urls": ["data:text/plain;base64,h"]},
        {"data_urls": ["data:text/plain;base64,é"]},
    ],
)
async def test_an_upload_that_is_no_data_url_is_400(customer: Customer, body: object) -> None:
    answer = await customer.call("POST", customer.server.upload_url, json=body)
    assert answer.status == 400
    assert "data_urls" in answer.json["error"]


@pytest.mark.parametrize("path", ["assets/..%2F..%2Fetc%2Fpasswd", "assets/x", "generations/x.mp4"])
async def test_nothing_else_is_served(customer: Customer, path: str) -> None:
    answer = await customer.get(f"{customer.server.files_url}/{path}")
    assert (answer.status, answer.content_type) == (404, "application/json")


async def test_only_a_video_that_was_made_is_paid_for(customer: Customer) -> None:
    url = customer.server.credits_url
    assert (await customer.get(url)).json == {"credits": 100.0, "free-credits": 0.0}
    await customer.finish(image_url="http://127.0.0.1:1/")
    assert (await customer.get(url)).json["credits"] == 100
    await customer.finish(quality="720p")
    assert (await customer.get(url)).json["credits"] == pytest.approx(100 - 0.5 * 0.12)
    assert (await customer.get(url, key=None)).status == 401


async def test_a_media_folder_of_ones_own_is_kept(
    tmp_path: Path, subject: Path, motion: Path
) -> None:
    folder = tmp_path / "new" / "media"
    server = ProviderServer(run_time_s=0, media_dir=folder)
    async with customer_of(server, subject, motion) as customer:
        await customer.finish()
    kept = sorted(path.parent.name for path in folder.rglob("*") if path.is_file())
    assert kept == ["assets", "assets", "generations"]


async def test_what_is_served_no_more_is_deleted(tmp_path: Path) -> None:
    clock = MovableClock()
    storage = Storage(tmp_path, clock)
    first = await storage.keep_upload("data:image/png;base64,AAAA")
    clock.advance(24 * 3600)
    assert storage.find(first) is None
    second = await storage.keep_upload("data:image/png;base64,AAAA")
    assert [path.name for path in (tmp_path / "assets").iterdir()] == [second.rpartition("/")[2]]


async def test_the_oldest_uploads_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.api.storage.MOST_UPLOADED_BYTES", 7)
    storage = Storage(tmp_path, MovableClock())
    kept = [await storage.keep_upload("data:image/png;base64,AAAA") for _ in range(3)]
    assert [storage.find(path) is not None for path in kept] == [False, True, True]
