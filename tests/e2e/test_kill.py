"""kill -9 and a new start: one posted video, one accepted submit."""

from sandbox.clients.transcript import text_of
from tests.e2e.stage import LONG_S, Stage, button, is_video, posts, says


async def test_killed_while_a_job_is_checked(stage: Stage) -> None:
    bot = await stage.bot()
    ada = await stage.person("ada")
    outcome = await ada.outcome(await stage.mimic(ada))
    await bot.kill()
    assert outcome["state"] == "deferred"
    assert stage.states() == ["checking"]

    await stage.bot()
    await ada.wait_for(is_video, LONG_S)
    await ada.wait_for(says("[Your video]("))
    assert len(posts(await ada.messages(stage.channels["general"]))) == 1
    assert await stage.accepted() == 1
    assert stage.money() == ["hold", "capture"]


async def test_killed_while_a_job_renders(stage: Stage) -> None:
    bot = await stage.bot()
    ada = await stage.person("ada")
    await stage.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await bot.kill()
    assert stage.states() == ["rendering"]

    await stage.bot()
    await ada.wait_for(is_video, LONG_S)
    await ada.wait_for(says("[Your video]("))
    assert len(posts(await ada.messages(stage.channels["general"]))) == 1
    assert await stage.accepted() == 1
    assert stage.money() == ["hold", "capture"]


async def test_killed_before_the_first_reply_nothing_is_left_hanging(stage: Stage) -> None:
    """Discord has told the person that the application did not respond; so the job ends."""
    bot = await stage.bot()
    await bot.kill()
    ada = await stage.person("ada")
    interaction = await stage.mimic(ada)
    assert (await ada.outcome(interaction))["state"] == "failed"
    await stage.bot()
    assert await stage.accepted() == 0


async def test_a_cancel_button_works_after_a_restart(stage: Stage) -> None:
    await stage.provider("POST", "pause")
    bot = await stage.bot(MAX_RUNNING="1")
    ada, ben = await stage.person("ada"), await stage.person("ben")
    await stage.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await stage.mimic(ben)
    waiting = (await ben.wait_for(says("### In line", "Number 1", to=stage.users["ben"])))[
        "message"
    ]
    assert await bot.stop() == 0

    await stage.bot(MAX_RUNNING="1")
    await ben.click(stage.channels["general"], int(waiting["id"]), button(waiting, "Cancel"))
    cancelled = (await ben.wait_for(says("### Cancelled")))["message"]
    assert cancelled["id"] == waiting["id"]
    assert "You were not charged." in text_of(cancelled)
    assert stage.states() == ["rendering", "cancelled"]
    assert stage.money() == ["hold", "hold", "release"]
    assert await stage.accepted() == 1
