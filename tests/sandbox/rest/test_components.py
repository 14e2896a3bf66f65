"""Components V2 and rows of buttons: what is taken, what is refused, what an answer shows."""

import struct

import pytest

from sandbox.discord.state.world import World
from tests.sandbox.raw import Json, Reply, Rest

V2 = 1 << 15
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 3, 2)


def text(content: str = "x") -> Json:
    return {"type": 10, "content": content}


def button(custom_id: str = "a", **other: object) -> Json:
    return {"type": 2, "style": 2, "label": "L", "custom_id": custom_id} | other


def row(*buttons: Json) -> Json:
    return {"type": 1, "components": list(buttons)}


def codes(errors: Json) -> list[str]:
    """Every error code in a tree of field errors."""
    found: list[str] = []
    for key, value in errors.items():
        found += [error["code"] for error in value] if key == "_errors" else codes(value)
    return found


class Poster:
    """Posts components to one channel."""

    def __init__(self, rest: Rest, world: World) -> None:
        self._rest = rest
        self.path = f"/channels/{world.channels['general'].id}/messages"

    async def __call__(
        self, *components: Json, files: dict[str, bytes] | None = None, **other: object
    ) -> Reply:
        body = {"components": list(components), "flags": V2} | other
        return await self._rest("POST", self.path, body, files=files)


@pytest.fixture
def post(rest: Rest, world: World) -> Poster:
    return Poster(rest, world)


async def test_everything_at_once_is_completed_and_numbered(post: Poster) -> None:
    reply = await post(
        {
            "type": 17,
            "accent_color": 255,
            "components": [
                {
                    "type": 9,
                    "components": [text("one")],
                    "accessory": {"type": 11, "media": {"url": "attachment://a.png"}},
                },
                {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]},
                {"type": 13, "file": {"url": "attachment://b.bin"}},
                {"type": 14},
                row(button(), button("b", id=1)),
            ],
        },
        text("two"),
        files={"a.png": PNG, "b.bin": b"1234"},
    )
    assert reply.status == 200, reply.body
    container, last = reply.body["components"]
    section, gallery, file, separator, buttons = container["components"]
    assert (container["id"], section["id"], section["accessory"]["id"]) == (2, 3, 5)
    assert [part["id"] for part in buttons["components"]] == [10, 1]
    assert last["id"] == 11
    media = gallery["items"][0]["media"]
    assert (media["width"], media["height"], media["content_type"]) == (3, 2, "image/png")
    assert media["url"].startswith("http://127.0.0.1:")
    assert (file["name"], file["size"]) == ("b.bin", 4)
    assert (separator["divider"], separator["spacing"]) == (True, 1)
    assert reply.body["flags"] == V2


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": 99}, "UNION_TYPE_CHOICES"),
        ({"type": 10, "content": ""}, "BASE_TYPE_BAD_LENGTH"),
        ({"type": 17, "components": []}, "BASE_TYPE_BAD_LENGTH"),
        ({"type": 17, "components": [{"type": 17, "components": []}]}, "UNION_TYPE_CHOICES"),
        ({"type": 9, "components": [{"type": 10, "content": "x"}]}, "BASE_TYPE_REQUIRED"),
        ({"type": 12, "items": []}, "BASE_TYPE_BAD_LENGTH"),
        (
            {"type": 12, "items": [{"media": {"url": "attachment://no.png"}}]},
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
        ),
        ({"type": 12, "items": [{"media": {"url": "ftp://x"}}]}, "URL_TYPE_INVALID_SCHEME"),
        ({"type": 14, "spacing": 3}, "BASE_TYPE_CHOICES"),
        ({"type": 1, "components": []}, "BASE_TYPE_BAD_LENGTH"),
        (row(button(), button()), "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (row(button("x" * 101)), "BASE_TYPE_BAD_LENGTH"),
        (row({"type": 2, "style": 5, "label": "L"}), "BASE_TYPE_REQUIRED"),
        (
            row({"type": 2, "style": 1, "custom_id": "a"}),
            "BUTTON_COMPONENT_INVALID_LABEL",
        ),
    ],
)
async def test_what_is_wrong_is_named(post: Poster, component: Json, code: str) -> None:
    reply = await post(component)
    assert (reply.status, reply.code) == (400, 50035)
    assert code in codes(reply.body["errors"])


async def test_at_most_forty_and_four_thousand_characters(post: Poster) -> None:
    assert (await post(*[text() for _ in range(40)])).status == 200
    nested = {"type": 17, "components": [text() for _ in range(39)]}
    assert (await post(nested)).status == 200
    reply = await post(nested, text())
    assert codes(reply.body["errors"]) == ["COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"]
    reply = await post(text("x" * 2001), text("x" * 2000))
    assert codes(reply.body["errors"]) == ["COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"]


async def test_nothing_old_beside_the_new(post: Poster, rest: Rest) -> None:
    legacy = ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]
    assert codes((await post(text(), content="x")).body["errors"]) == legacy
    reply = await post(text(), embeds=[{"title": "x"}])
    assert codes(reply.body["errors"]) == legacy
    assert (await post()).code == 50006
    assert codes((await post(text(), flags=0)).body["errors"]) == ["UNION_TYPE_CHOICES"]


async def test_the_flag_stays(post: Poster, rest: Rest) -> None:
    path = f"{post.path}/{(await post(text('before'))).body['id']}"
    reply = await rest("PATCH", path, {"flags": 0, "components": [text()]})
    assert codes(reply.body["errors"]) == ["MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG"]
    assert "content" in (await rest("PATCH", path, {"content": "x"})).body["errors"]
    edited = (await rest("PATCH", path, {"components": [text("after")]})).body
    assert edited["components"][0]["content"] == "after"


async def test_an_old_message_can_become_a_new_one(post: Poster, rest: Rest) -> None:
    old = await rest("POST", post.path, {"content": "old"})
    path = f"{post.path}/{old.body['id']}"
    new = {"flags": V2, "components": [text()]}
    assert "content" in (await rest("PATCH", path, new)).body["errors"]
    assert (await rest("PATCH", path, new | {"content": None})).body["flags"] == V2


async def test_files_of_a_kept_attachment_can_be_shown_again(post: Poster, rest: Rest) -> None:
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}
    made = (await post(gallery, files={"a.png": PNG})).body
    kept = {"attachments": [{"id": made["attachments"][0]["id"]}], "components": [gallery]}
    assert (await rest("PATCH", f"{post.path}/{made['id']}", kept)).status == 200
    gone = {"attachments": [], "components": [gallery]}
    assert (await rest("PATCH", f"{post.path}/{made['id']}", gone)).code == 50035


async def test_old_rows_of_buttons(post: Poster) -> None:
    link = {"type": 2, "style": 5, "label": "L", "url": "https://example.org"}
    reply = await post(row(button(), link), content="x", flags=0)
    assert reply.body["components"][0]["id"] == 1
    assert reply.body["components"][0]["components"][1]["url"] == "https://example.org"
    assert (
        await post(*[row(button(str(i))) for i in range(6)], content="x", flags=0)
    ).code == 50035
    assert (
        await post(row(*[button(str(i)) for i in range(6)]), content="x", flags=0)
    ).code == 50035


async def test_mentions_in_text_displays_obey_allowed_mentions(post: Poster, world: World) -> None:
    ada = world.users["ada"].id
    reply = await post(text(f"<@{ada}>"), allowed_mentions={"users": [str(ada)]})
    assert [user["username"] for user in reply.body["mentions"]] == ["ada"]
    reply = await post(text(f"<@{ada}> @everyone"), allowed_mentions={"parse": []})
    assert reply.body["mentions"] == []
    assert reply.body["mention_everyone"] is False


async def test_embeds_are_checked(post: Poster, rest: Rest) -> None:
    embed = {"title": "T", "fields": [{"name": "n", "value": "v"}], "image": {"url": "https://x.y"}}
    shown = (await rest("POST", post.path, {"embeds": [embed]})).body["embeds"][0]
    assert (shown["type"], shown["fields"][0]["inline"]) == ("rich", False)
    assert shown["image"]["url"] == "https://x.y"
    long = {"description": "x" * 4000}
    reply = await rest("POST", post.path, {"embeds": [long, long]})
    assert codes(reply.body["errors"]) == ["MAX_EMBED_SIZE_EXCEEDED"]


async def test_embeds_show_uploaded_files(post: Poster, rest: Rest) -> None:
    url = "attachment://a.png"
    embed = {
        "image": {"url": url},
        "author": {"name": "n", "url": "https://x.y", "icon_url": url},
        "footer": {"text": "f", "icon_url": "https://x.y/i.png"},
    }
    files = {"a.png": PNG, "b.txt": b"b"}
    made = (await rest("POST", post.path, {"embeds": [embed]}, files=files)).body
    assert [file["filename"] for file in made["attachments"]] == ["b.txt"]
    [shown] = made["embeds"]
    image = shown["image"]
    assert (image["width"], image["height"], image["content_type"]) == (3, 2, "image/png")
    assert (await rest.fetch(image["url"])) == (200, PNG)
    assert shown["author"]["icon_url"].partition("?")[0] == image["url"].partition("?")[0]
    assert shown["author"]["url"] == "https://x.y"
    assert shown["footer"]["icon_url"] == "https://x.y/i.png"
