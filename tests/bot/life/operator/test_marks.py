"""The marks of a job's stages at Discord: brought once, renewed, and never in anybody's way."""

import asyncio
import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import marks
from bot.marks import AGAIN_S
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Emoji
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule, breaks_off, late, resets
from tests.bot.life.operator.test_start import FORBIDDEN, told
from tests.bot.life.world import Life
from tests.e2e.stage import is_video

EMOJIS = "/applications/{application_id}/emojis"
TROUBLE, THERE = "the stage marks could not be looked after", "the stage marks are there"
BAR = "▰▰▰▱ Being made"
MARKS = r"(<:stage_done_\w+:\d+>){2}<:stage_now_\w+:\d+><:stage_ahead_\w+:\d+> Being\smade"


def asked(life: Life, *methods: str) -> list[str]:
    """What was asked about emoji."""
    return [
        seen.method
        for seen in life.discord.requests
        if (seen.template or "").startswith(EMOJIS) and seen.method in methods
    ]


def names(life: Life) -> set[str]:
    return {emoji.name for emoji in life.world.emojis.values()}


def card(life: Life) -> str:
    """The newest card."""
    messages = life.world.channels["general"].messages
    return text_of({"components": messages[max(messages)].components}) if messages else ""


async def come_up(life: Life) -> None:
    with capture_logs() as logs:
        await life.start()
        await life.until(lambda: bool(told(logs, THERE)))


async def render(life: Life) -> None:
    """A job is being made, and its card says so."""
    life.provider.workshop.pause()
    await life.mimic(await life.person("ada"))
    await life.reaches("rendering")
    await life.until(lambda: "learning to move" in card(life), step_s=1.0)


async def test_a_first_start_brings_them_and_no_other_one_does(life: Life) -> None:
    await come_up(life)
    made = dict(life.world.emojis)
    assert len(made) == 3
    await life.stop()
    await come_up(life)
    assert life.world.emojis == made
    assert asked(life, "GET", "POST", "DELETE") == ["GET", "POST", "POST", "POST", "GET"]
    await render(life)
    assert re.search(MARKS, card(life))
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=5.0)
    assert len(asked(life, "GET", "POST")) == 5, "none for a job"


async def test_earlier_ones_of_ours_go_and_nobody_elses(life: Life) -> None:
    await come_up(life)
    await life.stop()
    world, ours = life.world, names(life)
    del world.emojis[min(world.emojis)]
    for number, (name, user_id) in enumerate(
        (
            ("stage_done_00000000", world.bot_id),
            ("stage_past_0a0b0c0d", world.bot_id),
            ("stage_done_11111111", world.users["ada"].id),
            ("stage_fright", world.bot_id),
            ("logo", world.bot_id),
        ),
        start=1,
    ):
        world.emojis[number] = Emoji(number, name, user_id, b"")
    await come_up(life)
    assert names(life) == ours | {"stage_done_11111111", "stage_fright", "logo"}
    assert len(asked(life, "POST")) == 4


FULL = answers.error(400, {"message": "Maximum number of emojis reached", "code": 30008})
TROUBLES: list[tuple[str, Fault]] = [
    ("GET", FORBIDDEN),
    ("GET", answers.page(429)),
    ("GET", answers.garbage()),
    ("GET", breaks_off()),
    ("POST", FULL),
    ("POST", answers.text(503)),
    ("POST", resets(after=True)),
    ("DELETE", FORBIDDEN),
]


@pytest.mark.parametrize(("method", "fault"), TROUBLES, ids=lambda one: getattr(one, "name", one))
async def test_where_they_cannot_be_had_a_bar_of_text_is(
    life: Life, method: str, fault: Fault
) -> None:
    """One line says so, jobs go on, and an hour later it is tried again."""
    life.world.emojis[1] = Emoji(1, "stage_done_00000000", life.world.bot_id, b"")
    rule = Rule(fault, "discord", method, EMOJIS + "/{emoji_id}" * (method == "DELETE"))
    life.faults.add(rule)
    with capture_logs() as logs:
        await life.start()
        if method == "DELETE":  # those that are needed are there by then
            await life.until(lambda: len(names(life)) == 4)
        await render(life)
        assert (BAR in card(life)) is (method != "DELETE")
        life.provider.workshop.resume()
        await life.reaches("delivered", step_s=5.0)
        assert life.money() == ["hold", "capture"]
        await life.until(lambda: bool(told(logs, TROUBLE)), step_s=5.0)
        life.advance(AGAIN_S)
        life.faults.rules.remove(rule)
        await life.until(lambda: bool(told(logs, THERE)), step_s=AGAIN_S / 4)
        [entry] = told(logs, TROUBLE)
    assert entry["log_level"] == "warning"
    assert len(names(life)) == 3


async def test_a_broken_installation_is_online_all_the_same(
    life: Life, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(marks, "PICTURES", tmp_path)
    with capture_logs() as logs:
        await life.start()
        await life.until(lambda: bool(told(logs, TROUBLE)))
    assert life.bot_is_online
    assert asked(life, "GET") == []


async def test_a_silent_discord_holds_nothing_up_and_no_card_is_edited_for_them(
    life: Life,
) -> None:
    answering = asyncio.Event()
    life.faults.add(Rule(late(answering.wait), "discord", "GET", EMOJIS))
    with capture_logs() as logs:
        await life.start()
        ada = await life.person("ada")
        await render(life)
        assert BAR in card(life)
        edits = [seen for seen in life.discord.requests if seen.method == "PATCH"]
        answering.set()
        await life.until(lambda: bool(told(logs, THERE)))
        await life.stop()
        await life.start()  # which mends what lags behind
        await life.until(lambda: len(told(logs, THERE)) == 2)
    life.advance(5.0)
    await life.clock.until_quiet()
    assert [seen for seen in life.discord.requests if seen.method == "PATCH"] == edits
    assert BAR in card(life)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=5.0)
    await ada.wait_for(is_video)
