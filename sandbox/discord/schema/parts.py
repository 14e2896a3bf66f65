"""What components of messages and of modals have in common: types, ids, trees, emoji."""

from collections.abc import Iterator, Sequence
from enum import IntEnum

from sandbox.discord.schema.forms import Fields
from sandbox.discord.wire import Json

MOST_COMPONENTS = 40


class Kind(IntEnum):
    """The component types that are served."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


ENTITY_SELECTS = (
    Kind.USER_SELECT,
    Kind.ROLE_SELECT,
    Kind.MENTIONABLE_SELECT,
    Kind.CHANNEL_SELECT,
)
SELECTS = (Kind.STRING_SELECT, *ENTITY_SELECTS)


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Every component of a message or modal, parents first."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        for single in ("accessory", "component"):
            if single in component:
                yield component[single]


def number(components: Sequence[Json]) -> None:
    """Give every component without an id the next free one, parents first."""
    taken = {component["id"] for component in walk(components) if component["id"]}
    free = (number for number in range(1, 2 * MOST_COMPONENTS + 2) if number not in taken)
    for component in walk(components):
        if not component["id"]:
            component["id"] = next(free, 0)


class Names:
    """The ids and custom ids of one tree, each of which may be used once."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._custom_ids: set[str] = set()

    def kind(self, fields: Fields, allowed: Sequence[int]) -> Kind | None:
        """A component's type, if it is one of those allowed there."""
        kind = fields.integer("type", required=True)
        if kind is None:
            return None
        if kind not in allowed:
            choices = ", ".join(str(int(choice)) for choice in allowed)
            fields.fail(
                "type",
                "UNION_TYPE_CHOICES",
                f'Value of field "type" must be one of ({choices},).',
            )
            return None
        return Kind(kind)

    def id(self, fields: Fields) -> int:
        """A component's id; 0 if it is to be given one."""
        id_ = fields.integer("id", least=0, most=2**31 - 1) or 0
        if id_ in self._ids:
            fields.fail("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        if id_:
            self._ids.add(id_)
        return id_

    def custom_id(self, fields: Fields) -> str | None:
        """What the bot knows an interactive component by."""
        custom_id = fields.text("custom_id", required=True, least=1, most=100)
        if custom_id in self._custom_ids:
            fields.fail(
                "custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        if custom_id is not None:
            self._custom_ids.add(custom_id)
        return custom_id


def read_emoji(fields: Fields) -> Json:
    """The `emoji` of a button or an option, as a part of its body; empty if there is none."""
    emoji = fields.child("emoji")
    if emoji is None:
        return {}
    body: Json = {"name": emoji.text("name", most=64)}
    if (id_ := emoji.snowflake("id")) is not None:
        body["id"] = str(id_)
        body["animated"] = emoji.boolean("animated")
    return {"emoji": body}
