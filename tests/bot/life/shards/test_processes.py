"""Several processes of one bot: each with its shards, or with the same for a while."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from structlog.testing import capture_logs

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.databases import held, only_postgres
from tests.bot.life.members.test_mentions import mention
from tests.bot.life.moderators.desk import actions, desk, yes
from tests.bot.life.operator.test_start import asked
from tests.bot.life.shards.process import Process
from tests.bot.life.shards.test_shards import credits_in
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

pytestmark = only_postgres

CALLBACK = "/callback"
USED = 12
SOON_BEGUN_S, SOON_CLOSED_S = 0.3, 1.5
"""In so long (s of real time) a command has come in, and a process with nothing to do has ended."""


def troubles(logs: list[MutableMapping[str, Any]]) -> list[object]:
    """What went wrong, or came second."""
    second = {"an answer came too late", "an answer could not be shown"}
    return [
        entry
        for entry in logs
        if entry["log_level"] in {"error", "critical"} or entry["event"] in second
    ]


async def ours(life: Life, person: PersonClient, channel: int) -> list[Json]:
    """All that the bot has written there."""
    bot = str(life.world.bot_id)
    return [each for each in await person.messages(channel) if each["author"]["id"] == bot]


async def test_what_two_processes_hear_one_of_them_does(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    dana, direct = await desk(life, "dana"), await ben.open_dm()
    member = {"member": str(life.world.users["ben"].id)}
    with capture_logs() as logs:
        async with Process(life):
            for number in range(3):
                assert "You can spend" in await credits_in(ada, life.channel("general"))
                await dana.says("quota grant", **member, credits=number + 1, reason="gift")
            question = await dana.use("quota revoke", **member, credits=3, reason="a mistake")
            assert "Take **3 of" in text_of(question)
            done = await dana.press(question, yes(question))
            await mention(life, ada)
            await ben.send(direct, "hello")
            await ben.send(direct, files=[life.picture, life.motion])
            offer = (await ben.wait_for(says("Shall I make")))["message"]
            await ben.outcome(await ben.click(direct, int(offer["id"]), button(offer, "Never")))
            await life.reaches("cancelled")
            await life.clock.until_quiet()
        life.advance(60)
    assert not troubles(logs)
    assert [action[1] for action in actions(life)] == ["grant"] * 3 + ["revoke"]
    assert "3 bonus" in done
    assert len(await ours(life, ben, direct)) == 2, "how it works, and the offer"
    each_answered_once(life)


def each_answered_once(life: Life) -> None:
    """Whatever somebody has used or pressed."""
    callbacks = [each for each in life.discord.requests if each.path.endswith(CALLBACK)]
    assert {each.status for each in callbacks} <= {200, 204}
    assert len(callbacks) == len(life.world.interactions), "nobody answers a second time"


async def test_each_process_answers_where_its_shards_are(life: Life) -> None:
    life.world.session_starts.shards = 4
    async with Process(life, "2-3/4"):
        assert not life.world.commands, "those are the other one's to register"
        async with Process(life, "0-1/4"):
            await life.until(lambda: bool(life.world.commands))
            ada, finn = await life.person("ada"), await life.person("finn")
            general, lawn, den = (life.channel(name) for name in ("general", "lawn", "den"))
            for person, channel in ((ada, general), (ada, lawn), (finn, den)):
                assert "You can spend" in await credits_in(person, channel)
            assert "You can spend" in await credits_in(ada, await ada.open_dm())
    assert len(asked(life, "PUT", "/commands")) == 1
    assert not life.rows("SELECT * FROM taken_events"), "nobody else hears it"
    each_answered_once(life)


async def test_one_process_takes_the_place_of_another_and_nobody_notices(life: Life) -> None:
    """The old one is told to stop before the new one is connected."""
    life.world.session_starts.is_paced = True
    ada, general = await life.person("ada"), life.channel("general")
    with capture_logs() as logs:
        async with Process(life) as old:
            await life.until(lambda: bool(life.world.commands))
            new = Process(life)
            new.begin()
            await life.until(lambda: len(asked(life, "GET", "/gateway/bot")) == 2)
            await life.clock.until_quiet()  # it has told its shards, and waits for its turn
            stopping = asyncio.create_task(old.stop())
            await life.mimic(ada)
            for _ in range(USED):
                assert "You can spend" in await credits_in(ada, general)
                life.advance(1)
                await life.clock.until_quiet()
            await life.until(stopping.done, step_s=1.0)
            assert len(life.rows("SELECT * FROM taken_events")) > 0, "both have heard some"
            assert "You can spend" in await credits_in(ada, general)
            await life.reaches("delivered", step_s=1.0)
            assert len(await life.posts(ada, general)) == 1
            await new.stop()
    assert life.money() == ["hold", "capture"]
    assert life.world.session_starts.too_soon == 0
    assert not troubles(logs)
    each_answered_once(life)


async def test_what_was_begun_is_ended_before_the_process_is(life: Life) -> None:
    """Nobody else is there, so nothing more is taken; who was being answered is."""
    dana, general = await life.person("dana"), life.channel("general")
    options = {"member": str(life.world.users["ben"].id), "credits": 5, "reason": "gift"}
    async with Process(life) as process:
        await life.until(lambda: bool(life.world.commands))
        with held(life.data), life.clock.held():
            used = await dana.use(general, "quota grant", options)
            await asyncio.sleep(SOON_BEGUN_S)
            stopping = asyncio.create_task(process.stop())
            await asyncio.sleep(SOON_CLOSED_S)
        await stopping
    outcome = await dana.outcome(used)
    assert "they have 5 bonus credits now" in text_of(outcome["message"])
