"""What no honest client sends ends in an error of Discord's, never in a broken server."""

import pytest
from yarl import URL

from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import Attachment
from sandbox.discord.state.world import World
from tests.sandbox.raw import GatewayClient, Rest, knock


async def send(server: DiscordServer, path: str, body: str) -> int:
    """A body as it is, by the bot."""
    token = f"Authorization: Bot {server.world.token}"
    kind = "Content-Type: application/json"
    target = URL(server.api_url).path + path
    return (await knock(server, target, token, kind, method="POST", body=body)).status


@pytest.mark.parametrize(
    "body",
    [
        '{"content": "x", "nonce": NaN}',
        '{"content": "x", "nonce": 1e999}',
        "[" * 200_000,
        '{"content": "x", "allowed_mentions": {"parse": [[]]}}',
        '{"embeds": [{"title": "t", "timestamp": "soon"}]}',
    ],
)
async def test_bodies_that_only_some_would_read(
    server: DiscordServer, world: World, body: str
) -> None:
    assert await send(server, f"/channels/{world.channels['general'].id}/messages", body) == 400
    assert world.channels["general"].messages == {}


async def test_ids_in_other_digits_name_nobody(server: DiscordServer, world: World) -> None:
    body = '{"content": "<@1>", "allowed_mentions": {"users": ["²", "٣"]}}'
    assert await send(server, f"/channels/{world.channels['general'].id}/messages", body) == 200
    server.requests.clear()  # Discord's description, too, knows no such ids


async def test_a_token_of_any_bytes_is_refused(server: DiscordServer) -> None:
    reply = await knock(server, "/api/v10/users/@me", "Authorization: Bot \xff")
    assert reply.status == 401


async def test_links_and_ranges_of_any_text(server: DiscordServer, world: World) -> None:
    file = Attachment(7, world.channels["general"].id, "a.txt", b"hello", "text/plain")
    world.attachments[file.id] = file
    link = URL(server._cdn.url(file))
    assert (await knock(server, link.path + "?ex=1&is=1&hm=%C3%A9")).status == 404
    ranged = await knock(server, link.path_qs, f"Range: bytes={'9' * 5000}-")
    assert ranged.status == 200


async def test_strangers_use_up_nobodys_limits(server: DiscordServer, rest: Rest) -> None:
    for _ in range(60):
        assert (await knock(server, "/api/v10/users/@me")).status == 401
    assert (await rest("GET", "/users/@me")).status == 200


@pytest.mark.parametrize("header", ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"])
async def test_other_sites_pages_do_not_reach_the_api(server: DiscordServer, header: str) -> None:
    assert (await knock(server, "/api/v10/gateway", header)).status == 403


async def test_the_gateway_closes_on_endless_nesting(gateway: GatewayClient) -> None:
    await gateway.receive()
    await gateway.socket.send_str("[" * 4000)
    assert await gateway.closed_with() == 4002


async def test_a_replaced_file_is_gone(server: DiscordServer, rest: Rest, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, {"content": "x"}, files={"a.txt": b"one"})).body
    [first] = made["attachments"]
    await rest("PATCH", f"{path}/{made['id']}", {"attachments": []})
    assert (await rest.fetch(first["url"]))[0] == 404
