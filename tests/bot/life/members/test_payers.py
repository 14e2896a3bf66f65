"""Whose wallet pays for direct messages: chosen on `/credits`, asked after at each request."""

import asyncio
from typing import Any

import pytest

from bot.core.accounts import MOST_PAYERS
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.discord.state import seed
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.moderators.deeds import (
    choose,
    forge,
    forge_press,
    refused,
    selects,
    settings,
)
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

SILENT_AFTER_S = 0.05
MEMBER = ("discord", "GET", "/guilds/{guild_id}/members/{user_id}")


async def open_wallet(life: Life, name: str, server: str = "studio", credits: int = 7) -> None:
    """Granted credits, which make a wallet."""
    await life.alter(
        "INSERT INTO wallets VALUES (?, ?, ?, 0)",
        life.world.guilds[server].id,
        life.world.users[name].id,
        credits,
    )
    await life.alter(
        "INSERT INTO entries (server_id, person_id, kind, at, allowance, granted, actor_id, reason)"
        " VALUES (?, ?, 'grant', ?, 0, ?, 0, 'gift')",
        life.world.guilds[server].id,
        life.world.users[name].id,
        life.clock.time(),
        credits,
    )


async def credits(person: PersonClient, channel_id: int) -> Json:
    """The answer to `/credits`."""
    card: Json = (await person.outcome(await person.use(channel_id, "credits")))["message"]
    return card


async def paid_by_studio(life: Life) -> tuple[PersonClient, PersonClient, int]:
    """Ada; Ben, for whose direct messages the studio pays; and their channel."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await settings(life, ada, "direct-messages", allowed=True)
    await open_wallet(life, "ben")
    direct = await ben.open_dm()
    outcome = await choose(ben, direct, await credits(ben, direct), studio(life))
    assert "You can spend 37 credits in direct messages, paid by Studio" in text_of(
        outcome["message"]
    )
    return ada, ben, direct


def studio(life: Life) -> int:
    return life.world.guilds["studio"].id


async def mimic_here(life: Life, person: PersonClient, channel_id: int, **more: Any) -> int:
    """`/mimic` in a direct message."""
    files = {"image": life.picture, "video": life.motion}
    return await person.use(channel_id, "mimic", {"quality": "360p"} | more, files)


async def test_only_willing_servers_with_a_wallet_are_offered(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    direct = await ben.open_dm()
    await open_wallet(life, "ben")
    await open_wallet(life, "ben", "garden")  # he is no member there
    assert not selects((await credits(ben, direct))["components"])
    await settings(life, ada, "direct-messages", allowed=True)
    await life.alter(
        "INSERT INTO servers (server_id, period, channels, qualities, direct_use, audited_to)"
        " VALUES (?, 'day', '[]', '[\"360p\"]', TRUE, 0)",
        life.world.guilds["garden"].id,
    )
    card = await credits(ben, direct)
    [select] = selects(card["components"])
    labels = [option["label"] for option in select["options"]]
    assert labels == ["My own credits in direct messages", "Studio"]
    general = life.channel("general")
    assert not selects((await credits(ben, general))["components"])

    garden, attic = life.world.guilds["garden"].id, life.world.guilds["attic"].id
    said = await forge(life, "ben", direct, card, garden)
    assert "you are not a member there now" in said
    for unfit in (attic, 12345):
        assert "does not pay for direct messages now" in await forge(
            life, "ben", direct, card, unfit
        )
    await settings(life, ada, "direct-messages", allowed=False)
    assert "Studio does not pay for direct messages now" in await forge(
        life, "ben", direct, card, studio(life)
    )
    assert life.rows("SELECT * FROM payers") == []


async def test_of_many_servers_some_are_asked_a_few_at_a_time(life: Life) -> None:
    count = MOST_PAYERS + 6
    for number in range(count):
        seed._add_guild(life.world, f"g{number}", seed.BASE + 10_000 + number * 100, ["ben"])
    await life.start()
    ben = await life.person("ben")
    direct = await ben.open_dm()
    for number in range(count):
        await open_wallet(life, "ben", f"g{number}")
        await life.alter(
            "INSERT INTO servers (server_id, period, channels, qualities, direct_use, audited_to)"
            " VALUES (?, 'day', '[]', '[\"360p\"]', TRUE, 0)",
            life.world.guilds[f"g{number}"].id,
        )
    cards = await asyncio.gather(*(credits(ben, direct) for _ in range(3)))
    for card in cards:
        [select] = selects(card["components"])
        assert len(select["options"]) == 1 + MOST_PAYERS
        assert "6 more servers may pay for direct messages." in text_of(card)
    asked = [seen.path for seen in life.discord.requests if "/members/" in seen.path]
    assert len(asked) == len(set(asked)) == MOST_PAYERS


async def test_a_slash_command_holds_there_and_comes_here(life: Life) -> None:
    ada, ben, direct = await paid_by_studio(life)
    await settings(life, ada, "audit", channel=str(life.channel("showroom")))
    card = await settings(life, ada, "channels")
    await choose(ada, life.channel("general"), card, life.channel("showroom"))
    await mimic_here(life, ben, direct)  # its channels are no matter in direct messages
    await life.reaches("rendering")
    held = life.rows("SELECT server_id, kind, allowance FROM entries WHERE kind = 'hold'")
    assert held == [(studio(life), "hold", -2)]
    await life.reaches("delivered", step_s=5.0)
    assert len(await life.posts(ben, direct)) == 1
    own = await credits(ben, direct)
    assert "paid by Studio" in text_of(own)
    assert "**−2** for " in text_of(own)
    outcome = await choose(ben, direct, own, 0)
    assert "You can spend 30 credits in direct messages" in text_of(outcome["message"])
    assert outcome["message"]["id"] == own["id"]
    await mimic_here(life, ben, direct)
    await life.reaches("delivered", "rendering")
    assert life.rows("SELECT server_id FROM jobs ORDER BY created_at") == [(studio(life),), (0,)]


async def test_the_servers_rules_hold_for_it(life: Life) -> None:
    ada, ben, direct = await paid_by_studio(life)
    await settings(life, ada, "limits", budget=3, running=1, waiting=1)
    life.provider.workshop.pause()
    card = await settings(life, ada, "qualities")
    await choose(ada, life.channel("general"), card, "360p")
    used = await mimic_here(life, ben, direct, quality="720p")
    said = text_of((await ben.outcome(used))["message"])
    assert "720p is not open to you in this server: choose 360p." in said
    await mimic_here(life, ben, direct)
    await life.reaches("rendering")
    await mimic_here(life, ben, direct)
    await ben.wait_for(says("this server's budget has 1 left"))
    await settings(life, ada, "limits", budget=0)
    await mimic_here(life, ben, direct)
    await ben.wait_for(says("Starts when one of your videos that are being made is done."))
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    assert "1 waiting already, as many as this server allows" in text_of(outcome["message"])
    await life.alter("INSERT INTO blocks VALUES (?, ?, NULL, 'enough')", studio(life), ben.user_id)
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    assert "You are blocked here for good" in text_of(outcome["message"])
    assert "You are blocked here for good" in await refused(life, ben)


async def test_an_offer_names_who_pays_and_follows_the_choice(life: Life) -> None:
    ada, ben, direct = await paid_by_studio(life)
    card = await settings(life, ada, "qualities")
    await choose(ada, life.channel("general"), card, "360p", "540p")
    await ben.send(direct, files=[life.picture, life.motion])
    offer = (await ben.wait_for(says("Your credits in Studio pay for it.")))["message"]
    assert [label[:4] for label in buttons_of(offer)] == ["360p", "540p", "Neve"]
    assert "720p" not in text_of(offer)

    await choose(ben, direct, await credits(ben, direct), 0)
    life.advance(5)
    await life.until(lambda: life.rows("SELECT server_id FROM jobs") == [(0,)])
    own = await ben.wait_for(
        lambda event: says("Shall I make")(event) and "Studio" not in text_of(event["message"])
    )
    assert "720p" in text_of(own["message"])
    assert own["message"]["id"] == offer["id"]

    await choose(ben, direct, await credits(ben, direct), studio(life))
    life.advance(5)
    await ben.wait_for(says("Your credits in Studio pay for it."))
    pressed = await ben.click(direct, int(offer["id"]), button(offer, "360p"))
    await ben.outcome(pressed)
    await life.reaches("rendering")
    assert life.rows("SELECT server_id FROM entries WHERE kind = 'hold'") == [(studio(life),)]
    await life.reaches("delivered", step_s=5.0)
    assert len(await life.posts(ben, direct)) == 1


async def test_who_has_left_is_refused_within_a_minute(life: Life) -> None:
    _, ben, direct = await paid_by_studio(life)
    await ben.send(direct, files=[life.picture, life.motion])
    offer = (await ben.wait_for(says("Shall I make")))["message"]
    life.world.remove_member(life.world.guilds["studio"], ben.user_id)
    life.advance(61)
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    words = "You have chosen Studio to pay for your direct messages, but you are not a member"
    assert words in text_of(outcome["message"])
    outcome = await ben.outcome(await ben.click(direct, int(offer["id"]), button(offer, "360p")))
    assert words in text_of(outcome["message"])
    card = await credits(ben, direct)
    assert "Your direct messages have nobody who pays" in text_of(card)
    assert [row[0] for row in life.rows("SELECT kind FROM entries")] == ["grant"]
    await choose(ben, direct, card, 0)
    life.advance(5)
    outcome = await ben.outcome(await ben.click(direct, int(offer["id"]), button(offer, "360p")))
    await life.reaches("rendering")
    assert life.rows("SELECT server_id FROM entries WHERE kind = 'hold'") == [(0,)]


@pytest.mark.parametrize("fault", [answers.text(503), answers.text(500)], ids=["503", "500"])
async def test_a_silent_discord_is_no_answer_and_nothing_is_charged(
    life: Life, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """discord.py asks again for longer than an interaction waits for its answer."""
    _, ben, direct = await paid_by_studio(life)
    card = await credits(ben, direct)
    monkeypatch.setattr("bot.accounts.members.ASK_WITHIN_S", SILENT_AFTER_S)
    life.advance(61)
    life.faults.add(Rule(fault, *MEMBER))
    words = "Discord does not tell me right now which servers you are in"
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    assert words in text_of(outcome["message"])
    outcome = await ben.outcome(await ben.use(direct, "credits"))
    assert words in text_of(outcome["message"])
    outcome = await choose(ben, direct, card, studio(life))
    assert words in text_of(outcome["message"])
    await ben.send(direct, files=[life.picture, life.motion])
    await ben.wait_for(
        lambda event: says(words)(event) and not event["message"].get("interaction_metadata")
    )
    assert life.states() == []
    outcome = await choose(ben, direct, card, 0)  # one's own needs nobody's word
    assert "You can spend 30 credits" in text_of(outcome["message"])


async def test_a_server_that_the_operator_closes_pays_no_more(life: Life) -> None:
    _, ben, direct = await paid_by_studio(life)
    await life.stop()
    await life.start(allowed_servers=frozenset({life.world.guilds["garden"].id}))
    life.world.guilds["garden"].members[ben.user_id] = life.world.guilds["studio"].members[
        ben.user_id
    ]
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    words = "Studio does not pay for direct messages now"
    assert words in text_of(outcome["message"])
    card = await credits(ben, direct)
    assert words in text_of(card)
    await choose(ben, direct, card, 0)
    await ben.wait_for(says("You can spend 30 credits in direct messages"))


async def pressed(life: Life, name: str, channel_id: int, card: Json) -> str:
    """The answer to the button of an offer, as if its card stood in this channel."""
    stands, pretended = life.world.channel(int(card["channel_id"])), life.world.channel(channel_id)
    assert stands is not None
    assert pretended is not None
    pretended.messages[int(card["id"])] = stands.messages[int(card["id"])]
    part = {"component_type": 2, "custom_id": button(card, "360p"), "id": 1}
    return await forge_press(life, name, channel_id, card, part)


async def test_a_direct_offer_is_paid_there_wherever_it_is_pressed(life: Life) -> None:
    """What the press says of its server is nothing to the job."""
    await life.start()
    ben = await life.person("ben")
    direct = await ben.open_dm()
    await ben.send(direct, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert "somebody else's" in await pressed(life, "ada", life.channel("general"), card)
    await pressed(life, "ben", life.channel("general"), card)
    await life.reaches("delivered", step_s=2.0)
    assert life.rows("SELECT server_id, is_direct, channel_id FROM jobs") == [(0, 1, direct)]
    assert life.rows("SELECT DISTINCT server_id FROM entries") == [(0,)]
    assert len(await life.posts(ben, direct)) == 1


async def test_a_servers_offer_is_paid_there_wherever_it_is_pressed(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    general, direct = life.channel("general"), await ben.open_dm()
    await ben.send(general, f"<@{life.world.bot_id}>", [life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await pressed(life, "ben", direct, card)
    await life.reaches("delivered", step_s=2.0)
    told = life.rows("SELECT server_id, is_direct, channel_id FROM jobs")
    assert told == [(studio(life), 0, general)]
    assert life.rows("SELECT DISTINCT server_id FROM entries") == [(studio(life),)]
    assert len(await life.posts(ben, general)) == 1
