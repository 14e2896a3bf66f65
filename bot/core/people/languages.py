"""The languages that the bot speaks, which somebody's Discord asks for, and what is said in all."""

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
    return known((locale or "").partition("-")[0]) or Language.ENGLISH


def known(letters: str | None) -> Language | None:
    """The language of these two letters; `None` for what only a later release speaks."""
    return Language(letters) if letters in set(Language) else None


def mark(sentence: str) -> str:
    """A sentence as it is, which is said later in the language of its reader: for tables."""
    return sentence
