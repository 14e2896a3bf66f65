"""Who may come in: not another name, not another site's page, not without the secret."""

import aiohttp
import pytest
from yarl import URL

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from tests.sandbox.raw import GatewayClient, Rest, knock

ELSEWHERE = "This comes from another site's page: open the sandbox's own page yourself."


def people_path(server: DiscordServer) -> str:
    return URL(server.people_url).path


def authority(server: DiscordServer) -> str:
    return URL(server.people_url).authority


@pytest.mark.parametrize("target", ["/", "/web/x.js", "/people", "/people/x/1/dm", "/nothing"])
@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "[::1]"])
async def test_under_another_name_nothing_is_served(
    server: DiscordServer, target: str, name: str
) -> None:
    port = URL(server.people_url).port
    refused = await knock(server, target, host=f"{name}:{port}")
    assert refused.status == 403
    assert refused.body == {"message": f"The sandbox is only to be found at {page(server)}."}


def page(server: DiscordServer) -> str:
    return str(URL(server.people_url).origin())


async def test_the_name_must_have_the_port_and_be_there_once(server: DiscordServer) -> None:
    mine = authority(server)
    path = people_path(server)
    assert (await knock(server, path)).status == 200
    assert (
        await knock(server, path, host=f"localhost:{URL(server.people_url).port}")
    ).status == 200
    assert (await knock(server, path, host="127.0.0.1")).status == 403
    assert (await knock(server, path, host="127.0.0.1:1")).status == 403
    assert (await knock(server, path, host="")).status in {400, 403}
    assert (await knock(server, path, f"Host: {mine}")).status in {400, 403}
    assert (await knock(server, f"http://evil.example{path}", host="evil.example")).status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{}", "http://{}.x", ""])
@pytest.mark.parametrize("target", ["/", "{}", "{}/controls"])
async def test_another_sites_page_is_refused(
    server: DiscordServer, origin: str, target: str
) -> None:
    header = f"Origin: {origin.format(authority(server))}"
    for method in ("GET", "POST"):
        refused = await knock(server, target.format(people_path(server)), header, method=method)
        assert (refused.status, refused.body) == (403, {"message": ELSEWHERE})


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)],
)
async def test_a_browser_says_where_a_request_comes_from(
    server: DiscordServer, site: str, status: int
) -> None:
    reply = await knock(server, people_path(server), f"Sec-Fetch-Site: {site}")
    assert reply.status == status
    own = await knock(server, people_path(server), f"Origin: {page(server)}")
    assert own.status == 200


@pytest.mark.parametrize(
    ("target", "dest", "status"),
    [("/", "document", 200), ("/", "iframe", 403), ("/", "script", 403), ("{}", "document", 403)],
)
async def test_a_link_on_another_site_leads_to_the_page_alone(
    server: DiscordServer, target: str, dest: str, status: int
) -> None:
    reply = await knock(
        server,
        target.format(people_path(server)),
        "Sec-Fetch-Site: cross-site",
        f"Sec-Fetch-Dest: {dest}",
    )
    assert reply.status == status


async def test_people_are_behind_a_secret(server: DiscordServer, world: World) -> None:
    ada = world.users["ada"].id
    secret = people_path(server).removeprefix("/people/")
    assert len(secret) >= 20
    for target in (
        f"/people/{ada}/dm",
        f"/people/{secret[:-1]}/{ada}/dm",
        f"/people/{secret}x/{ada}/dm",
        "/people/control/requests",
        "/people/",
        "/people",
    ):
        refused = await knock(server, target, method="POST", host=authority(server))
        assert refused.status == 404, target
        assert refused.body == {"message": "There is nothing at this address."}
    assert (await knock(server, f"/people/{secret}/{ada}/dm", method="POST")).status == 200
    async with DiscordServer(seed_world()) as other:
        assert secret not in other.people_url


async def test_no_window_opens_for_another_origin(
    server: DiscordServer, world: World, rest: Rest
) -> None:
    events = f"{server.people_url}/{world.users['ada'].id}/events"
    for origin in ("http://evil.example", "null"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rest.session.ws_connect(events, origin=origin)
        assert refused.value.status == 403
    async with rest.session.ws_connect(events, origin=page(server)) as socket:
        assert (await socket.receive_json())["type"] == "ready"


async def test_the_gateway_takes_no_other_sites_page(server: DiscordServer, rest: Rest) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await rest.session.ws_connect(server.gateway_url, origin="http://evil.example")
    assert refused.value.status == 403
    async with rest.session.ws_connect(server.gateway_url, origin=page(server)) as socket:
        assert (await socket.receive_json())["op"] == 10


async def test_bots_and_files_come_by_any_name(
    server: DiscordServer, world: World, rest: Rest
) -> None:
    port = URL(server.people_url).port
    host = f"discord.example:{port}"
    me = await knock(server, "/api/v10/users/@me", f"Authorization: Bot {world.token}", host=host)
    assert (me.status, me.body["id"]) == (200, str(world.bot_id))
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, files={"a.txt": b"hello"})).body
    link = URL(made["attachments"][0]["url"])
    file = await knock(server, link.path_qs, "Origin: http://evil.example", host=host)
    assert (file.status, file.body) == (200, b"hello")
    async with rest.session.ws_connect(server.gateway_url, headers={"Host": host}) as socket:
        assert (await socket.receive_json())["op"] == 10


async def test_no_path_leads_past_the_guard(server: DiscordServer) -> None:
    inside = people_path(server)
    for way in ("/api/..", "/gateway/..", "//api/..", "/api%2F..", "/attachments/../"):
        reply = await knock(server, f"{way}{inside}", host="evil.example")
        assert reply.status in {403, 404}, way


async def test_a_bots_token_cannot_be_guessed(server: DiscordServer, world: World) -> None:
    other = seed_world()
    assert world.token != other.token
    assert [len(part) for part in world.token.split(".")] == [26, 6, 27]
    async with GatewayClient(server) as gateway:
        await gateway.ask_in(token=other.token)
        assert await gateway.closed_with() == 4004


async def test_a_persons_program_needs_nothing_more(
    ada: PersonClient, server: DiscordServer, world: World
) -> None:
    assert (await ada.send(world.channels["general"].id, "hello"))["content"] == "hello"
