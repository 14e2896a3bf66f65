"""Each language has words for each sentence of the code, with the same facts, and room for them."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.core.people.languages import Language
from tests.words.found import (
    MOST_CHARS,
    ROOT,
    names,
    places,
    sentences,
    sources,
    strings,
    template,
    unsaid,
    written,
)

OTHERS = [language for language in Language if language is not Language.ENGLISH]
SAID = sentences()

KEPT = re.compile(r"`[^`]*`|\*\*|<t:[^>]*>|<[@#][^>]*>|^-# |^### |\n|[…]$")
"""What stands in a translation as often as in English: commands, what is bold, times, lines."""


def messages(language: Language) -> Iterator[Message]:
    with written(language).open("rb") as file:
        yield from (message for message in read_po(file, locale=language) if message.id)


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id or ())


def test_each_sentence_is_given_the_facts_that_it_names() -> None:
    wrong = [
        f"{said.path}:{said.line}: {said.one}"
        for said in SAID
        if said.is_called_with is not None
        and said.is_called_with != names(said.one) | names(said.many or "") | _counted(said.many)
    ]
    assert not wrong


def _counted(many: str | None) -> set[str]:
    return set() if many is None else {"count"}


def test_nothing_that_people_read_is_said_in_english_alone() -> None:
    told = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] == "cogs" or "cards" in path.parts
        for line, text in unsaid(path)
    ]
    assert not told


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_words_for_every_sentence_and_for_nothing_else(language: Language) -> None:
    has = {message.id for message in messages(language) if all(strings(message))}
    assert has == {message.id for message in template() if message.id}


@pytest.mark.parametrize("language", OTHERS)
def test_its_words_have_the_facts_and_the_marks_of_the_english_ones(language: Language) -> None:
    wrong = [
        (message.id, string)
        for message in messages(language)
        for string in strings(message)
        if places(string) - {"count"} != places(ids(message)[-1]) - {"count"}
        or sorted(KEPT.findall(string)) != sorted(KEPT.findall(ids(message)[-1]))
    ]
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_its_words_fit_where_discord_shows_them(language: Language) -> None:
    """With room for the facts, each of which may be as long as a job's id."""
    limits: dict[str, int] = {}
    for said in SAID:
        if said.given_as in MOST_CHARS:
            most = MOST_CHARS[said.given_as]
            limits[said.one] = min(most, limits.get(said.one, most))
    wrong = [
        (len(filled), string)
        for message in messages(language)
        for string in strings(message)
        if (filled := re.sub(r"{[^}]*}", "abcdefgh23", string))
        and len(filled) > limits.get(ids(message)[0], len(filled))
    ]
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_a_menu_is_called_the_same_wherever_it_is_named(language: Language) -> None:
    menus = {said.one for said in SAID if said.given_as == "menu"}
    assert len(menus) == 3
    words = {ids(message)[0]: strings(message)[0] for message in messages(language)}
    wrong = [
        words[sentence]
        for sentence in words
        for menu in menus & words.keys()
        if menu in sentence and words[menu] not in words[sentence]
    ]
    assert not wrong
