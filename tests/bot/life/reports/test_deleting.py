"""Somebody has a finished video deleted: its post goes, and all that is kept of it."""

import asyncio

import pytest

from sandbox.clients.person import Json
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Message
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.choices.test_drafts import OFFERED, drafted
from tests.bot.life.moderators.desk import Desk, actions, desk, labels
from tests.bot.life.reports.desk import card_with, delivered, kept, post_of
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import button, says

DELETES = ("discord", "DELETE", "/channels/{channel_id}/messages/{message_id}")
NOT_YOURS = "Only who asked for a video, and this server's moderators, can delete it."


async def asked(life: Life, at: Desk) -> Json:
    """The question that *Delete* on the card of `/jobs show` opens."""
    card = await at.use("jobs show", job=life.job_id())
    return await at.pressed(card, button(card, "Delete…"))


async def test_who_asked_for_it_deletes_it_from_jobs_show(life: Life) -> None:
    ben = await delivered(life)
    at = await desk(life, "ben")
    question = await asked(life, at)
    assert f"Delete your video `{life.job_id()}`?" in text_of(question)
    assert "credits that it cost stay spent." in text_of(question)
    assert kept(life)
    assert await post_of(life, ben)
    assert await at.press(question, "Delete it") == "Deleted: the post, and all that I kept of it."
    assert await post_of(life, ben) is None
    await life.until(lambda: not kept(life), step_s=1.0)
    await life.until(lambda: not public(life, "general"), step_s=1.0)  # its card goes, too
    listed = await at.use("jobs list")
    assert "Deleted" in text_of(listed)
    assert "http" not in str(listed["components"])
    again = await at.use("jobs show", job=life.job_id())
    assert "was deleted by who asked for it, and nothing of it is kept." in text_of(again)
    assert labels(again) == []
    assert "http" not in str(again["components"])  # the provider's link would still work
    assert life.money() == ["hold", "capture"]
    assert actions(life) == []


@pytest.mark.parametrize("is_asked", [True, False])
async def test_killed_in_the_middle_it_is_done_at_the_next_start(
    life: Life, is_asked: bool
) -> None:
    """Discord did not answer; or the decision is all that there was time for."""
    ben = await delivered(life)
    if is_asked:
        at = await desk(life, "ben")
        question = await asked(life, at)
        life.faults.add(lost := Rule(answers.page(503), *DELETES))
        pressed = asyncio.create_task(at.press(question, "Delete it"))
        await life.until(pressed.done, step_s=1.0)
        assert "the post goes as soon as it does" in await pressed
        life.faults.rules.remove(lost)
        await life.stop()
    else:
        await life.stop()
        await life.alter("UPDATE jobs SET removed_by_id = person_id, video_deleted_at = 1")
    assert await post_of(life, ben)
    await life.start()
    await life.until(lambda: not kept(life))
    await life.until(lambda: life.rows("SELECT delivery_message_id FROM jobs") == [(None,)])
    assert await post_of(life, ben) is None
    shown = "SELECT card_shown LIKE '%removed' FROM jobs"
    await life.until(lambda: life.rows(shown) == [(1,)], step_s=1.0)


async def test_a_moderator_deletes_somebody_elses_for_a_reason(life: Life) -> None:
    ben = await delivered(life)
    post = await post_of(life, ben)
    assert post is not None
    forged = card_with(life, f"marionette:delete:{life.job_id()}")
    eve, dana, ada = [await desk(life, name) for name in ("eve", "dana", "ada")]
    assert "Delete…" not in labels(await eve.pressed(post, button(post, "More…")))
    assert NOT_YOURS in await eve.press(forged, "Press")
    cards = [await at.pressed(post, button(post, "More…")) for at in (dana, ada)]
    questions = [
        await at.fill_in(card, "Delete…", reason="it mocks *Cleo*")
        for at, card in zip((dana, ada), cards, strict=True)
    ]
    assert f"Delete <@{ben.user_id}>’s video" in text_of(questions[0])
    said = await dana.press(questions[0], "Delete it")
    assert said == "Deleted: the post, and all that I kept of it."
    assert f"<@{dana.person.user_id}> has deleted this video already." in await ada.press(
        questions[1], "Delete it"
    )
    assert await post_of(life, ben) is None
    assert actions(life) == [("dana", "remove", "ben", "it mocks *Cleo*", None, None)]
    line = "This video was deleted by a moderator"
    await life.until(
        lambda: line in str([one.components for one in public(life, "general")]), step_s=1.0
    )
    assert "by a moderator, and nothing of it is kept" in await (await desk(life, "ben")).says(
        "jobs show", job=life.job_id()
    )
    assert life.money() == ["hold", "capture"]


async def test_what_follows_a_deleted_draft_keeps_its_own_files(life: Life) -> None:
    """It is under way by then; what is asked for afterwards finds no files."""
    await life.start(models=OFFERED)
    ada = await drafted(life)
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    at, job_id = await desk(life, "ada"), life.job_id()
    life.provider.workshop.pause()
    await at.click(post, button(post, "P-Video"))
    await life.reaches("delivered", "rendering", step_s=0.5)
    card = await at.use("jobs show", job=job_id)
    question = await at.pressed(card, button(card, "Delete…"))
    assert "Deleted" in await at.press(question, "Delete it")
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    late = card_with(life, f"marionette:make:{job_id}:540p:pixverse-mimic")
    pressed = await ada.click(at.channel_id, int(late["id"]), button(late, "Press"))
    assert "has deleted this video already" in text_of((await ada.outcome(pressed))["message"])


@pytest.mark.parametrize(
    ("channel", "after_s", "said"),
    [
        ("readonly", 0.0, "Deleted: the post"),
        ("hidden", 0.0, "Deleted: the post"),
        ("hidden", TOKEN_LIFE_S, "Discord does not let me delete the post"),
    ],
)
async def test_a_video_in_a_reply_goes_too_while_the_bot_reaches_it(
    life: Life, channel: str, after_s: float, said: str
) -> None:
    """By its token where the bot does not see the channel; afterwards what is kept goes alone."""
    await delivered(life, channel=channel)
    assert life.rows("SELECT delivered FROM jobs") == [("reply",)]
    life.advance(after_s)
    at = await desk(life, "ben")
    question = await asked(life, at)
    assert said in await at.press(question, "Delete it")
    stands = any("your video is ready" in str(one.components) for one in public(life, channel))
    assert stands is bool(after_s)
    await life.until(lambda: not kept(life), step_s=1.0)


def public(life: Life, channel: str) -> list[Message]:
    """What everybody sees in a channel."""
    found = life.world.channels[channel].messages.values()
    return [message for message in found if message.visible_to is None]
