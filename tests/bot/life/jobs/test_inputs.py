"""Links may be dead before the end that they name: then the provider gets the kept bytes."""

import asyncio
from functools import partialmethod
from typing import Any

import pytest
from PIL import Image

from bot.jobs.submits import TOOK_IT_S
from bot.provider.segmind.client import Segmind
from bot.store.store import Store
from sandbox.clients.person import Json, PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule, late
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.members.test_trays import MOTION, PICTURE, PRICED, post, take
from tests.bot.life.members.test_trays import press as press_tray
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

FILE = ("cdn", "GET", "/attachments/{channel_id}/{attachment_id}/{name}")
COMMANDS_FILE = ("cdn", "GET", "/ephemeral-attachments/{channel_id}/{attachment_id}/{name}")
LINK, UPLOAD = "attachments/", "/assets/"


async def priced(life: Life) -> tuple[PersonClient, int, Json]:
    """Ben has sent both files and knows the price: his client, his message, and the card."""
    await life.start()
    ben = await life.person("ben")
    sent = await ben.send(await ben.open_dm(), files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    return ben, int(sent["id"]), card


async def press(ben: PersonClient, card: Json) -> None:
    pressed = await ben.click(int(card["channel_id"]), int(card["id"]), button(card, "540p"))
    await ben.outcome(pressed)


def handed_over(life: Life) -> tuple[str, ...]:
    """How the provider got the picture and the video of the last run, as it was saved."""
    run = life.provider.accepted[-1]
    urls = run.inputs.image_url or "", run.inputs.video_url
    saved = "SELECT image_url, video_url FROM attempts WHERE request_id = ?"
    assert life.rows(saved, run.request_id) == [urls]
    return tuple(next(kind for kind in (LINK, UPLOAD) if kind in url) for url in urls)


def uploads(life: Life) -> int:
    return sum(seen.path == "/upload-asset" for seen in life.provider.requests)


async def test_a_message_may_be_deleted_before_the_button_is_pressed(life: Life) -> None:
    ben, sent_id, card = await priced(life)
    await ben.delete(int(card["channel_id"]), sent_id)
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert handed_over(life) == (UPLOAD, UPLOAD)
    assert life.money() == ["hold", "capture"]


async def test_half_a_request_may_be_deleted_before_the_other_half_comes(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    half = await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    await life.until(lambda: any((life.folder / "data" / "media").glob("*/subject")))
    await ben.delete(channel, int(half["id"]))
    await ben.send(channel, files=[life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert handed_over(life) == (UPLOAD, LINK)


async def test_a_link_that_answers_is_handed_on(life: Life) -> None:
    ben, _, card = await priced(life)
    life.advance(9 * 60)
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert (handed_over(life), uploads(life)) == ((UPLOAD, LINK), 1)


async def test_no_two_jobs_of_the_same_messages_have_the_same_link_to_the_picture(
    life: Life,
) -> None:
    """By which a lost submit is told from another's that came through."""
    await life.start()
    picture, motion = await post(life, "cleo", life.picture), await post(life, "cleo", life.motion)
    for number, name in enumerate(("ada", "ben"), 1):
        person = await life.person(name)
        await take(life, person, PICTURE, picture)
        await take(life, person, MOTION, motion)
        await press_tray(life, person, (await person.wait_for(PRICED))["message"], "360p")
        await life.reaches(*["delivered"] * number, step_s=1.0)
        assert handed_over(life) == (UPLOAD, LINK)
    assert len({run.inputs.image_url for run in life.provider.accepted}) == 2


async def test_a_link_that_is_no_longer_young_is_not_trusted(life: Life) -> None:
    ben, _, card = await priced(life)
    life.advance(10 * 60 + 1)
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert handed_over(life) == (UPLOAD, UPLOAD)


async def test_a_link_from_the_future_is_not_trusted(life: Life) -> None:
    """The bot's clock was set back: nobody knows how old it is."""
    ben, _, card = await priced(life)
    life.set_bots_clock(-3600.0)
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert handed_over(life) == (UPLOAD, UPLOAD)


@pytest.mark.parametrize(
    "fault",
    [answers.text(404), answers.page(503), answers.text(429)],
    ids=lambda fault: fault.name,
)
async def test_any_doubt_about_one_link_replaces_that_one(life: Life, fault: Fault) -> None:
    """Of a command's, which nobody else can have; it was looked at before its turn came."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await life.until(lambda: life.provider.accepted[0].has_files)
    await ben.outcome(await life.mimic(ben))
    await life.reaches("rendering", "queued")
    assert handed_over(life) == (LINK, LINK)
    life.faults.add(Rule(fault, *COMMANDS_FILE, times=1))
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert set(handed_over(life)) == {LINK, UPLOAD}
    assert uploads(life) == 1


async def test_a_link_that_does_not_answer_in_time_is_replaced(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.inputs.LINK_PATIENCE_S", 0.1)
    ben, _, card = await priced(life)
    life.faults.add(Rule(late(life.never), *FILE, times=1))
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert handed_over(life) == (UPLOAD, UPLOAD)


async def test_an_uploaded_motion_serves_the_next_try_too(life: Life) -> None:
    ben, sent_id, card = await priced(life)
    life.faults.add(Rule(answers.busy(), *SUBMIT, times=2))
    await ben.delete(int(card["channel_id"]), sent_id)
    await press(ben, card)
    await life.reaches("delivered", step_s=1.0)
    assert (handed_over(life), uploads(life)) == ((UPLOAD, UPLOAD), 3 + 1)


async def test_who_waits_for_an_upload_keeps_nobody_else_waiting(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada's hangs: she has a turn at uploading, but not the only slot; Ben uploads meanwhile."""
    patient = partialmethod(Segmind.__init__, timeout_s=300.0)  # also on a machine that is busy
    monkeypatch.setattr(Segmind, "__init__", patient)
    await life.start(max_running=1)
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        came.set()
        await goes_on.wait()

    life.faults.add(Rule(late(hang), "provider", "POST", "/upload-asset", times=1))
    to_be_redrawn = life.folder / "picture.bmp"
    Image.open(life.picture).convert("RGB").save(to_be_redrawn)
    files = {"image": to_be_redrawn, "video": life.motion}
    for name in ("ada", "ada", "ben"):
        if name == "ben":
            await life.until(came.is_set)
        person = await life.person(name)
        asked = await person.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
        await person.outcome(asked)
    await life.reaches("queued", "queued", "delivered", step_s=2.0)
    assert uploads(life) == 2
    goes_on.set()
    await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert (uploads(life), len(life.provider.accepted)) == (3, 3)


async def test_who_was_slower_than_another_process_tries_again_at_once_with_the_same_uploads(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, sent_id, card = await priced(life)
    tried_at = list[float]()
    submit = Store.submit

    async def lose(store: Store, *job: Any, **how: Any) -> Any:
        """Another process has had the slot, of which nothing was heard yet."""
        tried_at.append(life.clock.monotonic())
        return await submit(store, *job, **how) if len(tried_at) > 2 else None

    monkeypatch.setattr(Store, "submit", lose)
    await ben.delete(int(card["channel_id"]), sent_id)
    await press(ben, card)
    await life.reaches("delivered", step_s=0.5)
    assert tried_at[2] - tried_at[0] < 3 * TOOK_IT_S
    assert (handed_over(life), uploads(life)) == ((UPLOAD, UPLOAD), 2)
