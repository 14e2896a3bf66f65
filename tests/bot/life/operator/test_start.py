"""A start meets a Discord that refuses, limits or is silent, and ends up online all the same."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.errors import CannotSave, SettingsError
from bot.store.queries import Queries
from sandbox.discord.state.model import Command
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule, breaks_off, resets
from tests.bot.life.operator.test_alarms import Logs, over
from tests.bot.life.operator.test_looking_after import free_port, reports
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

ME, APPLICATION = "/users/@me", "/oauth2/applications/@me"
COMMANDS = "/applications/{application_id}/commands"
GATEWAY = "Discord's gateway does not answer"
LOG_IN, REGISTER = "the log-in has failed", "the commands could not be registered"
FORBIDDEN = answers.error(403, {"message": "Missing Access", "code": 50001})
UNAUTHORIZED = answers.error(401, {"message": "401: Unauthorized", "code": 0})
REFUSALS: list[Fault] = [
    answers.text(503),
    answers.page(429),
    FORBIDDEN,
    answers.page(404),
    answers.garbage(),
    resets(),
    breaks_off(),
]


def told(logs: Logs, event: str) -> list[dict[str, Any]]:
    """What the operator reads of it."""
    return [
        dict(entry) for entry in logs if entry["event"] == event and entry["log_level"] != "debug"
    ]


def asked(life: Life, method: str, path: str) -> list[float]:
    """When the bot asked for it."""
    return [
        seen.at
        for seen in life.discord.requests
        if seen.method == method and seen.path.endswith(path)
    ]


async def start(life: Life, **changes: object) -> None:
    """Start, while time moves on."""
    life.begin(**changes)
    await life.until(lambda: life.bot_is_online and bool(life.world.commands), step_s=1.0)


@pytest.mark.parametrize("fault", REFUSALS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("route", [ME, APPLICATION])
async def test_a_log_in_that_fails_is_tried_again_ever_rarer(
    life: Life, fault: Fault, route: str
) -> None:
    life.faults.add(Rule(fault, "discord", "GET", route, times=4))
    with capture_logs() as logs:
        await start(life)
    assert len(told(logs, LOG_IN)) == 1
    assert over(logs) == [LOG_IN]
    all_s = [after - before for before, after in pairwise(asked(life, "GET", route))]
    pauses_s = [pause_s for pause_s in all_s if pause_s > 0.5]  # aiohttp asks again at a reset
    assert len(pauses_s) >= 2
    for pause_s, due_s in zip(pauses_s, (1.0, 2.0, 5.0, 15.0), strict=False):
        assert due_s <= pause_s < due_s + 5


async def test_another_kind_of_failure_is_told_too(life: Life) -> None:
    life.faults.add(
        Rule(answers.text(503), "discord", "GET", ME, times=2),
        Rule(FORBIDDEN, "discord", "GET", ME, times=2),
    )
    with capture_logs() as logs:
        await start(life)
    assert [entry["reason"][:3] for entry in told(logs, LOG_IN)] == ["503", "403"]


async def test_what_stands_before_discord_says_how_long_to_wait(life: Life) -> None:
    """discord.py keeps to it only where the answer is Discord's own."""
    blocked = answers.page(429, headers={"Retry-After": "600"})
    life.faults.add(Rule(blocked, "discord", "GET", ME, times=1))
    life.begin()
    await life.until(lambda: life.bot_is_online, step_s=20.0)
    first, second = asked(life, "GET", ME)
    assert second - first >= 600


@pytest.mark.parametrize("route", [None, ME, APPLICATION])
async def test_a_wrong_token_alone_ends_the_start(life: Life, route: str | None) -> None:
    changes: dict[str, object] = {}
    if route is None:
        changes["discord_token"] = SecretStr("wrong")
    else:
        life.faults.add(Rule(UNAUTHORIZED, "discord", "GET", route))
    life.begin(**changes)
    with pytest.raises(ExceptionGroup) as ended:
        await life.until(lambda: False)
    life.forget()
    assert ended.group_contains(SettingsError, match="DISCORD_TOKEN is wrong")


STUCK: list[Fault] = [answers.text(503), answers.rate_limited("user", 120), answers.page(502)]


@pytest.mark.parametrize("fault", STUCK, ids=lambda fault: fault.name)
@pytest.mark.parametrize("route", [ME, COMMANDS])
async def test_a_stop_does_not_wait_for_discord(life: Life, fault: Fault, route: str) -> None:
    port = free_port()
    life.faults.add(Rule(fault, "discord", route=route))
    life.begin(http_port=port)
    await life.until(lambda: bool(life.faults.struck))
    began = time.monotonic()
    await life.stop()
    assert time.monotonic() - began < 20  # their tries take 25, on a machine without anything else


async def test_health_says_so_while_the_log_in_fails(life: Life) -> None:
    port = free_port()
    rule = Rule(answers.text(503), "discord", "GET", ME)
    life.faults.add(rule)
    life.begin(http_port=port)
    await life.until(lambda: bool(life.faults.struck))
    async with aiohttp.ClientSession() as session:
        await reports(session, f"http://127.0.0.1:{port}/healthz", 503)
        life.faults.rules.remove(rule)
        await life.until(lambda: life.bot_is_online, step_s=1.0)
        await reports(session, f"http://127.0.0.1:{port}/healthz", 200)


LIMITS: list[Fault] = [
    answers.rate_limited("shared", 120),
    answers.text(503),
    FORBIDDEN,
    answers.page(429),
    answers.error(400, {"message": "Invalid Form Body", "code": 50035, "errors": {}}),
]


@pytest.mark.parametrize("fault", LIMITS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_commands_that_cannot_be_registered_keep_no_video_back(
    life: Life, fault: Fault, method: str
) -> None:
    """The chore is usually needless, and somebody waits for what they have paid for."""
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await life.reaches("rendering")
    await life.stop()
    life.provider.workshop.resume()
    life.world.commands.clear()
    life.faults.add(Rule(fault, "discord", method, COMMANDS))
    life.begin()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert life.money() == ["hold", "capture"]
    assert not life.world.commands


async def test_commands_are_registered_once_discord_takes_them(life: Life) -> None:
    rule = Rule(FORBIDDEN, "discord", "PUT", COMMANDS, times=5)
    life.faults.add(rule)
    with capture_logs() as logs:
        await start(life)
        await life.until(lambda: bool(over(logs)), step_s=1.0)
    assert len(told(logs, REGISTER)) == 1
    assert over(logs) == [REGISTER]
    assert len(asked(life, "PUT", "/commands")) == 6
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))


async def test_commands_that_discord_has_are_not_registered_again(life: Life) -> None:
    with capture_logs() as logs:
        for begun in range(1, 4):
            await life.start()
            await life.until(lambda: len(told(logs, "the commands are there")) == begun)  # noqa: B023
            await life.stop()
    assert len(asked(life, "PUT", "/commands")) == 1


def forget_one(command: Command) -> None:
    command.body["name"] = "earlier"


def reword(command: Command) -> None:
    command.body["description"] = "as it was before"


def reword_in_german(command: Command) -> None:
    command.body["description_localizations"] = {"de": "wie es vorher war"}


def bound(command: Command) -> None:
    command.body["options"][0]["min_value"] = 0


def open_to_all(command: Command) -> None:
    command.body["contexts"] = [0, 1, 2]


def hide(command: Command) -> None:
    command.body["default_member_permissions"] = "0"


def reorder(command: Command) -> None:
    command.body["options"].reverse()


OTHER: list[Callable[[Command], None]] = [
    forget_one,
    reword,
    reword_in_german,
    bound,
    open_to_all,
    hide,
    reorder,
]


@pytest.mark.parametrize("change", OTHER, ids=lambda change: change.__name__)
async def test_commands_that_are_others_at_discord_are_registered_anew(
    life: Life, change: Callable[[Command], None]
) -> None:
    """By an earlier version, or by another program with the same token."""
    await life.start()
    await life.stop()
    before = {command.key: repr(command.body) for command in life.world.commands.values()}
    change(next(c for c in life.world.commands.values() if c.body["name"] == "mimic"))
    await life.start()
    await life.until(lambda: len(asked(life, "PUT", "/commands")) == 2)
    after = {command.key: repr(command.body) for command in life.world.commands.values()}
    assert after == before


@pytest.mark.parametrize("fault", REFUSALS[:5], ids=lambda fault: fault.name)
async def test_a_gateway_that_is_not_told_is_asked_for_again(life: Life, fault: Fault) -> None:
    life.faults.add(Rule(fault, "discord", "GET", "/gateway/bot", times=3))
    with capture_logs() as logs:
        await start(life)
    assert len(told(logs, GATEWAY)) == 1
    assert over(logs) == [GATEWAY]


async def test_a_gateway_that_sends_rubbish_is_left_and_met_anew(life: Life) -> None:
    await life.start()
    with capture_logs() as logs:
        life.discord.gateway.garble_all()
        await life.until(lambda: not life.bot_is_online)
        await life.until(lambda: life.bot_is_online, step_s=1.0)
    [entry] = told(logs, GATEWAY)
    assert entry["exc_info"], "it is not an everyday failure"
    await life.mimic(await life.person("ada"))
    await life.reaches("delivered", step_s=1.0)


@pytest.mark.parametrize("question", ["last_action", "behind"])
async def test_a_database_that_goes_away_as_the_bot_begins_is_waited_for(
    life: Life, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    ask, asked_at = getattr(Queries, question), list[float]()

    async def ask_later(*given: Any) -> Any:
        asked_at.append(life.clock.monotonic())
        if len(asked_at) == 1:
            raise CannotSave("It is away.")
        return await ask(*given)

    monkeypatch.setattr(Queries, question, ask_later)
    await life.start()
    await life.mimic(await life.person("ada"))
    await life.reaches("delivered", step_s=0.5)
    await life.until(lambda: len(asked_at) == 2, step_s=1.0)
