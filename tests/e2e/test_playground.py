"""`make playground`: a page, a bot behind it, controls that work, an end that leaves nothing."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from tests.e2e.stage import LONG_S, is_video, says

ROOT = Path(__file__).parent.parent.parent


class Visit:
    """A playground's process, as a newcomer meets it: what it prints, and its page."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._http = aiohttp.ClientSession()
        self.people_url = self.page_url = ""
        self.uploads: list[Path] = []

    async def reads(self, pattern: str) -> re.Match[str]:
        """The next line in the console with this in it."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LONG_S):
            while line := (await self.process.stdout.readline()).decode():
                if found := re.search(pattern, line):
                    return found
        raise AssertionError(f"It never said {pattern!r}.")

    async def opens(self, page_url: str) -> None:
        """The page, and in it where people's routes are."""
        self.page_url = page_url
        async with self._http.get(page_url) as response:
            document = await response.text()
        found = re.search(r'<meta name="people" content="([^"]+)">', document)
        assert found is not None
        self.people_url = page_url.rstrip("/") + found[1]

    async def get(self, path: str) -> Any:
        async with self._http.get(self.people_url + path) as response:
            return await response.json()

    async def control(self, id_: str, value: object = None) -> Any:
        """Set or press a control; its value then."""
        body = {"id": id_, "value": value}
        async with self._http.post(f"{self.people_url}/controls", json=body) as response:
            shown = await response.json()
        assert response.status == 200, shown
        return next(one["value"] for one in shown["controls"] if one["id"] == id_)

    async def refused(self, id_: str) -> str:
        """Press a control that does not do it now; what it says."""
        async with self._http.post(f"{self.people_url}/controls", json={"id": id_}) as response:
            assert response.status == 400
            return str((await response.json())["message"])

    async def close(self) -> None:
        await self._http.close()
        if self.process.returncode is None:  # not by SIGKILL: its programs would go on
            self.process.terminate()
        await self.process.communicate()

    def children(self) -> dict[str, int]:
        """Its programs' process ids by the last name of the module they run."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in listed.split()}
        modules = {pid: command.split("\0")[2] for pid, command in commands.items()}
        return {module.rpartition(".")[2]: int(pid) for pid, module in modules.items()}


async def run(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.programs.playground", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def visiting(folder: Path) -> AsyncIterator[Visit]:
    arguments = ("--plain", "--port", "0", "--folder", str(folder), "--run-time-s", "1")
    visit = Visit(await run(*arguments))
    try:
        page = await visit.reads(r"Open (http://127\.0\.0\.1:\d+/) in a browser")
        await visit.opens(page[1])
        uploads = await visit.reads(r"upload (\S+) and (\S+)\.$")
        visit.uploads = [Path(name) for name in uploads.groups()]
        yield visit
    finally:
        await visit.close()


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_newcomer_gets_a_video_and_a_tester_breaks_things(tmp_path: Path) -> None:
    async with visiting(tmp_path / "playground") as visit:
        people = {one["name"]: int(one["id"]) for one in (await visit.get(""))["people"]}
        seen = await visit.get(f"/{people['Ada']}/overview")
        bot_id = int(seen["bot"]["id"])
        general = int(seen["guilds"][0]["channels"][0]["id"])
        async with PersonClient(visit.people_url, people["Ada"]) as ada:
            await ada.until_online(bot_id)
            picture, dance = visit.uploads
            files = {"image": picture, "video": dance}
            await ada.use(general, "mimic", {"quality": "360p"}, files)
            await ada.wait_for(is_video, LONG_S)
            assert await visit.control("provider-balance", 50) == 50
            assert await visit.control("clock", 900) == 900
            await the_next_video_comes_into_review(visit, ada, general)
            await a_day_renews_the_allowance(visit, ada, general)
            assert await visit.control("provider-mode", "down") == "down"
            assert "runs already" in await visit.refused("bot-start")

            def came_or_went(event: dict[str, Any]) -> bool:
                return (event["type"], event.get("user_id")) == ("presence", str(bot_id))

            assert (await ada.wait_for(came_or_went))["online"]
            await visit.control("bot-kill")
            assert not (await ada.wait_for(came_or_went))["online"]
            await visit.control("bot-start")
            assert (await ada.wait_for(came_or_went))["online"]
            await visit.control("bot-restart")
            assert not (await ada.wait_for(came_or_went))["online"]
            assert (await ada.wait_for(came_or_went))["online"]
        await a_stranger_is_refused(visit, people["Finn"])
        await what_dies_is_told_of(visit)
        await ctrl_c_ends_it_all(visit)


async def the_next_video_comes_into_review(visit: Visit, ada: PersonClient, general: int) -> None:
    """In no more time than the bot needs to look three times for what was lost."""
    assert await visit.control("review", True) is True
    assert await visit.control("review", False) is False
    assert await visit.control("review", True) is True
    picture, dance = visit.uploads
    await ada.use(general, "mimic", {"quality": "360p"}, {"image": picture, "video": dance})
    await ada.wait_for(says("until it is settled by the moderators"), LONG_S)
    async with asyncio.timeout(LONG_S):  # the switch goes back once the bot has caught up
        while (await shown(visit))["review"]:
            continue
    assert (await shown(visit))["clock"] == 1800


async def shown(visit: Visit) -> dict[str, Any]:
    """What the panel says, by control."""
    return {one["id"]: one["value"] for one in (await visit.get("/controls"))["controls"]}


async def a_day_renews_the_allowance(visit: Visit, ada: PersonClient, general: int) -> None:
    async def balance() -> str:
        return text_of((await ada.outcome(await ada.use(general, "credits")))["message"])

    day_s = 24 * 3600
    is_late = day_s - (time.time() + 1800) % day_s > day_s - 1800 - LONG_S  # a new day has begun
    assert is_late or "**30** of 30 left" not in await balance()
    assert await visit.control("clock", 1800 + day_s) == 1800 + day_s
    assert "**30** of 30 left" in await balance()


async def a_stranger_is_refused(visit: Visit, finn_id: int) -> None:
    overview = await visit.get(f"/{finn_id}/overview")
    den = int(overview["guilds"][0]["channels"][0]["id"])
    async with PersonClient(visit.people_url, finn_id) as finn:
        outcome = await finn.outcome(await finn.use(den, "credits"))
        assert "not opened it for this server" in text_of(outcome["message"])
        await finn.send(int(overview["dms"][0]["id"]), "hello?", visit.uploads)
        await finn.wait_for(says("only of members of the servers"))


async def what_dies_is_told_of(visit: Visit) -> None:
    os.kill(visit.children()["bot"], signal.SIGKILL)
    await visit.reads("The bot has ended by itself, with -9")
    await visit.control("bot-start")


async def ctrl_c_ends_it_all(visit: Visit) -> None:
    children = visit.children()
    assert set(children) == {"bot", "engine"}
    visit.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(LONG_S):
        assert await visit.process.wait() == 0
    assert all(is_gone(pid) for pid in children.values())


async def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    visit = Visit(await run("--port", "0", "--folder", str(tmp_path / "playground")))
    try:
        await visit.reads("Starting a Discord")
        visit.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(LONG_S):
            assert await visit.process.wait() == 0
    finally:
        await visit.close()


async def test_a_taken_port_is_said_in_a_sentence_and_nothing_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await run("--port", str(port), "--folder", str(tmp_path / "playground"))
        said, _ = await process.communicate()
    assert process.returncode == 1
    assert f"Port {port} is taken" in said.decode()
    assert "make playground ARGS=" in said.decode()
    assert "Traceback" not in said.decode()
    assert not (tmp_path / "playground").exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [(".", "holds other things"), ("letter.txt", "cannot be used")]
)
async def test_what_is_not_its_own_is_left_alone(tmp_path: Path, name: str, sentence: str) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear me")
    process = await run("--port", "0", "--folder", str(tmp_path / name))
    said, _ = await process.communicate()
    assert process.returncode == 1
    assert sentence in said.decode()
    assert "Traceback" not in said.decode()
    assert letter.read_text() == "Dear me"
