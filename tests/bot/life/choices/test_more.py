"""What *More…* leads to: another picture or motion, a description, a copy by direct message."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.faults.injector import Rule, late, resets
from tests.bot.life.choices.test_again import answer, handed_over, posted, press
from tests.bot.life.members.test_motions import add
from tests.bot.life.moderators.desk import desk
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import button, says
from tests.media_samples import make_motion, make_picture

SENDS = ("discord", "POST", "/channels/{channel_id}/messages")
SHOWN = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
NO_MEMBER = "only while you are a member of its server"


async def more(person: PersonClient, post: Json) -> Json:
    """The card of *More…*."""
    card: Json = (await person.outcome(await press(person, post, "More")))["message"]
    return card


async def form(person: PersonClient, card: Json, label: str) -> int:
    """Press what opens a form; the interaction that it answers."""
    pressed = await press(person, card, label)
    assert (await person.outcome(pressed))["state"] == "modal"
    return pressed


def alt_texts(life: Life, channel: str = "general") -> list[str]:
    """What each video in a channel is said to show, as it stands there now."""
    return [
        item["description"]
        for message in life.world.channels[channel].messages.values()
        for container in message.components
        for gallery in container.get("components", [])
        if gallery["type"] == 12
        for item in gallery["items"]
    ]


async def test_another_picture_keeps_the_motion_and_its_price(life: Life) -> None:
    ada, post = await posted(life)
    card = await more(ada, post)
    assert list(buttons_of(card)) == [
        "Another picture · 2 credits",
        "Another motion",
        "Send to my DMs",
        "Describe",
        "Details",
        "Delete…",
    ]
    assert "or swap one of them" in text_of(card)
    other = make_picture(life.folder / "A cat.png", fmt="PNG")
    opened = await form(ada, card, "Another picture")
    await ada.submit(opened, files={"file": [other]})
    await life.reaches("delivered", "delivered", step_s=1.0)
    [(given, motion), (picture, copied)] = handed_over(life)
    assert given != picture
    assert copied != motion, "each submit has links of its own"
    assert life.money() == ["hold", "capture"] * 2
    assert alt_texts(life) == [
        "A video of subject moving like motion",
        "A video of A cat moving like motion",
    ]


async def test_what_is_no_picture_is_refused_and_nothing_is_spent(life: Life) -> None:
    ada, post = await posted(life)
    opened = await form(ada, await more(ada, post), "Another picture")
    await ada.submit(opened, files={"file": [life.motion]})
    await ada.wait_for(says("is a video"))
    assert (life.states(), life.money()) == (["delivered", "failed"], ["hold", "capture"])


async def test_another_motion_is_priced_by_its_own_length_and_cut_if_it_is_too_long(
    life: Life,
) -> None:
    ada, post = await posted(life)
    long = make_motion(life.folder / "ball.mp4", duration_s=32.0, fps=5)
    opened = await form(ada, await more(ada, post), "Another motion")
    await ada.submit(opened, files={"file": [long]})
    card = (await ada.wait_for(says("32 s", to=ada.user_id)))["message"]
    await press(ada, card, "First 10 s")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT price FROM jobs ORDER BY created_at, origin_id") == [(2,), (9,)]
    assert alt_texts(life)[1] == "A video of subject moving like ball"


async def test_another_motion_may_be_one_by_name(life: Life) -> None:
    """Priced by its length; a name and a file at once, or neither, are told."""
    ada, post = await posted(life)
    card = await more(ada, post)
    both = {"file": [life.motion]}
    for values, files in (({}, {}), ({"name": ["dance"]}, both)):
        opened = await form(ada, card, "Another motion")
        refused = await ada.outcome(await ada.submit(opened, values, files))
        assert "one of the two" in text_of(refused["message"])
    opened = await form(ada, card, "Another motion")
    await ada.submit(opened, {"name": ["dance"]})
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT price FROM jobs ORDER BY created_at, origin_id") == [(2,), (4,)]
    assert alt_texts(life)[1] == "A video of subject moving like Dance"


async def test_a_motion_that_left_the_library_while_a_form_was_open_is_not_taken(
    life: Life,
) -> None:
    ada, post = await posted(life)
    dana = await desk(life, "dana")
    assert "is in the library" in text_of(await add(dana, "Twirl"))
    opened = await form(ada, await more(ada, post), "Another motion")
    [(motion_id,)] = life.rows("SELECT id FROM motions")
    question = await dana.use("library remove", name="Twirl")
    await dana.press(question, "Remove it")
    refused = await ada.outcome(await ada.submit(opened, {"name": [motion_id]}))
    assert "removed from the library" in text_of(refused["message"])
    assert life.states() == ["delivered"]


async def test_somebody_else_makes_their_own_of_it(life: Life) -> None:
    _, post = await posted(life)
    ben = await life.person("ben")
    card = await more(ben, post)
    assert list(buttons_of(card))[2:] == ["Send to my DMs", "Report…"]
    other = make_picture(life.folder / "dog.png", fmt="PNG")
    opened = await form(ben, card, "Another picture")
    await ben.submit(opened, files={"file": [other]})
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows(
        "SELECT DISTINCT person_id FROM entries WHERE job_id IN"
        " (SELECT id FROM jobs WHERE files_of NOTNULL)"
    ) == [(ben.user_id,)]


@pytest.mark.parametrize("is_gone", [True, False])
async def test_somebody_elses_files_are_theirs_alone_where_the_post_is_unseen(
    life: Life, *, is_gone: bool
) -> None:
    general = life.world.channels["general"]
    if not is_gone:
        ben_id, unread = life.world.users["ben"].id, int(Permission.READ_MESSAGE_HISTORY)
        general.overwrites.append(Overwrite(ben_id, 1, deny=unread))
    _, post = await posted(life)
    ben = await life.person("ben")
    opened = await form(ben, await more(ben, post), "Another picture")
    if is_gone:
        life.world.delete(general.messages[int(post["id"])])
    await ben.submit(opened, files={"file": [life.picture]})
    await ben.wait_for(says("somebody else's video: use the buttons below it"))
    assert (life.states(), life.money()) == (["delivered"], ["hold", "capture"])


async def test_what_stands_in_direct_messages_is_nobody_elses(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await ada.send(await ada.open_dm(), files=[life.picture, life.motion])
    card = (await ada.wait_for(says("Shall I make")))["message"]
    await press(ada, card, "360p")
    await life.reaches("delivered", step_s=1.0)
    post = (await ada.wait_for(says("Your video is ready")))["message"]
    await press(ada, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.rows("SELECT server_id, person_id, count(*) FROM entries GROUP BY 1, 2") == [
        (0, ada.user_id, 4)
    ]
    ben_pressed = await pressed_elsewhere(life, ben, life.rows("SELECT id FROM jobs")[0][0])
    assert "somebody else's video" in await answer(ben, ben_pressed)
    assert life.states() == ["delivered"] * 3


async def pressed_elsewhere(life: Life, person: PersonClient, job_id: str) -> int:
    """A press of *Again* of this job at somebody's own post, with an id that was copied."""
    await life.mimic(person, "showroom")
    await life.until(lambda: set(life.states()) == {"delivered"}, step_s=1.0)
    post = (await person.wait_for(says(f"<@{person.user_id}>, your video is ready")))["message"]
    message = life.world.channels["showroom"].messages[int(post["id"])]
    [(own,)] = life.rows("SELECT id FROM jobs WHERE delivery_message_id = ?", int(post["id"]))
    message.components = json.loads(json.dumps(message.components).replace(own, job_id))
    again = button(post, "Again").replace(own, job_id)
    return await person.click(int(post["channel_id"]), int(post["id"]), again)


async def test_an_id_that_was_copied_leads_nowhere_in_another_channel(life: Life) -> None:
    await posted(life)
    ben = await life.person("ben")
    pressed = await pressed_elsewhere(life, ben, life.job_id())
    assert "somebody else's video" in await answer(ben, pressed)
    assert life.states() == ["delivered"] * 2


async def test_what_it_shows_is_said_and_goes_along_if_it_is_its_requesters_word(
    life: Life,
) -> None:
    ada, post = await posted(life)
    opened = await form(ada, await more(ada, post), "Describe")
    await ada.submit(opened, {"description": "A cat @everyone\n dances <@1>"})
    said = (await ada.wait_for(says("Its post says so now")))["message"]
    assert said["mentions"] == []
    assert alt_texts(life) == ["A cat @everyone dances <@1>"]
    await press(ada, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert alt_texts(life) == ["A cat @everyone dances <@1>"] * 2

    dana = await life.person("dana")  # who moderates
    opened = await form(dana, await more(dana, post), "Describe")
    await dana.submit(opened, {"description": "Something else"})
    await dana.wait_for(says("Its post says so now"))
    await press(ada, post, "Again")
    await life.reaches(*["delivered"] * 3, step_s=1.0)
    assert alt_texts(life)[2] == "A video of subject moving like motion"


async def test_whoever_may_not_write_in_a_server_writes_nothing_into_its_posts(life: Life) -> None:
    """Deleting what is one's own, and having it sent, stay open."""
    await posted(life)
    ada, before = await desk(life, "ada", "lawn"), alt_texts(life)
    studio = life.world.guilds["studio"]
    shown = await ada.use("jobs show", job=life.job_id())
    card = await ada.pressed(shown, button(shown, "More"))

    async def described() -> str:
        life.advance(61)  # so long it is trusted what Discord has said of a member
        return text_of(await ada.fill_in(card, "Describe", description="A fool"))

    studio.members[ada.person.user_id].timed_out_until = life.clock.time() + 3600
    assert NO_MEMBER in await described()
    studio.members[ada.person.user_id].timed_out_until = None
    block = "INSERT INTO blocks (server_id, person_id, reason) VALUES (?, ?, 'spam')"
    await life.alter(block, studio.id, ada.person.user_id)
    assert NO_MEMBER in await described()
    await life.alter("DELETE FROM blocks")
    member = studio.members.pop(ada.person.user_id)
    assert NO_MEMBER in await described()
    assert alt_texts(life) == before
    assert "in your direct messages" in await ada.press(card, "Send")
    assert "Delete it" in buttons_of(await ada.pressed(card, button(card, "Delete")))
    studio.members[ada.person.user_id] = member
    assert "Its post says so now" in await described()


async def test_what_came_along_is_ones_own_to_change_until_a_moderator_does(life: Life) -> None:
    ada, post = await posted(life)
    opened = await form(ada, await more(ada, post), "Describe")
    await ada.submit(opened, {"description": "A wave"})
    await ada.wait_for(says("Its post says so now"))
    ben = await life.person("ben")
    await press(ben, post, "Again")
    await life.reaches("delivered", "delivered", step_s=1.0)
    [bens] = [one for one in await life.posts(ben, life.channel("general")) if one != post][-1:]
    opened = await form(ben, await more(ben, bens), "Describe")
    await ben.submit(opened, {"description": "My wave"})
    await ben.wait_for(says("Its post says so now"))
    assert alt_texts(life) == ["A wave", "My wave"]

    dana = await life.person("dana")  # who moderates
    for person, text, told in (
        (dana, "Waves", "Its post says so now"),
        (ben, "A fool", "only moderators can change that now"),
    ):
        opened = await form(person, await more(person, bens), "Describe")
        await person.submit(opened, {"description": text})
        await person.wait_for(says(told))
    assert alt_texts(life) == ["A wave", "Waves"]


async def test_a_reply_is_described_too(life: Life) -> None:
    """Where the bot sees no channel, by its token."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada, "hidden")
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, life.channel("hidden"))
    opened = await form(ada, await more(ada, post), "Describe")
    await ada.submit(opened, {"description": "A wave"})
    await ada.wait_for(says("Its post says so now"))
    assert alt_texts(life, "hidden") == ["A wave"]
    life.advance(TOKEN_LIFE_S)
    opened = await form(ada, await more(ada, post), "Describe")
    await ada.submit(opened, {"description": "Another wave"})
    await ada.wait_for(says("I will say so wherever I show it again"))


async def test_nobody_else_describes_it(life: Life) -> None:
    ada, post = await posted(life)
    card, ben = await more(ada, post), await life.person("ben")
    described = button(card, "Describe")
    message = life.world.channels["general"].messages[int(post["id"])]
    message.components[0]["components"][-1]["components"][0]["custom_id"] = described
    said = await answer(ben, await ben.click(int(post["channel_id"]), int(post["id"]), described))
    assert "somebody else's" in said


async def test_a_copy_comes_by_direct_message_once_an_hour(life: Life) -> None:
    _, post = await posted(life)
    ben = await life.person("ben")
    card = await more(ben, post)
    await press(ben, card, "Send")
    await ben.wait_for(says("It is in your direct messages"))
    [copy] = [one for one in await ben.messages(await ben.open_dm()) if one["attachments"]]
    assert "Here is the video that you wanted" in text_of(copy)
    await press(ben, card, "Send")
    await ben.wait_for(says("I have sent it to you already"))
    life.advance(3601)
    await press(ben, card, "Send")
    await ben.wait_for(says("It is in your direct messages"))
    assert life.money() == ["hold", "capture"]


@pytest.mark.parametrize("after", [False, True])
async def test_a_copy_that_was_lost_on_the_way_is_asked_for_again_and_sent_once(
    life: Life, *, after: bool
) -> None:
    _, post = await posted(life)
    ben = await life.person("ben")
    card, direct = await more(ben, post), await ben.open_dm()
    life.faults.add(Rule(resets(after=after), *SENDS, times=1))
    with capture_logs() as logs:
        await press(ben, card, "Send")
        await ben.wait_for(says("press again in a minute"))
        assert "error" not in [line["log_level"] for line in logs]
    await press(ben, card, "Send")
    await ben.wait_for(says("or have just tried to"))
    life.advance(61)
    await press(ben, card, "Send")
    await ben.wait_for(says("It is in your direct messages"))
    assert len([one for one in await ben.messages(direct) if one["attachments"]]) == 1


async def test_closed_direct_messages_are_said(life: Life) -> None:
    _, post = await posted(life)
    eve = await life.person("eve")
    await press(eve, await more(eve, post), "Send")
    await eve.wait_for(says("Discord does not let me write to you"))


@pytest.mark.parametrize("asked", ["copy", "jobs show"])
async def test_a_bot_that_stops_while_a_video_is_sent_says_so_in_one_line(
    life: Life, asked: str
) -> None:
    _, post = await posted(life)
    ada, goes_on = await life.person("ada"), asyncio.Event()
    card = await more(ada, post)
    shown = "SELECT 1 FROM jobs WHERE card_shown LIKE 'delivered%'"
    await life.until(lambda: bool(life.rows(shown)))  # else it is this that takes long
    path = SENDS[1:] if asked == "copy" else ("PATCH", SHOWN)
    slow = late(goes_on.wait)
    life.faults.add(Rule(slow, "discord", *path, times=1))
    with capture_logs() as logs:
        if asked == "copy":
            await press(ada, card, "Send")
        else:
            await ada.use(life.channel("general"), "jobs show", {"job": life.job_id()})
        await life.until(lambda: life.faults.struck[slow.name] == 1)
        await life.stop()
        goes_on.set()
        await life.clock.until_quiet()
    loud = [line for line in logs if line["log_level"] in {"warning", "error"}]
    said = "could not be shown" if asked == "copy" else "came too late"
    assert [line["event"] for line in loud] == [f"an answer {said}"]
