"""From a command, or a direct message, to one finished video."""

from pathlib import Path

import av

from sandbox.clients.transcript import text_of
from tests.e2e.stage import LONG_S, Stage, button, is_video, posts, says


async def test_a_command_in_a_server_ends_in_one_posted_video(stage: Stage) -> None:
    bot = await stage.bot()
    ada = await stage.person("ada")
    outcome = await ada.outcome(await stage.mimic(ada))
    assert outcome["state"] == "deferred"

    card = (await ada.wait_for(says("learning to move", "2 credits reserved")))["message"]
    assert "<t:" in text_of(card)
    post = (await ada.wait_for(is_video, LONG_S))["message"]
    assert [person["id"] for person in post["mentions"]] == [
        str(stage.cast.discord["users"]["ada"])
    ]
    done = (await ada.wait_for(says("[Your video](")))["message"]
    assert done["id"] == card["id"]
    assert str(post["id"]) in text_of(done)

    video = stage.folder / "posted.mp4"
    video.write_bytes(await ada.download(post["attachments"][0]["url"]))
    length_s, codec = look(video)
    assert codec == "h264"
    assert abs(length_s - 2.0) < 0.2

    assert len(posts(await ada.messages(stage.channels["general"]))) == 1
    assert await stage.accepted() == 1
    assert stage.states() == ["delivered"]
    assert stage.money() == ["hold", "capture"]
    kept = sorted(path.name for path in (stage.data / "media").rglob("*") if path.is_file())
    assert kept == ["motion", "subject", "video.mp4"], "so that it can be made again"
    credits = await ada.outcome(await ada.use(stage.channels["general"], "credits"))
    assert credits["ephemeral"]
    assert "You can spend 28 credits in this server" in text_of(credits["message"])

    assert await bot.stop() == 0, "it is killed where it does not end in time"


async def test_a_picture_and_then_a_video_in_direct_messages(stage: Stage) -> None:
    await stage.bot()
    ben = await stage.person("ben")
    channel = await ben.open_dm()

    await ben.send(channel, "hello?")
    await ben.wait_for(says("I make a still picture move"))
    await ben.send(channel, files=[stage.picture])
    await ben.wait_for(says("Now send me the **video**"))
    await ben.send(channel, "anybody there?")
    await ben.send(channel, files=[stage.motion])
    offer = (await ben.wait_for(says("Shall I make this picture move")))["message"]
    assert len(offer["components"][0]["components"][1]["items"]) == 2
    assert stage.states() == ["checking"]
    assert stage.money() == []

    await ben.click(channel, int(offer["id"]), button(offer, "720p · 3 credits"))
    post = (await ben.wait_for(is_video, LONG_S))["message"]
    await ben.wait_for(says("[Your video](", "720p"), LONG_S)
    assert post["attachments"]
    assert await stage.accepted() == 1
    assert stage.money() == ["hold", "capture"]
    texts = [text_of(message) for message in await ben.messages(channel)]
    assert sum("I make a still picture move" in text for text in texts) == 1


async def test_where_the_bot_cannot_post_the_reply_gets_the_video(stage: Stage) -> None:
    await stage.bot()
    ada = await stage.person("ada")
    await stage.mimic(ada, "readonly")
    event = await ada.wait_for(
        lambda event: event["type"] == "message_update" and bool(event["message"]["attachments"]),
        LONG_S,
    )
    assert "your video is ready" in text_of(event["message"])
    found = posts(await ada.messages(stage.channels["readonly"]))
    assert [message["id"] for message in found] == [event["message"]["id"]]

    await stage.reaches("delivered")
    [(job_id,)] = stage.rows("SELECT id FROM jobs")
    shown = await ada.use(stage.channels["general"], "jobs show", {"job": job_id})
    again = await ada.wait_for(
        lambda event: is_job_shown(event, job_id) and bool(event["message"]["attachments"])
    )
    assert (await ada.outcome(shown))["ephemeral"]
    assert again["message"]["attachments"][0]["filename"] == f"marionette-{job_id}.mp4"


def is_job_shown(event: dict[str, object], job_id: str) -> bool:
    return says("### Done", job_id)(event)


def look(path: Path) -> tuple[float, str]:
    """A video's length in seconds, from its decoded frames, and its codec."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        return frames / float(stream.average_rate or 1), stream.codec_context.name
