"""Discord as it fails: cards, channels and servers that are gone, refusals, limits, the gateway."""

from collections import Counter
from collections.abc import Callable

import pytest

from bot.errors import MarionetteError
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.gateway.sockets import Close
from sandbox.discord.state.model import Flag, Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule
from tests.bot.life.jobs.test_points import POST
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import is_video, says

CALLBACK = ("discord", "POST", "/interactions/{interaction_id}/{interaction_token}/callback")


def shown(life: Life) -> str:
    """What the only job's card shows."""
    return str(life.rows("SELECT card_shown FROM jobs")[0][0])


async def rendering(life: Life, channel: str = "general") -> tuple[PersonClient, Json]:
    """Ada, and the card of her job that renders until `resume`."""
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada, channel)
    card: Json = (await ada.wait_for(says("learning to move")))["message"]
    return ada, card


def delete_card(life: Life, card: Json) -> None:
    channel = life.world.channels["general"]
    life.world.delete(channel.messages[int(card["id"])])


def delete_channel(life: Life, _: Json) -> None:
    channel = life.world.channels.pop("general")
    life.world.guilds["studio"].channel_ids.remove(channel.id)


def kick(life: Life, _: Json) -> None:
    del life.world.guilds["studio"].members[life.world.bot_id]


def lose_permission(life: Life, _: Json) -> None:
    denied = Overwrite(life.world.bot_id, 1, deny=int(Permission.SEND_MESSAGES))
    life.world.channels["general"].overwrites.append(denied)


def lose_sight(life: Life, _: Json) -> None:
    denied = Overwrite(life.world.bot_id, 1, deny=int(Permission.VIEW_CHANNEL))
    life.world.channels["general"].overwrites.append(denied)


CASES: dict[str, tuple[Callable[[Life, Json], None], bool, str]] = {
    "card deleted": (delete_card, True, "channel"),
    "card deleted, token dead": (delete_card, False, "channel"),
    "channel deleted": (delete_channel, True, "direct"),
    "channel deleted, token dead": (delete_channel, False, "direct"),
    "kicked": (kick, False, "direct"),
    "may not write": (lose_permission, True, "reply"),
    "may not write, token dead": (lose_permission, False, "direct"),
    "may not look, token dead": (lose_sight, False, "direct"),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_was_paid_for_arrives_and_nobody_is_asked_for_ever(
    life: Life, case: str
) -> None:
    happens, token_lives, rung = CASES[case]
    ada, card = await rendering(life)
    happens(life, card)
    if not token_lives:
        life.advance(TOKEN_LIFE_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT delivered FROM jobs") == [(rung,)]
    await life.until(lambda: shown(life).startswith("delivered"))
    assert life.money() == ["hold", "capture"]
    refused = [seen for seen in life.discord.requests if seen.status in {401, 403, 404}]
    assert len(refused) < 12
    life.advance(24 * 3600)
    used = await ada.use(await ada.open_dm(), "jobs show", {"job": life.job_id()})
    assert (await ada.outcome(used))["ephemeral"]
    await ada.wait_for(is_shown_to_one)
    assert sum(seen.status in {401, 403, 404} for seen in life.discord.requests) == len(refused)


TOO_LARGE = [
    answers.page(413),
    answers.error(400, {"message": "Request entity too large", "code": 40005}),
]


@pytest.mark.parametrize("fault", TOO_LARGE, ids=lambda fault: fault.name)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_size_that_was_promised_and_is_refused(
    life: Life, fault: Fault, times: int
) -> None:
    """Made smaller once; refused again, it is linked."""
    life.faults.add(Rule(fault, *POST, times=times, spares=_is_no_file))
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, life.channel("general"))
    assert bool(post["attachments"]) == (times == 1)
    assert ("Download it" in text_of(post)) == (times == 2)
    assert life.money() == ["hold", "capture"]


def _is_no_file(request: object) -> bool:
    return not getattr(request, "content_type", "").startswith("multipart")


LONG: list[Fault] = [answers.page(429), answers.text(503)]


@pytest.mark.parametrize("fault", LONG, ids=lambda fault: fault.name)
async def test_a_post_that_is_not_taken_for_hours_is_tried_ever_less(
    life: Life, fault: Fault
) -> None:
    """As when Discord blocks the address, or is down."""
    rule = Rule(fault, *POST)
    life.faults.add(rule)
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivering", step_s=1.0)
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began > 6 * 3600, step_s=60.0)
    assert life.states() == ["delivering"]
    tries = life.faults.struck.total()
    assert 5 < tries < 150
    life.faults.rules.remove(rule)
    await life.reaches("delivered", step_s=10.0)
    assert len(await life.posts(ada, life.channel("general"))) == 1
    assert life.money() == ["hold", "capture"]


@pytest.mark.parametrize("scope", ["user", "global", "shared"])
async def test_a_limit_on_posts_is_waited_out(life: Life, scope: answers.Scope) -> None:
    life.faults.add(Rule(answers.rate_limited(scope, 0.05), *POST, times=7))
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    assert len(await life.posts(ada, life.channel("general"))) == 1


async def test_a_first_reply_whose_answer_is_lost_stands(life: Life) -> None:
    """discord.py sends it again and hears that it is acknowledged already."""
    life.faults.add(Rule(answers.page(502, after=True), *CALLBACK, times=1))
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await life.reaches("delivered", step_s=1.0)
    done = (await ada.wait_for(says("[Your video](")))["message"]
    assert Counter(seen.status for seen in life.discord.requests)[400] == 1
    assert life.rows("SELECT card_message_id FROM jobs") == [(int(done["id"]),)]


@pytest.mark.parametrize("status", [400, 429])
async def test_an_old_card_that_may_not_be_edited_yet_is_edited_later(
    life: Life, status: int
) -> None:
    edit = ("discord", "PATCH", "/channels/{channel_id}/messages/{message_id}")
    later = {"message": "Maximum number of edits to messages older than 1 hour", "code": 30046}
    ada, card = await rendering(life)
    life.faults.add(Rule(answers.error(status, later), *edit, times=3))
    life.advance(2 * 3600)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await life.until(lambda: shown(life).startswith("delivered"), step_s=1.0)
    done = (await ada.wait_for(says("[Your video](")))["message"]
    assert done["id"] == card["id"]


def drop(life: Life) -> None:
    life.discord.gateway.drop_all()


def invalidate(life: Life) -> None:
    life.discord.gateway.invalidate_all()


def refuse(life: Life) -> None:
    life.discord.gateway.refuse_resumes()
    life.discord.gateway.drop_all()


def is_shown_to_one(event: Json) -> bool:
    """A message with a file that only its reader sees."""
    message = event.get("message") or {}
    return bool(message.get("attachments")) and bool(message["flags"] & Flag.EPHEMERAL)


@pytest.mark.parametrize("happens", [drop, invalidate, refuse])
async def test_a_gateway_that_ends_the_session_loses_no_job(
    life: Life, happens: Callable[[Life], None]
) -> None:
    life.noon()
    ada, _ = await rendering(life)
    happens(life)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    await life.until(lambda: life.bot_is_online)
    outcome = await ada.outcome(await ada.use(life.channel("general"), "credits"))
    assert "You can spend 28 credits" in text_of(outcome["message"])


FOR_GOOD = [Close.AUTHENTICATION_FAILED, Close.INVALID_SHARD, Close.DISALLOWED_INTENTS]


@pytest.mark.parametrize("code", FOR_GOOD)
async def test_a_connection_closed_for_good_ends_the_program_with_a_sentence(
    life: Life, code: Close
) -> None:
    """As when the token was reset: to connect again is no use, and the supervisor reads why."""
    await rendering(life)
    life.discord.gateway.drop_all(code)
    with pytest.raises(ExceptionGroup) as ended:
        await life.until(lambda: False)
    life.forget()
    assert ended.group_contains(MarionetteError, match="Discord closed the connection for good")
    assert life.states() == ["rendering"]
