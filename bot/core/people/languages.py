"""The languages that the bot speaks, and which of them somebody's Discord asks for."""

from enum import StrEnum


class Language(StrEnum):
    """By their two letters of ISO 639-1, which Discord's locales begin with."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"


def asked_for(locale: str | None) -> Language:
    """The language of one of Discord's locales, such as `en-GB` or `es-419`; English for others.

    Discord's locales: docs.discord.com/developers/reference#locales.
    """
    letters = (locale or "").partition("-")[0]
    return Language(letters) if letters in set(Language) else Language.ENGLISH
