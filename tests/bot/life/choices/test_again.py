"""What is made of a finished video's files, a press away: by whom, for how much, and how often."""

import json
from pathlib import Path

import pytest

from bot.jobs.files import Files
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.faults.injector import Rule, resets
from tests.bot.life.delivery.test_spoilers import is_veiled, rendering, veiled
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.moderators.desk import desk
from tests.bot.life.world import Life
from tests.e2e.stage import button, is_video, posts, says


async def posted(life: Life, **settings: object) -> tuple[PersonClient, Json]:
    """Ada has a video in 360p, which cost 2 credits: her client, and the post."""
    await life.start(**settings)
    ada = await life.person("ada")
    await life.mimic(ada)
    await life.reaches("delivered", step_s=1.0)
    return ada, (await ada.wait_for(is_video))["message"]


async def press(person: PersonClient, post: Json, label: str) -> int:
    return await person.click(int(post["channel_id"]), int(post["id"]), button(post, label))


async def answer(person: PersonClient, pressed: int) -> str:
    """What a press was answered with, which only they see."""
    return text_of((await person.outcome(pressed))["message"])


def handed_over(life: Life) -> list[tuple[str | None, str]]:
    return [(run.inputs.image_url, run.inputs.video_url) for run in life.provider.accepted]


def inputs(life: Life) -> list[Path]:
    """The pictures and motions that are kept."""
    media = life.folder / "data" / "media"
    return [*media.glob("*/subject"), *media.glob("*/motion")]


async def test_one_press_makes_it_again(life: Life) -> None:
    ada, post = await posted(life)
    assert list(buttons_of(post)) == ["Again · 2 credits", "Better · 540p · 2 credits", "More…"]
    await press(ada, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"] * 2
    given, again = life.rows("SELECT model, quality, price, subject ->> 'url' FROM jobs")
    assert given == again
    (_, motion), (picture, copied) = handed_over(life)
    assert picture is not None
    assert "/assets/" in picture, "it is uploaded anew, so that no two submits are the same"
    assert copied != motion
    assert len(inputs(life)) == 4


async def test_what_was_a_spoiler_stays_one(life: Life) -> None:
    ada = await rendering(life, "general", life.picture, veiled(life.motion))
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    [post] = posts(await ada.messages(life.channel("general")))
    await press(ada, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert all(map(is_veiled, posts(await ada.messages(life.channel("general")))))


@pytest.mark.parametrize("channel", ["general", "hidden"])
async def test_whoever_presses_pays_and_has_it(life: Life, channel: str) -> None:
    """At a post, and at a reply that brought the video where the bot itself sees nothing."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada, channel)
    await life.reaches("delivered", step_s=1.0)
    [post] = posts(await ada.messages(life.channel(channel)))
    ben = await life.person("ben")
    await press(ben, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT person_id, count(*) FROM entries GROUP BY 1 ORDER BY 1") == [
        (life.world.users["ada"].id, 2),
        (ben.user_id, 2),
    ]
    [_, bens] = posts(await ben.messages(life.channel(channel)))
    whose = f"picture and motion by <@{ada.user_id}>, asked for by <@{ben.user_id}>"
    assert whose in text_of(bens)
    await life.alter(
        "INSERT INTO preferences (person_id, notify_directly, keep_private) VALUES (?, '0', '1')",
        ada.user_id,
    )
    said = await answer(ben, await press(ben, post, "Again"))
    assert "does not want their files to be used" in said
    [(until,)] = life.rows("SELECT files_until FROM jobs WHERE files_of NOTNULL")
    [(ended,)] = life.rows("SELECT state_since FROM jobs WHERE files_of ISNULL")
    assert until == ended + 24 * 3600, "Ada's files are kept no longer because Ben has used them"


async def test_a_double_click_is_one_and_another_one_may_follow_once_it_has_begun(
    life: Life,
) -> None:
    ada, post = await posted(life)
    life.provider.workshop.pause()
    await press(ada, post, "Again")
    await life.reaches("delivered", "rendering")
    assert "I have just started that" in await answer(ada, await press(ada, post, "Again"))
    ben = await life.person("ben")
    await press(ben, post, "Again")
    await life.reaches("delivered", "rendering", "rendering")
    life.advance(11)
    await press(ada, post, "Again")
    await life.reaches("delivered", "rendering", "rendering", "rendering")
    life.provider.workshop.resume()
    await life.reaches(*["delivered"] * 4, step_s=1.0)
    assert sorted(life.money()) == ["capture"] * 4 + ["hold"] * 4


async def test_killed_in_the_middle_it_goes_on(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> bool:
        await life.never()
        return False

    ada, post = await posted(life)
    with monkeypatch.context() as hanging:
        hanging.setattr(Files, "copy", never)
        await ada.outcome(await press(ada, post, "Again"))
        await life.reaches("delivered", "checking")
        life.advance(11)
        told = await answer(ada, await press(ada, post, "Again"))
        assert "press again once it is being made" in told
        await life.stop()
    await life.start()
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"] * 2


async def test_a_lost_submit_is_told_from_another_of_the_same_files(life: Life) -> None:
    ada, post = await posted(life)
    ben = await life.person("ben")
    life.faults.add(Rule(resets(after=True), *SUBMIT, times=1))
    await press(ada, post, "Again")
    await life.until(lambda: "submitting" in life.states())
    await press(ben, post, "Again")
    await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 3, "nothing is bought twice"
    assert len(set(handed_over(life))) == 3
    runs = {run.request_id: run.inputs.image_url for run in life.provider.accepted}
    claims = life.rows("SELECT request_id, image_url FROM attempts")
    assert dict(claims) == runs, "each has the run of its own submit"
    assert life.money().count("capture") == 3


async def test_never_more_than_the_button_said(life: Life) -> None:
    ada, post = await posted(life)
    await life.stop()
    await life.start(credits_per_second_360p=5.0)
    said = await answer(ada, await press(ada, post, "Again"))
    assert "This costs 10 credits by now, more than the button says" in said
    assert life.states() == ["delivered"]
    told = (await ada.wait_for(says("At the new price?")))["message"]
    assert list(buttons_of(told)) == ["360p · 10 credits"]
    await press(ada, told, "360p")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT price FROM jobs") == [(2,), (10,)]


async def test_its_files_are_kept_for_so_long(life: Life) -> None:
    ada, post = await posted(life, keep_files_hours=2)
    life.advance(3600)
    await life.clock.until_quiet()
    assert len(inputs(life)) == 2
    life.advance(2 * 3600)
    await life.until(lambda: not inputs(life))
    assert "I no longer have these files" in await answer(ada, await press(ada, post, "Again"))
    card = await answer(ada, await press(ada, post, "More"))
    assert "are no longer kept: to make it again, give them to </mimic:" in card
    assert life.money() == ["hold", "capture"]


async def test_where_no_files_are_kept_nothing_is_offered(life: Life) -> None:
    _, post = await posted(life, keep_files_hours=0)
    assert list(buttons_of(post)) == ["More…"]
    await life.until(lambda: not inputs(life))


async def test_what_somebody_deletes_is_gone_for_others_too(life: Life) -> None:
    _, post = await posted(life)
    given = inputs(life)
    ben = await life.person("ben")
    await press(ben, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    bens = (await ben.wait_for(says(f"<@{ben.user_id}>, your video is ready")))["message"]
    for path in given:
        path.unlink()
    assert "I no longer have these files" in await answer(ben, await press(ben, bens, "Again"))
    life.advance(3600)
    await life.until(lambda: not inputs(life))


async def test_deleting_ends_what_others_make_of_it_through_however_many_hands(life: Life) -> None:
    _, post = await posted(life)
    [given] = life.rows("SELECT id FROM jobs")
    ben, cleo = await life.person("ben"), await life.person("cleo")
    made = ["delivered"]
    for person in (ben, ben, cleo):
        await press(person, post, "Again")
        made.append("delivered")
        await life.reaches(*made, step_s=1.0)
        post = (await life.posts(person, life.channel("general")))[-1]
        life.advance(11)
    ada = await desk(life, "ada")
    question = await ada.pressed(
        shown := await ada.use("jobs show", job=given[0]), button(shown, "Delete…")
    )
    await ada.press(question, "Delete it")
    for person in (ben, cleo):
        assert "I no longer have these files" in await answer(
            person, await press(person, post, "Again")
        )
    life.advance(3600)
    await life.until(lambda: not inputs(life))


async def test_a_post_of_before_is_found_and_its_button_works(life: Life) -> None:
    """It had *Details* where *More…* stands now; killed after it was posted, nothing is twice."""
    ada, post = await posted(life)
    await life.stop()
    message = life.world.channels["general"].messages[int(post["id"])]
    message.components = json.loads(json.dumps(message.components).replace(":more:", ":details:"))
    await life.alter(
        "UPDATE jobs SET state = 'delivering', delivered = NULL, delivery_message_id = NULL"
    )
    life.advance(3600)
    await life.start()
    await life.reaches("delivered")
    assert len(await life.posts(ada, life.channel("general"))) == 1
    assert life.rows("SELECT delivery_message_id FROM jobs") == [(int(post["id"]),)]
    await ada.click(
        int(post["channel_id"]), int(post["id"]), button(message_now(life, post), "More")
    )
    await ada.wait_for(says("360p · 2 s · 2 credits", "### Done"))


def message_now(life: Life, post: Json) -> Json:
    """A message of the general channel, as it is by now."""
    message = life.world.channels["general"].messages[int(post["id"])]
    return {"components": message.components}


async def test_better_is_the_next_quality_also_from_jobs_show(life: Life) -> None:
    ada, _ = await posted(life)
    used = await ada.use(life.channel("showroom"), "jobs show", {"job": life.job_id()})
    await ada.outcome(used)
    shown = (await ada.wait_for(lambda event: bool(event.get("message", {}).get("attachments"))))[
        "message"
    ]
    await ada.click(life.channel("showroom"), int(shown["id"]), button(shown, "Better"))
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT quality FROM jobs ORDER BY created_at, origin_id") == [
        ("360p",),
        ("540p",),
    ]
