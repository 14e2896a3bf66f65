"""Says a sentence in the language of whoever reads it.

The code has each sentence whole and in English, which is also its key in the catalogues; what is
missing there is said in English. Which language is spoken belongs to the context: whoever draws a
card says for whom, by `speaking`, and nothing below has to know.
"""

import gettext
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.core.people.languages import Language, mark

__all__ = ["catalogue", "mark", "speak", "speaking", "spoken", "tr", "tr_many"]

HERE = Path(__file__).parent

OWN_NAMES: Mapping[Language, str] = {
    Language.ENGLISH: "English",
    Language.GERMAN: "Deutsch",
    Language.SPANISH: "Español",
    Language.FRENCH: "Français",
}
"""What a language is called by who speaks it."""

_spoken: ContextVar[Language] = ContextVar("spoken", default=Language.ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """What is said in here is said in that language."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: Language) -> None:
    """The same for the rest of a task that answers one person."""
    _spoken.set(language)


def spoken() -> Language:
    """What is spoken here."""
    return _spoken.get()


def tr(sentence: str, /, **facts: object) -> str:
    """A sentence in the language that is spoken, with these facts in their places.

    Whoever writes it there gives it literally, or has marked it with `mark` where it stands.
    """
    said = catalogue(spoken()).gettext(sentence)
    return said.format_map(facts) if facts else said


def tr_many(one: str, many: str, count: int, /, **facts: object) -> str:
    """The same where a number decides about the words; `{count}` is that number."""
    said = catalogue(spoken()).ngettext(one, many, count)
    return said.format_map({"count": count, **facts})


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """All sentences of a language; those of English are the code's own."""
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with (HERE / f"{language}.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
