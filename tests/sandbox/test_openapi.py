"""The check against Discord's OpenAPI description notices what differs."""

import pytest

from sandbox.discord.state.world import World
from sandbox.discord.traffic import RequestRecord
from tests.sandbox import openapi
from tests.sandbox.raw import Rest

pytestmark = pytest.mark.skipif(
    openapi.FILE is None, reason="DISCORD_OPENAPI names no description to check against"
)


def record(**changes: object) -> RequestRecord:
    call = {
        "method": "GET",
        "path": "/gateway",
        "status": 200,
        "at": 0.0,
        "template": "/gateway",
        "answer": {"url": "wss://example.org"},
    }
    return RequestRecord(**{**call, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "side"),
    [
        ({"path": "/nothing"}, "route"),
        ({"status": 302}, "status"),
        ({"answer": {}}, "answer"),
        ({"status": 404, "answer": {"message": "no code"}}, "answer"),
        (
            {"method": "POST", "path": "/channels/1/messages", "body": {"content": 1}},
            "request",
        ),
        ({"method": "DELETE", "path": "/channels/1/messages/1", "status": 204}, "answer"),
    ],
)
def test_differences_are_found(changes: dict[str, object], side: str) -> None:
    found = openapi.mismatches([record(**changes)])
    assert side in {mismatch.side for mismatch in found}


def test_what_agrees_is_left_alone() -> None:
    assert openapi.mismatches([record()]) == []


async def test_a_message_without_its_author_would_be_noticed(rest: Rest, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    body = (await rest("POST", path, {"content": "x"})).body
    del body["author"]
    call = record(method="POST", path=path, body={"content": "x"}, answer=body)
    assert [mismatch.message for mismatch in openapi.mismatches([call])] == [
        '$: "author" is a required property'
    ]
