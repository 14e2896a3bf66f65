"""The application's own emoji: made, listed, renamed, deleted, and had from the CDN."""

import base64
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from sandbox.discord.rest.application.emojis import MOST_BYTES, MOST_EMOJIS
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import Emoji
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import Rest


def picture(fmt: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGBA" if fmt == "PNG" else "RGB", (8, 8), "red").save(file, fmt)
    return file.getvalue()


def uri(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture
def path(world: World) -> str:
    return f"/applications/{world.application_id}/emojis"


async def test_an_emojis_life(rest: Rest, path: str, world: World, server: DiscordServer) -> None:
    assert (await rest("GET", path)).body == {"items": []}
    made = await rest("POST", path, {"name": "tick_1", "image": uri(picture())})
    assert made.status == 201
    shown = {key: value for key, value in made.body.items() if key not in {"id", "user"}}
    assert shown == {
        "name": "tick_1",
        "roles": [],
        "require_colons": True,
        "managed": False,
        "animated": False,
        "available": True,
    }
    assert made.body["user"]["id"] == str(world.bot_id)
    one = f"{path}/{made.body['id']}"
    assert (await rest("GET", one)).body == made.body

    renamed = await rest("PATCH", one, {"name": "tick_2"})
    assert renamed.body == made.body | {"name": "tick_2"}
    assert (await rest("PATCH", one, {"name": "tick_2"})).status == 200
    assert (await rest("PATCH", one, {})).body == renamed.body
    assert (await rest("GET", path)).body == {"items": [renamed.body]}

    link = f"{server.api_url.removesuffix('/api/v10')}/emojis/{made.body['id']}"
    for kind in ("png", "webp"):
        assert await rest.fetch(f"{link}.{kind}") == (200, picture())
    assert (await rest("DELETE", one)).status == 204
    assert (await rest.fetch(f"{link}.png"))[0] == 404
    for method, body in (("GET", None), ("PATCH", {"name": "more"}), ("DELETE", None)):
        gone = await rest(method, one, body)
        assert (gone.status, gone.code) == (404, 10014)


async def test_what_is_served_can_run_nothing(rest: Rest, path: str, server: DiscordServer) -> None:
    """What the picture is, is said by itself, not by whoever uploads it."""
    made = await rest("POST", path, {"name": "moves", "image": uri(picture("GIF"))})
    assert made.body["animated"] is True
    link = f"{server.api_url.removesuffix('/api/v10')}/emojis/{made.body['id']}.webp"
    async with rest.session.get(link) as response:
        assert response.headers["Content-Type"] == "image/gif"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("sandbox;")


IMAGE = uri(picture())


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": None}, "name", "BASE_TYPE_REQUIRED"),
        ({"name": "a"}, "name", "BASE_TYPE_BAD_LENGTH"),
        ({"name": "a" * 33}, "name", "BASE_TYPE_BAD_LENGTH"),
        ({"name": "a-b"}, "name", "STRING_TYPE_REGEX"),
        ({"name": "Ärger"}, "name", "STRING_TYPE_REGEX"),
        ({"name": 12}, "name", "STRING_TYPE_CONVERT"),
        ({"name": "taken"}, "name", "APPLICATION_EMOJI_NAME_ALREADY_TAKEN"),
        ({"image": None}, "image", "BASE_TYPE_REQUIRED"),
        ({"image": "https://example.org/a.png"}, "image", "IMAGE_INVALID"),
        ({"image": uri(b"<svg onload='x'/>", "svg+xml")}, "image", "IMAGE_INVALID"),
        ({"image": uri(b"<html>")}, "image", "IMAGE_INVALID"),
        ({"image": f"{IMAGE}="}, "image", "IMAGE_INVALID"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field(
    rest: Rest, path: str, changes: dict[str, Any], field: str, code: str
) -> None:
    await rest("POST", path, {"name": "taken", "image": IMAGE})
    reply = await rest("POST", path, {"name": "fine", "image": IMAGE} | changes)
    assert (reply.status, reply.code) == (400, 50035)
    [error] = reply.body["errors"][field]["_errors"]
    assert error["code"] == code
    assert [one["name"] for one in (await rest("GET", path)).body["items"]] == ["taken"]


async def test_a_name_is_taken_for_a_rename_too(rest: Rest, path: str) -> None:
    await rest("POST", path, {"name": "taken", "image": IMAGE})
    made = await rest("POST", path, {"name": "mine", "image": IMAGE})
    for name in ("taken", "no good", "x"):
        reply = await rest("PATCH", f"{path}/{made.body['id']}", {"name": name})
        assert (reply.status, list(reply.body["errors"])) == (400, ["name"])


async def test_discords_limits(rest: Rest, path: str, world: World) -> None:
    data = picture()
    filled = data + bytes(MOST_BYTES - len(data))
    assert (await rest("POST", path, {"name": "large", "image": uri(filled)})).status == 201
    reply = await rest("POST", path, {"name": "larger", "image": uri(filled + b"\0")})
    assert (reply.status, reply.code) == (400, 50138)
    for number in range(len(world.emojis), MOST_EMOJIS):
        world.emojis[number] = Emoji(number, f"e{number}", world.bot_id, data)
    reply = await rest("POST", path, {"name": "one_more", "image": IMAGE})
    assert (reply.status, reply.code) == (400, 30008)
    assert len((await rest("GET", path)).body["items"]) == MOST_EMOJIS


async def test_anothers_application_is_unknown(rest: Rest) -> None:
    reply = await rest("GET", "/applications/1/emojis")
    assert (reply.status, reply.code) == (404, 10002)


async def test_discord_py_makes_one_and_finds_it(bot: ExampleBot) -> None:
    made = await bot.create_application_emoji(name="tick", image=picture())
    [found] = await bot.fetch_application_emojis()
    assert (found, found.user) == (made, bot.user)
    assert str(found) == f"<:tick:{made.id}>"
    await found.delete()
    assert await bot.fetch_application_emojis() == []
