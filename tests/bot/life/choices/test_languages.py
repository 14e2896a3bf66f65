"""What only somebody sees is in their own language, and what all can read in the server's."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.choices.test_more import alt_texts
from tests.bot.life.choices.test_preferences import card_of
from tests.bot.life.members.test_mentions import mention
from tests.bot.life.moderators.deeds import choose, forge, settings
from tests.bot.life.moderators.desk import desk
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

YOURS = {"en": "Your preferences", "de": "Deine Einstellungen"}


async def speak(life: Life, person: PersonClient, language: str) -> Json:
    """The card of `/preferences` once they have chosen it."""
    general = life.channel("general")
    card = await card_of(person, general)
    told: Json = (await choose(person, general, card, language, among=1))["message"]
    return told


async def test_who_chooses_a_language_is_spoken_to_in_it_at_once_and_after_a_restart(
    life: Life,
) -> None:
    await life.start()
    ada, ben, general = await life.person("ada"), await life.person("ben"), life.channel("general")
    assert YOURS["de"] in text_of(await speak(life, ada, "de"))
    await life.stop()
    await life.start()
    assert YOURS["de"] in text_of(await card_of(ada, general))
    assert YOURS["en"] in text_of(await card_of(ben, general))
    assert life.rows("SELECT language FROM preferences") == [("de",)]
    assert YOURS["en"] in text_of(await speak(life, ada, "discord"))
    assert life.rows("SELECT language FROM preferences") == []


async def test_what_all_can_read_is_in_the_servers_language_and_the_rest_in_ones_own(
    life: Life,
) -> None:
    """Discord's word for both, until an admin chooses another for the server; also in its audit
    channel, and for what comes of a job after a restart."""
    life.world.users["ben"].locale = "de"
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    general, log = life.channel("general"), life.channel("showroom")
    await settings(life, ada, "audit", channel=str(log))
    assert YOURS["de"] in text_of(await card_of(ben, general))
    life.provider.workshop.pause()
    files = {"image": life.picture, "video": life.motion}
    await ben.use(general, "mimic", {}, files)
    await ben.wait_for(says("The picture is learning to move", "For <@"))
    told = await settings(life, ada, "language", speak="de")
    assert "**Language**: the server’s own in Discord → Deutsch" in text_of(told)
    await ada.wait_for(says("Sprache"))
    await life.stop()
    await life.start()
    life.provider.workshop.resume()
    await life.until(lambda: "delivered" in life.states(), step_s=1.0)
    await ben.wait_for(says("dein Video ist fertig"))
    await ada.use(general, "mimic", {}, {"image": life.picture, "video": life.picture})
    await ada.wait_for(says("is a still JPEG"))
    life.world.set_guild_locale(life.world.guilds["studio"], "fr")
    await settings(life, ada, "language", speak="discord")
    await ben.send(general, f"<@{life.world.bot_id}>")
    await ben.wait_for(says("Mentionne-moi"))


async def test_a_message_is_answered_in_the_language_that_its_writer_has_chosen(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    direct = await ada.open_dm()
    await speak(life, ada, "es")
    await ada.send(direct, files=[life.picture, life.motion])
    await ada.wait_for(says("te quedan"))
    await mention(life, ada, channel="readonly")  # where the bot may not write
    await ada.wait_for(says("Menci"))


async def test_a_chosen_language_that_is_none_changes_nothing(life: Life) -> None:
    await life.start()
    general = life.channel("general")
    card = await card_of(await life.person("ada"), general)
    assert "do not know this button" in await forge(life, "ada", general, card, "xx", among=1)
    assert life.rows("SELECT language FROM preferences") == []


async def test_a_language_that_only_a_later_release_speaks_is_none_that_was_chosen(
    life: Life,
) -> None:
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    await speak(life, ada, "de")
    await settings(life, ada, "language", speak="de")
    await life.mimic(ada)
    await life.reaches("rendering")
    await life.stop()
    for table in ("preferences", "servers", "jobs"):
        await life.alter(f"UPDATE {table} SET language = 'xx'")
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(says("your video is ready"))
    assert YOURS["en"] in text_of(await card_of(ada, general))


async def test_who_speaks_otherwise_leaves_what_others_read_in_the_servers_language(
    life: Life,
) -> None:
    """A press on a card that is not known yet, and a description that is taken back."""
    life.world.users["ben"].locale = "de"
    await life.start()
    ada, ben = await life.person("ada"), await desk(life, "ben")
    await mention(life, ben.person, life.picture)
    earlier = int((await ada.wait_for(says("Got your picture")))["message"]["id"])
    await mention(life, ben.person, life.motion)
    card = (await ada.wait_for(says("Shall I make")))["message"]
    await life.until(lambda: life.rows("SELECT card_message_id FROM jobs") != [(earlier,)])
    await life.alter("UPDATE jobs SET card_message_id = ?", earlier)
    await ben.person.outcome(await ben.click(card, button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    assert not any(map(says("reserviert"), ada.events))
    [post] = await life.posts(ada, ben.channel_id)
    shown = await ben.pressed(post, button(post, "More"))
    await ben.fill_in(shown, "Beschreib", description="Eine Welle")
    await ben.fill_in(shown, "Beschreib", description="")
    await ben.fill_in(shown, "Beschreib")  # as the form suggests it
    assert alt_texts(life) == ["A video of subject moving like motion"]
