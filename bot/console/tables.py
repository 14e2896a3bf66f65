"""Plain text for a terminal."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.core.actions import EVERYWHERE

UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as what stands in them; `None` is a dash."""
    lines = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """A name and a value on each line."""
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name.ljust(width)}  {_cell(value)}" for name, value in pairs)


def _cell(value: object) -> str:
    text = "-" if value is None else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)


def age(seconds: float) -> str:
    """How long ago, in the largest unit that fits."""
    for unit, length_s in UNITS:
        if seconds >= length_s:
            return f"{int(seconds // length_s)} {unit}"
    return f"{max(0, int(seconds))} s"


def moment(at: float | None) -> str | None:
    """A unix time as UTC."""
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def plain(sentence: str) -> str:
    """A sentence of ours without what only Discord draws."""
    sentence = re.sub(r" \(<t:\d+:R>\)", "", sentence)
    sentence = re.sub(r"<t:(-?\d+):\w>", lambda found: moment(float(found[1])) or "", sentence)
    return re.sub(r"<#(\d+)>", r"channel \1", sentence).replace("`", "")


def place(server_id: int) -> str:
    """A server, or what stands for direct messages and for the whole bot."""
    names = {0: "0 (direct messages)", EVERYWHERE: "the whole bot"}
    return names.get(server_id, str(server_id))
