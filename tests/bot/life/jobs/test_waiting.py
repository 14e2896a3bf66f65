"""What time does to jobs: expired links, tokens and results, forgotten offers, old videos."""

import socket

import pytest

from sandbox.clients.person import Json
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import is_video, says

DAY_S = 24 * 3600.0


async def test_a_job_from_its_command_to_its_post(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]
    polls = [seen for seen in life.provider.requests if seen.path.endswith("/status")]
    assert len(polls) < 30


async def test_links_that_expire_in_the_line_are_replaced_by_uploads(life: Life) -> None:
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ben)
    await ben.wait_for(says("### In line", to=life.world.users["ben"].id))
    life.advance(DAY_S - 1800)
    life.provider.workshop.resume()
    await life.until(lambda: len(life.provider.accepted) == 2, step_s=5.0)
    first, second = life.provider.accepted
    assert "-attachments/" in (first.inputs.image_url or "")
    assert "/assets/" in (second.inputs.image_url or "")
    assert "/assets/" in (second.inputs.video_url or "")
    await life.reaches("delivered", "delivered", step_s=5.0)


async def test_runs_without_an_end_keep_nobody_waiting_for_hours(life: Life) -> None:
    """Ada's has the only slot, and gives it back; its video comes all the same."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await ben.outcome(await life.mimic(ben))
    began = life.clock.time()
    await life.reaches("rendering", "rendering", step_s=20.0)
    assert 800 < life.clock.time() - began < 1000
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=5.0)
    assert len(life.provider.accepted) == 2


async def test_a_result_past_its_hour_is_found_in_the_history(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.stop()
    await life.until(lambda: life.provider.accepted[0].ended_at is not None, step_s=10.0)
    life.advance(3 * 3600)
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1


async def test_after_its_token_a_card_is_edited_by_its_message_id(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada)
    card = (await ada.wait_for(says("learning to move")))["message"]
    life.advance(TOKEN_LIFE_S + 60)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    done = (await ada.wait_for(says("[Your video](")))["message"]
    assert done["id"] == card["id"]


async def test_an_offer_is_forgotten_after_a_day_and_replaced_by_a_newer_one(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    old = (await ben.wait_for(says("Shall I make")))["message"]
    await ben.send(channel, files=[life.picture, life.motion])
    new = (await ben.wait_for(says("Shall I make")))["message"]
    assert new["id"] != old["id"]
    life.advance(5)
    assert (await ben.wait_for(says("### Cancelled")))["message"]["id"] == old["id"]
    life.advance(DAY_S)
    await life.reaches("cancelled", "cancelled", step_s=60.0)
    assert (await ben.wait_for(says("### Cancelled")))["message"]["id"] == new["id"]
    assert life.money() == []
    media = life.folder / "data" / "media"
    await life.until(lambda: not list(media.rglob("subject")))


def is_shown(event: Json) -> bool:
    """The private answer with the video."""
    message = event["message"]
    return bool(message["flags"] & 64 and message["attachments"])


async def test_videos_are_kept_for_keep_days(life: Life) -> None:
    await life.start(keep_days=2)
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    video = life.folder / "data" / "media" / life.job_id() / "video.mp4"
    assert video.exists()
    await life.stop()
    life.advance(DAY_S)
    await life.start(keep_days=2)
    await ada.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    await ada.wait_for(lambda event: event["type"] == "message_update" and is_shown(event))
    assert video.exists()
    life.advance(DAY_S)
    is_kept = [(None,)]
    await life.until(
        lambda: life.rows("SELECT video_deleted_at FROM jobs") != is_kept, step_s=600.0
    )
    assert not video.exists()
    shown = await ada.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    await ada.wait_for(says("The video itself is no longer kept"))
    assert (await ada.outcome(shown))["ephemeral"]


async def test_a_run_is_not_given_up_for_time_in_which_nobody_could_ask(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.stop()
    await life.until(lambda: life.provider.accepted[0].ended_at is not None, step_s=10.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        await life.start(segmind_api_url=away, segmind_history_url=away)
        began = life.clock.time()
        await life.until(lambda: life.clock.time() - began > 3 * 3600, step_s=120.0)
        await life.stop()
    assert capsys.readouterr().out.count("history unavailable") > 3
    assert life.states() == ["rendering"]
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert len(life.provider.accepted) == 1


async def test_a_video_whose_files_are_gone_ends_uncharged(life: Life) -> None:
    """The database was restored without the media folder, and the links have expired."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ben)
    await ben.wait_for(says("### In line", to=life.world.users["ben"].id))
    await life.until(lambda: life.provider.accepted[0].has_files)
    for path in (life.folder / "data" / "media").rglob("subject"):
        path.unlink()
    life.advance(DAY_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", "failed", step_s=5.0)
    await ben.wait_for(says(f"<@{life.world.users['ben'].id}>", "You were not charged"))
    assert life.money().count("release") == 1
    assert len(life.provider.accepted) == 1
