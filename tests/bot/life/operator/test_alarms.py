"""The operator is told once of what only they can mend, and once that it is over."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.alarms import Alarm
from engine.api.models import MODELS
from sandbox.clients.transcript import text_of
from tests.bot.databases import only_sqlite
from tests.bot.disk import files_may_have
from tests.bot.life.operator.test_looking_after import free_port
from tests.bot.life.world import Life
from tests.e2e.stage import says

Logs = list[MutableMapping[str, Any]]


def errors(logs: Logs) -> list[str]:
    """What was logged as an error."""
    return [entry["event"] for entry in logs if entry["log_level"] == "error"]


def over(logs: Logs) -> list[str]:
    """The troubles that were said to be over."""
    return [entry["trouble"] for entry in logs if entry["event"] == "a trouble is over"]


async def metrics(port: int) -> list[str]:
    """The lines of `/metrics`."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        return (await answer.text()).splitlines()


async def test_a_run_that_costs_more_than_such_runs_do(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a file of which the provider plays more than was looked at."""
    await life.start(allowance_credits=100, daily_budget_credits=1000)
    ada = await life.person("ada")
    with capture_logs() as logs:
        for number in range(1, 4):
            await life.mimic(ada)
            await life.reaches(*["delivered"] * number, step_s=5.0)
        assert errors(logs) == []
        rates = MODELS["pixverse-mimic"].dollars_per_s
        monkeypatch.setitem(rates, "360p", rates["360p"] * 10)
        await life.mimic(ada)
        await life.reaches(*["delivered"] * 4, step_s=5.0)
        assert errors(logs) == [Alarm.COST]
        [told] = [entry for entry in logs if entry["event"] == Alarm.COST]
        assert (told["cost"], told["expected"]) == (1.8, 0.18)
        monkeypatch.undo()
        await life.mimic(ada)
        await life.reaches(*["delivered"] * 5, step_s=5.0)
    assert over(logs) == [Alarm.COST]


async def test_an_empty_balance(life: Life) -> None:
    port = free_port()
    life.provider.workshop.credits = 0.0
    people = [await life.person(name) for name in ("ada", "ben", "cleo")]
    with capture_logs() as logs:
        await life.start(http_port=port)
        for person in people:
            await life.mimic(person)
        await life.until(lambda: life.states() == ["queued"] * 3)
        tries = len(logs)
        await life.until(lambda: submits(life) >= 4, step_s=10.0)
        assert len(logs) > tries
        assert errors(logs) == [Alarm.CREDITS]
        assert "marionette_line_down 1.0" in await metrics(port)
        life.provider.workshop.credits = 100.0
        await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
        assert "marionette_line_down 0.0" in await metrics(port)
        assert "marionette_jobs_in_review 0.0" in await metrics(port)
    assert errors(logs) == [Alarm.CREDITS]
    assert over(logs) == [Alarm.CREDITS]
    assert life.money().count("release") == 0


def submits(life: Life) -> int:
    """How many submits came, accepted or not."""
    return sum(seen.path.endswith("/pixverse-mimic") for seen in life.provider.requests)


def questions(life: Life) -> int:
    """How often a run was asked after."""
    return sum(seen.path.endswith("/status") for seen in life.provider.requests)


async def test_a_rejected_key_while_jobs_run_and_wait(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await life.mimic(ben)
    await life.reaches("rendering", "rendering")
    await life.stop()
    with capture_logs() as logs:
        await life.start(segmind_api_key=SecretStr("SG_wrong"))
        await life.mimic(ada)
        await life.reaches("rendering", "rendering", "queued")
        await life.until(lambda: submits(life) >= 3, step_s=10.0)  # two were accepted
        before = questions(life)
        await life.until(lambda: questions(life) > before + 6, step_s=10.0)
        await life.stop()
    assert errors(logs) == [Alarm.KEY]
    assert life.states() == ["rendering", "rendering", "queued"]


@only_sqlite
async def test_a_full_disk(life: Life) -> None:
    with capture_logs() as logs:
        await life.start()
        ada = await life.person("ada")
        await life.mimic(ada)
        await ada.wait_for(says("learning to move"))
        wal = life.folder / "data" / "marionette.db-wal"
        with files_may_have(await asyncio.to_thread(size_bytes, wal)):
            refused = await life.mimic(ada)
            outcome = await ada.outcome(refused)
            assert "cannot save anything" in text_of(outcome["message"])
            assert outcome["ephemeral"]
            began = life.clock.time()
            await life.until(lambda: life.clock.time() - began > 400, step_s=5.0)
            assert life.states() == ["rendering"]
        await life.reaches("delivered", step_s=5.0)
    assert errors(logs) == [Alarm.DISK]
    assert over(logs) == [Alarm.DISK]
    assert life.money() == ["hold", "capture"]


def size_bytes(path: Path) -> int:
    """A file's size."""
    return path.stat().st_size
