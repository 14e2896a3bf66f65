"""A server's offer that could not be shown there: it goes on directly, for who still belongs there.

So it is wherever a server pays and the event comes from outside of it.
"""

from collections.abc import Callable

import pytest

from bot.accounts.members import FRESH_S
from bot.core.jobs import MENTION_LIFE_S, MOVED_LIFE_S
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Member
from sandbox.faults import answers as faults
from sandbox.faults.injector import Rule
from tests.bot.life.members.test_mentions import answers, mention
from tests.bot.life.members.test_payers import MEMBER, credits, mimic_here, paid_by_studio, studio
from tests.bot.life.moderators.deeds import choose
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

NO_MEMBER = "I do not find you among the members of Studio now"
FILE = ("cdn", "GET", "/ephemeral-attachments/{channel_id}/{attachment_id}/{name}")


async def moved(life: Life) -> tuple[PersonClient, Json]:
    """Ben, and the card of what he asked for where the bot may not write."""
    await life.start()
    ben = await life.person("ben")
    await mention(life, ben, life.picture, life.motion, channel="readonly")
    return ben, (await ben.wait_for(says("Shall I make")))["message"]


async def pressed(ben: PersonClient, card: Json) -> str:
    """What is said to a press of its button, if anything is."""
    click = await ben.click(int(card["channel_id"]), int(card["id"]), button(card, "360p"))
    return text_of((await ben.outcome(click)).get("message") or {})


def ben_in_the_studio(life: Life) -> Member:
    return life.world.guilds["studio"].members[life.world.users["ben"].id]


async def test_for_who_was_removed_the_server_pays_no_more(life: Life) -> None:
    ben, card = await moved(life)
    member = ben_in_the_studio(life)
    life.world.remove_member(life.world.guilds["studio"], ben.user_id)
    life.advance(FRESH_S)
    assert NO_MEMBER in await pressed(ben, card)
    assert life.money() == []
    assert life.states() == ["checking"]
    life.world.guilds["studio"].members[ben.user_id] = member
    life.advance(FRESH_S)
    await pressed(ben, card)
    await life.reaches("delivered", step_s=2.0)
    assert life.rows("SELECT DISTINCT server_id FROM entries") == [(studio(life),)]


async def test_a_discord_that_does_not_tell_is_no_answer(life: Life) -> None:
    ben, card = await moved(life)
    life.advance(FRESH_S)
    unheard = Rule(faults.error(400, {"message": "?", "code": 0}), *MEMBER)
    life.faults.add(unheard)
    assert "Discord does not tell me right now" in await pressed(ben, card)
    assert life.money() == []
    life.faults.rules.remove(unheard)
    await pressed(ben, card)
    await life.reaches("rendering")


async def test_for_who_is_timed_out_the_server_pays_nothing(life: Life) -> None:
    ben, card = await moved(life)
    member = ben_in_the_studio(life)
    member.timed_out_until = until = life.clock.time() + 120
    life.advance(FRESH_S)
    said = await pressed(ben, card)
    assert f"You are timed out in Studio until <t:{until:.0f}:f>" in said
    assert life.money() == []
    life.advance(120)
    await pressed(ben, card)
    await life.reaches("rendering")


async def test_nor_in_direct_messages_that_it_pays(life: Life) -> None:
    _, ben, direct = await paid_by_studio(life)
    ben_in_the_studio(life).timed_out_until = life.clock.time() + 3600
    life.advance(FRESH_S)
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    assert "You are timed out in Studio" in text_of(outcome["message"])
    card = await credits(ben, direct)
    assert "You are timed out in Studio" in text_of(card)
    await choose(ben, direct, card, 0)
    await mimic_here(life, ben, direct)
    await life.reaches("rendering")
    assert life.rows("SELECT server_id FROM entries WHERE kind = 'hold'") == [(0,)]


async def test_nor_where_a_press_says_that_it_comes_from_there(life: Life) -> None:
    """Should Discord ever let somebody act there who is timed out."""
    await life.start()
    ben = await life.person("ben")
    ben_in_the_studio(life).timed_out_until = life.clock.time() + 3600
    outcome = await ben.outcome(await life.mimic(ben))
    assert "You are timed out in Studio" in text_of(outcome["message"])
    assert life.states() == []


async def test_files_sent_directly_are_a_request_of_ones_own(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    direct = await ben.open_dm()
    await mention(life, ben, life.picture, channel="readonly")
    half = (await ben.wait_for(says("Got your picture")))["message"]
    await ben.send(direct, files=[life.motion])
    await ben.wait_for(says("Got the motion"))
    await life.until(lambda: life.states() == ["cancelled", "checking"], step_s=0.5)
    theirs, own = life.rows("SELECT server_id, is_direct FROM jobs ORDER BY created_at, origin_id")
    assert (theirs, own) == ((studio(life), 0), (0, 1))
    await ben.send(direct, files=[life.picture])
    card = (await ben.wait_for(says("Shall I make", "You have **30 credits**")))["message"]
    await life.until(lambda: int(half["id"]) not in dm_of(life, direct), step_s=0.5)
    await pressed(ben, card)
    await life.reaches("cancelled", "delivered", step_s=2.0)
    assert life.rows("SELECT DISTINCT server_id FROM entries") == [(0,)]


def dm_of(life: Life, direct: int) -> dict[int, object]:
    channel = life.world.channel(direct)
    assert channel is not None
    return dict(channel.messages)


async def test_what_it_lacks_comes_from_where_it_was_asked_for(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    readonly = life.channel("readonly")
    await mention(life, ben, life.picture, channel="readonly")
    half = (await ben.wait_for(says("Got your picture")))["message"]
    assert f"Mention me with it in <#{readonly}>, where you asked." in text_of(half)
    await mention(life, ben, life.motion, channel="readonly")
    card = (await ben.wait_for(says("Shall I make", "Your credits in Studio pay")))["message"]
    assert card["channel_id"] == half["channel_id"]
    await pressed(ben, card)
    await life.reaches("delivered", step_s=2.0)
    assert life.rows("SELECT server_id FROM entries WHERE kind = 'hold'") == [(studio(life),)]
    assert await answers(life, ada, readonly) == []


async def test_no_news_keeps_it_alive(life: Life) -> None:
    ben, _ = await moved(life)
    [(began,)] = life.rows("SELECT created_at FROM jobs")
    while life.clock.time() < began + MOVED_LIFE_S - MENTION_LIFE_S:
        life.advance(MENTION_LIFE_S - 10)
        await mention(life, ben, life.picture, channel="readonly")
        await life.until(is_priced(life))
    [(asked,)] = life.rows("SELECT count(*) FROM jobs")
    assert asked == 1
    life.advance(began + MOVED_LIFE_S - life.clock.time())
    await life.reaches("cancelled")
    assert life.money() == []


def is_priced(life: Life) -> Callable[[], bool]:
    """Whether what was sent last has been looked at."""
    query = "SELECT duration_s IS NOT NULL AND completed_by_id = ? FROM jobs"
    newest = max(life.world.channels["readonly"].messages)
    return lambda: life.rows(query, newest) == [(1,)]


@pytest.mark.parametrize("goes", [True, False])
async def test_who_leaves_before_the_price_is_held_pays_nothing(life: Life, goes: bool) -> None:
    """Files may take minutes to come, or to be looked at."""
    slow = Rule(faults.text(503), *FILE, times=1)
    life.faults.add(slow)
    await life.start()
    ben = await life.person("ben")
    await life.mimic(ben)
    await life.until(lambda: not slow.times)
    if goes:
        life.world.remove_member(life.world.guilds["studio"], ben.user_id)
    life.advance(61)
    await life.reaches("failed" if goes else "rendering")
    assert life.money() == ([] if goes else ["hold"])
