"""However a video comes to its requester, one message pings them for it, and no second one."""

import pytest
from aiohttp import web

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults.injector import Rule, resets
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import posts, says

POST = ("discord", "POST", "/channels/{channel_id}/messages")


async def pings(life: Life, person: PersonClient) -> list[Json]:
    """What somebody's Discord rings for: mentions of them, and what stands in direct messages."""
    direct = await person.open_dm()
    told = [seen for seen in await person.messages(direct) if seen["author"].get("bot")]
    me = str(person.user_id)
    for channel in life.world.channels.values():
        if channel.guild_id == life.world.guilds["studio"].id:
            told += [
                seen
                for seen in await person.messages(channel.id)
                if seen["author"].get("bot") and me in {one["id"] for one in seen["mentions"]}
            ]
    return told


async def asks(life: Life, name: str, channel: str, *, wants_direct: bool) -> PersonClient:
    """Somebody whose video is being made."""
    person = await life.person(name)
    if wants_direct:
        await life.alter(
            "INSERT INTO preferences (person_id, notify_directly, keep_private)"
            " VALUES (?, '1', '0')",
            person.user_id,
        )
    life.provider.workshop.pause()
    await life.mimic(person, channel)
    await person.wait_for(says("learning to move"))
    return person


async def comes(life: Life) -> None:
    """The video is finished, and everything is told of it that is to be told."""
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await life.until(lambda: life.rows("SELECT card_shown LIKE 'delivered%' FROM jobs") == [(1,)])
    for _ in range(3):
        life.advance(5.0)
        await life.clock.until_quiet()


@pytest.mark.parametrize(
    ("name", "channel", "wants_direct", "after_s", "where"),
    [
        ("ada", "general", False, 0.0, ["general"]),
        ("ada", "general", True, 0.0, ["direct"]),
        ("eve", "general", True, 0.0, ["general"]),
        ("ada", "readonly", True, 0.0, ["direct"]),
        ("ada", "readonly", False, 130.0, ["direct"]),
        ("ada", "readonly", True, TOKEN_LIFE_S, ["direct"]),
        ("eve", "readonly", True, TOKEN_LIFE_S, []),
    ],
    ids=[
        "a post",
        "a direct message for a post",
        "a mention where these are closed",
        "one for a reply",
        "one for a late reply",
        "the video directly",
        "kept",
    ],
)
async def test_one_ping_for_one_job(
    life: Life, name: str, channel: str, wants_direct: bool, after_s: float, where: list[str]
) -> None:
    await life.start()
    person = await asks(life, name, channel, wants_direct=wants_direct)
    life.advance(after_s)
    await comes(life)
    direct = await person.open_dm()
    told = await pings(life, person)
    ids = {direct: "direct"} | {one.id: key for key, one in life.world.channels.items()}
    assert [ids[int(seen["channel_id"])] for seen in told] == where
    if wants_direct and channel == "general":
        [ping], [post] = told, posts(await person.messages(life.channel("general")))
        assert post["id"] in str(ping["components"])
        assert post["mentions"] == []


async def test_who_takes_no_direct_messages_is_mentioned_by_the_next_post(life: Life) -> None:
    """And once a day later by a direct message again, if these are open by then."""
    await life.start()
    eve = await asks(life, "eve", "general", wants_direct=True)
    await comes(life)
    life.world.users["eve"].blocks_dms = False
    for expected in (1, 0):
        await life.mimic(eve)
        await life.until(lambda: set(life.states()) == {"delivered"}, step_s=1.0)
        newest = posts(await eve.messages(life.channel("general")))[-1]
        assert len(newest["mentions"]) == expected
        life.advance(24 * 3600.0)
    assert "is ready" in text_of((await eve.messages(await eve.open_dm()))[-1])


def loses(life: Life, channel_id: int, times: int, *, after: bool) -> None:
    """So many answers to messages without a file there, after their effect or before it."""

    def is_other(request: web.Request) -> bool:
        return str(channel_id) not in request.path or request.content_type != "application/json"

    life.faults.add(Rule(resets(after=after), *POST, times=times, spares=is_other))


@pytest.mark.parametrize("has_effect", [True, False])
async def test_a_kill_in_between_announces_it_once(life: Life, has_effect: bool) -> None:
    """The post stands, the direct message is lost on its way, and then somebody thinks again."""
    await life.start()
    ada = await asks(life, "ada", "general", wants_direct=True)
    direct = await ada.open_dm()
    loses(life, direct, 1, after=has_effect)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    await life.alter("UPDATE preferences SET notify_directly = FALSE")
    life.advance(3600.0)
    await life.start()
    await life.until(lambda: life.rows("SELECT announced FROM jobs") == [(1,)], step_s=1.0)
    assert [int(seen["channel_id"]) for seen in await pings(life, ada)] == [direct]


async def test_a_mention_whose_answer_is_lost_for_long_is_not_repeated(life: Life) -> None:
    """Longer than Discord knows its nonce."""
    await life.start()
    eve, general = await asks(life, "eve", "general", wants_direct=True), life.channel("general")
    loses(life, general, 1, after=True)
    loses(life, general, 12, after=False)
    life.provider.workshop.resume()
    await life.until(lambda: life.rows("SELECT announced FROM jobs") == [(1,)], step_s=5.0)
    assert [int(seen["channel_id"]) for seen in await pings(life, eve)] == [general]
