"""What the audit channel is told, once, whatever happens in between."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.actions import ActionKind
from bot.core.admission import Block
from bot.core.ledger import Period
from bot.core.rules import OperatorLimits
from bot.delivery.audit import LOOK_EVERY_S
from bot.store.database import Database
from bot.store.store import Store
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.faults import answers
from sandbox.faults.injector import Rule, late, resets
from tests.bot.life.jobs.test_review import AGAIN, decide, in_review
from tests.bot.life.moderators.deeds import add_patrons, settings
from tests.bot.life.moderators.desk import desk
from tests.bot.life.world import Life

POST = ("discord", "POST", "/channels/{channel_id}/messages")
REFUSES = "an audit channel takes no posts, and misses what is decided meanwhile"


def told(life: Life, channel: str = "showroom") -> list[str]:
    """What stands in an audit channel, oldest first."""
    return [
        text_of({"components": message.components})
        for message in life.world.channels[channel].messages.values()
        if message.visible_to is None
    ]


async def has_told(life: Life, *words: str, channel: str = "showroom", step_s: float = 0) -> None:
    """Wait until exactly so many are there, and each says its words."""

    await life.until(lambda: len(told(life, channel)) >= len(words), step_s=step_s)
    texts = told(life, channel)
    assert len(texts) == len(words), texts
    for text, word in zip(texts, words, strict=True):
        assert word in text


async def listening(life: Life, channel: str = "showroom") -> PersonClient:
    """Ada, who has made this the audit channel."""
    await life.start()
    ada = await life.person("ada")
    answer = await settings(life, ada, "audit", channel=str(life.channel(channel)))
    assert f"**Audit channel**: none → <#{life.channel(channel)}>" in text_of(answer)
    await has_told(life, "The settings were changed", channel=channel)
    return ada


def audited_to(life: Life) -> int:
    """The last action that was noted as told."""
    [(number,)] = life.rows("SELECT audited_to FROM servers")
    return int(number)


async def test_a_new_channel_hears_of_itself_first_and_pings_nobody(life: Life) -> None:
    ada = await listening(life)
    began = life.clock.time()
    await settings(life, ada, "limits", budget=100, reason="@everyone <@1> *spring*")
    await has_told(life, "none → <#", "**Budget of the whole server**: none of its own → 100")
    assert life.clock.time() - began < LOOK_EVERY_S / 2  # woken by what was done
    _, text = told(life)
    assert f"**By**: <@{ada.user_id}>" in text
    assert "**Why**: @\u200beveryone \\<@\u200b1> \\*spring\\*" in text
    assert "· action 2" in text
    for message in life.world.channels["showroom"].messages.values():
        assert not message.mention_ids
        assert not message.mention_everyone
    showroom, nofiles = life.channel("showroom"), life.channel("nofiles")
    await settings(life, ada, "audit", channel=str(nofiles))
    await has_told(life, f"<#{showroom}> → <#{nofiles}>", channel="nofiles")
    await has_told(life, "none → <#", "→ 100", f"<#{showroom}> → <#{nofiles}>")
    assert "→ none" in text_of(await settings(life, ada, "audit"))
    await has_told(life, f"<#{showroom}> → <#{nofiles}>", "→ none", channel="nofiles")
    await settings(life, ada, "limits", budget=7)
    await life.until(lambda: life.rows("SELECT count(*) FROM actions") == [(5,)])
    await life.until(lambda: audited_to(life) == 0)
    assert (len(told(life)), len(told(life, "nofiles"))) == (3, 2)


async def test_a_channel_in_anothers_place_hears_what_that_has_not(life: Life) -> None:
    ada = await listening(life)
    unheard = Rule(answers.page(503), *POST)
    life.faults.add(unheard)
    await settings(life, ada, "limits", budget=100)
    await settings(life, ada, "audit", channel=str(life.channel("nofiles")))
    life.faults.rules.remove(unheard)
    await has_told(life, "→ 100", "→ <#", channel="nofiles", step_s=1.0)


async def test_who_posts_nowhere_any_more_is_asked_first(life: Life) -> None:
    await listening(life)
    ada = await desk(life, "ada")
    question = await ada.use("settings audit")
    assert text_of(question).startswith("Post decisions nowhere any more?")
    assert "Nothing was changed" in await ada.press(question, "Never mind")
    assert life.rows("SELECT audit_channel_id FROM servers") == [(life.channel("showroom"),)]


async def beside(life: Life, *deeds: str) -> None:
    """What the command line does, in another process's way: on the same file, without a word."""
    limits = OperatorLimits(30, 30, 300, 8, 2, 200, 5)
    studio, ben = life.world.guilds["studio"].id, life.world.users["ben"].id
    given: dict[str, Any] = {"actor_id": 0, "reason": "the invoice", "at": life.clock.time()}
    url = life.settings().database
    async with await Database.open(url) as database:
        store = Store(database, limits)
        for deed in deeds:
            match deed:
                case "grant":
                    await store.grant(studio, ben, 5, **given)
                case "revoke":
                    await store.revoke(studio, ben, 9, **given)
                case "block":
                    given.pop("reason")
                    block = Block(life.clock.time() + 3600, "too loud")
                    await store.rulebook.block(studio, ben, block, **given)
                case "unblock":
                    await store.rulebook.unblock(studio, ben, reason="", **given)


async def test_the_operators_actions_beside_the_bot_are_told_too(life: Life) -> None:
    await listening(life)
    await beside(life, "grant", "revoke", "block", "unblock")
    began = life.clock.time()
    await has_told(life, "settings", "were given", "taken away", "blocked", "lifted", step_s=1.0)
    assert life.clock.time() - began < 60
    _, granted, revoked, blocked, lifted = told(life)
    for text in (granted, revoked, blocked, lifted):
        assert "**By**: the operator" in text
        assert f"**For**: <@{life.world.users['ben'].id}>" in text
    assert "**Bonus credits**: 0 credits → 5 credits" in granted
    assert "**Why**: the invoice" in granted
    assert "**Bonus credits**: 5 credits → 0 credits" in revoked
    assert "**Blocked**: no → until <t:" in blocked
    assert "**Why**: too loud" in blocked
    assert "→ no" in lifted
    assert "Why" not in lifted


async def test_a_roles_allowance_is_told_with_the_role(life: Life) -> None:
    patron = add_patrons(life)
    await listening(life)
    limits = OperatorLimits(30, 30, 300, 8, 2, 200, 5)
    async with await Database.open(life.settings().database) as database:
        await Store(database, limits).rulebook.set_role(
            life.world.guilds["studio"].id,
            patron,
            {"allowance_credits": 90},
            period=Period.WEEK,
            kind=ActionKind.ALLOWANCE,
            actor_id=0,
            reason="",
            at=life.clock.time(),
        )
    await has_told(life, "settings", "An allowance was changed", step_s=1.0)
    _, text = told(life)
    assert f"**For the role**: <@&{patron}>" in text
    assert "**Allowance**: none of its own → 90 credits" in text
    assert "**Renews**: each day → each week" in text


@pytest.mark.parametrize(
    "fault", [answers.text(503), resets(after=True)], ids=lambda fault: fault.name
)
async def test_what_was_lost_on_the_way_is_told_later_and_once(life: Life, fault: Any) -> None:
    ada = await listening(life)
    outage = Rule(fault, *POST)
    life.faults.add(outage)
    await settings(life, ada, "limits", budget=100)
    await life.until(lambda: life.faults.struck[fault.name] >= 1)
    assert audited_to(life) == 1
    life.faults.rules.remove(outage)
    await life.until(lambda: audited_to(life) == 2, step_s=0.5)
    await has_told(life, "→ <#", "→ 100")


async def test_a_kill_between_the_post_and_its_note_shows_it_once(life: Life) -> None:
    ada = await listening(life)
    await settings(life, ada, "limits", budget=100)
    await life.until(lambda: audited_to(life) == 2)
    await life.stop()
    await life.alter("UPDATE servers SET audited_to = 1")
    await life.start()
    await life.until(lambda: audited_to(life) == 2)
    await has_told(life, "→ <#", "→ 100")


async def test_a_channel_that_lets_nobody_in_is_warned_of_once_until_it_works(life: Life) -> None:
    ada = await listening(life)
    showroom = life.world.channels["showroom"]
    shut = Overwrite(life.world.bot_id, 1, deny=int(Permission.SEND_MESSAGES))
    with capture_logs() as logs:
        showroom.overwrites.append(shut)
        for budget in (100, 200):
            await settings(life, ada, "limits", budget=budget)
            await life.until(
                lambda: audited_to(life) == len(life.rows("SELECT 1 FROM actions")), step_s=10.0
            )
        tried = posts_tried(life)
        for budget in range(210, 300, 10):  # strangers may decide as often as they like
            await settings(life, ada, "limits", budget=budget)
        assert posts_tried(life) == tried
        showroom.overwrites.remove(shut)
        await settings(life, ada, "limits", budget=300)
        await life.until(
            lambda: audited_to(life) == len(life.rows("SELECT 1 FROM actions")), step_s=10.0
        )
        await has_told(life, "→ <#", *(f"→ {each} credits" for each in range(210, 310, 10)))
        showroom.overwrites.append(shut)
        await settings(life, ada, "limits", budget=400)
        await life.until(lambda: audited_to(life) == 14)
    levels = [entry["log_level"] for entry in logs if entry["event"] == REFUSES]
    assert levels == ["warning", "debug", "warning"]


async def test_a_deleted_channel_hinders_no_other_server(life: Life) -> None:
    ada = await listening(life)
    cleo = await life.person("cleo")
    lawn = life.channel("lawn")
    used = await cleo.use(lawn, "settings audit", {"channel": str(lawn)})
    await cleo.outcome(used)
    await has_told(life, "→ <#", channel="lawn")
    life.world.delete_channel(life.world.channels["showroom"])
    await settings(life, ada, "limits", budget=100)
    await cleo.use(lawn, "settings limits", {"budget": 50})
    await has_told(life, "→ <#", "→ 50 credits", channel="lawn")
    await life.until(lambda: life.rows("SELECT max(audited_to) FROM servers") == [(4,)])
    before = posts_tried(life)
    for _ in range(3):
        life.advance(60)
        await settings(life, ada, "show")
    assert posts_tried(life) == before


async def test_a_channel_that_takes_long_is_asked_once_and_keeps_no_other_waiting(
    life: Life,
) -> None:
    ada = await listening(life)
    cleo = await life.person("cleo")
    lawn, takes = life.channel("lawn"), asyncio.Event()
    slow = str(life.channel("showroom"))
    life.faults.add(Rule(late(takes.wait), *POST, spares=lambda request: slow not in request.path))
    await settings(life, ada, "limits", budget=100)
    await cleo.outcome(await cleo.use(lawn, "settings audit", {"channel": str(lawn)}))
    for so_many, limit in enumerate(("budget", "running", "waiting"), start=2):
        await cleo.use(lawn, "settings limits", {limit: 5})
        async with asyncio.timeout(60):
            await has_told(life, *[""] * so_many, channel="lawn")
        life.advance(LOOK_EVERY_S)
    assert life.faults.struck["late before"] == 1
    takes.set()
    await has_told(life, "→ <#", "→ 100")


def posts_tried(life: Life) -> int:
    """How often the bot tried to write into a channel."""
    return sum(
        seen.method == "POST" and seen.path.endswith("/messages") for seen in life.discord.requests
    )


async def test_moderators_are_told_of_a_video_that_waits_for_their_decision(life: Life) -> None:
    await listening(life)
    await life.stop()
    await in_review(life, accepted=False)
    await has_told(life, "The settings were changed", "A video waits for a decision")
    _, text = told(life)
    assert f"**Video**: `{life.job_id()}`" in text
    assert "It is settled by the moderators" in text
    dana = await life.person("dana")
    await decide(life, dana, AGAIN)
    await has_told(life, "The settings", "waits for a decision", "A video in review was settled")
