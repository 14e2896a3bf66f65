"""Answers to interactions: deadlines, tokens, visibility, files, limits."""

from typing import NamedTuple

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.model import Interaction
from sandbox.discord.state.world import MIB, World
from tests.sandbox.raw import Json, Rest

V2 = 1 << 15
LOADING, EPHEMERAL = 1 << 7, 1 << 6


class Used(NamedTuple):
    """An interaction, and the paths that answer it."""

    interaction: Interaction
    callback: str
    webhook: str
    original: str


@pytest.fixture
async def used(rest: Rest, ada: PersonClient, world: World) -> Used:
    return await use(rest, ada, world)


async def use(
    rest: Rest, person: PersonClient, world: World, channel_id: int | None = None
) -> Used:
    body = {"name": "go", "description": "Goes"}
    await rest("POST", f"/applications/{world.application_id}/commands", body)
    id_ = await person.use(channel_id or world.channels["general"].id, "go")
    return paths(world, world.interactions[id_])


def paths(world: World, interaction: Interaction) -> Used:
    webhook = f"/webhooks/{world.application_id}/{interaction.token}"
    callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
    return Used(interaction, callback, webhook, f"{webhook}/messages/@original")


def say(text: str, flags: int = 0) -> Json:
    return {"type": 4, "data": {"content": text, "flags": flags}}


async def test_an_answer_comes_back_whole_if_asked_for(rest: Rest, used: Used) -> None:
    reply = await rest("POST", f"{used.callback}?with_response=true", say("hi", EPHEMERAL))
    assert reply.status == 200
    assert reply.body["interaction"]["response_message_ephemeral"] is True
    message = reply.body["resource"]["message"]
    assert (message["content"], message["type"]) == ("hi", 20)
    assert message["interaction_metadata"]["id"] == str(used.interaction.id)


async def test_second_answer_is_refused(rest: Rest, used: Used) -> None:
    assert (await rest("POST", used.callback, say("one"))).status == 204
    reply = await rest("POST", used.callback, say("two"))
    assert (reply.status, reply.code) == (400, 40060)


async def test_late_answer_finds_nothing(rest: Rest, used: Used, world: World) -> None:
    world.clock.advance(3.01)
    reply = await rest("POST", used.callback, say("late"))
    assert (reply.status, reply.code) == (404, 10062)
    assert (await rest("POST", used.webhook, {"content": "late"})).code == 10015


async def test_wrong_token_finds_nothing(rest: Rest, used: Used, world: World) -> None:
    wrong = f"/interactions/{used.interaction.id}/wrong/callback"
    assert (await rest("POST", wrong, say("x"))).code == 10062
    reply = await rest("POST", f"/webhooks/{world.application_id}/wrong", {"content": "x"})
    assert (reply.status, reply.code) == (401, 50027)
    assert (await rest("POST", "/webhooks/1/wrong", {"content": "x"})).code == 10015


async def test_token_lives_fifteen_minutes(rest: Rest, used: Used, world: World) -> None:
    await rest("POST", used.callback, say("hi"))
    world.clock.advance(14 * 60)
    assert (await rest("PATCH", used.original, {"content": "still"})).status == 200
    world.clock.advance(61)
    reply = await rest("PATCH", used.original, {"content": "gone"})
    assert (reply.status, reply.code) == (401, 50027)


async def test_nothing_can_follow_before_the_answer(rest: Rest, used: Used) -> None:
    assert (await rest("POST", used.webhook, {"content": "x"})).code == 10015


async def test_defer_then_edit_then_follow_up(rest: Rest, used: Used, ada: PersonClient) -> None:
    assert (await rest("POST", used.callback, {"type": 5})).status == 204
    assert (await ada.outcome(used.interaction.id))["state"] == "deferred"
    loading = (await rest("GET", used.original)).body
    assert loading["flags"] == LOADING
    edited = (await rest("PATCH", used.original, {"content": "done"})).body
    assert (edited["id"], edited["flags"], edited["edited_timestamp"]) == (loading["id"], 0, None)
    more = (await rest("POST", used.webhook, {"content": "more", "flags": EPHEMERAL})).body
    assert more["id"] != edited["id"]
    assert more["flags"] == EPHEMERAL
    assert more["message_reference"]["message_id"] == edited["id"]
    texts = [message["content"] for message in await ada.messages(used.interaction.channel_id)]
    assert texts == ["done", "more"]


@pytest.mark.parametrize(("deferred", "asked"), [(0, EPHEMERAL), (EPHEMERAL, 0)])
async def test_first_follow_up_inherits_visibility(
    rest: Rest, used: Used, deferred: int, asked: int
) -> None:
    await rest("POST", used.callback, {"type": 5, "data": {"flags": deferred}})
    loading = (await rest("GET", used.original)).body
    done = (await rest("POST", used.webhook, {"content": "done", "flags": asked})).body
    assert done["id"] == loading["id"]
    assert done["flags"] == deferred


async def test_private_answer_after_a_public_defer_was_deleted(
    rest: Rest, used: Used, ada: PersonClient
) -> None:
    await rest("POST", used.callback, {"type": 5})
    assert (await rest("DELETE", used.original)).status == 204
    assert (await rest("GET", used.original)).code == 10008
    reply = await rest("POST", used.webhook, {"content": "psst", "flags": EPHEMERAL})
    assert reply.body["flags"] == EPHEMERAL
    assert [m["content"] for m in await ada.messages(used.interaction.channel_id)] == ["psst"]


async def test_ephemeral_messages_are_unknown_to_channel_routes(
    rest: Rest, used: Used, world: World
) -> None:
    body = say("psst", EPHEMERAL)
    made = (await rest("POST", f"{used.callback}?with_response=true", body)).body
    path = f"/channels/{world.channels['general'].id}/messages"
    message_id = made["resource"]["message"]["id"]
    assert (await rest("GET", f"{path}/{message_id}")).code == 10008
    assert (await rest("GET", path)).body == []
    assert (
        await rest("PATCH", f"{used.webhook}/messages/{message_id}", {"content": "x"})
    ).status == 200


async def test_reply_can_be_edited_by_id_after_the_token_is_gone(
    rest: Rest, used: Used, world: World
) -> None:
    await rest("POST", used.callback, say("hi"))
    message_id = (await rest("GET", used.original)).body["id"]
    world.clock.advance(3600)
    path = f"/channels/{world.channels['general'].id}/messages/{message_id}"
    assert (await rest("PATCH", path, {"content": "later"})).body["content"] == "later"


async def test_size_limit_is_stated_and_holds(rest: Rest, ada: PersonClient, world: World) -> None:
    lawn = await use(rest, ada, world, world.channels["lawn"].id)
    assert lawn.interaction.size_limit_bytes == 50 * MIB
    used = await use(rest, ada, world)
    assert used.interaction.size_limit_bytes == 10 * MIB
    used.interaction.size_limit_bytes = 10
    reply = await rest("POST", used.callback, {"type": 4}, files={"a.bin": b"x" * 11})
    assert (reply.status, reply.code) == (413, 40005)
    reply = await rest("POST", used.callback, {"type": 4, "data": {}}, files={"a.bin": b"x"})
    assert reply.status == 204


async def test_what_is_not_served_says_so(rest: Rest, used: Used) -> None:
    assert (await rest("POST", used.callback, {"type": 12})).status == 501
    reply = await rest("POST", used.callback, {"type": 7, "data": {"content": "x"}})
    assert (reply.status, reply.code) == (400, 50035)


async def test_invalid_answer_leaves_the_interaction_open(rest: Rest, used: Used) -> None:
    assert (await rest("POST", used.callback, say(""))).code == 50006
    assert (await rest("POST", used.callback, {"type": 4})).code == 50035
    assert (await rest("POST", used.callback, say("now"))).status == 204


async def test_buttons_update_defer_and_answer(
    rest: Rest, ada: PersonClient, used: Used, world: World
) -> None:
    general = world.channels["general"].id
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "A", "custom_id": "a"}]}
    data = {"content": "pick", "components": [row]}
    await rest("POST", used.callback, {"type": 4, "data": data})
    message = (await rest("GET", used.original)).body
    with pytest.raises(PersonError, match="no button 'b'"):
        await ada.click(general, int(message["id"]), "b")

    async def press() -> Used:
        id_ = await ada.click(general, int(message["id"]), "a")
        return paths(world, world.interactions[id_])

    update = await press()
    body = {"type": 7, "data": {"content": "picked", "components": []}}
    changed = (await rest("POST", f"{update.callback}?with_response=1", body)).body
    assert changed["resource"]["message"]["id"] == message["id"]
    assert (await rest("GET", update.original)).body["content"] == "picked"
    with pytest.raises(PersonError, match="no button 'a'"):
        await press()
    await rest("PATCH", used.original, {"components": [row]})
    deferred = await press()
    await rest("POST", deferred.callback, {"type": 6})
    assert (await ada.outcome(deferred.interaction.id))["state"] == "deferred"
    await rest("PATCH", deferred.original, {"content": "at last"})
    answered = await press()
    await rest("POST", answered.callback, say("yes", EPHEMERAL))
    texts = [shown["content"] for shown in await ada.messages(general)]
    assert texts == ["at last", "yes"]
