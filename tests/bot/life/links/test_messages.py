"""A message's link: its file is taken for whoever can see it, and for nobody else."""

import asyncio
from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.rest.api import MESSAGE_CONTENT_INTENT
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.faults.injector import Rule, late
from tests.bot.life.world import Life
from tests.e2e.stage import says

UNSEEN = "I find no message behind that link"
READ_HISTORY = Permission.READ_MESSAGE_HISTORY
READ = ("discord", "GET", "/channels/{channel_id}/messages/{message_id}")


def link(life: Life, channel: str, message_id: int, server: int | str | None = None) -> str:
    place = life.world.channels[channel]
    return f"https://discord.com/channels/{server or place.guild_id}/{place.id}/{message_id}"


async def sent(life: Life, person: PersonClient, channel: str, *files: Path) -> int:
    return int((await person.send(life.channel(channel), "look", files))["id"])


async def ask(
    life: Life, person: PersonClient, image_url: str, channel: str = "general", **more: str
) -> int:
    files = {} if "video_url" in more else {"video": life.motion}
    options = {"image_url": image_url, "quality": "360p", **more}
    return await person.use(life.channel(channel), "mimic", options, files)


@pytest.fixture
async def readable(life: Life) -> Life:
    """The operator has let the bot read messages, and it runs."""
    life.world.privileged_intents = MESSAGE_CONTENT_INTENT
    await life.start()
    return life


def asked_for(life: Life) -> int:
    """How many messages the bot has read one by one."""
    return sum(seen.method == "GET" and "/messages/" in seen.path for seen in life.discord.requests)


async def test_its_picture_and_its_video_are_taken(readable: Life) -> None:
    """Of two pictures the first; Discord's link to the motion goes to the provider as it is."""
    life = readable
    ada = await life.person("ada")
    second = life.picture.with_name("second.jpg")
    second.write_bytes(life.picture.read_bytes())
    files = life.motion, life.picture, second
    message_id = await sent(life, await life.person("ben"), "showroom", *files)
    url = link(life, "showroom", message_id)
    await ask(life, ada, url, video_url=url.replace("discord.com", "ptb.discord.com"))
    await life.reaches("rendering", step_s=1.0)
    [job] = life.provider.accepted
    assert life.rows("SELECT subject ->> 'name' FROM jobs") == [(life.picture.name,)]
    assert life.motion.name in job.inputs.video_url
    assert "/attachments/" in job.inputs.video_url
    card = (await ada.wait_for(says("the first of 2 pictures")))["message"]
    assert f"“{life.picture.name}”, the first" in text_of(card)
    ben = life.world.users["ben"].id
    assert f"picture and motion by <@{ben}>, asked for by <@{ada.user_id}>" in text_of(card)
    await life.alter(
        "INSERT INTO preferences (person_id, notify_directly, keep_private) VALUES (?, '0', '1')",
        ben,
    )
    await ask(life, ada, url)
    await ada.wait_for(says("does not want their files to be used"))


async def test_a_video_of_the_bots_own_needs_no_leave_to_read(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, life.channel("general"))
    files = {"image": life.picture}
    url = link(life, "general", int(post["id"]))
    await ada.use(life.channel("general"), "mimic", {"video_url": url}, files)
    await life.reaches("delivered", "rendering", step_s=1.0)


async def test_a_message_that_discord_shows_empty_is_told_as_that(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await ask(life, ada, link(life, "general", await sent(life, ada, "general", life.picture)))
    await ada.wait_for(says("Discord shows me no picture in that message"))


async def test_what_one_cannot_see_and_what_is_not_there_sound_the_same(readable: Life) -> None:
    """Nothing is asked of Discord for it; a channel closed to all but moderators, for instance."""
    life = readable
    ada, ben, cleo, dana, finn = [
        await life.person(name) for name in ("ada", "ben", "cleo", "dana", "finn")
    ]
    for name, denied in (("showroom", Permission.VIEW_CHANNEL), ("readonly", READ_HISTORY)):
        closed = life.world.channels[name]
        everyone = Overwrite(closed.guild_id or 0, 0, deny=int(denied))
        closed.overwrites[:] = [everyone, Overwrite(life.world.bot_id, 1, allow=int(denied))]
    await life.stop()
    await life.start()
    elsewhere = await sent(life, finn, "den", life.picture)
    told = {
        "closed": link(life, "showroom", await sent(life, ada, "showroom", life.picture)),
        "no history": link(life, "readonly", await sent(life, ada, "readonly", life.picture)),
        "hidden from the bot": link(life, "hidden", await sent(life, ada, "hidden", life.picture)),
        "of another server": link(life, "den", elsewhere),
        "under this one's name": link(life, "den", elsewhere, life.world.guilds["studio"].id),
        "of no server": link(life, "general", 123, server=99),
        "of no channel": link(life, "general", 123).replace(str(life.channel("general")), "17"),
    }
    cdn = await cleo.open_dm()
    direct = await cleo.send(cdn, files=[life.picture])
    told["cleo's own"] = f"https://discord.com/channels/@me/{cdn}/{direct['id']}"
    before = asked_for(life)
    for case, url in told.items():
        asked = await ask(life, ben, url)
        card = (await ben.wait_for(says(UNSEEN)))["message"]
        assert card["flags"] & 64, case
        assert (await ben.outcome(asked))["state"] in {"replied", "deferred"}
    assert asked_for(life) == before
    await ask(life, ben, link(life, "general", 123))
    await ben.wait_for(says(UNSEEN))
    assert asked_for(life) == before + 1
    assert life.money() == []
    await ask(life, dana, told["hidden from the bot"])
    await dana.wait_for(says(UNSEEN))
    await ask(life, ada, told["closed"])  # it is her server
    await life.until(lambda: life.states()[-1] in {"queued", "rendering"}, step_s=1.0)


async def test_what_is_age_restricted_stays_there(life: Life) -> None:
    for name in ("showroom", "nofiles"):
        life.world.channels[name].is_age_restricted = True
    life.world.privileged_intents = MESSAGE_CONTENT_INTENT
    await life.start()
    ben = await life.person("ben")
    url = link(life, "showroom", await sent(life, ben, "showroom", life.picture))
    for channel in (life.channel("general"), await ben.open_dm()):
        files = {"video": life.motion}
        await ben.use(channel, "mimic", {"image_url": url}, files)
        await ben.wait_for(says(UNSEEN))
    await ask(life, ben, url, channel="nofiles")
    await life.reaches("failed", "failed", "rendering", step_s=1.0)


async def test_ones_own_direct_messages_are_ones_own(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    message = await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Got your picture"))
    await ask(life, ben, f"https://discord.com/channels/@me/{channel}/{message['id']}")
    await life.reaches("checking", "rendering", step_s=1.0)


async def test_a_restart_finds_the_message_again(
    readable: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked is the link as it was given, until its file is known to be good."""
    monkeypatch.setattr("bot.jobs.leading.following.STOP_PATIENCE_S", 0.1)
    life = readable
    ada = await life.person("ada")
    url = link(life, "general", await sent(life, ada, "general", life.picture))
    is_asked = asyncio.Event()

    async def never() -> None:
        is_asked.set()
        await life.never()

    life.faults.add(Rule(late(never), *READ, times=1))
    await ask(life, ada, url)
    await is_asked.wait()
    [(saved,)] = life.rows("SELECT subject ->> 'url' FROM jobs")
    assert saved == url
    await life.stop()
    await life.start()
    await life.reaches("rendering", step_s=1.0)
    assert url not in str(life.provider.accepted)


async def test_one_person_cannot_use_up_what_discord_bears(readable: Life) -> None:
    life = readable
    ada, ben = await life.person("ada"), await life.person("ben")
    message_id = await sent(life, ben, "general", life.motion)
    bad = link(life, "general", message_id)  # has no picture
    with life.clock.held():  # a busy machine takes minutes, after which more may be followed
        for _ in range(20):
            outcome = await ada.outcome(await ask(life, ada, bad))
            assert outcome["state"] in {"replied", "deferred"}
        await ada.wait_for(says("That is more links than I follow"))
    assert asked_for(life) <= 12
    await ask(life, ben, bad)
    await ben.wait_for(says("Discord shows me no picture"))
