"""The page: its document, its files, its headers; and nothing beside them."""

import re

import pytest
from yarl import URL

from sandbox.discord.page.document import TYPES, WEB
from sandbox.discord.server import DiscordServer
from tests.sandbox.raw import knock

CSP = (
    "default-src 'none'; script-src {own}/web/js/; style-src {own}/web/css/; "
    "worker-src 'none'; img-src 'self' data: blob:; "
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
    own = URL(server.people_url).origin()
    assert reply.headers["Content-Security-Policy"] == CSP.format(own=own)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.headers["Cache-Control"] == "no-cache"


async def test_the_page_is_always_at_the_name_that_files_have(server: DiscordServer) -> None:
    home = str(URL(server.people_url).origin()) + "/"
    reply = await knock(server, "/", host=f"localhost:{URL(server.people_url).port}")
    assert (reply.status, reply.headers["Location"]) == (307, home)
