"""The port for health and metrics where strangers reach it: they take nothing from anybody."""

import asyncio
import logging
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bot import telemetry
from bot.telemetry import COMPLAIN_EVERY_S, MOST_CONNECTIONS
from tests.bot.life.operator.test_looking_after import free_port, reports
from tests.bot.life.world import Life
from tests.bot.test_settings import ROOT

NO_HTTP = (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/99\r\n\r\n", b"GET\r\n\r\n")
NOFILE = """
import resource
from bot.__main__ import _open_more_files
resource.setrlimit(resource.RLIMIT_NOFILE, SET)
_open_more_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@asynccontextmanager
async def saying(port: int, said: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which somebody says this and no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    try:
        yield reader
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return not await reader.read(1)
    except ConnectionError:
        return True


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_who_says_nothing_makes_room_for_who_asks(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    before = open_files()
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        silent = [
            await stack.enter_async_context(saying(port)) for _ in range(4 * MOST_CONNECTIONS)
        ]
        for page in ("healthz", "metrics"):
            await reports(session, f"http://127.0.0.1:{port}/{page}", 200)
        gone = silent[: 3 * MOST_CONNECTIONS]
        assert all(await asyncio.gather(*map(is_closed, gone)))
        assert open_files() - before <= len(silent) + MOST_CONNECTIONS + 2


async def test_a_connection_is_there_for_one_question_and_some_seconds(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "CONNECTION_LIFE_S", 0.2)
    port = free_port()
    await life.start(http_port=port)
    question = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
    for said in (b"", question):
        async with saying(port, said) as reader:
            assert await is_closed(reader)
    async with saying(port, (question + b"\r\n") * 2) as reader:
        answers = await reader.read()
    assert answers.count(b"200 OK") == 1
    assert answers.endswith(b"\r\n\r\nok\n")


async def test_only_what_is_there_is_answered(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    async with aiohttp.ClientSession() as session:
        for method, page, status in (
            ("GET", "", 404),
            ("GET", "healthz/", 404),
            ("POST", "metrics", 405),
            ("HEAD", "metrics", 200),
        ):
            async with session.request(method, f"http://127.0.0.1:{port}/{page}") as answer:
                assert answer.status == status


async def test_what_is_no_http_is_written_down_nowhere(
    life: Life, capfd: pytest.CaptureFixture[str]
) -> None:
    telemetry.set_up_logs("INFO")
    port = free_port()
    await life.start(http_port=port)
    capfd.readouterr()
    for said in NO_HTTP * 3:
        async with saying(port, said) as reader:
            assert b"400 Bad Request" in await reader.read()
    assert "aiohttp" not in capfd.readouterr().err


def test_a_complaint_about_connections_is_written_down_now_and_then(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry.set_up_logs("INFO")
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for _ in range(2):
        for _ in range(100):
            logging.getLogger("asyncio").error("socket.accept() out of system resource\nsocket: 7")
            logging.getLogger("aiohttp.server").error("Error handling request from ::1")
        logging.getLogger("asyncio").error("Task exception was never retrieved")
        now[0] += COMPLAIN_EVERY_S
    said = capfd.readouterr().err
    assert said.count("socket.accept()") == said.count("Error handling request") == 2
    assert said.count("never retrieved") == 2


@pytest.mark.parametrize(
    ("had", "has"), [((256, 4096), "4096 4096"), ((256, 20000), "8192 20000"), ((64, 64), "64 64")]
)
def test_as_many_files_as_there_is_sense_in(had: tuple[int, int], has: str) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < max(had):
        pytest.skip("this machine lets nobody have so many")
    program = NOFILE.replace("SET", str(had))
    asked = [sys.executable, "-c", program]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == has
