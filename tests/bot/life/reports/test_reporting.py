"""What is reported reaches the moderators, once, and what they decide is done."""

import asyncio
from functools import partial

import discord
import pytest
from structlog.testing import capture_logs

from bot.cards.posts.reports import WHY
from bot.core.people.reports import Why
from bot.delivery.discord_errors import EDITED_TOO_OFTEN
from bot.delivery.reports import PUT_OFF_S
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.seed import STUDIO_ID
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule, resets
from tests.bot.life.delivery.test_audit_channel import POST, listening, told
from tests.bot.life.moderators.desk import Desk, actions, copied, desk, labels
from tests.bot.life.reports.desk import card_with, delivered, hide, kept, post_of
from tests.bot.life.reports.test_deleting import DELETES
from tests.bot.life.world import Life
from tests.e2e.stage import button

MENU = "Report to moderators"
LINK = "https://example.com/x.gif"
THANKS = "Thank you: the moderators will look at it. Nobody else learns that it was you."
DISCREET = "Something in this channel was reported, and the moderators will look at it."
MODERATORS_ONLY = "Only moderators can do this"


async def report(at: Desk, message_id: int | str, why: str = "unkind", said: str = "") -> str:
    """Report a message from its menu, and what is said to that."""
    opened = await at.person.use_on_message(at.channel_id, MENU, int(message_id))
    outcome = await at.person.outcome(opened)
    if outcome["state"] != "modal":
        return text_of(outcome["message"])
    sent = await at.person.submit(opened, {"why": why, "said": said})
    answer = await at.person.outcome(sent)
    assert answer["ephemeral"]
    return text_of(answer["message"])


async def reports(life: Life, channel: str) -> list[Json]:
    """The cards about reports that stand in a channel, as a moderator sees them."""
    person = await life.person("dana")
    cards = await person.messages(life.channel(channel))
    return [card for card in cards if "eported" in text_of(card) and not card["flags"] & 64]


async def reported(life: Life, channel: str, count: int = 1) -> list[Json]:
    """The same, once there are so many."""
    cards: list[Json] = []
    async with asyncio.timeout(60):
        while len(cards := await reports(life, channel)) != count:
            life.advance(1.0)
            await life.clock.until_quiet()
    return cards


def stands(life: Life, words: str) -> bool:
    """Whether the audit channel says this."""
    return any(words in text for text in told(life))


async def heard(life: Life) -> tuple[PersonClient, Json]:
    """An audit channel of the moderators, and Ben's finished post in *general*."""
    hide(life)
    await listening(life)
    ben = await delivered(life)
    post = await post_of(life, ben)
    assert post is not None
    return ben, post


async def test_a_report_is_one_card_from_which_the_video_is_removed(life: Life) -> None:
    ben, post = await heard(life)
    eve, cleo = [await desk(life, name) for name in ("eve", "cleo")]
    assert await report(eve, post["id"], "person", "this is @everyone’s\n*face* <@1>") == THANKS
    [card] = await reported(life, "showroom")
    said = text_of(card)
    assert "### A video was reported" in said
    assert f"**Posted for**: <@{ben.user_id}>" in said
    assert "who does not want that · this is @\u200beveryone’s \\*face\\* \\<" in said
    assert not card["mentions"]
    assert labels(card) == ["Go to it", "Remove…", "Dismiss"]
    assert "The moderators know of this already" in await report(eve, post["id"])
    assert await report(cleo, post["id"], "spam") == THANKS
    await life.until(lambda: stands(life, "Reported by 2 people"), step_s=1.0)
    [card] = await reported(life, "showroom")
    await life.stop()
    await life.start()
    dana, ada = [await desk(life, name, "showroom") for name in ("dana", "ada")]
    assert MODERATORS_ONLY in await eve.press(copied(life, card, "general"), "Remove…")
    questions = [await at.pressed(card, button(card, "Remove…")) for at in (dana, ada)]
    assert await dana.press(questions[0], "Delete it") == "Removed."
    faster = f"<@{dana.person.user_id}> was faster: it is removed already."
    assert await ada.press(questions[1], "Delete it") == faster
    assert await post_of(life, ben) is None
    await life.until(lambda: not kept(life), step_s=1.0)
    await life.until(
        lambda: "Removed by" in str(life.world.channels["showroom"].messages), step_s=1
    )
    [card, done] = await reported(life, "showroom", 2)
    assert labels(card) == []
    assert "### Something was deleted" in text_of(done)
    assert [each[:4] for each in actions(life)[1:]] == [
        (
            "dana",
            "remove",
            "ben",
            f"Reported: {WHY[Why.PERSON]}; {WHY[Why.SPAM]}",
        )
    ]
    assert life.money() == ["hold", "capture"]


async def test_what_is_dismissed_stays_and_is_not_reported_again(life: Life) -> None:
    ben, post = await heard(life)
    await report(await desk(life, "eve"), post["id"])
    [card] = await reported(life, "showroom")
    dana = await desk(life, "dana", "showroom")
    assert await dana.press(card, "Dismiss") == "Dismissed: the message stays."
    await life.until(lambda: stands(life, "Dismissed by"), step_s=1.0)
    assert await post_of(life, ben)
    said = await report(await desk(life, "cleo"), post["id"])
    assert "have looked at this already" in said
    assert actions(life)[-1][:4] == ("dana", "dismiss", "ben", "Reported: It is mean to somebody")


async def test_without_an_audit_channel_a_card_says_only_that_there_is_something(
    life: Life,
) -> None:
    ben = await delivered(life)
    post = await post_of(life, ben)
    assert post
    other = await ben.send(life.channel("general"), "see https://example.com/x.gif")
    eve, dana = await desk(life, "eve"), await desk(life, "dana")
    await report(eve, post["id"], "other", "my cousin")
    [card] = await reported(life, "general")
    assert text_of(card) == DISCREET
    await report(eve, other["id"])
    await life.until(lambda: life.rows("SELECT min(shown) FROM cases") == [(1,)], step_s=1.0)
    assert len(await reports(life, "general")) == 1
    assert MODERATORS_ONLY in await eve.press(card, "For moderators…")
    look = await dana.pressed(card, button(card, "For moderators…"))
    assert f"**<@{eve.person.user_id}>**: Something else · my cousin" in text_of(look)
    assert await dana.press(look, "Dismiss") == "Dismissed: the message stays."
    await life.until(lambda: card["id"] not in str(ids(life, "general")), step_s=1.0)
    [following] = await reported(life, "general")
    assert following["id"] != card["id"]
    ours = await dana.pressed(following, button(following, "For moderators…"))
    assert "### A message was reported" in text_of(ours)


def ids(life: Life, channel: str) -> list[int]:
    """The messages that stand in a channel."""
    return list(life.world.channels[channel].messages)


async def test_where_everybody_reads_the_audit_channel_a_report_names_nobody(life: Life) -> None:
    await life.start()
    showroom, ada = str(life.channel("showroom")), await desk(life, "ada")
    warning = f"**Everybody can read <#{showroom}>.** Reports say there only"
    assert warning in await ada.says("settings audit", channel=showroom)
    post = await post_of(life, await delivered(life))
    assert post is not None
    eve, dana = await desk(life, "eve"), await desk(life, "dana", "showroom")
    assert await report(eve, post["id"], "person", "my brother") == THANKS
    [card] = await reported(life, "showroom")
    assert text_of(card) == "Something was reported, and the moderators will look at it."
    look = await dana.pressed(card, button(card, "For moderators…"))
    assert f"**<@{eve.person.user_id}>**: It shows somebody" in text_of(look)
    assert "my brother" in text_of(look)
    question = await dana.pressed(look, button(look, "Remove…"))
    assert f"’s video (https://discord.com/channels/{STUDIO_ID}/" in text_of(question)
    done = await dana.pressed(question, button(question, "Delete it"))
    assert (done["id"], text_of(done)) == (look["id"], "Removed.")
    stale = card_with(life, f"marionette-report:remove:{post['id']}", channel="showroom")
    assert await dana.press(stale, "Press") == "You have removed it already."
    await life.until(lambda: int(card["id"]) not in ids(life, "showroom"), step_s=1.0)


async def test_a_report_that_everybody_can_see_by_now_names_nobody_any_more(life: Life) -> None:
    _, post = await heard(life)
    await report(await desk(life, "eve"), post["id"], "person", "my brother")
    await life.until(lambda: stands(life, "my brother"), step_s=1.0)
    await life.stop()
    life.world.channels["showroom"].overwrites.clear()
    await life.start()
    await report(await desk(life, "cleo"), post["id"])
    await life.until(lambda: stands(life, "Something was reported"), step_s=1.0)
    assert not stands(life, "my brother")


async def test_anybodys_message_with_something_to_see_can_be_reported(life: Life) -> None:
    hide(life)
    ada = await listening(life)
    assert "Everybody can read" not in str(await ada.messages(life.channel("general")))
    ben, general = await life.person("ben"), life.channel("general")
    eve, dana = await desk(life, "eve"), await desk(life, "dana", "showroom")
    words = await ben.send(general, "only words")
    assert "has no picture, no video and no link" in await report(eve, words["id"])
    picture = await ben.send(general, "", [life.picture])
    assert await report(eve, picture["id"]) == THANKS
    [card] = await reported(life, "showroom")
    assert f"**Posted by**: <@{ben.user_id}>" in text_of(card)
    refused = await dana.press(card, "Remove…")
    assert f"I may not delete messages in <#{general}>" in refused
    assert "*Manage Messages*" in refused
    role = next(role for role in life.world.guilds["studio"].roles if role.bot_id)
    role.permissions |= int(Permission.MANAGE_MESSAGES)
    await life.stop()
    await life.start()
    question = await dana.pressed(card, button(card, "Remove…"))
    assert await dana.press(question, "Delete it") == "Removed."
    assert int(picture["id"]) not in ids(life, "general")
    assert actions(life)[-1][:4] == ("dana", "remove", "ben", "Reported: It is mean to somebody")

    other = await ben.send(general, "", [life.picture])
    await report(eve, other["id"])
    card = (await reported(life, "showroom", 3))[-1]
    question = await dana.pressed(card, button(card, "Remove…"))
    life.faults.add(Rule(answers.error(403, {"code": 50013, "message": "Missing"}), *DELETES))
    assert "please delete it by hand" in await dana.press(question, "Delete it")
    await life.until(lambda: stands(life, "It still stands: please delete it"), step_s=1.0)


@pytest.mark.parametrize("where", ["server", "channel"])
async def test_what_a_moderator_may_not_delete_the_bot_does_not_delete_for_them(
    life: Life, where: str
) -> None:
    """The card stands elsewhere: in the audit channel Dana may."""
    roles = {role.name: role for role in life.world.guilds["studio"].roles}
    bit = int(Permission.MANAGE_MESSAGES)
    roles["Marionette"].permissions |= bit
    if where == "server":
        roles["Moderator"].permissions &= ~bit
    else:
        denied = Overwrite(life.world.users["dana"].id, 1, deny=bit)
        life.world.channels["general"].overwrites.append(denied)
    hide(life)
    await listening(life)
    ben, dana = await life.person("ben"), await desk(life, "dana", "showroom")
    picture = await ben.send(life.channel("general"), "", [life.picture])
    await report(await desk(life, "eve"), picture["id"])
    [card] = await reported(life, "showroom")
    said = await dana.press(card, "Remove…")
    assert f"in <#{life.channel('general')}>, you need *Manage Messages*" in said
    assert life.rows("SELECT settled FROM cases") == [(None,)]
    assert await dana.press(card, "Dismiss") == "Dismissed: the message stays."


@pytest.mark.parametrize("fault", [answers.text(503), resets(after=True)], ids=lambda f: f.name)
async def test_what_was_lost_on_the_way_is_told_once(life: Life, fault: Fault) -> None:
    _, post = await heard(life)
    outage = Rule(fault, *POST)
    life.faults.add(outage)
    await report(await desk(life, "eve"), post["id"])
    await life.until(lambda: life.faults.struck[fault.name] >= 1, step_s=1.0)
    await life.stop()
    life.faults.rules.remove(outage)
    life.advance(3600)
    await life.start()
    await life.until(lambda: life.rows("SELECT shown FROM cases") == [(1,)], step_s=1.0)
    assert len(await reports(life, "showroom")) == 1


async def test_an_audit_channel_that_takes_nothing_is_no_end_of_it(life: Life) -> None:
    _, post = await heard(life)
    shut = Overwrite(life.world.bot_id, 1, deny=int(Permission.SEND_MESSAGES))
    life.world.channels["showroom"].overwrites.append(shut)
    await report(await desk(life, "eve"), post["id"])
    [card] = await reported(life, "general")
    assert labels(card) == ["For moderators…"]


async def test_a_report_that_no_channel_takes_keeps_no_other_waiting(life: Life) -> None:
    """Neither its card, nor that the card goes once it is decided."""
    await life.start()
    ben, eve = await life.person("ben"), await desk(life, "eve", "showroom")
    sent = [await ben.send(life.channel(name), LINK) for name in ("showroom", "general")]
    opened = await eve.person.use_on_message(eve.channel_id, MENU, int(sent[0]["id"]))
    await eve.person.outcome(opened)
    shut = Overwrite(life.world.bot_id, 1, deny=int(Permission.VIEW_CHANNEL))
    life.world.channels["showroom"].overwrites.append(shut)
    with capture_logs() as logs:
        await eve.person.submit(opened, {"why": "spam", "said": ""})
        await life.until(lambda: "no channel takes a report" in str(logs), step_s=1.0)
    began = life.clock.time()
    await report(await desk(life, "cleo"), sent[1]["id"])
    [card] = await reported(life, "general")
    dana = await desk(life, "dana")
    look = await dana.pressed(card, button(card, "For moderators…"))
    await dana.press(look, "Dismiss")
    await life.until(lambda: int(card["id"]) not in ids(life, "general"), step_s=1.0)
    assert life.clock.time() - began < PUT_OFF_S / 2


@pytest.mark.parametrize(
    "fault",
    [answers.error(429, {"code": EDITED_TOO_OFTEN, "message": "Too often"}), answers.text(503)],
    ids=["too often", "503"],
)
async def test_a_card_that_cannot_be_changed_keeps_no_other_waiting(
    life: Life, fault: Fault
) -> None:
    _, post = await heard(life)
    await report(await desk(life, "eve"), post["id"])
    await reported(life, "showroom")
    cleo = await desk(life, "cleo")
    edits = ("discord", "PATCH", "/channels/{channel_id}/messages/{message_id}")
    life.faults.add(Rule(fault, *edits))
    await report(cleo, post["id"])
    await life.until(lambda: life.faults.struck[fault.name] >= 1, step_s=1.0)
    other = await cleo.person.send(life.channel("general"), LINK)
    await report(await desk(life, "eve"), other["id"])
    await reported(life, "showroom", 2)


async def test_one_person_is_bounded_and_who_is_blocked_reports_nothing(life: Life) -> None:
    await listening(life)
    general, ben = life.channel("general"), await life.person("ben")
    eve, ada = await desk(life, "eve"), await desk(life, "ada")
    sent = [await ben.send(general, f"https://example.com/{n}") for n in range(6)]
    for message in sent[:5]:
        assert await report(eve, message["id"]) == THANKS
    assert "5 of your reports wait" in await report(eve, sent[5]["id"])
    await ada.confirmed("quota block", member=str(eve.person.user_id), reason="cries wolf")
    assert "You are blocked here" in await report(eve, sent[5]["id"])


async def test_what_nobody_decides_is_over_and_forgotten_in_time(life: Life) -> None:
    _, post = await heard(life)
    await report(await desk(life, "eve"), post["id"])
    await reported(life, "showroom")
    life.advance(30 * 24 * 3600)
    await life.until(lambda: life.rows("SELECT settled FROM cases") == [("expired",)], step_s=60)
    await life.until(lambda: stands(life, "Nobody has decided"), step_s=1.0)
    life.advance(7 * 24 * 3600)
    await life.until(lambda: life.rows("SELECT count(*) FROM reports") == [(0,)], step_s=60)
    assert life.rows("SELECT count(*) FROM cases") == [(0,)]


async def test_in_direct_messages_there_is_nobody_to_report_to(life: Life) -> None:
    ben = await delivered(life)
    post, eve = await post_of(life, ben), await desk(life, "eve")
    assert post is not None
    more = await eve.pressed(post, button(post, "More…"))
    assert THANKS in text_of(await eve.fill_in(more, "Report…", why="spam"))
    own = await (await desk(life, "ben")).pressed(post, button(post, "More…"))
    assert "Report…" not in labels(own)
    direct = await ben.open_dm()
    names = [command["name"] for command in await ben.commands(direct)]
    assert MENU not in names


@pytest.mark.parametrize("by", ["ben", "dana"])
async def test_what_is_deleted_otherwise_needs_no_decision(
    life: Life, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By who asked for the video, with the bot; or by a moderator's own hand."""
    monkeypatch.setattr(discord, "Intents", partial(discord.Intents, guild_messages=True))
    _, post = await heard(life)
    await report(await desk(life, "eve"), post["id"])
    await reported(life, "showroom")
    if by == "ben":
        at = await desk(life, "ben")
        shown = await at.use("jobs show", job=life.job_id())
        await at.press(await at.pressed(shown, button(shown, "Delete…")), "Delete it")
    else:
        await (await life.person("dana")).delete(life.channel("general"), int(post["id"]))
    await life.until(lambda: stands(life, "The message was deleted"), step_s=1.0)
    late = await (await desk(life, "dana", "showroom")).press(
        card_with(life, f"marionette-report:dismiss:{post['id']}", channel="showroom"), "Press"
    )
    assert "There is nothing left to decide" in late
    assert [done[1] for done in actions(life)] == ["settings"]
