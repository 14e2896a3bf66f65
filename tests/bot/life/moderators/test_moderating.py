"""`/moderate jobs`, `cancel` and `refund`, by command and by button, and never across servers."""

import pytest

from sandbox.clients.person import Json, PersonError
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.jobs.test_review import in_review
from tests.bot.life.moderators.desk import Desk, actions, asks, copied, desk, labels, yes
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

NOT_YOURS = "This button is for the moderator who asked, in their server."


async def waiting(life: Life) -> tuple[str, str]:
    """Eve's job is being made, and Ben's waits for it: their ids."""
    await life.start(max_running=1)
    life.provider.workshop.pause()
    for states, name in ((["rendering"], "eve"), (["rendering", "queued"], "ben")):
        await asks(life, await life.person(name))
        await life.reaches(*states, step_s=0.5)
    first, second = (row[0] for row in life.rows("SELECT id FROM jobs ORDER BY created_at"))
    return first, second


async def delivered(life: Life, count: int = 1) -> list[str]:
    """Finished videos of Ben's, oldest first: their ids."""
    await life.start()
    ben = await life.person("ben")
    for done in range(count):
        await asks(life, ben)
        await life.reaches(*["delivered"] * (done + 1), step_s=2.0)
    return [row[0] for row in life.rows("SELECT id FROM jobs ORDER BY created_at")]


async def test_a_waiting_job_is_cancelled_for_somebody(life: Life) -> None:
    rendering, queued = await waiting(life)
    dana = await desk(life, "dana")
    ben = await life.person("ben")
    offered = await dana.offers("moderate cancel", "job", "ben")
    assert [choice["value"] for choice in offered] == [queued]
    assert offered[0]["name"].startswith(f"{queued} · Ben · 2 credits reserved · ")
    assert await dana.offers("moderate cancel", "job", "eve") == []
    late = await dana.says("moderate cancel", job=rendering, reason="r")
    assert f"It is too late to cancel `{rendering}`" in late
    question = await dana.use("moderate cancel", job=f" {queued.upper()} ", reason="too loud")
    assert text_of(question) == (
        f"Cancel <@{ben.user_id}>’s waiting job `{queued}`? 2 credits reserved for it go back "
        "to them. Reason: too loud"
    )
    assert life.states() == ["rendering", "queued"]
    assert f"`{queued}` is cancelled" in await dana.press(question, yes(question))
    assert life.states() == ["rendering", "cancelled"]
    assert life.money() == ["hold", "hold", "release"]
    life.advance(4)
    await ben.wait_for(says("### Cancelled", "A moderator has cancelled it"))
    again = await dana.says("moderate cancel", job=queued, reason="r")
    assert f"`{queued}` has ended already" in again
    assert actions(life) == [
        ("dana", "cancel", "ben", "too loud", {"state": "queued"}, {"state": "cancelled"})
    ]


async def test_a_job_that_was_sent_off_meanwhile_is_not_cancelled(life: Life) -> None:
    _, queued = await waiting(life)
    dana = await desk(life, "dana")
    question = await dana.use("moderate cancel", job=queued, reason="r")
    life.provider.workshop.resume()
    await life.until(lambda: life.states()[1] not in {"queued", "submitting"}, step_s=0.25)
    said = await dana.press(question, yes(question))
    assert "too late to cancel" in said or "has ended already" in said
    assert actions(life) == []


async def test_a_finished_video_is_refunded_once(life: Life) -> None:
    [job] = await delivered(life)
    ada = await desk(life, "ada")
    [offered] = await ada.offers("moderate refund", "job")
    assert offered["value"] == job
    question = await ada.use("moderate refund", job=job, reason="it came out blank")
    assert f"**2 credits** for `{job}`?" in text_of(question)
    second = await ada.use("moderate refund", job=job, reason="it came out blank")
    assert "has 2 credits back" in await ada.press(question, yes(question))
    assert f"`{job}` was refunded before" in await ada.press(second, yes(second))
    assert f"`{job}` was refunded before" in await ada.says("moderate refund", job=job, reason="r")
    assert await ada.offers("moderate refund", "job") == []
    assert life.money() == ["hold", "capture", "refund"]
    assert actions(life) == [
        ("ada", "refund", "ben", "it came out blank", {"granted": 0}, {"granted": 2})
    ]


async def test_what_was_not_charged_is_not_refunded(life: Life) -> None:
    _, queued = await waiting(life)
    dana = await desk(life, "dana")
    assert await dana.offers("moderate refund", "job") == []
    assert "Nothing was charged" in await dana.says("moderate refund", job=queued, reason="r")


async def test_another_servers_jobs_do_not_exist(life: Life) -> None:
    """Cleo moderates the garden; the jobs are the studio's."""
    rendering, queued = await waiting(life)
    cleo = await desk(life, "cleo", "lawn")
    for command in ("moderate cancel", "moderate refund"):
        assert await cleo.offers(command, "job") == []
        assert await cleo.offers(command, "job", queued) == []
        for job in (rendering, queued, "abcdefgh23"):
            said = await cleo.says(command, job=job, reason="mine now")
            assert said == f"There is no job `{job}` here."
    assert text_of(await cleo.use("moderate jobs")).endswith("There are none.")
    await desk_of_the_studio_pressed_in_the_garden(life, cleo)
    assert life.states() == ["rendering", "queued"]
    assert life.money() == ["hold", "hold"]
    assert actions(life) == []


async def desk_of_the_studio_pressed_in_the_garden(life: Life, cleo: Desk) -> None:
    """Every button of Dana's list, moved into Cleo's server."""
    dana = await desk(life, "dana")
    moved = copied(life, await dana.use("moderate jobs"), "lawn")
    enabled = [label for label in labels(moved) if label not in {"‹", "›"}]
    assert {"Cancel…", "Refresh"} <= set(enabled)
    for label in enabled:
        assert await cleo.press(moved, label) == NOT_YOURS
    ada = await desk(life, "ada")
    here = copied(life, await dana.use("moderate jobs"), "general")
    for label in enabled:
        assert await ada.press(here, label) == NOT_YOURS


async def test_the_jobs_are_listed_with_what_can_be_done_about_each(life: Life) -> None:
    rendering, queued = await waiting(life)
    dana = await desk(life, "dana")
    listed = await dana.use("moderate jobs")
    text = text_of(listed)
    assert text.index(queued) < text.index(rendering)
    assert labels(listed).count("Cancel…") == 1
    filtered = await dana.use("moderate jobs", state="running")
    assert rendering in text_of(filtered)
    assert queued not in text_of(filtered)
    ben = str(life.world.users["ben"].id)
    theirs = text_of(await dana.use("moderate jobs", member=ben))
    assert queued in theirs
    assert rendering not in theirs
    with pytest.raises(PersonError):
        await dana.use("moderate jobs", state="nonsense")

    asked = await dana.fill_in(listed, "Cancel…", reason="by its button")
    assert "Reason: by its button" in text_of(asked)
    assert "is cancelled" in await dana.press(asked, yes(asked))
    now = await changed(dana, listed)
    assert "Cancelled" in text_of(now)
    assert "Cancel…" not in labels(now)
    assert actions(life)[0][:4] == ("dana", "cancel", "ben", "by its button")


async def changed(desk: Desk, message: Json) -> Json:
    """A message of theirs, once it is another by itself."""

    def is_change(event: Json) -> bool:
        return bool(event["type"] == "message_update" and event["message"]["id"] == message["id"])

    now: Json = (await desk.person.wait_for(is_change))["message"]
    return now


def select_of(message: Json) -> str:
    """The `custom_id` of the filter."""
    rows = [part for part in message["components"][0]["components"] if part["type"] == 1]
    [found] = [part["custom_id"] for row in rows for part in row["components"] if "options" in part]
    return str(found)


async def test_pages_of_jobs_are_turned_and_filtered_until_a_restart(life: Life) -> None:
    jobs = await delivered(life, 7)
    dana = await desk(life, "dana")
    first = await dana.use("moderate jobs")
    assert "page 1" in text_of(first)
    assert [job in text_of(first) for job in jobs] == [False] * 2 + [True] * 5
    assert labels(first).count("Refund…") == 5
    second = await dana.pressed(first, buttons_of(first)["›"])
    assert "page 2" in text_of(second)
    assert [job in text_of(second) for job in jobs] == [True] * 2 + [False] * 5
    asked = await dana.fill_in(second, "Refund…", reason="by its button")
    assert "has 2 credits back" in await dana.press(asked, yes(asked))
    refreshed = await changed(dana, second)
    assert "page 2" in text_of(refreshed)
    assert "refunded" in text_of(refreshed)
    assert labels(refreshed).count("Refund…") == 1
    back = await dana.pressed(refreshed, buttons_of(refreshed)["‹"])
    assert text_of(back) == text_of(first)
    failed = await dana.pressed(back, select_of(back), ["failed"])
    assert text_of(failed).endswith("There are none.")


async def test_a_job_in_review_is_settled_from_the_list(life: Life) -> None:
    await in_review(life, accepted=False)
    dana = await desk(life, "dana")
    listed = await dana.use("moderate jobs", state="review")
    assert labels(listed).count("Settle…") == 1
    card = await dana.pressed(listed, button(listed, "Settle…"))
    assert "is given up" in await dana.settle(card, "give-up")
    assert "it was settled before, and is failed now" in await dana.press(listed, "Settle…")
    assert "Settle…" not in labels(await dana.pressed(listed, button(listed, "Refresh")))
    assert life.states() == ["failed"]
    assert actions(life)[0][:4] == ("dana", "resolve", "ada", "I asked them")
