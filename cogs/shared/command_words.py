"""What Discord shows of the commands themselves, in each language that the bot speaks."""

from collections.abc import Callable

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str

from bot.cards.languages.speech import catalogue, speaking, tr
from bot.core.people.languages import Language, asked_for

LOCATIONS = frozenset(
    {
        TranslationContextLocation.command_description,
        TranslationContextLocation.group_description,
        TranslationContextLocation.parameter_description,
        TranslationContextLocation.choice_name,
    }
)
"""Not the names that are typed: they are the same for everybody."""


def worded(say: Callable[[], str]) -> locale_str:
    """A description or a choice that has facts in it, said anew in each language."""
    with speaking(Language.ENGLISH):
        return locale_str(say(), say=say)


class CommandWords(app_commands.Translator):
    """Asked by discord.py for each text in each of Discord's locales, when commands are told."""

    async def load(self) -> None:
        """All languages before the first answer: each takes some milliseconds to read."""
        for language in Language:
            catalogue(language)

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        """The text there; `None` where it is the English one."""
        language = asked_for(locale.value)
        is_menu = isinstance(context.data, app_commands.ContextMenu)
        if language is Language.ENGLISH or not (is_menu or context.location in LOCATIONS):
            return None
        with speaking(language):
            say: Callable[[], str] | None = string.extras.get("say")
            said = say() if say else tr(string.message)
        return said if said != string.message else None
