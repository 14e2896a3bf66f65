"""Drafts where something moves: another part, a full disk, an engine that hangs, runs that fail."""

import av
import pytest

from engine.api.faults import Mode
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.faults.injector import Rule, stalls
from tests.bot.life.choices.test_drafts import OFFERED, drafted, mimic
from tests.bot.life.choices.test_parts import WHICH, name_part, press
from tests.bot.life.provider.test_provider import with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import button, says
from tests.media_samples import make_motion


async def test_a_draft_is_of_the_part_on_its_card(life: Life) -> None:
    long = make_motion(life.folder / "long.mp4", duration_s=40.0, fps=3, size=(120, 160))
    await life.start(models=OFFERED)
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, long])
    card = (await ben.wait_for(WHICH))["message"]
    await name_part(ben, channel, card, "Choose…", start="0:12", length="5")
    card = (await ben.wait_for(says("5 s from 0:12 of your video")))["message"]
    assert list(buttons_of(card)) == [
        "Draft · free",
        "P-Video Animate 720p · 2 credits",
        "PixVerse Mimic 540p · 5 credits",
        "P-Video Animate 1080p · 3 credits",
        "Another part…",
        "Never mind",
    ]
    await name_part(ben, channel, card, "Another part…", start="38", length="30")
    card = (await ben.wait_for(says("2 s from 0:38 of your video")))["message"]
    await press(ben, channel, card, "Draft")
    await life.reaches("delivered", step_s=1.0)
    made = life.folder / "data" / "media" / life.job_id() / "video.mp4"
    with av.open(str(made)) as video:
        assert video.duration is not None
        assert video.duration / 1e6 == pytest.approx(2.0, abs=0.5)


async def test_an_engine_that_hangs_keeps_nobody_who_pays_waiting_for_long(life: Life) -> None:
    await life.start(models=OFFERED)
    life.faults.add(Rule(stalls(life.never), "provider", "POST", "/look", times=1))
    ada, ben = await life.person("ada"), await life.person("ben")
    await mimic(life, ada, "pixverse-mimic")
    await life.until(lambda: life.faults.struck.total() == 1)
    life.advance(20)
    await life.reaches("rendering")
    await mimic(life, ben, "pixverse-mimic")
    await life.reaches("rendering", "rendering")
    looks = [request for request in life.provider.requests if request.path == "/look"]
    assert len(looks) <= 1, "nobody else is asked about for a while"


async def test_what_made_room_is_said_and_its_link_is_not_shown(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await drafted(life)
    kept = life.folder / "data" / "media" / life.job_id()
    for name in ("subject", "motion", "video.mp4"):
        (kept / name).unlink()
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    general = life.channel("general")
    await ada.use(general, "jobs show", {"job": life.job_id()})
    shown = (await ada.wait_for(says("no longer kept")))["message"]
    assert "127.0.0.1" not in text_of(shown)
    assert list(buttons_of(shown)) == ["More…", "Delete…"]
    await ada.click(general, int(post["id"]), button(post, "P-Video"))
    await ada.wait_for(says("I no longer have these files"))
    assert (life.states(), life.money()) == (["delivered"], [])


async def test_a_draft_that_was_sent_off_counts_however_it_ends(life: Life) -> None:
    await life.start(models=OFFERED, drafts_per_day=1)
    life.noon()
    with_habits(life, failure="busy")
    life.provider.faults.set(Mode.FAILING)
    ada = await life.person("ada")
    await mimic(life, ada)
    failed = "SELECT count(*) FROM attempts WHERE cost = 0"
    await life.until(lambda: life.rows(failed) == [(1,)], step_s=2.0)
    job = {"job": life.job_id()}
    await ada.outcome(await ada.use(life.channel("general"), "jobs cancel", job))
    await life.reaches("cancelled")
    outcome = await ada.outcome(await mimic(life, ada))
    assert "all of your 1 free drafts of today" in text_of(outcome["message"])


async def test_where_it_is_pressed_is_who_pays(life: Life) -> None:
    """A server's draft that came to direct messages becomes a video of their own wallet there."""
    await life.start(models=OFFERED)
    ada, general = await life.person("ada"), life.world.channels["general"]
    await ada.outcome(await mimic(life, ada))
    await life.reaches("rendering")
    general.overwrites.append(Overwrite(life.world.bot_id, 1, deny=int(Permission.VIEW_CHANNEL)))
    life.advance(16 * 60)
    await life.reaches("delivered", step_s=1.0)
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    assert int(post["channel_id"]) != general.id
    await ada.click(int(post["channel_id"]), int(post["id"]), button(post, "P-Video"))
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT DISTINCT server_id FROM entries") == [(0,)]


async def test_where_nobody_could_answer_any_more_nobody_is_asked(life: Life) -> None:
    """A command's reply cannot be edited for longer than a quarter of an hour."""
    long = make_motion(life.folder / "long.mp4", duration_s=40.0, fps=3, size=(120, 160))
    await life.start()
    ada = await life.person("ada")
    life.faults.add(Rule(stalls(life.never), "cdn", "GET", times=1))
    files = {"image": life.picture, "video": long}
    await ada.use(life.channel("general"), "mimic", {}, files)
    await life.until(lambda: life.faults.struck.total() == 1)
    await life.stop()
    life.advance(16 * 60)
    await life.start()
    await life.reaches("failed", step_s=1.0)
    assert "motion_too_long" in str(life.rows("SELECT failure FROM jobs"))
