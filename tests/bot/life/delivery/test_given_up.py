"""What the bot stops waiting for ends by itself, and holds nothing else up."""

import asyncio

import aiohttp
import discord
import pytest

from bot.connection import aim
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule, resets, stalls
from tests.bot.life.members.test_payers import (
    MEMBER,
    SILENT_AFTER_S,
    mimic_here,
    paid_by_studio,
    studio,
)
from tests.bot.life.world import Life

EVERYTHING = answers.rate_limited("global", 0.2)
ENDS_WITHIN_S = 30.0


async def client_of(life: Life) -> discord.Client:
    """A client that has logged in as the bot does."""
    aim(life.settings())
    client = discord.Client(intents=discord.Intents.none())
    await client.http.static_login(life.world.token)
    return client


async def test_a_limit_for_everything_ends_though_who_met_it_was_given_up(life: Life) -> None:
    client, ben = await client_of(life), life.world.users["ben"].id
    life.faults.add(Rule(EVERYTHING, *MEMBER, times=1))
    asking = asyncio.create_task(client.http.get_member(studio(life), ben))
    await life.until(lambda: not client.http._global_over.is_set())
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    async with asyncio.timeout(ENDS_WITHIN_S):
        assert await client.http.get_guild(studio(life))
    await client.close()


async def test_a_full_bucket_keeps_nobody_who_goes_away(life: Life) -> None:
    is_over = asyncio.Event()
    client, ben = await client_of(life), life.world.users["ben"].id
    one_left = {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset-After": "60",
        "X-RateLimit-Bucket": "members",
    }
    life.faults.add(
        Rule(answers.error(200, {}, headers=one_left), *MEMBER, times=1),
        Rule(stall := stalls(is_over.wait), *MEMBER),
    )
    await client.http.get_member(studio(life), ben)
    asking = asyncio.create_task(client.http.get_member(studio(life), ben))
    await life.until(lambda: life.faults.struck[stall.name] == 1)
    asking.cancel()
    async with asyncio.timeout(ENDS_WITHIN_S):
        await asyncio.wait([asking])
    is_over.set()
    await client.close()


async def test_what_goes_on_alone_is_bounded_and_ends_with_the_client(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.connection.MOST_LEFT", 3)
    client = await client_of(life)
    life.faults.add(Rule(stalls(life.never), *MEMBER))
    for person in range(1, 4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.http.get_member(studio(life), person)
    assert len(going_on()) == 3
    with pytest.raises(aiohttp.ClientError):
        await client.http.get_guild(studio(life))
    await client.close()
    assert not going_on()


def going_on() -> list[str]:
    """The requests that somebody or nobody waits for."""
    tasks = map(str, asyncio.all_tasks())
    return [task for task in tasks if "WholeRequests._ask" in task]


async def test_a_look_up_that_meets_a_limit_for_everything_stops_no_delivery(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ben, direct = await paid_by_studio(life)
    monkeypatch.setattr("bot.accounts.members.ASK_WITHIN_S", SILENT_AFTER_S)
    await life.mimic(ben)
    await life.reaches("rendering")
    life.advance(61)
    life.faults.add(Rule(EVERYTHING, *MEMBER, times=1))
    outcome = await ben.outcome(await mimic_here(life, ben, direct))
    assert "Discord does not tell me right now" in text_of(outcome["message"])
    await life.reaches("delivered", step_s=5.0)


async def test_a_discord_that_hangs_up_on_a_look_up_is_a_silent_one(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ben, direct = await paid_by_studio(life)
    monkeypatch.setattr("bot.accounts.members.ASK_WITHIN_S", SILENT_AFTER_S)
    life.advance(61)
    life.faults.add(Rule(resets(), *MEMBER))
    outcome = await ben.outcome(await ben.use(direct, "credits"))
    assert "Discord does not tell me right now" in text_of(outcome["message"])
