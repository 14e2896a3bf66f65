"""Discord's languages: which there are, and which of a command's texts somebody reads."""

from collections.abc import Mapping

from sandbox.discord.wire import Json

DEFAULT_LOCALE = "en-US"
# By their own names, as a client's settings list them.
LOCALES: Mapping[str, str] = {
    "en-US": "English, US",
    "en-GB": "English, UK",
    "de": "Deutsch",
    "es-ES": "Español",
    "es-419": "Español, LATAM",
    "fr": "Français",
    "ar": "العربية",
    "bg": "български",
    "cs": "Čeština",
    "da": "Dansk",
    "el": "Ελληνικά",
    "fi": "Suomi",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuviškai",
    "nl": "Nederlands",
    "no": "Norsk",
    "pl": "Polski",
    "pt-BR": "Português do Brasil",
    "ro": "Română",
    "ru": "Русский",
    "sv-SE": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh-CN": "中文",
    "zh-TW": "繁體中文",
}
# Where a text is not there in the first, it is read in the second, before the default is.
_FALLBACKS = {"en-US": "en-GB", "en-GB": "en-US", "es-419": "es-ES"}
_ALL, _ONE = "_localizations", "_localized"


def text_in(part: Json, name: str, locale: str) -> str:
    """The `name` or `description` of a command or a part of one, as it is read in a language."""
    texts = part.get(name + _ALL) or {}
    return str(texts.get(locale) or texts.get(_FALLBACKS.get(locale, "")) or part[name])


def localized(part: Json, locale: str) -> Json:
    """A command or a part of one with the texts of one language, in the place of all languages'."""
    shown = {name: value for name, value in part.items() if not name.endswith(_ALL)}
    for name in ("name", "description"):
        if name in part:
            shown[name + _ONE] = text_in(part, name, locale)
    for name in ("options", "choices"):
        if name in part:
            shown[name] = [localized(inner, locale) for inner in part[name]]
    return shown
