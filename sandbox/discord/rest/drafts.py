"""Turning the body of a create or an edit into a message, by the rules they share."""

import re

from sandbox.discord.rest.bodies import Body
from sandbox.discord.rest.embeds import read_embeds
from sandbox.discord.schema import components
from sandbox.discord.schema.forms import Fields
from sandbox.discord.state.cdn import Cdn, safe_name
from sandbox.discord.state.model import Attachment, Flag, Message
from sandbox.discord.state.world import World
from sandbox.discord.wire import ApiError, Fault

MOST_CONTENT = 2000
LEGACY_FIELDS = ("content", "embeds", "poll", "stickers")


def write(world: World, cdn: Cdn, message: Message, body: Body, settable: Flag) -> None:
    """Change `message` as the body says, or raise ApiError and leave it as it was.

    `settable` are the flags that this route lets a bot set.
    """
    fields = body.fields
    if fields.raw.get("poll") is not None or fields.raw.get("sticker_ids"):
        raise ApiError(Fault.NOT_SERVED, detail="The sandbox does not serve polls and stickers")
    flags = _flags(fields, message, settable)
    v2 = bool(flags & Flag.COMPONENTS_V2)
    kept = _kept(fields, message, body)
    names = {attachment.filename for attachment in kept}
    names |= {safe_name(_name(fields, index, body)) for index in body.uploads}
    content = _content(fields, message)
    embeds = read_embeds(fields) if "embeds" in fields else message.embeds
    parts = message.components
    if "components" in fields or (v2 and not message.flags & Flag.COMPONENTS_V2):
        parts = components.read_components(fields, v2=v2, file_names=names)
    if v2:
        _refuse_legacy(fields, content, bool(embeds))
    mentions = _AllowedMentions(fields)
    fields.form.check()
    if not (content or embeds or parts or kept or body.uploads):
        raise ApiError(Fault.EMPTY_MESSAGE)
    message.flags = flags
    message.content = content
    message.embeds = embeds
    message.components = parts
    for replaced in message.attachments:
        if replaced not in kept:
            world.attachments.pop(replaced.id, None)
    message.attachments = kept + _stored(cdn, message, body)
    _mention(world, message, mentions)


def _flags(fields: Fields, message: Message, settable: Flag) -> int:
    wanted = fields.integer("flags", least=0)
    if wanted is None:
        return message.flags
    if message.flags & Flag.COMPONENTS_V2 and not wanted & Flag.COMPONENTS_V2:
        fields.fail(
            "flags",
            "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG",
            "The MessageFlags.IS_COMPONENTS_V2 flag cannot be removed from a message",
        )
        return message.flags
    return (message.flags & ~settable) | (wanted & settable)


def _content(fields: Fields, message: Message) -> str:
    if "content" not in fields:
        return message.content
    return (fields.text("content", most=MOST_CONTENT) or "").strip()


def _refuse_legacy(fields: Fields, content: str, has_embeds: bool) -> None:
    for name in LEGACY_FIELDS:
        present = {"content": bool(content), "embeds": has_embeds}.get(
            name, bool(fields.raw.get(name))
        )
        if present:
            fields.fail(
                name,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _kept(fields: Fields, message: Message, body: Body) -> list[Attachment]:
    """The attachments that stay; every entry names one of them, or a file of this request."""
    if fields.raw.get("attachments") is None and "attachments" not in fields:
        return list(message.attachments)
    own = {attachment.id: attachment for attachment in message.attachments}
    kept = []
    for entry in fields.children("attachments", most=10):
        id_ = entry.snowflake("id", required=True)
        entry.text("filename", least=1, most=1024)
        entry.text("description", most=1024)
        if id_ in own:
            kept.append(own[id_])
        elif id_ is not None and id_ not in body.uploads:
            entry.fail(
                "id", "ATTACHMENT_NOT_FOUND", f"Attachment {id_} is neither uploaded nor kept"
            )
    return kept


def _entry(fields: Fields, index: int) -> dict[str, object]:
    entries = fields.raw.get("attachments")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and str(entry.get("id")) == str(index):
            return entry
    return {}


def _name(fields: Fields, index: int, body: Body) -> str:
    return str(_entry(fields, index).get("filename") or body.uploads[index].filename)


def _stored(cdn: Cdn, message: Message, body: Body) -> list[Attachment]:
    stored = []
    for index, upload in sorted(body.uploads.items()):
        attachment = cdn.store(message.channel_id, _name(body.fields, index, body), upload.data)
        description = _entry(body.fields, index).get("description")
        attachment.description = str(description) if description else None
        stored.append(attachment)
    return stored


class _AllowedMentions:
    """Who may be mentioned by a text; without the field, everybody named in it."""

    def __init__(self, fields: Fields) -> None:
        allowed = fields.child("allowed_mentions")
        self.users: set[int] | None = None
        self.roles: set[int] | None = None
        self.everyone = True
        if allowed is None:
            return
        parse = allowed.array("parse", most=3) or []
        for kind in parse:
            if kind not in ("users", "roles", "everyone"):
                allowed.fail(
                    "parse",
                    "BASE_TYPE_CHOICES",
                    "Value must be one of {'users', 'roles', 'everyone'}.",
                )
        self.everyone = "everyone" in parse
        self.users = self._named(allowed, "users", parse)
        self.roles = self._named(allowed, "roles", parse)

    def _named(self, allowed: Fields, name: str, parse: list[object]) -> set[int] | None:
        ids = allowed.array(name, most=100) or []
        if name in parse and ids:
            allowed.fail(
                name,
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.',
            )
        if name in parse:
            return None
        return {int(str(id_)) for id_ in ids if re.fullmatch(r"\d{1,20}", str(id_), re.ASCII)}


def _mention(world: World, message: Message, allowed: _AllowedMentions) -> None:
    text = message.content + "\n" + components.displayed_text(message.components)
    users = [int(id_) for id_ in re.findall(r"<@!?(\d{1,20})>", text)]
    roles = [int(id_) for id_ in re.findall(r"<@&(\d{1,20})>", text)]
    message.mention_ids = [
        user_id
        for user_id in dict.fromkeys(users)
        if world.user(user_id) and (allowed.users is None or user_id in allowed.users)
    ]
    message.mention_role_ids = [
        role_id
        for role_id in dict.fromkeys(roles)
        if allowed.roles is None or role_id in allowed.roles
    ]
    message.mention_everyone = allowed.everyone and bool(re.search(r"@(everyone|here)\b", text))
