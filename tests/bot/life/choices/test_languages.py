"""What only somebody sees is in their own language, and what all can read in the server's."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.choices.test_preferences import card_of
from tests.bot.life.moderators.deeds import choose
from tests.bot.life.world import Life

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
