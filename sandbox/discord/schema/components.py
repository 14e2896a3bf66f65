"""Message components, old (rows) and new (Components V2): checked, given ids, rendered."""

from collections.abc import Callable, Collection, Mapping

from sandbox.discord.schema.forms import Fields
from sandbox.discord.schema.parts import (
    MOST_COMPONENTS,
    SELECTS,
    Kind,
    Names,
    number,
    read_emoji,
    walk,
)
from sandbox.discord.schema.selects import read_select
from sandbox.discord.wire import Json

MOST_TEXT = 4000
ATTACHMENT = "attachment://"
LINK_STYLE = 5
IN_ROW = (Kind.BUTTON, *SELECTS)
IN_CONTAINER = (
    Kind.ACTION_ROW,
    Kind.TEXT_DISPLAY,
    Kind.SECTION,
    Kind.MEDIA_GALLERY,
    Kind.SEPARATOR,
    Kind.FILE,
)
TOP_LEVEL_V2 = (*IN_CONTAINER, Kind.CONTAINER)


def read_components(body: Fields, *, v2: bool, file_names: Collection[str]) -> list[Json]:
    """The `components` of a message, normalised and with ids; faults are noted in the form.

    `file_names` are the attachments that `attachment://…` may name.
    """
    reader = _Reader(file_names)
    allowed = TOP_LEVEL_V2 if v2 else (Kind.ACTION_ROW,)
    most = MOST_COMPONENTS if v2 else 5
    components = [reader.read(child, allowed) for child in body.children("components", most=most)]
    if v2 and reader.count > MOST_COMPONENTS:
        body.fail(
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The maximum number of components in a message is {MOST_COMPONENTS}",
        )
    if reader.text_length > MOST_TEXT:
        body.fail(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total displayable text size of the message may not exceed {MOST_TEXT}",
        )
    number(components)
    return components


def displayed_text(components: list[Json]) -> str:
    """What the text displays say, for mentions."""
    return "\n".join(
        component["content"]
        for component in walk(components)
        if component["type"] == Kind.TEXT_DISPLAY
    )


def render(components: list[Json], media: Callable[[str], Json]) -> list[Json]:
    """The components as an answer shows them; `media` resolves a link to a full media item
    and the `size` in bytes that a file component shows.
    """
    return [_render(component, media) for component in components]


def _render(component: Json, media: Callable[[str], Json]) -> Json:
    shown = dict(component)
    if "components" in shown:
        shown["components"] = render(shown["components"], media)
    if "accessory" in shown:
        shown["accessory"] = _render(shown["accessory"], media)
    if "items" in shown:
        shown["items"] = [_render(item, media) for item in shown["items"]]
    if "media" in shown:
        shown["media"] = media(shown["media"])
        del shown["media"]["size"]
    if "file" in shown:
        shown["name"] = shown["file"].removeprefix(ATTACHMENT)
        shown["file"] = media(shown["file"])
        shown["size"] = shown["file"].pop("size")
    return shown


class _Reader:
    def __init__(self, file_names: Collection[str]) -> None:
        self._file_names = file_names
        self._names = Names()
        self.count = 0
        self.text_length = 0

    def read(self, fields: Fields, allowed: tuple[int, ...]) -> Json:
        """One component of an allowed type."""
        self.count += 1
        kind = self._names.kind(fields, allowed)
        id_ = self._names.id(fields)
        if kind is None:
            return {"type": 0, "id": id_}
        return {"type": int(kind), "id": id_, **_READERS[kind](self, fields)}

    def action_row(self, fields: Fields) -> Json:
        """One to five buttons, or one select."""
        children = list(fields.children("components", required=True, least=1, most=5))
        body = [self.read(child, IN_ROW) for child in children]
        if len(body) > 1:
            for child, component in zip(children, body, strict=True):
                if component["type"] in SELECTS:
                    child.fail(
                        None,
                        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                        "The specified component exceeds the maximum width",
                    )
        return {"components": body}

    def button(self, fields: Fields) -> Json:
        """A press is answered by `custom_id`; a link has a `url` instead."""
        style = fields.integer("style", required=True, one_of=(1, 2, 3, 4, LINK_STYLE))
        body: Json = {"style": style, "disabled": fields.boolean("disabled"), **read_emoji(fields)}
        if label := fields.text("label", most=80):
            body["label"] = label
        elif "emoji" not in body:
            fields.fail(
                "label", "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji"
            )
        if style == LINK_STYLE:
            body["url"] = fields.text("url", required=True, least=1, most=512)
            if "custom_id" in fields and fields.raw["custom_id"] is not None:
                fields.fail(
                    "custom_id",
                    "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                )
        else:
            body["custom_id"] = self._names.custom_id(fields)
        return body

    def select(self, fields: Fields) -> Json:
        """A menu of options, or of the server's people, roles or channels."""
        kind = Kind(int(fields.raw["type"]))
        return {"custom_id": self._names.custom_id(fields), **read_select(fields, kind)}

    def section(self, fields: Fields) -> Json:
        """One to three texts beside a button or a thumbnail."""
        texts = fields.children("components", required=True, least=1, most=3)
        body: Json = {"components": [self.read(text, (Kind.TEXT_DISPLAY,)) for text in texts]}
        accessory = fields.child("accessory", required=True)
        if accessory is not None:
            body["accessory"] = self.read(accessory, (Kind.BUTTON, Kind.THUMBNAIL))
        return body

    def text_display(self, fields: Fields) -> Json:
        """Markdown; what it says counts towards the message's text."""
        content = fields.text("content", required=True, least=1, most=MOST_TEXT) or ""
        self.text_length += len(content)
        return {"content": content}

    def thumbnail(self, fields: Fields) -> Json:
        """One picture with its description, alone or in a gallery."""
        return {
            "media": self._media(fields, "media"),
            "description": fields.text("description", least=1, most=1024),
            "spoiler": fields.boolean("spoiler"),
        }

    def gallery(self, fields: Fields) -> Json:
        """One to ten pictures or videos."""
        items = fields.children("items", required=True, least=1, most=10)
        return {"items": [self.thumbnail(item) for item in items]}

    def file(self, fields: Fields) -> Json:
        """One uploaded file."""
        url = self._media(fields, "file")
        if url and not url.startswith(ATTACHMENT):
            fields.fail(
                "file", "UNFURLED_MEDIA_ITEM_NOT_ATTACHMENT", "Only attachment:// may be used here"
            )
        return {"file": url, "spoiler": fields.boolean("spoiler")}

    def separator(self, fields: Fields) -> Json:
        """A gap, with a line unless told otherwise."""
        divider = fields.boolean("divider", default=True)
        return {"divider": divider, "spacing": fields.integer("spacing", one_of=(1, 2)) or 1}

    def container(self, fields: Fields) -> Json:
        """A box with a coloured edge."""
        children = fields.children("components", required=True, least=1, most=MOST_COMPONENTS)
        return {
            "accent_color": fields.integer("accent_color", least=0, most=0xFFFFFF),
            "spoiler": fields.boolean("spoiler"),
            "components": [self.read(child, IN_CONTAINER) for child in children],
        }

    def _media(self, fields: Fields, name: str) -> str:
        media = fields.child(name, required=True)
        url = media.text("url", required=True, least=1, most=2048) if media else None
        if media is None or url is None:
            return ""
        if url.startswith(ATTACHMENT):
            if url.removeprefix(ATTACHMENT) not in self._file_names:
                media.fail(
                    "url",
                    "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                    f"The referenced attachment {url!r} was not found",
                )
        elif not url.startswith(("http://", "https://")):
            media.fail("url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of http or https.")
        return url


_READERS: Mapping[Kind, Callable[[_Reader, Fields], Json]] = {
    Kind.ACTION_ROW: _Reader.action_row,
    Kind.BUTTON: _Reader.button,
    **dict.fromkeys(SELECTS, _Reader.select),
    Kind.SECTION: _Reader.section,
    Kind.TEXT_DISPLAY: _Reader.text_display,
    Kind.THUMBNAIL: _Reader.thumbnail,
    Kind.MEDIA_GALLERY: _Reader.gallery,
    Kind.FILE: _Reader.file,
    Kind.SEPARATOR: _Reader.separator,
    Kind.CONTAINER: _Reader.container,
}
