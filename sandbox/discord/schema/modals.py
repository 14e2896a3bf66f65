"""Modals: the forms that a bot opens as its answer, checked, completed and given ids."""

import re
from collections.abc import Callable, Mapping, Sequence

from sandbox.discord.schema.forms import Fields
from sandbox.discord.schema.parts import SELECTS, Kind, Names, number
from sandbox.discord.schema.selects import read_bounds, read_options, read_select
from sandbox.discord.wire import Json

MOST_ROWS = 5
MOST_TEXT = 4000
MOST_CHOICES = 10
MOST_FILES = 10
IN_LABEL = (
    Kind.TEXT_INPUT,
    *SELECTS,
    Kind.FILE_UPLOAD,
    Kind.RADIO_GROUP,
    Kind.CHECKBOX_GROUP,
    Kind.CHECKBOX,
)
# Discord's groups of file types (its reference, "File Type Filtering").
FILE_TYPES: Mapping[str, Sequence[str]] = {
    "image": (".png", ".gif", ".jpg", ".jpeg", ".jfif", ".webp", ".avif"),
    "video": (".mp4", ".mov", ".qt", ".webm"),
    "audio": (".mp3", ".m4a", ".wav", ".ogg", ".opus", ".flac"),
}


def read_modal(fields: Fields) -> Json:
    """A modal's `custom_id`, `title` and `components`; faults are noted in the form."""
    reader = _Reader()
    rows = fields.children("components", required=True, least=1, most=MOST_ROWS)
    components = [reader.read(row, tuple(_ROWS)) for row in rows]
    number(components)
    return {
        "custom_id": fields.text("custom_id", required=True, least=1, most=100),
        "title": fields.text("title", required=True, least=1, most=45),
        "components": components,
    }


class _Reader:
    def __init__(self) -> None:
        self._names = Names()

    def read(self, fields: Fields, allowed: Sequence[Kind]) -> Json:
        """One component of an allowed type."""
        kind = self._names.kind(fields, allowed)
        id_ = self._names.id(fields)
        if kind is None:
            return {"type": 0, "id": id_}
        body: Json = {"type": int(kind), "id": id_}
        if kind in _ROWS:
            return body | _ROWS[kind](self, fields)
        return body | {"custom_id": self._names.custom_id(fields)} | _FIELDS[kind](fields)

    def action_row(self, fields: Fields) -> Json:
        """A text input that carries its own label, as modals had it before there were labels."""
        children = fields.children("components", required=True, least=1, most=1)
        body = []
        for child in children:
            text_input = self.read(child, (Kind.TEXT_INPUT,))
            body.append(
                text_input | {"label": child.text("label", required=True, least=1, most=45)}
            )
        return {"components": body}

    def label(self, fields: Fields) -> Json:
        """One field with a heading and a description."""
        body: Json = {"label": fields.text("label", required=True, least=1, most=45)}
        if (description := fields.text("description", least=1, most=100)) is not None:
            body["description"] = description
        if (child := fields.child("component", required=True)) is not None:
            body["component"] = self.read(child, IN_LABEL)
        return body

    def text_display(self, fields: Fields) -> Json:
        """Markdown between the fields."""
        return {"content": fields.text("content", required=True, least=1, most=MOST_TEXT)}


def _text_input(fields: Fields) -> Json:
    body: Json = {
        "style": fields.integer("style", required=True, one_of=(1, 2)),
        "required": fields.boolean("required", default=True),
    }
    longest = fields.integer("max_length", least=1, most=MOST_TEXT)
    optional = {
        "min_length": fields.integer("min_length", least=0, most=longest or MOST_TEXT),
        "max_length": longest,
        "value": fields.text("value", most=longest or MOST_TEXT),
        "placeholder": fields.text("placeholder", most=100),
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _file_upload(fields: Fields) -> Json:
    required = fields.boolean("required", default=True)
    body: Json = {"required": required, **read_bounds(fields, most=MOST_FILES, required=required)}
    types = [str(type_).lower() for type_ in fields.array("file_types", most=10) or []]
    if any(type_ not in FILE_TYPES and not re.fullmatch(r"\.\w+", type_) for type_ in types):
        expected = ", ".join(FILE_TYPES)
        fields.fail(
            "file_types", "BASE_TYPE_CHOICES", f"Must be one of {expected}, or an extension."
        )
    return body | ({"file_types": types} if types else {})


def _radio_group(fields: Fields) -> Json:
    options = read_options(fields, least=2, most=MOST_CHOICES, most_defaults=1)
    return {"required": fields.boolean("required", default=True), "options": options}


def _checkbox_group(fields: Fields) -> Json:
    required = fields.boolean("required", default=True)
    count = len(fields.array("options") or [None])
    bounds = read_bounds(fields, most=MOST_CHOICES, required=required, default_most=count)
    options = read_options(fields, least=1, most=MOST_CHOICES, most_defaults=bounds["max_values"])
    return {"required": required, **bounds, "options": options}


def _checkbox(fields: Fields) -> Json:
    return {"default": fields.boolean("default")}


def _select(fields: Fields) -> Json:
    return read_select(fields, Kind(int(fields.raw["type"])), in_modal=True)


_ROWS: Mapping[Kind, Callable[[_Reader, Fields], Json]] = {
    Kind.ACTION_ROW: _Reader.action_row,
    Kind.TEXT_DISPLAY: _Reader.text_display,
    Kind.LABEL: _Reader.label,
}
_FIELDS: Mapping[Kind, Callable[[Fields], Json]] = {
    Kind.TEXT_INPUT: _text_input,
    **dict.fromkeys(SELECTS, _select),
    Kind.FILE_UPLOAD: _file_upload,
    Kind.RADIO_GROUP: _radio_group,
    Kind.CHECKBOX_GROUP: _checkbox_group,
    Kind.CHECKBOX: _checkbox,
}
