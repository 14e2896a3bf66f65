"""A message as lines of text: what its reader would see, for a terminal."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

ACTION_ROW, BUTTON, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = (
    1, 2, 9, 10, 11, 12, 13, 14, 17,
)  # fmt: skip
EPHEMERAL, LOADING = 1 << 6, 1 << 7


def lines_of(message: Mapping[str, Any], *, names: Mapping[int, str], now: float) -> list[str]:
    """The text of a message; times are written as they count at `now` (unix seconds)."""
    flags = message.get("flags", 0)
    lines: list[str] = []
    if flags & LOADING:
        lines.append("is thinking…")
    if message.get("content"):
        lines.append(message["content"])
    components = list(_walk(message.get("components", [])))
    lines += [line for component in components for line in _lines_of(component)]
    drawn = {item for component in components for item in _media_of(component)}
    for attachment in message.get("attachments", []):
        if attachment["url"] not in drawn:
            lines.append(f"📎 {attachment['filename']}")
    if flags & EPHEMERAL:
        lines.append("(only you can see this)")
    return [_plain(part, names, now) for line in lines for part in line.split("\n") if part]


def buttons_of(message: Mapping[str, Any]) -> dict[str, str]:
    """Each button's label, or its emoji, and the `custom_id` that a press sends."""
    return {
        component.get("label") or component["emoji"]["name"]: component["custom_id"]
        for component in _walk(message.get("components", []))
        if component["type"] == BUTTON and "custom_id" in component
    }


def text_of(message: Mapping[str, Any]) -> str:
    """All that is written in a message, as it was sent."""
    parts = [
        component["content"]
        for component in _walk(message.get("components", []))
        if component["type"] == TEXT
    ]
    return "\n".join([message.get("content", ""), *parts]).strip()


def _walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))


def _media_of(component: dict[str, Any]) -> list[str]:
    return [item["media"]["url"] for item in component.get("items", [])]


def _lines_of(component: dict[str, Any]) -> list[str]:
    match component["type"]:
        case 10:
            return [component["content"]]
        case 12:
            return [f"🎬 {_file_name(url)}" for url in _media_of(component)]
        case 1:
            labels = [child["label"] for child in component["components"] if "label" in child]
            return ["  ".join(f"[ {label} ]" for label in labels)]
        case _:
            return []


def _file_name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[-1]


def _plain(line: str, names: Mapping[int, str], now: float) -> str:
    line = re.sub(r"<t:(\d+):R>", lambda found: _relative(int(found[1]) - now), line)
    line = re.sub(r"<@(\d+)>", lambda found: f"@{names.get(int(found[1]), 'someone')}", line)
    line = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", line)
    return re.sub(r"^(### |-# )|\*\*|`", "", line)


def _relative(seconds: float) -> str:
    size = abs(round(seconds))
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        if size >= length or unit == "second":
            count = size // length
            text = f"{count} {unit}{'' if count == 1 else 's'}"
            break
    return f"in {text}" if seconds > 0 else f"{text} ago"
