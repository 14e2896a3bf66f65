"""What is taken from the bot's own messages is its requester's, wherever the video is shown."""

import json

from bot.core.typed.job_ids import new_job_id
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.choices.test_again import posted, press
from tests.bot.life.choices.test_more import more
from tests.bot.life.members.test_trays import MOTION
from tests.bot.life.world import Life
from tests.e2e.stage import says

PRIVATE = "does not want their files to be used"


async def copy(person: PersonClient, post: Json) -> tuple[int, int]:
    """The channel and the message of a copy of a post in somebody's direct messages."""
    await press(person, await more(person, post), "Send")
    await person.wait_for(says("It is in your direct messages"))
    place = await person.open_dm()
    [sent] = [one for one in await person.messages(place) if one["attachments"]]
    return place, int(sent["id"])


async def taken(person: PersonClient, place: int, message_id: int) -> str:
    """What is answered to *Use as motion*."""
    used = await person.use_on_message(place, MOTION, message_id)
    return text_of((await person.outcome(used))["message"])


async def test_what_is_kept_private_is_so_in_a_copy_behind_its_link_and_in_a_forward(
    life: Life,
) -> None:
    ada, post = await posted(life)
    ben, general = await life.person("ben"), life.channel("general")
    place, copied = await copy(ben, post)
    forwards = [await ben.forward(*where, general) for where in ((place, copied), _at(post))]
    assert f"from a message of <@{ada.user_id}>" in await taken(ben, place, copied)
    await life.alter(
        "INSERT INTO preferences (person_id, notify_directly, keep_private) VALUES (?, '0', '1')",
        ada.user_id,
    )
    for where in ((place, copied), *map(_at, forwards)):
        assert PRIVATE in await taken(ben, *where)
    link = f"https://discord.com/channels/@me/{place}/{copied}"
    await ben.use(place, "mimic", {"video_url": link}, {"image": life.picture})
    await ben.wait_for(says(PRIVATE))
    assert "**Motion** · marionette" in await taken(ada, *_at(post))


def _at(message: Json) -> tuple[int, int]:
    return int(message["channel_id"]), int(message["id"])


async def test_an_age_restricted_video_is_so_in_a_copy(life: Life) -> None:
    showroom, mixed = life.world.channels["showroom"], "only in such channels"
    showroom.is_age_restricted = True
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await life.mimic(ada, "showroom")
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, showroom.id)
    place, copied = await copy(ben, post)
    await taken(ben, place, copied)
    [(motion,)] = life.rows("SELECT motion FROM trays")
    assert json.loads(motion)["origin"]["is_age_restricted"] is True
    link = f"https://discord.com/channels/@me/{place}/{copied}"
    await ben.use(place, "mimic", {"video_url": link}, {"image": life.picture})
    await ben.wait_for(says(mixed))


async def test_a_message_of_the_bots_that_shows_nobodys_video_gives_nothing(life: Life) -> None:
    ada, post = await posted(life)
    shown = life.world.channels["general"].messages[int(post["id"])]
    [video], known = shown.attachments, life.job_id()
    video.filename = video.filename.replace(known, new_job_id())
    shown.components = json.loads(json.dumps(shown.components).replace(known, new_job_id()))
    await life.alter("UPDATE jobs SET delivery_message_id = 1")
    assert "whose video that message of mine shows" in await taken(ada, *_at(post))
