"""The language of a person's client, the one that a server prefers, and what is read in each."""

import asyncio
from typing import Any

import discord
import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.page.test_controls import Panel, by_id
from tests.sandbox.raw import Rest

Json = dict[str, Any]


async def heard(bot: ExampleBot) -> discord.Interaction:
    return await asyncio.wait_for(bot.interactions.get(), 60)


async def commands(person: PersonClient, channel_id: int) -> dict[str, Json]:
    """What is on offer, by real name."""
    return {command["name"]: command for command in await person.commands(channel_id)}


async def test_whatever_a_person_does_carries_their_language(
    bot: ExampleBot, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    await ada.set_locale("de")
    shown = await ada.outcome(await ada.use(general, "card"))
    form = await ada.outcome(await ada.use(general, "quiz"))
    await ada.click(general, int(shown["message"]["id"]), "card:press")
    await ada.autocomplete(general, "find", {"bug": "b"}, "bug")
    await ada.submit(int(form["interaction_id"]), {"class": "bard", "days": ["mo"], "old": "x"})
    kinds = discord.InteractionType
    for kind in (
        *(kinds.application_command, kinds.application_command, kinds.component),
        *(kinds.autocomplete, kinds.modal_submit),
    ):
        interaction = await heard(bot)
        assert (interaction.type, interaction.locale) == (kind, discord.Locale.german)
        assert interaction.guild_locale == discord.Locale.american_english
    await ada.use(await ada.open_dm(), "whisper")
    interaction = await heard(bot)
    assert (interaction.locale, interaction.guild_locale) == (discord.Locale.german, None)
    await ben.use(general, "whisper")
    assert (await heard(bot)).locale == discord.Locale.american_english


async def test_a_language_is_kept_told_to_all_ones_windows_and_to_nobody_else(
    bot: ExampleBot, server: DiscordServer, ada: PersonClient, ben: PersonClient, rest: Rest
) -> None:
    await ada.set_locale("es-419")
    await ada.set_locale("es-419")
    sent = await ada.send(server.world.channels["general"].id, "hola")
    assert "locale" not in sent["author"]
    for person in (ada, ben):
        await person.wait_for(lambda event: event["type"] == "message_create")
    told = [event for event in ada.events if event["type"] == "locale"]
    assert told == [{"type": "locale", "locale": "es-419"}]
    assert not [event for event in ben.events if event["type"] == "locale"]

    assert "locale" not in (await rest("GET", f"/users/{ada.user_id}")).body
    assert (await rest("GET", "/users/@me")).body["locale"] == "en-US"
    for id_, locale in ((ada.user_id, "es-419"), (ben.user_id, "en-US")):
        async with rest.session.get(f"{server.people_url}/{id_}/overview") as response:
            assert (await response.json())["me"]["locale"] == locale
    async with rest.session.get(server.people_url) as response:
        locales = {one["id"]: one["name"] for one in (await response.json())["locales"]}
    assert locales["es-419"] == "Español, LATAM"
    assert locales.keys() >= {locale.value for locale in discord.Locale}


@pytest.mark.parametrize("locale", ["de-DE", "", None, ["de"]])
async def test_other_languages_are_refused(ada: PersonClient, world: World, locale: object) -> None:
    with pytest.raises(PersonError, match="There is no language"):
        await ada.set_locale(locale)  # type: ignore[arg-type]
    with pytest.raises(PersonError, match="There is no language"):
        await ada.set_guild_locale(world.guilds["studio"].id, locale)  # type: ignore[arg-type]
    assert (world.users["ada"].locale, world.guilds["studio"].locale) == ("en-US", "en-US")


async def test_a_servers_language_reaches_a_bot_at_once(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    studio = bot.get_guild(world.guilds["studio"].id)
    assert studio is not None
    assert studio.preferred_locale.value == "en-US"
    before = [thing.id for thing in (*studio.channels, *studio.roles, *studio.members)]
    changed = asyncio.create_task(bot.wait_for("guild_update", timeout=60))
    await asyncio.sleep(0)
    await ada.set_guild_locale(studio.id, "fr")
    assert (await changed)[1].id == studio.id
    assert studio.preferred_locale.value == "fr"
    assert [thing.id for thing in (*studio.channels, *studio.roles, *studio.members)] == before
    assert (await bot.fetch_guild(studio.id)).preferred_locale == discord.Locale.french
    await ada.use(world.channels["general"].id, "whisper")
    interaction = await heard(bot)
    assert interaction.guild_locale == discord.Locale.french
    assert interaction.locale == discord.Locale.american_english


async def test_who_manages_a_server_sets_its_language_and_so_does_a_tester(
    server: DiscordServer, ben: PersonClient, ada: PersonClient, world: World, rest: Rest
) -> None:
    studio, attic = world.guilds["studio"], world.guilds["attic"]
    with pytest.raises(PersonError, match="may manage this server"):
        await ben.set_guild_locale(studio.id, "fr")
    with pytest.raises(PersonError, match="in no such server"):
        await ben.set_guild_locale(attic.id, "fr")
    panel = Panel(rest.session, server)
    assert (await panel.set("locale-attic", "pt-BR"))["locale-attic"]["value"] == "pt-BR"
    assert (studio.locale, attic.locale) == ("en-US", "pt-BR")
    await ada.set_guild_locale(studio.id, "de")
    told = [await ada.wait_for(lambda event: event["type"] == "controls") for _ in range(2)]
    assert [by_id(event)["locale-studio"]["value"] for event in told] == ["en-US", "de"]


async def test_commands_are_offered_in_ones_own_language(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id

    async def read() -> tuple[object, ...]:
        found = await commands(ada, general)
        hop = found["hop"]
        [far] = hop["options"]
        [little] = far["choices"]
        assert not [name for part in (hop, far, little) for name in part if "localizations" in name]
        assert (far["name"], little["name"], little["value"]) == ("far", "a little", "little")
        parts = (hop, far, little, found["Hop there"])
        names = (part["name_localized"] for part in parts)
        return (*names, hop["description_localized"], far["description_localized"])

    english = ("hop", "far", "a little", "Hop there", "Hops along, old chap", "How far")
    for locale, expected in {
        "en-GB": english,
        "en-US": english,  # each English stands in for the other
        "de": ("hüpfen", "weit", "ein wenig", "Dorthin hüpfen", "Hüpft davon", "Wie weit"),
        "es-419": ("saltar", "far", "a little", "Hop there", "Hops along", "Hasta dónde"),
        "fr": ("hop", "far", "a little", "Hop there", "Hops along", "How far"),
    }.items():
        await ada.set_locale(locale)
        assert await read() == expected, locale


async def test_the_real_name_is_what_is_sent(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    await ada.set_locale("de")
    used = await ada.outcome(await ada.use(general, "hop", {"far": "little"}))
    assert used["message"]["content"] == "hop little de en-US"
    with pytest.raises(PersonError, match="There is no command /hüpfen"):
        await ada.use(general, "hüpfen", {"far": "little"})


def test_a_world_can_begin_with_languages() -> None:
    world = seed_world(locales={"garden": "fr", "ben": "de"})
    assert {name: guild.locale for name, guild in world.guilds.items()} == {
        "studio": "en-US",
        "garden": "fr",
        "attic": "en-US",
    }
    assert {user.locale for user in world.users.values() if user.username != "ben"} == {"en-US"}
    assert world.users["ben"].locale == "de"
