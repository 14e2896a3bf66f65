"""The last step, repeated and obstructed: one post, or the next rung of the ladder."""

from pathlib import Path

import pytest

from sandbox.clients.transcript import text_of
from sandbox.discord.state.permissions import Permission
from sandbox.faults.injector import Rule, resets
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import is_video, says


async def delivered_once(life: Life, channel: str = "general") -> None:
    """Bring a job to its post, and leave it as a kill before the commit would."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada, channel)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    await life.alter(
        "UPDATE jobs SET state = 'delivering', delivered = NULL, delivery_message_id = NULL"
    )


@pytest.mark.parametrize("later_s", [0.0, 3600.0])
async def test_a_repeat_shows_one_post(life: Life, later_s: float) -> None:
    """Within Discord's window by the nonce, beyond it by looking."""
    await delivered_once(life)
    ada = await life.person("ada")
    [post] = await life.posts(ada, life.channel("general"))
    life.advance(later_s)
    await life.start()
    await life.reaches("delivered")
    assert [again["id"] for again in await life.posts(ada, life.channel("general"))] == [post["id"]]
    assert life.rows("SELECT delivered, delivery_message_id FROM jobs") == [
        ("channel", int(post["id"]))
    ]


async def test_where_the_past_cannot_be_read_nothing_is_posted_again(life: Life) -> None:
    await delivered_once(life, "nohistory")
    ada = await life.person("ada")
    life.advance(3600)
    await life.start()
    await life.reaches("delivered")
    assert len(await life.posts(ada, life.channel("nohistory"))) == 1
    assert life.rows("SELECT delivered FROM jobs") == [("kept",)]
    await ada.wait_for(says("could not be posted here", "</jobs show:"))


async def test_the_ladder_down_to_a_direct_message(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada, "readonly")
    await ada.wait_for(says("learning to move"))
    life.advance(TOKEN_LIFE_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    post = (await ada.wait_for(is_video))["message"]
    assert int(post["channel_id"]) == await ada.open_dm()
    assert not await life.posts(ada, life.channel("readonly"))
    assert life.rows("SELECT delivered FROM jobs") == [("direct",)]


async def test_the_ladder_down_to_keeping_it(life: Life) -> None:
    await life.start()
    eve = await life.person("eve")
    life.provider.workshop.pause()
    await life.mimic(eve, "readonly")
    await eve.wait_for(says("learning to move"))
    life.advance(TOKEN_LIFE_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT delivered FROM jobs") == [("kept",)]
    await eve.wait_for(says("could not be posted here", "</jobs show:"))
    await eve.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    shown = await eve.wait_for(
        lambda event: bool(event.get("message") and event["message"]["attachments"])
    )
    assert shown["message"]["flags"] & 64


async def test_a_video_that_is_too_large_is_made_smaller_once(life: Life) -> None:
    studio = life.world.guilds["studio"].id
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    life.world.upload_limits_bytes[studio] = 25_000
    await life.reaches("delivered", step_s=1.0)
    post = (await ada.wait_for(is_video))["message"]
    assert post["attachments"][0]["size"] <= 25_000


async def test_a_video_that_fits_nowhere_is_linked_with_its_end(life: Life) -> None:
    studio = life.world.guilds["studio"].id
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    life.world.upload_limits_bytes[studio] = 200
    await life.reaches("delivered", step_s=1.0)
    post = (await ada.wait_for(says("Download it")))["message"]
    assert life.provider.files_url in str(post["components"])
    assert [person["id"] for person in post["mentions"]] == [str(life.world.users["ada"].id)]
    assert life.rows("SELECT delivered FROM jobs") == [("channel",)]


async def test_a_repeat_of_a_link_shows_one_post(life: Life) -> None:
    life.world.upload_limits_bytes[life.world.guilds["studio"].id] = 10**6
    await delivered_once(life)
    ada = await life.person("ada")
    [with_file] = await life.posts(ada, life.channel("general"))
    life.advance(3600)  # the nonce of that post is forgotten; this is about the link's own
    channel = life.world.channels["general"]
    life.world.delete(channel.messages[int(with_file["id"])])
    await life.alter("UPDATE jobs SET delivery_tried_at = NULL, delivery_channel_id = NULL")
    life.world.upload_limits_bytes[life.world.guilds["studio"].id] = 200
    for _ in range(2):
        await life.start()
        await life.reaches("delivered")
        await life.stop()
        [post] = await life.posts(ada, life.channel("general"))
        assert "Download it" in text_of(post)
        await life.alter(  # killed after the post, and before it was noted
            "UPDATE jobs SET state = 'delivering', delivered = NULL, delivery_message_id = NULL"
        )


@pytest.mark.parametrize(
    ("later_s", "denied", "ends"),
    [
        (TOKEN_LIFE_S, Permission.SEND_MESSAGES, "reply"),
        (TOKEN_LIFE_S, Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY, "kept"),
        (90.0, Permission.SEND_MESSAGES, "reply"),  # past the window of the channel's nonce
        (10.0, Permission(0), "reply"),  # the channel is open again
    ],
    ids=["token over", "nor read back", "soon", "channel open"],
)
async def test_a_video_that_may_stand_in_the_reply_is_not_sent_again(
    tmp_path: Path, later_s: float, denied: Permission, ends: str
) -> None:
    """The edit's answer is lost, of a video that was made as soon as it was asked for."""
    async with Life(tmp_path, run_time_s=5.0) as life:
        edit = ("discord", "PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
        lost = resets(after=True)
        life.faults.add(
            Rule(lost, *edit, times=1, spares=lambda r: r.content_type.endswith("json"))
        )
        await life.start()
        ada = await life.person("ada")
        life.provider.workshop.pause()
        await life.mimic(ada, "readonly")
        await ada.wait_for(says("learning to move"))
        life.provider.workshop.resume()
        await life.until(lambda: life.provider.accepted[0].ended_at is not None)
        channel = life.world.channels["readonly"]
        await life.until(
            lambda: any(seen.attachments for seen in channel.messages.values()), step_s=1.0
        )
        channel.overwrites[0].deny = int(denied)
        life.advance(later_s)
        await life.reaches("delivered", step_s=1.0)
        assert life.rows("SELECT delivered FROM jobs") == [(ends,)]
        if ends == "kept":  # the card then says where the video is, in its place
            await ada.wait_for(says("could not be posted here"))
        life.advance(10.0)
        await life.until(
            lambda: life.rows("SELECT card_shown LIKE 'delivered%' FROM jobs") == [(1,)]
        )
        assert len(await life.posts(ada, life.channel("readonly"))) == int(ends == "reply")
        assert not await life.posts(ada, await ada.open_dm())
