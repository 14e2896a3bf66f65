"""Filling in a modal, as far as a person's client lets them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sandbox.discord.people.choices import check_count, check_options, choose_in
from sandbox.discord.people.resolving import Resolver
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import Upload
from sandbox.discord.schema.modals import FILE_TYPES, MOST_TEXT
from sandbox.discord.schema.parts import SELECTS, Kind, walk
from sandbox.discord.wire import Json


@dataclass(frozen=True, slots=True)
class Filled:
    """What a person entered, by `custom_id`; what they left alone keeps what it was opened with."""

    values: Mapping[str, object]
    files: Mapping[str, Sequence[Upload]]
    resolver: Resolver


def submit(modal: Json, filled: Filled) -> Json:
    """The `data` of a MODAL_SUBMIT interaction; Refusal says which field does not fit, and why."""
    fields = {part["custom_id"] for part in walk(modal["components"]) if "custom_id" in part}
    if unknown := {*filled.values, *filled.files} - fields:
        raise Refusal(f"The form has no field {', '.join(sorted(unknown))}.")
    data: Json = {
        "custom_id": modal["custom_id"],
        "components": [_row(component, filled) for component in modal["components"]],
    }
    return data | ({"resolved": filled.resolver.found} if filled.resolver.found else {})


def _row(row: Json, filled: Filled) -> Json:
    shell = {"type": row["type"], "id": row["id"]}
    match row["type"]:
        case Kind.LABEL:
            return shell | {"component": _field(row["component"], row["label"], filled)}
        case Kind.ACTION_ROW:
            inputs = [_field(child, child["label"], filled) for child in row["components"]]
            return shell | {"components": inputs}
        case _:
            return shell


def _field(field: Json, label: str, filled: Filled) -> Json:
    shell = {name: field[name] for name in ("type", "id", "custom_id")}
    try:
        return shell | _READERS[Kind(field["type"])](field, filled)
    except Refusal as refusal:
        raise Refusal(f"{label}: {refusal}") from refusal


def _text(field: Json, filled: Filled) -> Json:
    value = filled.values.get(field["custom_id"], field.get("value", ""))
    if not isinstance(value, str):
        raise Refusal("This takes a text.")
    if not value and not field["required"]:
        return {"value": ""}
    least = max(field.get("min_length", 0), int(field["required"]))
    most = field.get("max_length", MOST_TEXT)
    if not least <= len(value) <= most:
        raise Refusal(f"This takes {least} to {most} characters, not {len(value)}.")
    return {"value": value}


def _select(field: Json, filled: Filled) -> Json:
    if "options" in field:
        chosen = _preselected(field)
    else:
        chosen = [default["id"] for default in field.get("default_values", [])]
    values = _list(filled.values.get(field["custom_id"], chosen))
    return {"values": choose_in(field, values, filled.resolver)}


def _checkbox_group(field: Json, filled: Filled) -> Json:
    values = _list(filled.values.get(field["custom_id"], _preselected(field)))
    check_count(field, values)
    check_options(field, values)
    return {"values": values}


def _radio_group(field: Json, filled: Filled) -> Json:
    chosen = next(iter(_preselected(field)), None)
    value = filled.values.get(field["custom_id"], chosen)
    if value is not None:
        check_options(field, [value])
    elif field["required"]:
        raise Refusal("Choose one of them.")
    return {"value": value}


def _checkbox(field: Json, filled: Filled) -> Json:
    value = filled.values.get(field["custom_id"], field["default"])
    if not isinstance(value, bool):
        raise Refusal("This takes true or false.")
    return {"value": value}


def _file_upload(field: Json, filled: Filled) -> Json:
    uploads = filled.files.get(field["custom_id"], [])
    check_count(field, uploads)
    accepted = [
        extension
        for type_ in field.get("file_types", [])
        for extension in FILE_TYPES.get(type_, [type_])
    ]
    for upload in uploads:
        if accepted and PurePath(upload.filename).suffix.lower() not in accepted:
            raise Refusal(f"{upload.filename} is not one of {', '.join(accepted)}.")
    filled.resolver.api.check_size(filled.resolver.channel, uploads)
    return {"values": [filled.resolver.attachment(upload) for upload in uploads]}


def _preselected(field: Json) -> Sequence[str]:
    return [option["value"] for option in field["options"] if option.get("default")]


def _list(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise Refusal("This takes a list of values.")
    return [str(item) for item in value]


_READERS: Mapping[Kind, Callable[[Json, Filled], Json]] = {
    Kind.TEXT_INPUT: _text,
    **dict.fromkeys(SELECTS, _select),
    Kind.FILE_UPLOAD: _file_upload,
    Kind.RADIO_GROUP: _radio_group,
    Kind.CHECKBOX_GROUP: _checkbox_group,
    Kind.CHECKBOX: _checkbox,
}
