"""Strangers choose where the bot is to answer them: what Discord refuses there is not asked on."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from bot.delivery.doors import CLOSED_S, WINDOW_S
from bot.errors import Problem, Refused
from bot.services.small_talk import IN_ONE_SERVER, OF_ONE, SmallTalk
from sandbox.clients.transcript import text_of
from sandbox.faults import answers as faults
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_points import POST
from tests.bot.life.members.test_mentions import answers, is_quiet, mention
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.world import Life
from tests.bot.stopped_clock import StoppedClock
from tests.e2e.stage import says

TOO_OFTEN = "That is more than I look at in a minute"


def components(life: Life, channel_id: int) -> str:
    channel = life.world.channel(channel_id)
    assert channel is not None
    return str([message.components for message in channel.messages.values()])


def refusals(life: Life) -> int:
    return sum(request.status in {401, 403, 429} for request in life.discord.requests)


async def test_where_nothing_can_be_said_nothing_is_tried_for_a_while(life: Life) -> None:
    await life.start()
    eve = await life.person("eve")
    await mention(life, eve, life.picture, life.motion, channel="readonly")
    await life.until(lambda: life.states() == ["cancelled"], step_s=5.0)
    await life.clock.until_quiet()
    asked, refused = len(life.discord.requests), refusals(life)
    assert refused == 2
    for files in ([life.picture], [life.motion], []):
        await mention(life, eve, *files, channel="readonly")
    await is_quiet(life, await life.person("ben"), "readonly")
    of_ben = 3
    assert len(life.discord.requests) <= asked + of_ben
    assert life.states() == ["cancelled"]
    life.advance(CLOSED_S)
    await mention(life, eve, channel="readonly")
    await life.until(lambda: refusals(life) == refused + 2)


async def test_who_takes_no_direct_messages_is_not_answered_there_either(life: Life) -> None:
    """Each of these would be answered or get a card: one refusal tells that none would arrive."""
    await life.start()
    eve = await life.person("eve")
    direct = await eve.open_dm()
    for files in ([life.picture], [life.motion], [], [life.picture, life.motion]):
        await eve.send(direct, "hello", files)
        await life.until(lambda: refusals(life) >= 1)
        await life.clock.until_quiet()
        life.advance(11)
    assert refusals(life) == 1
    life.advance(CLOSED_S)
    await eve.send(direct, "hello")
    await life.until(lambda: refusals(life) == 2)


async def test_where_the_bot_may_not_write_who_can_be_told_directly_is(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    for channel in ("readonly", "readonly"):
        await mention(life, ben, life.picture, channel=channel)
        await life.until(lambda: "checking" in life.states())
        card = (await ben.wait_for(says("Got your picture")))["message"]
        assert card["channel_id"] == str(await ben.open_dm())
        await life.clock.until_quiet()
    await mention(life, ben, channel="readonly")
    hint = (await ben.wait_for(says("Mention me in a message with a **picture**")))["message"]
    assert hint["channel_id"] == str(await ben.open_dm())
    assert refusals(life) == 1


async def test_so_many_messages_with_files_a_minute_are_looked_at(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    direct = await ben.open_dm()
    for number in range(OF_ONE + 3):
        where = direct if number % 2 else life.channel("general")
        await ben.send(where, f"<@{life.world.bot_id}>", [life.picture, life.motion])
    await ben.wait_for(says(TOO_OFTEN))
    await life.clock.until_quiet()
    said = [
        *await answers(life, ben, life.channel("general")),
        *await answers(life, ben, direct),
    ]
    assert sum(TOO_OFTEN in text_of(one) for one in said) == 1
    assert life.rows("SELECT count(*) FROM jobs") == [(OF_ONE,)]
    life.advance(61)
    await ben.send(direct, files=[life.picture, life.motion])
    await life.until(lambda: life.rows("SELECT count(*) FROM jobs") == [(OF_ONE + 1,)])


async def test_what_was_left_out_is_told_once_where_others_read_along(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    notes = life.folder / "notes.txt"
    notes.write_text("Dear bot,")
    for _ in range(3):
        await mention(life, ben, life.picture, notes)
    await ben.wait_for(says("left out `notes.txt`"))
    await ben.send(await ben.open_dm(), "hello")
    await ben.wait_for(says("### I make a still picture move"))
    life.advance(5)
    await life.clock.until_quiet()
    said = await answers(life, ben, life.channel("general"))
    assert sum("left out" in text_of(one) for one in said) == 1


@pytest.mark.parametrize(("many", "made"), [(4, 4), (100, 6)])
async def test_far_below_discords_own_bound_nothing_goes_out_but_answers(
    life: Life, monkeypatch: pytest.MonkeyPatch, many: int, made: int
) -> None:
    """The channel is a new one each time, so that nothing remembered helps."""
    monkeypatch.setattr("bot.delivery.doors.MANY", many)
    monkeypatch.setattr("bot.delivery.doors.MOST", 6)
    monkeypatch.setattr("bot.delivery.doors.MOST_CLOSED", 0)
    refused = Rule(faults.error(403, {"message": "Forbidden", "code": 50013}), *POST)
    life.faults.add(refused)
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    direct = await ben.open_dm()
    with capture_logs() as logs:
        for number in range(12):
            await ben.send(life.channel("general"), f"<@{life.world.bot_id}> {number}")
            await ben.send(direct, files=[life.picture])
            await life.clock.until_quiet()
            life.advance(11)
        both = (
            many <= made
        )  # the lower bound is looked at before: two that come at once may pass it
        assert made <= refusals(life) <= made + both
        outcome = await ada.outcome(await ada.use(life.channel("general"), "credits"))
        assert outcome["state"] == "replied"
        life.faults.rules.remove(refused)
        life.advance(WINDOW_S)
        await ben.send(direct, files=[life.motion])
        await life.until(lambda: "Shall I make" in components(life, direct), step_s=0.5)
    assert errors(logs) == over(logs) == [Alarm.REFUSED] * (many <= made)


def test_in_one_server_so_many_messages_a_minute_are_looked_at() -> None:
    """However many people send them; elsewhere nobody waits for that."""
    clock = StoppedClock()
    talk = SmallTalk(clock)
    for person_id in range(1, IN_ONE_SERVER + 1):
        talk.refuse_many(person_id, 10_000)
    with pytest.raises(Refused) as told:
        talk.refuse_many(500, 10_000)
    assert told.value.problem is Problem.TOO_OFTEN
    talk.refuse_many(500, 10_001)
    talk.refuse_many(500, 0)
    clock.now += 60
    talk.refuse_many(500, 10_000)
