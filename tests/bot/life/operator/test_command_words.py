"""Discord is told the commands' words in each language, and never another name of one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot.cards.languages import speech
from bot.core.people.languages import Language
from tests.bot.life.world import Life

ENGLISH = {
    "mimic": "a name that is typed",
    "jobs": "a name that is typed",
    "image": "a name that is typed",
    "Make this move": "a menu",
    "Make a still picture move like a video": "a command",
    "Look after your videos": "a group",
    "The picture that should move: JPEG, PNG, WebP, HEIC": "an option",
    "{quality} unless you say otherwise; a higher one costs more": "an option, {quality}",
    "each day": "a choice",
}


@pytest.fixture(autouse=True)
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of every language, with words that show whose they are."""
    for language in set(Language) - {Language.ENGLISH}:
        catalogue = Catalog(locale=language, charset="utf-8")
        for sentence, words in ENGLISH.items():
            catalogue.add(sentence, f"{language}: {words}")
        with (tmp_path / f"{language}.po").open("wb") as file:
            write_po(file, catalogue)
    monkeypatch.setattr(speech, "HERE", tmp_path)
    speech.catalogue.cache_clear()
    yield
    speech.catalogue.cache_clear()


def in_all(words: str) -> dict[str, str]:
    """By Discord's locales: of Spanish it has two."""
    return {
        "de": f"de: {words}",
        "es-ES": f"es: {words}",
        "es-419": f"es: {words}",
        "fr": f"fr: {words}",
    }


async def test_what_is_said_of_commands_is_said_in_each_language(life: Life) -> None:
    await life.start()
    await life.until(lambda: bool(life.world.commands))
    found = {command.body["name"]: command.body for command in life.world.commands.values()}
    mimic, menu = found["mimic"], found["Make this move"]
    assert mimic["description_localizations"] == in_all("a command")
    assert found["jobs"]["description_localizations"] == in_all("a group")
    assert menu["name_localizations"] == in_all("a menu")
    options = {option["name"]: option for option in mimic["options"]}
    assert options["image"]["description_localizations"] == in_all("an option")
    assert options["quality"]["description_localizations"] == in_all("an option, 540p")
    assert not any(part.get("name_localizations") for part in parts(found) if part is not menu)
    periods = next(
        part["choices"] for part in parts(found) if part["name"] == "period" and "choices" in part
    )
    assert [choice.get("name_localizations") or {} for choice in periods] == [
        in_all("a choice"),
        {},
        {},
    ]


def parts(commands: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Commands, groups and options, but not choices."""
    for part in commands.values():
        yield part
        yield from parts({each["name"]: each for each in part.get("options", [])})
