"""Select menus and groups of options, in messages and in modals: checked and completed.

Their shapes and limits are those of Discord's component reference. A select of a modal has
`required`, one of a message has `disabled`. Two faults whose codes Discord does not document have
codes of this server's own.
"""

from collections.abc import Mapping, Sequence

from sandbox.discord.schema.forms import Fields
from sandbox.discord.schema.parts import Kind, read_emoji
from sandbox.discord.wire import Json

MOST_OPTIONS = 25
CHANNEL_TYPES = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)
# What an entity select's `default_values` may name.
DEFAULTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.USER_SELECT: ("user",),
    Kind.ROLE_SELECT: ("role",),
    Kind.MENTIONABLE_SELECT: ("user", "role"),
    Kind.CHANNEL_SELECT: ("channel",),
}


def read_select(fields: Fields, kind: Kind, *, in_modal: bool = False) -> Json:
    """A select menu without its type and ids; faults are noted in the form."""
    body: Json = {}
    if (placeholder := fields.text("placeholder", most=150)) is not None:
        body["placeholder"] = placeholder
    if in_modal:
        body["required"] = fields.boolean("required", default=True)
        if fields.boolean("disabled"):
            fields.fail(
                "disabled", "COMPONENT_MODAL_DISABLED", "A modal cannot have disabled components"
            )
    else:
        body["disabled"] = fields.boolean("disabled")
    body |= read_bounds(fields, most=MOST_OPTIONS, required=body.get("required", False))
    if kind is Kind.STRING_SELECT:
        most_defaults = body["max_values"]
        body["options"] = read_options(
            fields,
            least=most_defaults,
            most=MOST_OPTIONS,
            most_defaults=most_defaults,
            with_emoji=True,
        )
        return body
    if kind is Kind.CHANNEL_SELECT and (types := fields.array("channel_types")):
        if any(type_ not in CHANNEL_TYPES for type_ in types):
            fields.fail(
                "channel_types", "BASE_TYPE_CHOICES", f"Value must be one of {set(CHANNEL_TYPES)}."
            )
        body["channel_types"] = types
    if defaults := _default_values(fields, kind, body):
        body["default_values"] = defaults
    return body


def read_bounds(
    fields: Fields, *, most: int, required: bool, default_most: int = 1
) -> Mapping[str, int]:
    """`min_values` and `max_values`; what is required in a modal needs one value at least."""
    upper = fields.integer("max_values", least=1, most=most) or default_most
    lower = fields.integer("min_values", least=1 if required else 0, most=upper)
    return {"min_values": 1 if lower is None else lower, "max_values": upper}


def read_options(
    fields: Fields, *, least: int, most: int, most_defaults: int, with_emoji: bool = False
) -> Sequence[Json]:
    """The `options` of a select or a group; each value may occur once."""
    options: list[Json] = []
    values: set[str] = set()
    for child in fields.children("options", required=True, least=least, most=most):
        option: Json = {
            "label": child.text("label", required=True, least=1, most=100),
            "value": child.text("value", required=True, least=1, most=100),
        }
        if description := child.text("description", most=100):
            option["description"] = description
        if with_emoji:
            option |= read_emoji(child)
        if child.boolean("default"):
            option["default"] = True
        if option["value"] in values:
            child.fail(
                "value",
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        values.add(option["value"])
        options.append(option)
    if sum("default" in option for option in options) > most_defaults:
        fields.fail(
            "options",
            "SELECT_COMPONENT_TOO_MANY_DEFAULTS",
            f"At most {most_defaults} options may be selected by default",
        )
    return options


def _default_values(fields: Fields, kind: Kind, bounds: Json) -> Sequence[Json]:
    if not fields.raw.get("default_values"):
        return []
    values = []
    for child in fields.children(
        "default_values", least=bounds["min_values"], most=bounds["max_values"]
    ):
        if child.text("type", required=True) not in DEFAULTS[kind]:
            child.fail("type", "BASE_TYPE_CHOICES", f"Value must be one of {DEFAULTS[kind]}.")
        id_ = child.snowflake("id", required=True)
        values.append({"id": str(id_), "type": child.raw.get("type")})
    return values
