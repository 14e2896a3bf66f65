"""Submitting: every answer, and every way of losing one, told apart by what it costs."""

import asyncio
import json
import socket
import traceback
from email.utils import formatdate

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.models import MODELS, Model
from bot.errors import (
    InputsRejected,
    KeyRejected,
    ModelMissing,
    NotAccepted,
    OutOfCredits,
    ProviderBusy,
    ProviderError,
    SettingsError,
    SubmitInDoubt,
)
from bot.provider.segmind.client import Segmind
from tests.bot.provider.segmind_server import ID, KEY, NOW, Answer, SegmindServer, attempt, client

DANCE = {"prompt": "Dance."}


async def submit(segmind: Segmind) -> str:
    return await segmind.submit(attempt())


async def failure(segmind: Segmind) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await submit(segmind)
    return caught.value


async def test_a_submit_sends_the_inputs_and_the_key_once(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(body={"request_id": ID, "status": "QUEUED"}))
    assert await submit(segmind) == ID
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v2/pixverse-mimic")
    assert asked.headers["x-api-key"] == KEY
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.body == (
        b'{"video_url": "https://v/1", "image_url": "https://i/1", "quality": "360p"}'
    )


async def test_an_id_without_dashes_becomes_canonical(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(body={"request_id": ID.replace("-", "").upper()}))
    assert await submit(segmind) == ID


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, {"error": "video_url is missing"}), InputsRejected),
        (Answer(404, {"error": "no such model"}), ModelMissing),
        (Answer(404, b"<html>404</html>"), ModelMissing),
        (Answer(410, {"error": "retired"}), ModelMissing),
        (Answer(413, b"<html>413</html>"), InputsRejected),
        (Answer(422, {"detail": [{"msg": "not a URL"}]}), InputsRejected),
        (Answer(405, b"<html>405</html>"), ModelMissing),
        (Answer(401, {"error": "Invalid API key"}), KeyRejected),
        (Answer(403, {"message": "Model not permitted"}), KeyRejected),
        (Answer(401, {"error": "Invalid credentials"}), KeyRejected),
        (Answer(403, {"error": "Insufficient permissions"}), KeyRejected),
        (Answer(402, {"error": "Payment required"}), OutOfCredits),
        (Answer(402, b"<html>402</html>"), OutOfCredits),
        (Answer(400, {"error": "Not enough credits for this request"}), OutOfCredits),
        (Answer(403, {"error": "Your balance is too low for this model"}), OutOfCredits),
        (Answer(403, {"detail": "Spending limit reached"}), OutOfCredits),
        (Answer(406, {"error": "Insufficient credits"}), OutOfCredits),
        (Answer(406, {"error": "Account balance too low"}), OutOfCredits),
        (Answer(406, {"error": "Spend cap reached"}), OutOfCredits),
        (Answer(406, {"error": "Content type is not acceptable"}), InputsRejected),
        (Answer(406, {"error": "quality must be one of 360p, 540p"}), InputsRejected),
        (Answer(406, {"error": "Insufficient resolution"}), InputsRejected),
        (Answer(400, {"error": "Unbalanced brackets"}), InputsRejected),
        (Answer(400, {"error": "https://cdn.example/no-credits.mp4 is gone"}), InputsRejected),
        (Answer(406, {"error": "my balance.png is no image"}), InputsRejected),
        (Answer(429, {"error": "slow down"}), ProviderBusy),
        (Answer(400, {"error": "500044: too many at once"}), ProviderBusy),
        (Answer(422, {"error": "There are too many people in the image"}), InputsRejected),
        (Answer(422, {"error": "The queue is full"}), InputsRejected),
        (Answer(503, {"error": "Too many at once"}), SubmitInDoubt),
        (Answer(408, {"error": "timed out"}), SubmitInDoubt),
        (Answer(500, {"error": "oops"}), SubmitInDoubt),
        (Answer(502, b"<html>bad gateway</html>"), SubmitInDoubt),
        (Answer(301, b"", {"Location": "/elsewhere"}), ModelMissing),
        (Answer(307, b"", {"Location": "/elsewhere"}), ModelMissing),
        (Answer(308, b"", {"Location": "/elsewhere"}), ModelMissing),
        (Answer(302, b"", {"Location": "/elsewhere"}), SubmitInDoubt),
        (Answer(303, b"", {"Location": "/elsewhere"}), SubmitInDoubt),
        (Answer(200, b"<html>hello</html>"), SubmitInDoubt),
        (Answer(200, {"status": "QUEUED"}), SubmitInDoubt),
        (Answer(200, {"request_id": "../../v1/keys"}), SubmitInDoubt),
        (Answer(200, {"request_id": 7}), SubmitInDoubt),
        (Answer(200, b"[" * 100_000), SubmitInDoubt),
        (Answer(200, {"request_id": ID, "pad": "x" * 2_000_000}), SubmitInDoubt),
        (Answer(200, {"request_id": ID}, drop=0), SubmitInDoubt),
        (Answer(200, {"request_id": ID}, drop=9), SubmitInDoubt),
    ],
)
async def test_each_answer_has_its_meaning(
    server: SegmindServer, segmind: Segmind, answer: Answer, kind: type[ProviderError]
) -> None:
    server.say(answer)
    error = await failure(segmind)
    assert type(error) is kind
    assert len(server.asked) == 1, "a POST that costs money is never repeated"
    assert "<" not in str(error)


async def test_a_missing_model_is_named_with_its_address_and_no_password(
    server: SegmindServer, session: aiohttp.ClientSession
) -> None:
    server.say(Answer(404, {"error": "not found"}))
    error = await failure(client(session, server.url.replace("http://", "http://me:secret@")))
    assert isinstance(error, ModelMissing)
    assert (error.address, error.model) == (f"{server.url}/v2/pixverse-mimic", "pixverse-mimic")


@pytest.mark.parametrize("drop", [None, 20])
async def test_no_answer_in_time_is_a_doubt(
    server: SegmindServer, session: aiohttp.ClientSession, drop: int | None
) -> None:
    server.say(Answer(200, {"request_id": ID}, hang=True, drop=drop))
    error = await failure(client(session, server.url, timeout_s=1.0))
    assert type(error) is SubmitInDoubt


async def test_a_refused_connection_made_no_job(session: aiohttp.ClientSession) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = await failure(client(session, f"http://127.0.0.1:{unused.getsockname()[1]}"))
    assert type(error) is NotAccepted


class NoNames(AbstractResolver):
    """A machine without DNS."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise socket.gaierror(f"{host} is not known")

    async def close(self) -> None:
        pass


async def test_an_unknown_host_made_no_job() -> None:
    connector = aiohttp.TCPConnector(resolver=NoNames())
    async with aiohttp.ClientSession(connector=connector) as session:
        assert type(await failure(client(session, "http://nowhere.example"))) is NotAccepted


async def test_a_connection_that_is_never_taken_up_made_no_job(
    session: aiohttp.ClientSession,
) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        # TLS to a peer that never answers the handshake: not a byte of the request has left.
        error = await failure(client(session, f"https://127.0.0.1:{port}", timeout_s=3.0))
    assert type(error) is NotAccepted


async def test_a_kept_connection_that_the_server_closed_is_a_doubt(
    session: aiohttp.ClientSession,
) -> None:
    """aiohttp sends a GET again on such a connection; were a POST sent again, it would be two."""
    answer = b'{"request_id": "' + ID.encode() + b'"}'
    requests = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while await reader.readuntil(b"\r\n\r\n"):
            requests += 1
            if requests > 1:
                break
            await reader.readuntil(b"}")
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n"
            writer.write(head.encode() + answer)
        writer.close()

    listener = await asyncio.start_server(once, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        segmind = client(session, f"http://127.0.0.1:{port}")
        assert await submit(segmind) == ID
        assert type(await failure(segmind)) is SubmitInDoubt
    assert requests == 2


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"Retry-After": formatdate(NOW - 30, usegmt=True)}, 0),
        ({"Retry-After": "999999999"}, 3600),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"x-rate-limit-reset-at-utc": str(int(NOW) + 12)}, 12),
        ({"x-rate-limit-reset-at-utc": str(int(NOW) * 1000 + 12_000)}, 12),
        ({"x-rate-limit-reset-at-utc": "2027-01-15T08:00:20Z"}, 20),
        ({"x-rate-limit-reset-at-utc": "2027-01-15 08:00:20"}, 20),
        ({"x-rate-limit-reset-at-utc": "2027-01-15T10:00:20+02:00"}, 20),
        ({"x-rate-limit-reset-at-utc": formatdate(NOW + 20, usegmt=True)}, 20),
        ({"x-rate-limit-reset-at-utc": "soon"}, None),
        ({"Retry-After": "7", "x-rate-limit-reset-at-utc": str(int(NOW) + 12)}, 7),
        ({}, None),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    server: SegmindServer, segmind: Segmind, headers: dict[str, str], wait_s: float | None
) -> None:
    server.say(Answer(429, {"error": "rate limit"}, headers))
    error = await failure(segmind)
    assert error.retry_after_s == wait_s


async def test_a_reason_is_one_short_printable_line(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(400, {"detail": ["a\x00\x1b[31m\u202eb\ud800", {"msg": "c" * 900}]}))
    text = str(await failure(segmind))
    assert "a [31m b ; ccc" in text
    assert text.isprintable()
    assert len(text) < 350


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {"error": f"The key {KEY} is not valid"}),
        Answer(500, {"error": f"x-api-key: {KEY}"}),
        Answer(200, {"request_id": ID}, drop=0),
        Answer(200, b"x", {"Content-Encoding": "gzip"}),
    ],
)
async def test_the_key_is_in_no_error(
    server: SegmindServer, segmind: Segmind, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="aiohttp")
    server.say(answer)
    error = await failure(segmind)
    assert error.__cause__ is None
    assert error.__context__ is None, "aiohttp's errors hold the request's headers"
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(segmind)
    assert KEY not in shown + caplog.text


async def test_a_key_that_cannot_be_a_header_is_refused(session: aiohttp.ClientSession) -> None:
    with pytest.raises(SettingsError, match="SEGMIND_API_KEY"):
        client(session, "http://127.0.0.1", api_key="a\nb")


async def test_each_model_has_an_address_and_fields_of_its_own(
    server: SegmindServer, segmind: Segmind, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Model(
        "other", "Other", "any", "face", "dance", "720p", {"720p": 0.1}, 60.0, always=DANCE
    )
    monkeypatch.setattr("bot.provider.segmind.client.MODELS", {**MODELS, "other": other})
    server.say(Answer(body={"request_id": ID}))
    await segmind.submit(attempt("other", "720p"))
    (asked,) = server.asked
    assert asked.path == "/v2/other"
    assert json.loads(asked.body) == {
        "face": "https://i/1",
        "dance": "https://v/1",
        **DANCE,
    }
