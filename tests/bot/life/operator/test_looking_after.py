"""What the operator relies on: health, metrics, tidy folders, and one bot per data folder."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from bot.errors import SettingsError, StoreError
from bot.media.inspect import Media
from sandbox.faults.injector import Rule, resets
from tests.bot.databases import beside, only_sqlite
from tests.bot.life.world import Life
from tests.e2e.stage import says


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_health_and_metrics(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
    assert 'marionette_jobs{state="rendering"} 1.0' in lines
    assert "marionette_accepted_submits 1.0" in lines
    assert "marionette_budget_spent_credits 2.0" in lines
    assert 'marionette_answers{outcome="answered"} 1.0' in lines
    assert 'marionette_answers{outcome="turned_away"} 0.0' in lines
    assert 'marionette_answers{outcome="missed"} 0.0' in lines
    assert any(line.startswith("marionette_event_loop_lag_seconds_count") for line in lines)


async def test_a_card_says_how_long_it_usually_takes_and_when_that_is_over(life: Life) -> None:
    await life.start()
    life.provider.workshop.pause()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move", "Usually 2 to 4 minutes · started <t:"))
    life.advance(235)
    await life.clock.until_quiet()
    assert life.rows("SELECT card_shown FROM jobs") == [("rendering",)]
    life.advance(65)
    await ada.wait_for(says("takes longer than usual"))
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)


async def test_a_submit_without_an_answer_is_admitted(life: Life) -> None:
    await life.start()
    lost = Rule(resets(), server="provider", method="POST", route="/v2/{model}", times=1)
    life.faults.add(lost)
    ada = await life.person("ada")
    await life.mimic(ada)
    told = asyncio.create_task(ada.wait_for(says("I am finding out whether it has your request")))
    await life.until(told.done, step_s=1.0)
    await told
    assert life.money() == ["hold"]


async def test_a_third_video_waits_for_ones_own(life: Life) -> None:
    await life.start(max_running_per_person=1)
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ada)
    await ada.wait_for(says("Starts when one of your videos that are being made is done"))


async def test_what_a_kill_left_lying_is_deleted(life: Life) -> None:
    await life.start(keep_files_hours=0)
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    folder = life.folder / "data" / "media" / life.job_id()
    (folder / "subject").write_bytes(b"left")
    stranger = folder.parent / "nobodys"
    stranger.mkdir()
    (stranger / "motion.part").write_bytes(b"left")
    await life.start(keep_files_hours=0)
    await life.until(lambda: not stranger.exists() and not (folder / "subject").exists())
    assert (folder / "video.mp4").exists()


@only_sqlite
async def test_a_second_bot_on_the_same_data_says_so(life: Life) -> None:
    await life.start()
    other = Life(life.folder)
    async with other:
        with pytest.raises(StoreError, match="Another bot is running"):
            await other.start()
        other.forget()


async def test_stopping_in_the_middle_is_quick_and_loses_nothing(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    interaction = await life.mimic(ada)
    assert (await ada.outcome(interaction))["state"] == "deferred"
    await life.stop()
    assert life.states()[0] in {"checking", "queued", "rendering"}
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert len(life.provider.accepted) == 1


def processes() -> set[str]:
    """Whatever this process has started, and has not ended."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {pid for task in tasks for pid in task.read_text().split()}


async def test_a_bot_that_is_stopped_leaves_no_process(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.Media", Media)  # with decoders of its own
    before = processes()
    await life.start()
    await life.mimic(await life.person("ada"))
    await life.reaches("delivered", step_s=1.0)
    assert processes() > before
    await life.stop()
    assert processes() == before


async def reports(session: aiohttp.ClientSession, url: str, status: int) -> None:
    """Ask until the health is this."""
    async with asyncio.timeout(60):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return


async def test_health_is_honest_about_discord(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    url = f"http://127.0.0.1:{port}/healthz"
    async with aiohttp.ClientSession() as session:
        await reports(session, url, 200)
        await life.lose_discord()
        await reports(session, url, 503)


ELSEWHERE = "127.0.0.2"
"""This machine by another of its addresses, as a network would reach it."""


async def is_reached(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url):
            return True
    except aiohttp.ClientConnectorError:
        return False


async def test_only_this_machine_may_ask_unless_the_operator_says_so(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    async with aiohttp.ClientSession() as session:
        assert await is_reached(session, f"http://127.0.0.1:{port}/metrics")
        assert not await is_reached(session, f"http://{ELSEWHERE}:{port}/metrics")
        await life.stop()
        await life.start(http_port=port, http_host="0.0.0.0")
        assert await is_reached(session, f"http://{ELSEWHERE}:{port}/metrics")


async def test_health_names_no_path_and_asks_the_database_once_a_second(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        await reports(session, f"{url}/healthz", 200)
        await life.clock.until_quiet()  # all that a start looks for has been found
        with beside(life.data) as database:
            database.execute("ALTER TABLE jobs RENAME TO moved")
        await reports(session, f"{url}/healthz", 200)
        life.advance(2.0)
        for page in ("healthz", "metrics"):
            async with session.get(f"{url}/{page}") as answer:
                assert answer.status in {500, 503}
                assert "marionette.db" not in await answer.text()
        with beside(life.data) as database:
            database.execute("ALTER TABLE moved RENAME TO jobs")


async def test_a_port_that_is_taken_is_one_sentence(life: Life) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        with pytest.raises(SettingsError, match=r"HTTP_PORT \d+ cannot be used"):
            await life.start(http_port=taken.getsockname()[1])
    life.forget()


async def test_a_gateway_that_does_not_answer_is_waited_for(life: Life) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = f"ws://127.0.0.1:{silent.getsockname()[1]}/gateway"
        starting = asyncio.create_task(life.start(discord_gateway_url=nobody))
        await life.until(lambda: any(s.path.endswith("/commands") for s in life.discord.requests))
        done, _ = await asyncio.wait([starting], timeout=0.3)
        assert not done, "it gave up"
        starting.cancel()
