"""The page: its document, its files, its headers; and nothing beside them."""

import re

import pytest
from yarl import URL

from sandbox.discord import DiscordServer, World
from sandbox.discord.pages import TYPES, WEB
from tests.sandbox.raw import Rest, knock

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


async def test_the_document_is_told_where_people_are(server: DiscordServer) -> None:
    reply = await knock(server, "/")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    place = f'<meta name="people" content="{URL(server.people_url).path}">'
    assert reply.body.decode().count(place) == 1


async def test_every_file_of_the_page_is_served_as_what_it_is(server: DiscordServer) -> None:
    files = [path for path in WEB.rglob("*") if path.suffix in TYPES]
    for path in files:
        reply = await knock(server, f"/web/{path.relative_to(WEB).as_posix()}")
        assert reply.status == 200
        assert reply.headers["Content-Type"].split(";")[0] == TYPES[path.suffix]
        assert reply.body == path.read_bytes()
    document = (WEB / "index.html").read_text()
    for name in re.findall(r'(?:src|href)="/web/([^"]+)"', document):
        assert (WEB / name).is_file(), name


@pytest.mark.parametrize(
    "target",
    [
        "/web/",
        "/web/index.html",
        "/web/../discord/server.py",
        "/web/js/../../discord/server.py",
        "/web/%2e%2e/discord/server.py",
        "/web/..%2fdiscord/server.py",
        "/web/..%5c..%5cpyproject.toml",
        "/web//etc/passwd",
        "/web/%2fetc%2fpasswd",
        "/web/./index.html",
        "/web/nothing.js",
        "/web/js%00.js",
        "/../pyproject.toml",
    ],
)
async def test_no_path_leads_out(server: DiscordServer, target: str) -> None:
    reply = await knock(server, target)
    assert (reply.status, reply.body) in [
        (404, {"message": "There is nothing at this address."}),
        (400, reply.body),
    ]


@pytest.mark.parametrize("target", ["/", "/web/nothing.js", "/nothing", "{}", "{}/1/overview"])
@pytest.mark.parametrize("host", [None, "evil.example"])
async def test_every_answer_has_the_pages_headers(
    server: DiscordServer, target: str, host: str | None
) -> None:
    reply = await knock(server, target.format(URL(server.people_url).path), host=host)
    assert reply.headers["Content-Security-Policy"] == CSP
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.headers["Cache-Control"] == "no-cache"


async def test_the_page_is_always_at_the_name_that_files_have(server: DiscordServer) -> None:
    home = str(URL(server.people_url).origin()) + "/"
    reply = await knock(server, "/", host=f"localhost:{URL(server.people_url).port}")
    assert (reply.status, reply.headers["Location"]) == (307, home)


async def test_an_uploaded_page_cannot_act_as_ours(rest: Rest, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, files={"a.html": b"<script>alert(1)</script>"})).body
    async with rest.session.get(made["attachments"][0]["url"]) as response:
        assert response.headers["Content-Type"].startswith("text/html")
        assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "status", "told", "data"),
    [
        ("bytes=1-3", 206, "bytes 1-3/5", b"ell"),
        ("bytes=3-", 206, "bytes 3-4/5", b"lo"),
        ("bytes=-2", 206, "bytes 3-4/5", b"lo"),
        ("bytes=0-99", 206, "bytes 0-4/5", b"hello"),
        ("bytes=9-", 416, "bytes */5", b""),
        ("letters=1", 200, None, b"hello"),
    ],
)
async def test_files_are_served_in_parts_to_players(
    rest: Rest, world: World, asked: str, status: int, told: str | None, data: bytes
) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, files={"a.txt": b"hello"})).body
    link = made["attachments"][0]["url"]
    async with rest.session.get(link, headers={"Range": asked}) as response:
        assert (response.status, response.headers.get("Content-Range")) == (status, told)
        assert await response.read() == data
