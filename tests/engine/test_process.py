"""`python -m engine`: one line when ready, gone on SIGTERM, a sentence when it cannot start."""

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.engine.customer import data_url

REPOSITORY = Path(__file__).parent.parent.parent


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "engine", "--plain", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_stop(
    tmp_path: Path, subject: Path, motion: Path, number: signal.Signals
) -> None:
    engine = await start("--api-key", "SG_mine", "--run-time-s", "60", "--media-dir", str(tmp_path))
    try:
        assert engine.stdout is not None
        ready = json.loads(await asyncio.wait_for(engine.stdout.readline(), 60))
        assert ready["api_key"] == "SG_mine"
        assert ready["api_url"].endswith("/v2")
        assert set(ready) == {
            *("api_url", "history_url", "upload_url", "credits_url"),
            *("files_url", "control_url", "api_key"),
        }
        async with aiohttp.ClientSession(headers={"x-api-key": "SG_mine"}) as session:
            uploads = {"data_urls": [data_url(subject, "image/png"), data_url(motion, "video/mp4")]}
            async with session.post(ready["upload_url"], json=uploads) as reply:
                image_url, video_url = (await reply.json())["file_urls"]
            body = {"image_url": image_url, "video_url": video_url}
            async with session.post(f"{ready['api_url']}/pixverse-mimic", json=body) as reply:
                assert reply.status == 200
            async with session.post(
                f"{ready['control_url']}/clock", json={"advance_s": 1}
            ) as reply:
                assert reply.status == 200
    finally:
        engine.send_signal(number)
        rest, complaint = await asyncio.wait_for(engine.communicate(), 60)
    assert (engine.returncode, rest, complaint) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "sentence", "exit_status"),
    [
        (["--port", "70000"], "70000 is not a port from 0 to 65535", 2),
        (["--run-time-s", "nan"], "nan is not a number of 0 or more", 2),
        (["--credits", "many"], "many is not a number of 0 or more", 2),
        (["--media-dir", f"{__file__}/x"], "The engine cannot start: ", 1),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], sentence: str, exit_status: int
) -> None:
    engine = await start(*arguments)
    _, complaint = await asyncio.wait_for(engine.communicate(), 60)
    assert sentence in complaint.decode()
    assert "Traceback" not in complaint.decode()
    assert engine.returncode == exit_status


async def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        engine = await start("--port", str(taken.getsockname()[1]))
        _, complaint = await asyncio.wait_for(engine.communicate(), 60)
    assert b"The engine cannot start: " in complaint
    assert b"in use" in complaint
    assert engine.returncode == 1
