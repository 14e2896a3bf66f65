"""The provider's own client runs against the stand-in, unchanged but for its addresses."""

import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import segmind
from segmind.files import Files

from engine.api.server import ProviderServer


@pytest.fixture
def sdk(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[segmind.SegmindClient]:
    # the package hides this module behind an object of the same name
    generations = importlib.import_module("segmind.generations")
    monkeypatch.setattr(generations, "REQUEST_HISTORY_URL", server.history_url)
    monkeypatch.setattr(Files, "STORAGE_BASE_URL", server.files_url)
    client = segmind.SegmindClient(server.api_key, base_url=f"{server.files_url}/v1")
    yield client
    client._client.close()


async def test_submit_wait_and_look_back(
    sdk: segmind.SegmindClient, server: ProviderServer, subject: Path, motion: Path
) -> None:
    def customer() -> dict[str, Any]:
        uploaded = sdk.files.upload([subject, motion])
        image_url, video_url = uploaded["file_urls"]
        inputs = {"image_url": image_url, "video_url": video_url, "quality": "360p"}
        job = sdk.submit_async("pixverse-mimic", **inputs)
        result = job.wait(timeout=30, interval=0.05)
        row = sdk.generations.get(job.request_id)
        assert row["request_body"] == inputs
        assert sdk.generations.history(model_name="pixverse-mimic")["data"] == [row]
        return {"result": result, "row": row}

    seen = await asyncio.to_thread(customer)
    assert seen["result"]["status"] == "COMPLETED"
    assert seen["result"]["output"] == seen["row"]["generation_url"]
    assert seen["row"]["credits_deduction"] == seen["result"]["metrics"]["cost"]
    assert len(server.accepted) == 1


async def test_a_failed_job_raises_with_the_servers_text(
    sdk: segmind.SegmindClient, server: ProviderServer
) -> None:
    def customer() -> None:
        gone = f"{server.files_url}/assets/gone"
        job = sdk.submit_async("pixverse-mimic", image_url=gone, video_url=gone)
        with pytest.raises(segmind.InferenceFailed) as caught:
            job.wait(timeout=30, interval=0.05)
        assert "image_url could not be downloaded" in caught.value.detail
        assert job.result()["status"] == "FAILED"

    await asyncio.to_thread(customer)


async def test_refusals_carry_status_and_text(
    sdk: segmind.SegmindClient, server: ProviderServer
) -> None:
    def refused(slug: str, **inputs: str) -> tuple[int | None, str | None]:
        with pytest.raises(segmind.SegmindError) as caught:
            sdk.submit_async(slug, **inputs)
        return caught.value.status, caught.value.detail

    assert await asyncio.to_thread(refused, "pixverse-mimic") == (400, "video_url is required")
    assert await asyncio.to_thread(refused, "other") == (404, "Model other not found")
    server.workshop.credits = 0
    url = "http://127.0.0.1/x"
    status, text = await asyncio.to_thread(refused, "pixverse-mimic", image_url=url, video_url=url)
    assert status == 406
    assert "credits" in (text or "")
