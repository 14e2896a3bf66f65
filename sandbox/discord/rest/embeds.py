"""Embeds, checked against Discord's limits."""

from datetime import datetime

from sandbox.discord.schema.forms import Fields
from sandbox.discord.wire import Json

MOST_CHARACTERS = 6000
MEDIA = ("image", "thumbnail")


def read_embeds(body: Fields) -> list[Json]:
    """The `embeds` of a message; faults are noted in the form."""
    embeds = [_embed(fields) for fields in body.children("embeds", most=10)]
    if sum(map(_length, embeds)) > MOST_CHARACTERS:
        body.fail(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {MOST_CHARACTERS}",
        )
    return embeds


def _embed(fields: Fields) -> Json:
    found: Json = {
        "title": fields.text("title", most=256),
        "description": fields.text("description", most=4096),
        "url": fields.text("url", most=2048),
        "timestamp": _timestamp(fields),
        "color": fields.integer("color", least=0, most=0xFFFFFF),
        "fields": [_field(child) for child in fields.children("fields", most=25)],
    }
    if footer := fields.child("footer"):
        text = footer.text("text", required=True, least=1, most=2048)
        found["footer"] = {"text": text} | _links(footer, "icon_url")
    if author := fields.child("author"):
        name = author.text("name", required=True, least=1, most=256)
        found["author"] = {"name": name} | _links(author, "url", "icon_url")
    for kind in MEDIA:
        if media := fields.child(kind):
            found[kind] = {"url": media.text("url", required=True, least=1, most=2048)}
    shown = {name: value for name, value in found.items() if value not in (None, [])}
    if not shown:
        fields.fail("description", "BASE_TYPE_REQUIRED", "This field is required")
    return {"type": "rich", "content_scan_version": 0, **shown}


def _timestamp(fields: Fields) -> str | None:
    text = fields.text("timestamp", most=64)
    try:
        return text and datetime.fromisoformat(text).isoformat()
    except ValueError:
        fields.fail("timestamp", "DATE_TYPE_PARSE", f'Could not parse "{text}". Should be ISO8601.')
        return None


def _links(fields: Fields, *names: str) -> Json:
    links = {name: fields.text(name, most=2048) for name in names}
    return {name: link for name, link in links.items() if link}


def _field(fields: Fields) -> Json:
    return {
        "name": fields.text("name", required=True, least=1, most=256),
        "value": fields.text("value", required=True, least=1, most=1024),
        "inline": fields.boolean("inline"),
    }


def _length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for item in embed.get("fields", []):
        texts += [item["name"], item["value"]]
    return sum(len(text) for text in texts if text)
