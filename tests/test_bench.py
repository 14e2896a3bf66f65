"""The provider that the bench brings: were it broken, nothing would be measured."""

from pathlib import Path

import aiohttp

from bench.load.provider import CONTROL, CannedProvider

VIDEO = b"one video for all"


async def test_the_canned_provider_runs_a_job_and_tells_who_asked(tmp_path: Path) -> None:
    async with CannedProvider(VIDEO, tmp_path) as server:
        headers = {"x-api-key": server.api_key}
        async with aiohttp.ClientSession(headers=headers) as http:
            await http.post(
                f"{server.files_url}{CONTROL}", json={"median_s": 0, "sigma": 0, "held": False}
            )
            inputs = {"image_url": server.files_url, "video_url": server.files_url}
            submitted = await http.post(f"{server.api_url}/pixverse-mimic", json=inputs)
            answer = await submitted.json()
            await server.workshop.accepted[0].ended.wait()
            status = await (await http.get(answer["status_url"])).json()
            assert status["status"] == "COMPLETED"
            async with http.get(f"{server.files_url}{CONTROL}?full=1") as told:
                records = (await told.json())["records"]
            assert [one["polls"] for one in records] == [1]
            result = await (await http.get(answer["response_url"])).json()
            async with http.get(result["video"]["url"]) as video:
                assert await video.read() == VIDEO
