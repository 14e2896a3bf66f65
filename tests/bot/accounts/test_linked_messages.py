"""How many links of one person are followed, and what is no message's is left alone."""

from dataclasses import replace
from typing import cast

import discord
from discord.ext import commands

from bot.accounts.authors import Authors
from bot.accounts.links import given_link
from bot.accounts.members import DiscordMembers
from bot.accounts.messages import A_MINUTE, AN_HOUR, LinkedMessages
from bot.core.typed.job_ids import new_job_id
from bot.core.uploads import Upload
from bot.errors import Refused
from bot.gateway.client import ShardedBot
from tests.bot.cards.test_cards import JOB
from tests.bot.stopped_clock import StoppedClock

LINK = given_link("https://example.com/cat.jpg", "picture")


async def followed(messages: LinkedMessages, person_id: int) -> int:
    """How many more of this person's are followed now."""
    for count in range(100):
        job = replace(JOB, id=new_job_id(), person_id=person_id)
        try:
            for _ in range(2):  # looked at anew, it is no further one
                assert await messages.file_behind(LINK, job, is_motion=False) == LINK
        except Refused:
            return count
    raise AssertionError("there is no end")


async def test_one_persons_links_are_counted_and_nobody_elses() -> None:
    clock = StoppedClock()
    client = ShardedBot(commands.when_mentioned, intents=discord.Intents(guilds=True))
    authors = cast("Authors", None)  # of no message
    messages = LinkedMessages(client, DiscordMembers(client, clock.monotonic), authors, clock)
    for _ in range(AN_HOUR // A_MINUTE):
        assert await followed(messages, 1) == A_MINUTE
        clock.now += 61
    assert await followed(messages, 1) == 0
    assert await followed(messages, 2) == A_MINUTE
    clock.now += 3600
    assert await followed(messages, 1) == A_MINUTE
    file = Upload("https://cdn.discordapp.com/attachments/1/2/a.png", "a.png", 9)
    assert await messages.file_behind(file, JOB, is_motion=False) == file
