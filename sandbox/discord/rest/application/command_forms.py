"""Application commands as they are registered: checked, and completed as answers show them."""

from collections.abc import Mapping
from enum import IntEnum

from sandbox.discord.schema.forms import Fields
from sandbox.discord.state.locales import LOCALES
from sandbox.discord.state.model import CommandType
from sandbox.discord.wire import Json

NAME = r"[-'\u02bc\w]{1,32}"
MOST_OPTIONS = 25
MOST_CHOICE = 100
MOST_CHARACTERS = 8000


MOST_OF_TYPE = {CommandType.CHAT_INPUT: 100, CommandType.USER: 15, CommandType.MESSAGE: 15}


class OptionType(IntEnum):
    """What an option holds."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


NESTED = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)
VALUES = tuple(kind for kind in OptionType if kind not in NESTED)
WITH_CHOICES = (OptionType.STRING, OptionType.INTEGER, OptionType.NUMBER)


def read_command(fields: Fields, *, of_guild: bool) -> Json:
    """A command's definition; faults are noted in the form."""
    kind = fields.integer("type", one_of=tuple(CommandType)) or CommandType.CHAT_INPUT
    typed = kind == CommandType.CHAT_INPUT
    body: Json = {
        "type": kind,
        "name": _name(fields) if typed else fields.text("name", required=True, least=1, most=32),
        "name_localizations": _names(fields) if typed else _texts(fields, "name", most=32),
        "description": _description(fields, typed=typed),
        "description_localizations": _texts(fields, "description", most=100),
        "default_member_permissions": _permissions(fields),
        "nsfw": fields.boolean("nsfw"),
        "integration_types": _numbers(fields, "integration_types", (0, 1)) or [0],
    }
    if not of_guild:
        contexts = _numbers(fields, "contexts", (0, 1, 2))
        everywhere = fields.raw.get("dm_permission") is not False
        body["contexts"] = contexts or ([0, 1, 2] if everywhere else [0])
        body["dm_permission"] = 1 in body["contexts"]
    if typed:
        options = _options(fields, depth=0)
        if options:
            body["options"] = options
        if _characters(body) > MOST_CHARACTERS:
            fields.fail(
                None,
                "APPLICATION_COMMAND_TOO_LARGE",
                f"Command exceeds maximum size ({MOST_CHARACTERS})",
            )
    elif fields.raw.get("options"):
        fields.fail(
            "options",
            "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED",
            "Only chat input commands have options",
        )
    return body


def _name(fields: Fields) -> str | None:
    name = fields.text("name", required=True, least=1, most=32, pattern=NAME)
    if name is not None and name != name.lower():
        fields.fail("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name


def _description(fields: Fields, *, typed: bool) -> str:
    if typed:
        return fields.text("description", required=True, least=1, most=100) or ""
    if fields.raw.get("description"):
        fields.fail(
            "description",
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
            "Context menu commands cannot have description",
        )
    return ""


def _texts(
    fields: Fields, name: str, *, most: int, pattern: str | None = None
) -> Mapping[str, str] | None:
    """A name or a description in other languages."""
    texts = fields.child(f"{name}_localizations")
    if texts is None:
        return None
    for locale in texts.raw.keys() - LOCALES.keys():
        texts.fail(locale, "BASE_TYPE_CHOICES", f"Value must be one of {tuple(LOCALES)}.")
    found = {
        locale: texts.text(locale, least=1, most=most, pattern=pattern) for locale in texts.raw
    }
    return {locale: text for locale, text in found.items() if text is not None}


def _names(fields: Fields) -> Mapping[str, str] | None:
    """A typed name in other languages."""
    names = _texts(fields, "name", most=32, pattern=NAME)
    if any(name != name.lower() for name in (names or {}).values()):
        fields.fail(
            "name_localizations", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
        )
    return names


def _permissions(fields: Fields) -> str | None:
    bits = fields.integer("default_member_permissions", least=0)
    return None if bits is None else str(bits)


def _numbers(fields: Fields, name: str, one_of: tuple[int, ...]) -> list[int]:
    values = fields.array(name, least=1) or []
    if any(value not in one_of for value in values):
        fields.fail(name, "BASE_TYPE_CHOICES", f"Value must be one of {set(one_of)}.")
    return sorted({value for value in values if isinstance(value, int)})


def _options(fields: Fields, depth: int) -> list[Json]:
    allowed: tuple[int, ...] = VALUES
    if depth == 0:
        allowed = tuple(OptionType)
    elif fields.raw.get("type") == OptionType.SUB_COMMAND_GROUP:
        allowed = (OptionType.SUB_COMMAND,)
    options = [
        _option(child, allowed, depth) for child in fields.children("options", most=MOST_OPTIONS)
    ]
    kinds = [option["type"] in NESTED for option in options]
    if any(kinds) and not all(kinds):
        fields.fail(
            "options",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive "
            "to all other types",
        )
    names = [option["name"] for option in options]
    if len(set(names)) < len(names):
        fields.fail(
            "options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
        )
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        fields.fail(
            "options",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    return options


def _option(fields: Fields, allowed: tuple[int, ...], depth: int) -> Json:
    kind = fields.integer("type", required=True, one_of=allowed)
    body: Json = {
        "type": kind,
        "name": _name(fields),
        "name_localizations": _names(fields),
        "description": fields.text("description", required=True, least=1, most=100),
        "description_localizations": _texts(fields, "description", most=100),
    }
    if kind in NESTED:
        return body | {"options": _options(fields, depth + 1)}
    body["required"] = fields.boolean("required")
    if kind in WITH_CHOICES:
        body |= _choices(fields, kind)
    if kind == OptionType.STRING:
        bounds = {
            "min_length": fields.integer("min_length", least=0, most=6000),
            "max_length": fields.integer("max_length", least=1, most=6000),
        }
        body |= {name: value for name, value in bounds.items() if value is not None}
    elif kind in {OptionType.INTEGER, OptionType.NUMBER}:
        for name in ("min_value", "max_value"):
            if isinstance(fields.raw.get(name), int | float):
                body[name] = fields.raw[name]
    elif kind == OptionType.CHANNEL and fields.raw.get("channel_types"):
        body["channel_types"] = fields.array("channel_types")
    return body


def read_choices(fields: Fields, kind: int) -> list[Json]:
    """The `choices` of an option of that type; faults are noted in the form."""
    types: dict[int, type | tuple[type, ...]] = {
        OptionType.STRING: str,
        OptionType.INTEGER: int,
        OptionType.NUMBER: (int, float),
    }
    choices = []
    for choice in fields.children("choices", most=25):
        value = choice.raw.get("value")
        if not isinstance(value, types[kind]) or isinstance(value, bool):
            choice.fail("value", "BASE_TYPE_BAD_TYPE", "The value does not fit the option's type.")
        elif isinstance(value, str) and len(value) > MOST_CHOICE:
            choice.fail(
                "value", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_CHOICE} or fewer in length."
            )
        choices.append(
            {
                "name": choice.text("name", required=True, least=1, most=100),
                "name_localizations": _texts(choice, "name", most=MOST_CHOICE),
                "value": value,
            }
        )
    return choices


def _choices(fields: Fields, kind: int) -> Json:
    choices = read_choices(fields, kind)
    body: Json = {"choices": choices} if choices else {}
    if fields.boolean("autocomplete"):
        body["autocomplete"] = True
        if choices:
            fields.fail(
                "autocomplete",
                "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
                "Autocomplete and choices exclude each other",
            )
    return body


def _characters(body: Json) -> int:
    """What counts towards the size: each text in the language that has the longest."""
    own = _longest(body, "name") + _longest(body, "description")
    choices = sum(
        _longest(choice, "name") + len(str(choice["value"])) for choice in body.get("choices", [])
    )
    return own + choices + sum(map(_characters, body.get("options", [])))


def _longest(part: Json, name: str) -> int:
    others = part.get(f"{name}_localizations") or {}
    return max(len(text or "") for text in (part.get(name), *others.values()))
