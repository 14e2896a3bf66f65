"""Free drafts: beside what is paid, counted by themselves, and what may follow one."""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.faults.injector import Rule, resets
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

OFFERED: dict[str, dict[str, float]] = {"pixverse-mimic": {}, "p-video-animate": {}, "draft": {}}
POST = ("provider", "POST", "/v2/{model}")


async def mimic(life: Life, person: PersonClient, model: str = "draft") -> int:
    files = {"image": life.picture, "video": life.motion}
    return await person.use(life.channel("general"), "mimic", {"model": model}, files)


def fetched(life: Life) -> int:
    """How many files the bot, and whoever it sends to, had from Discord."""
    return sum(request.path.startswith("/attachments/") for request in life.discord.requests)


async def drafted(life: Life) -> PersonClient:
    """Ada has a draft."""
    ada = await life.person("ada")
    await mimic(life, ada)
    await life.reaches("delivered", step_s=1.0)
    return ada


async def test_a_draft_costs_nothing_and_leads_to_each_paid_model(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await drafted(life)
    general = life.channel("general")
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    assert "Draft 360p · 2 s" in text_of(post)
    assert [label for label in buttons_of(post) if label != "More…"] == [
        "PixVerse Mimic 540p · 2 credits",
        "P-Video Animate 720p · 1 credit",
    ]
    assert life.money() == []
    assert life.rows("SELECT price FROM jobs") == [(0,)]
    before = fetched(life)
    await ada.click(general, int(post["id"]), button(post, "PixVerse"))
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    assert [run.inputs.model.slug for run in life.provider.accepted] == ["draft", "pixverse-mimic"]
    assert fetched(life) - before <= 4, "each link is asked for a byte and then fetched, once"


async def test_pressed_twice_it_is_bought_once(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await drafted(life)
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    general, pressed = life.channel("general"), button(post, "P-Video")
    await ada.click(general, int(post["id"]), pressed)
    await life.reaches("delivered", "rendering")
    outcome = await ada.outcome(await ada.click(general, int(post["id"]), pressed))
    assert "That is being made already" in text_of(outcome["message"])
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]


async def test_somebody_elses_draft_becomes_the_video_of_whoever_presses(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await drafted(life)
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    ben = await life.person("ben")
    await ben.click(life.channel("general"), int(post["id"]), button(post, "P-Video"))
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT DISTINCT person_id FROM entries") == [(ben.user_id,)]


async def test_its_files_are_kept_for_a_day(life: Life) -> None:
    await life.start(models=OFFERED)
    ada = await drafted(life)
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    subject = life.folder / "data" / "media" / life.job_id() / "subject"
    life.advance(23 * 3600)
    await life.clock.until_quiet()
    assert subject.exists()
    life.advance(2 * 3600)
    await life.until(lambda: not subject.exists())
    pressed = await ada.click(life.channel("general"), int(post["id"]), button(post, "P-Video"))
    assert "send them again" in text_of((await ada.outcome(pressed))["message"])


async def test_so_many_a_day_and_without_credits_too(life: Life) -> None:
    await life.start(models=OFFERED, allowance_credits=0, drafts_per_day=1)
    life.noon()
    ada = await drafted(life)
    outcome = await ada.outcome(await mimic(life, ada))
    assert "all of your 1 free drafts of today" in text_of(outcome["message"])
    outcome = await ada.outcome(await ada.use(life.channel("general"), "credits"))
    assert "0 of 1 free drafts left today" in text_of(outcome["message"]).replace("*", "")
    assert "Draft free" in text_of(outcome["message"])
    outcome = await ada.outcome(await mimic(life, ada, "pixverse-mimic"))
    assert "You have no credits here" in text_of(outcome["message"])
    life.advance(24 * 3600)
    await mimic(life, ada)
    await life.reaches("delivered", "delivered", step_s=1.0)


async def test_nobody_who_pays_waits_for_a_draft(life: Life) -> None:
    await life.start(models=OFFERED, max_running=1)
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    for person, model in (
        (ada, "draft"),
        (ben, "draft"),
        (cleo, "draft"),
        (ada, "pixverse-mimic"),
        (ben, "pixverse-mimic"),
    ):
        await person.outcome(await mimic(life, person, model))
    await life.until(
        lambda: sorted(life.states()) == ["queued", "queued", "rendering", "rendering", "rendering"]
    )
    running = life.rows("SELECT model FROM jobs WHERE state = 'rendering' ORDER BY model")
    assert running == [("draft",), ("draft",), ("pixverse-mimic",)]
    await life.reaches(*["delivered"] * 5, step_s=1.0)


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_lost_draft_is_made_anew_but_not_for_ever(life: Life, lost: int) -> None:
    await life.start(models=OFFERED)
    life.faults.add(Rule(resets(), *POST, times=lost))
    ada = await life.person("ada")
    await mimic(life, ada)
    await life.reaches("failed" if lost == 3 else "delivered", step_s=1.0)
    assert life.money() == []
    assert life.rows("SELECT count(*) FROM attempts") == [(min(lost + 1, 3),)]


async def test_nobody_in_the_files_is_said_before_anything_is_spent(life: Life) -> None:
    await life.start(models=OFFERED)
    life.provider.faults.habits = replace(life.provider.faults.habits, seen_subject="nobody")
    ada, ben = await life.person("ada"), await life.person("ben")
    await mimic(life, ada, "pixverse-mimic")
    card = (await ada.wait_for(says("Make it anyway?")))["message"]
    assert "I see nobody in the picture." in text_of(card)
    assert list(buttons_of(card)) == ["540p · 2 credits", "Never mind"]
    assert (life.money(), life.provider.accepted) == ([], [])
    general = life.channel("general")
    await ada.outcome(await ada.click(general, int(card["id"]), button(card, "540p")))
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]

    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Make it anyway?", "You have")))["message"]
    assert "Draft · free" in buttons_of(card)
    await mimic(life, ben)
    await life.reaches("delivered", "checking", "delivered", step_s=1.0)


async def test_where_nobody_can_look_all_is_taken_as_it_is(life: Life) -> None:
    await life.start(models=OFFERED)
    life.faults.add(Rule(resets(), "provider", "POST", "/look"))
    ada = await life.person("ada")
    await mimic(life, ada, "pixverse-mimic")
    await life.reaches("delivered", step_s=1.0)


@pytest.mark.parametrize(
    "wrong", [{"engine_key": SecretStr("wrong")}, {"engine_url": "http://127.0.0.1:9"}]
)
async def test_an_engine_that_takes_nothing_hinders_nobody_who_pays(
    life: Life, wrong: dict[str, object]
) -> None:
    with capture_logs() as told:
        await life.start(models=OFFERED, **wrong)
        ada, ben = await life.person("ada"), await life.person("ben")
        await ada.outcome(await mimic(life, ada))
        await life.reaches("queued", step_s=1.0)
        life.advance(600)
        await mimic(life, ben, "pixverse-mimic")
        await life.reaches("queued", "delivered", step_s=1.0)
    assert any("ENGINE_KEY" in str(line.get("advice")) for line in told)
    assert not [line for line in told if line["log_level"] == "error"]
    assert life.money() == ["hold", "capture"]
