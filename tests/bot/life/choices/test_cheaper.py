"""What cannot be paid can be had for less: the ways stand on the refusal, each with its price."""

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.choices.test_again import answer, inputs, press
from tests.bot.life.members.test_door import Sender
from tests.bot.life.members.test_terms import offered
from tests.bot.life.members.test_trays import filled
from tests.bot.life.members.test_trays import press as press_tray
from tests.bot.life.world import Life
from tests.e2e.stage import button, is_video, says

CAN_BE_HAD = says("You can have it like this")
FOLLOWS = ("discord", "POST", "/webhooks/{webhook_id}/{webhook_token}")
OFFERED: dict[str, dict[str, float]] = {"pixverse-mimic": {}, "p-video-animate": {}, "draft": {}}


async def refused(life: Life, person: PersonClient, **options: object) -> Json:
    """The refusal of `/mimic`, of which two seconds cost 3 credits in 720p; nobody else sees it."""
    files = {"image": life.picture, "video": life.motion}
    await person.use(life.channel("general"), "mimic", {"quality": "720p", **options}, files)
    told: Json = (await person.wait_for(CAN_BE_HAD))["message"]
    assert told["flags"] & 64
    messages = await person.messages(life.channel("general"))
    assert not [one for one in messages if one["flags"] & 128], "the public reply is gone"
    return told


async def test_what_is_cheaper_is_a_press_away_over_a_restart_and_is_bought_once(
    life: Life,
) -> None:
    await life.start(allowance_credits=2)
    ada = await life.person("ada")
    told = await refused(life, ada)
    assert "This costs 3 credits, and you can have no more than 2 here at once." in text_of(told)
    assert list(buttons_of(told)) == ["360p · 2 credits", "540p · 2 credits"]
    assert (life.states(), life.money()) == (["failed"], [])
    assert "There is no job" in await Sender(life, "ben").presses(button(told, "360p"))
    await life.stop()
    await life.start(allowance_credits=2)
    pressed = [await press(ada, told, "360p") for _ in "ab"]
    outcomes = [await ada.outcome(one) for one in pressed]
    assert [one["ephemeral"] for one in outcomes].count(True) == 1, "the second one is refused"
    await life.reaches("failed", "delivered", step_s=1.0)
    assert life.rows("SELECT quality, price FROM jobs WHERE price NOTNULL") == [("360p", 2)]
    assert life.money() == ["hold", "capture"]
    assert "PixVerse Mimic 360p · 2 s" in text_of((await ada.wait_for(is_video))["message"])
    said = await answer(ada, await press(ada, told, "540p"))
    assert "You have no credits left here" in said, "all is checked anew"


async def test_without_any_credits_there_is_the_draft(life: Life) -> None:
    await life.start(allowance_credits=0, models=OFFERED)
    ada = await life.person("ada")
    told = await refused(life, ada)
    assert "You have no credits here" in text_of(told)
    assert "A moderator can give you some" in text_of(told)
    assert "**Draft**: a rough puppet, to try the motion." in text_of(told)
    assert list(buttons_of(told)) == ["Draft · free"]
    await press(ada, told, "Draft")
    await life.reaches("failed", "delivered", step_s=1.0)
    assert life.money() == []
    post = (await ada.wait_for(says("your draft is ready")))["message"]
    await press(ada, post, "PixVerse")
    again = (await ada.wait_for(CAN_BE_HAD))["message"]
    assert list(buttons_of(again)) == ["Draft · free"]


async def test_cheapest_first_and_what_listens(life: Life) -> None:
    """Another model at its cheapest, one's own in each quality, the free draft last."""
    await life.start(allowance_credits=2, models=OFFERED)
    ada = await life.person("ada")
    told = await refused(life, ada)
    assert list(buttons_of(told)) == [
        "P-Video Animate 720p · 1 credit",
        "PixVerse Mimic 360p · 2 credits",
        "Draft · free",
    ]
    ways = "**P-Video Animate**: quick, best with well-lit portraits."
    assert ways in text_of(told)
    assert "**PixVerse Mimic**" not in text_of(told)


async def test_its_files_are_kept_for_minutes_and_of_one_person_once(life: Life) -> None:
    await life.start(allowance_credits=2)
    ada = await life.person("ada")
    first = await refused(life, ada)
    assert len(inputs(life)) == 2
    second = await refused(life, ada)
    await life.until(lambda: len(inputs(life)) == 2)
    assert "I no longer have these files" in await answer(ada, await press(ada, first, "360p"))
    await life.clock.until_quiet()  # the second's end is waited for
    life.advance(901)
    assert "I no longer have these files" in await answer(ada, await press(ada, second, "360p"))
    await life.until(lambda: not inputs(life))
    assert life.money() == []


async def test_its_files_go_in_time_over_a_restart(life: Life) -> None:
    await life.start(allowance_credits=2)
    await refused(life, await life.person("ada"))
    life.advance(600)
    await life.stop()
    await life.start(allowance_credits=2)
    await life.clock.until_quiet()  # it has looked around
    assert len(inputs(life)) == 2
    life.advance(301)
    await life.until(lambda: not inputs(life))


async def test_of_two_ways_one_is_made(life: Life) -> None:
    """Whoever presses another button meanwhile does not pay twice for one request."""
    await life.start(allowance_credits=10, credits_per_second_720p=9.0)
    ada = await life.person("ada")
    life.provider.workshop.pause()
    told = await refused(life, ada)
    pressed = [await press(ada, told, way) for way in ("360p", "540p")]
    outcomes = [await ada.outcome(one) for one in pressed]
    [second] = [one["message"] for one in outcomes if one["ephemeral"]]
    assert text_of(second).startswith("That is being made already")
    await life.reaches("failed", "rendering", step_s=1.0)
    life.advance(60)
    assert "being made already" in await answer(ada, await press(ada, told, "540p"))
    assert life.money() == ["hold"]


@pytest.mark.parametrize("is_late", [True, False])
async def test_who_is_told_later_or_elsewhere_is_offered_nothing(life: Life, is_late: bool) -> None:
    """The files are gone by then, or another wallet pays there."""
    await life.start(allowance_credits=2)
    ada = await life.person("ada")
    life.faults.add(lost := Rule(answers.page(503 if is_late else 404), *FOLLOWS))
    files = {"image": life.picture, "video": life.motion}
    await ada.use(life.channel("general"), "mimic", {"quality": "720p"}, files)
    await life.reaches("failed")
    if is_late:
        await life.until(lambda: life.faults.struck.total() > 0, step_s=0.1)
        await life.stop()
        life.faults.rules.remove(lost)
        life.advance(1000)
        await life.start(allowance_credits=2)
    told = (await ada.wait_for(says("no more than 2 here at once")))["message"]
    assert int(told["channel_id"]) not in {one.id for one in life.world.channels.values()}
    assert not buttons_of(told)


async def test_what_takes_nothing_at_present_is_not_offered(life: Life) -> None:
    with capture_logs() as logs:
        await life.start(allowance_credits=2, models=OFFERED, engine_key=SecretStr("another"))
        ada, ben = await life.person("ada"), await life.person("ben")
        files = {"image": life.picture, "video": life.motion}
        await ben.use(life.channel("general"), "mimic", {"model": "draft"}, files)
        await life.until(lambda: "does not answer" in str(logs), step_s=1.0)
    assert list(buttons_of(await refused(life, ada))) == [
        "P-Video Animate 720p · 1 credit",
        "PixVerse Mimic 360p · 2 credits",
        "PixVerse Mimic 540p · 2 credits",
    ]


async def test_where_no_files_are_kept_the_refusal_stands_alone(life: Life) -> None:
    await life.start(allowance_credits=2, keep_files_hours=0)
    ada = await life.person("ada")
    files = {"image": life.picture, "video": life.motion}
    await ada.use(life.channel("general"), "mimic", {"quality": "720p"}, files)
    told = (await ada.wait_for(says("no more than 2 here at once")))["message"]
    assert not buttons_of(told)
    await life.until(lambda: not inputs(life))


async def test_an_offer_pressed_too_late_offers_what_is_left(life: Life) -> None:
    await life.start(dm_allowance_credits=4, max_running=1)
    ben = await life.person("ben")
    life.provider.workshop.pause()
    channel, card = await offered(life, ben)
    files = {"image": life.picture, "video": life.motion}
    dear = button(card, "720p")
    await ben.use(channel, "mimic", {"quality": "360p"}, files)
    await life.reaches("checking", "rendering")
    await Sender(life, "ben", None).presses(dear)
    told = (await ben.wait_for(CAN_BE_HAD))["message"]
    assert "This costs 3 credits and you have 2." in text_of(told)
    assert list(buttons_of(told)) == ["360p · 2 credits", "540p · 2 credits"]
    await ben.outcome(await ben.click(channel, int(told["id"]), button(told, "540p")))
    await life.reaches("queued", "rendering")
    assert life.rows("SELECT price FROM jobs") == [(2,), (2,)]


@pytest.mark.parametrize("where", ["direct", "tray"])
async def test_an_offers_button_never_charges_more_than_it_says(life: Life, where: str) -> None:
    """After a restart at other rates: the new price is said, and buys it."""
    await life.start()
    ada = await life.person("ada")
    card = await filled(life, ada) if where == "tray" else (await offered(life, ada))[1]
    old = button(card, "540p")
    await life.stop()
    await life.start(credits_per_second_540p=4.0)
    said = await Sender(life, "ada", "general" if where == "tray" else None).presses(old)
    assert said.startswith("This costs 8 credits by now, more than the button says")
    assert life.money() == []
    told = (await ada.wait_for(says("At the new price?")))["message"]
    assert list(buttons_of(told)) == ["540p · 8 credits"]
    await press_tray(life, ada, told, "540p")
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT price FROM jobs") == [(8,)]
