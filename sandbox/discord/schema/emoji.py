"""Telling an emoji from other text. Only Unicode's are taken: no server here has its own."""

import re
import unicodedata

JOINER = "\N{ZERO WIDTH JOINER}"
KEYCAP = re.compile("[0-9#*]\N{VARIATION SELECTOR-16}?\N{COMBINING ENCLOSING KEYCAP}")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
# One pictograph with its presentation and skin tone, or the tags of a region's flag.
PICTOGRAPH = re.compile("(.)[\ufe0f\U0001f3fb-\U0001f3ff]*[\U000e0020-\U000e007f]*")
# Emoji that Unicode counts among letters, punctuation, mathematical signs and modifiers.
OTHERS = (
    "\u203c\u2049\u2139\u2194\u25fd\u25fe\u2934\u2935\u3030\u303d"
    "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
)


def is_emoji(text: str) -> bool:
    """Whether a text is exactly one emoji."""
    if KEYCAP.fullmatch(text) or FLAG.fullmatch(text):
        return True
    parts = [PICTOGRAPH.fullmatch(part) for part in text.split(JOINER)]
    return all(part is not None and _is_pictograph(part[1]) for part in parts)


def _is_pictograph(character: str) -> bool:
    return unicodedata.category(character) == "So" or character in OTHERS
