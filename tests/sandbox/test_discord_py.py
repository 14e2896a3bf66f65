"""Errors and deadlines as discord.py reports them."""

import asyncio

import discord
import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot, text_file


async def silent(bot: ExampleBot, ada: PersonClient, world: World) -> discord.Interaction:
    """An interaction that nobody has answered yet."""
    await ada.use(world.channels["general"].id, "silent")
    return await asyncio.wait_for(bot.interactions.get(), 60)


@pytest.mark.parametrize(("channel", "code"), [("readonly", 50013), ("hidden", 50001)])
async def test_no_right_to_post(bot: ExampleBot, world: World, channel: str, code: int) -> None:
    with pytest.raises(discord.Forbidden) as caught:
        await bot.post(world.channels[channel].id, "x")
    assert caught.value.code == code


async def test_refused_direct_messages(bot: ExampleBot, world: World) -> None:
    eve = await bot.fetch_user(world.users["eve"].id)
    with pytest.raises(discord.Forbidden) as caught:
        await eve.send("x")
    assert caught.value.code == 50007


async def test_own_nonce_makes_one_message(bot: ExampleBot, world: World) -> None:
    general = world.channels["general"].id
    first, second = [await bot.post(general, "x", nonce="job-1") for _ in range(2)]
    assert first.id == second.id
    assert second.nonce == "job-1"
    history = [message async for message in bot.get_partial_messageable(general).history()]
    assert [(message.id, message.nonce) for message in history] == [(first.id, None)]


async def test_unreadable_history_is_empty(bot: ExampleBot, world: World) -> None:
    channel = bot.get_partial_messageable(world.channels["nohistory"].id)
    await channel.send("x")
    assert [message async for message in channel.history()] == []


async def test_oversized_files(bot: ExampleBot, world: World) -> None:
    world.upload_limits_bytes[world.guilds["studio"].id] = 10
    with pytest.raises(discord.HTTPException) as caught:
        await bot.post(world.channels["general"].id, "x", file=text_file("a", b"x" * 11))
    assert (caught.value.status, caught.value.code) == (413, 40005)


async def test_upload_limit_is_read_from_the_interaction(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    world.upload_limits_bytes[world.guilds["studio"].id] = 12345
    assert (await silent(bot, ada, world)).filesize_limit == 12345


async def test_late_answer(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    interaction = await silent(bot, ada, world)
    world.clock.advance(3.1)
    with pytest.raises(discord.NotFound) as caught:
        await interaction.response.defer()
    assert caught.value.code == 10062


async def test_token_after_a_quarter_of_an_hour(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    interaction = await silent(bot, ada, world)
    await interaction.response.send_message("x")
    world.clock.advance(901)
    with pytest.raises(discord.HTTPException) as caught:
        await interaction.edit_original_response(content="y")
    assert (caught.value.status, caught.value.code) == (401, 50027)


async def test_second_answer(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    interaction = await silent(bot, ada, world)
    await interaction.response.send_message("x")
    interaction.response._response_type = None
    with pytest.raises(discord.HTTPException) as caught:
        await interaction.response.send_message("again")
    assert (caught.value.status, caught.value.code) == (400, 40060)


async def test_callback_names_its_message(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    interaction = await silent(bot, ada, world)
    outcome = await interaction.response.defer(thinking=True)
    assert outcome is not None
    original = await interaction.original_response()
    assert (outcome.message_id, outcome.is_thinking()) == (original.id, True)
    assert original.flags.loading
    await interaction.delete_original_response()
    private = await interaction.followup.send("psst", ephemeral=True, wait=True)
    assert private.flags.ephemeral
    assert [message["content"] for message in await ada.messages(interaction.channel_id or 0)] == [
        "psst"
    ]


async def test_members_and_rights_in_an_interaction(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    interaction = await silent(bot, ada, world)
    assert isinstance(interaction.user, discord.Member)
    assert interaction.permissions.administrator
    assert interaction.app_permissions.send_messages
    assert not interaction.app_permissions.manage_messages
    assert interaction.context.guild
    member = await bot.guilds[0].fetch_member(world.users["dana"].id)
    assert [role.name for role in member.roles] == ["@everyone", "Moderator"]
