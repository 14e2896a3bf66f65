"""Channel messages over REST: rights, nonces, files, edits, history."""

import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.raw import Rest


def messages(world: World, channel: str) -> str:
    return f"/channels/{world.channels[channel].id}/messages"


@pytest.mark.parametrize(
    ("channel", "status", "code"), [("readonly", 403, 50013), ("hidden", 403, 50001)]
)
async def test_posting_needs_rights(
    rest: Rest, world: World, channel: str, status: int, code: int
) -> None:
    reply = await rest("POST", messages(world, channel), {"content": "x"})
    assert (reply.status, reply.code) == (status, code)


async def test_attaching_needs_a_right(rest: Rest, world: World) -> None:
    path = messages(world, "nofiles")
    reply = await rest("POST", path, {"content": "x"}, files={"a.txt": b"a"})
    assert (reply.status, reply.code) == (403, 50013)
    assert (await rest("POST", path, {"content": "x"})).status == 200


async def test_without_history_the_list_is_empty(rest: Rest, world: World) -> None:
    path = messages(world, "nohistory")
    posted = await rest("POST", path, {"content": "x"})
    assert (await rest("GET", path)).body == []
    assert (await rest("GET", f"{path}/{posted.body['id']}")).code == 50001


async def test_unknown_things(rest: Rest, world: World) -> None:
    assert (await rest("GET", "/channels/1")).code == 10003
    assert (await rest("GET", messages(world, "general") + "/1")).code == 10008
    assert (await rest("GET", "/guilds/1")).code == 10004
    assert (await rest("GET", "/users/1")).code == 10013
    assert (await rest("GET", "/nothing")).body == {"message": "404: Not Found", "code": 0}
    assert (await rest("GET", "/users/@me", token="wrong")).status == 401
    assert (await rest("PUT", "/users/@me")).status == 405


async def test_answers_are_json_without_charset(rest: Rest) -> None:
    reply = await rest("GET", "/users/@me")
    assert reply.headers["Content-Type"] == "application/json"


async def test_invalid_forms_name_their_fields(rest: Rest, world: World) -> None:
    path = messages(world, "general")
    reply = await rest("POST", path, {"content": "x" * 2001, "nonce": "n" * 26})
    assert (reply.status, reply.code) == (400, 50035)
    assert reply.body["message"] == "Invalid Form Body"
    assert reply.body["errors"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"
    assert (await rest("POST", path, {"content": " "})).code == 50006
    mentions = {"parse": ["users"], "users": ["1"]}
    reply = await rest("POST", path, {"content": "x", "allowed_mentions": mentions})
    assert "users" in reply.body["errors"]["allowed_mentions"]


async def test_enforced_nonce_returns_the_first_message(rest: Rest, world: World) -> None:
    path = messages(world, "general")
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}
    first, second = await rest("POST", path, body), await rest("POST", path, body)
    assert first.body["id"] == second.body["id"]
    assert first.body["nonce"] == second.body["nonce"] == "job-1"
    listed = (await rest("GET", path)).body
    assert [message["id"] for message in listed] == [first.body["id"]]
    assert "nonce" not in listed[0]
    world.clock.advance(181)
    assert (await rest("POST", path, body)).body["id"] != first.body["id"]


async def test_nonce_without_enforcement_is_only_shown(rest: Rest, world: World) -> None:
    path = messages(world, "general")
    body = {"content": "twice", "nonce": 7}
    first, second = await rest("POST", path, body), await rest("POST", path, body)
    assert first.body["id"] != second.body["id"]
    assert second.body["nonce"] == 7


async def test_history_is_paged(rest: Rest, world: World) -> None:
    path = messages(world, "general")
    posted = [await rest("POST", path, {"content": text}) for text in "abcde"]
    ids = [reply.body["id"] for reply in posted]

    async def listed(query: str) -> str:
        return "".join(m["content"] for m in (await rest("GET", f"{path}?{query}")).body)

    assert await listed("limit=2") == "ed"
    assert await listed(f"before={ids[2]}") == "ba"
    assert await listed(f"after={ids[1]}&limit=2") == "dc"
    assert await listed(f"around={ids[2]}&limit=3") == "dcb"
    assert (await rest("GET", f"{path}?limit=101")).code == 50035


async def test_edit_keeps_replaces_and_adds_files(rest: Rest, world: World) -> None:
    path = messages(world, "general")
    posted = await rest(
        "POST",
        path,
        {"attachments": [{"id": "0", "description": "first"}]},
        files={"a b.txt": b"a", "c.txt": b"c"},
    )
    one, two = posted.body["attachments"]
    assert (one["filename"], one["title"], one["description"]) == ("a_b.txt", "a b", "first")
    edited = await rest(
        "PATCH",
        f"{path}/{posted.body['id']}",
        {"content": "now", "attachments": [{"id": two["id"]}, {"id": "0"}]},
        files={"d.png": b"d"},
    )
    assert [file["filename"] for file in edited.body["attachments"]] == ["c.txt", "d.png"]
    assert edited.body["edited_timestamp"] is not None
    assert edited.body["content"] == "now"
    unknown = {"attachments": [{"id": "99"}]}
    assert (await rest("PATCH", f"{path}/{posted.body['id']}", unknown)).code == 50035


async def test_only_own_messages_can_be_edited(rest: Rest, ada: PersonClient, world: World) -> None:
    sent = await ada.send(world.channels["general"].id, "mine")
    path = f"{messages(world, 'general')}/{sent['id']}"
    assert (await rest("PATCH", path, {"content": "yours"})).code == 50005
    assert (await rest("DELETE", path)).code == 50013
    world.guilds["studio"].roles[1].permissions |= 1 << 13
    assert (await rest("DELETE", path)).status == 204


async def test_message_content_needs_the_intent_or_a_mention(
    rest: Rest, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    await ada.send(general, "secret")
    await ada.send(general, f"<@{world.bot_id}> hello")
    path = messages(world, "general")
    texts = [message["content"] for message in (await rest("GET", path)).body]
    assert texts == [f"<@{world.bot_id}> hello", ""]
    world.privileged_intents = 1 << 15
    assert (await rest("GET", path)).body[1]["content"] == "secret"


async def test_direct_messages_may_be_refused(rest: Rest, world: World) -> None:
    opened = await rest("POST", "/users/@me/channels", {"recipient_id": world.users["eve"].id})
    reply = await rest("POST", f"/channels/{opened.body['id']}/messages", {"content": "hi"})
    assert (reply.status, reply.code) == (403, 50007)
    assert (await rest("POST", "/users/@me/channels", {"recipient_id": "5"})).code == 50033


async def test_files_over_the_limit_are_refused(rest: Rest, world: World) -> None:
    world.upload_limits_bytes[world.guilds["studio"].id] = 100
    path = messages(world, "general")
    reply = await rest("POST", path, files={"big.bin": b"x" * 101})
    assert (reply.status, reply.code) == (413, 40005)
    assert reply.body["message"] == "Request entity too large"
    assert (await rest("POST", path, files={"fits.bin": b"x" * 100})).status == 200


async def test_the_whole_request_is_limited_too(rest: Rest, world: World) -> None:
    part = b"x" * (9 * 1024 * 1024)
    reply = await rest("POST", messages(world, "general"), files=dict.fromkeys("abc", part))
    assert (reply.status, reply.code) == (413, 40005)


async def test_requests_are_recorded(rest: Rest, server: DiscordServer) -> None:
    await rest("GET", "/users/@me")
    record = server.requests[-1]
    assert (record.method, record.path, record.status) == ("GET", "/users/@me", 200)
    assert record.at == pytest.approx(server.world.clock.time(), abs=5)
    _, body = await rest.fetch(f"{server.people_url}/control/requests")
    assert b'"/users/@me"' in body


async def test_bodies_that_cannot_be_read(rest: Rest, server: DiscordServer, world: World) -> None:
    url = server.api_url + messages(world, "general")
    headers = {"Authorization": f"Bot {world.token}", "Content-Type": "application/json"}
    async with rest.session.post(url, data=b"{", headers=headers) as response:
        assert (await response.json())["code"] == 50109
    headers["Content-Type"] = "text/plain"
    async with rest.session.post(url, data=b"{}", headers=headers) as response:
        body = await response.json()
        assert body["errors"]["_errors"][0]["code"] == "CONTENT_TYPE_INVALID"
    reply = await rest("POST", messages(world, "general"), ["not", "an", "object"])
    assert reply.body["errors"]["_errors"][0]["code"] == "DICT_TYPE_CONVERT"
    reply = await rest("GET", "/channels/general")
    assert reply.body["errors"]["channel_id"]["_errors"][0]["code"] == "NUMBER_TYPE_COERCE"


async def test_replies_show_what_they_answer(rest: Rest, ada: PersonClient, world: World) -> None:
    path = messages(world, "general")
    asked = await ada.send(world.channels["general"].id, f"<@{world.bot_id}> well?")
    reference = {"message_id": asked["id"]}
    shown = (await rest("POST", path, {"content": "yes", "message_reference": reference})).body
    assert shown["type"] == 19
    assert shown["referenced_message"]["id"] == asked["id"]
    lost = {"content": "yes", "message_reference": {"message_id": "1"}}
    assert "message_reference" in (await rest("POST", path, lost)).body["errors"]
    lost["message_reference"] = {"message_id": "1", "fail_if_not_exists": False}
    assert (await rest("POST", path, lost)).body["type"] == 0
    path = messages(world, "nohistory")
    unread = {"content": "yes", "message_reference": {"message_id": asked["id"]}}
    assert (await rest("POST", path, unread)).code == 160002
