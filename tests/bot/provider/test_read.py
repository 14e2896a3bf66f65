"""Reading: polls, results, the history, the balance; and handing over a file."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest

from bot.errors import (
    InputsRejected,
    KeyRejected,
    OutOfCredits,
    ProviderUnavailable,
    RequestUnknown,
)
from bot.provider.runs import Result, Row, RunState, Status
from bot.provider.segmind.client import Segmind
from tests.bot.provider.segmind_server import ID, KEY, NOW, Answer, SegmindServer, attempt, client

URL = "https://images.segmind.com/generations/1.mp4"
INPUTS = {"image_url": "https://i/1", "video_url": "https://v/1", "quality": "540p"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(body={"status": "QUEUED", "metrics": {}}), Status(RunState.QUEUED)),
        (Answer(body={"status": "PROCESSING"}), Status(RunState.PROCESSING)),
        (Answer(body={"status": "COMPLETED", "error": None}), Status(RunState.COMPLETED)),
        (Answer(422, {"status": "FAILED", "error": "bad"}), Status(RunState.FAILED, "bad")),
        (Answer(200, {"status": "FAILED", "error": "bad"}), Status(RunState.FAILED, "bad")),
        (Answer(422, {"detail": ["a", "b"]}), Status(RunState.FAILED, "a; b")),
        (Answer(422, {"status": "FAILED"}), Status(RunState.FAILED)),
        (Answer(422, {"status": "CANCELLED"}), Status(RunState.FAILED, odd_word="CANCELLED")),
        (Answer(200, {"status": "Processing"}), Status(RunState.PROCESSING)),
        (Answer(200, {"status": "succeeded"}), Status(RunState.COMPLETED, odd_word="SUCCEEDED")),
        (Answer(200, {"status": "canceled"}), Status(RunState.ENDED, odd_word="CANCELED")),
        (
            Answer(200, {"status": "timed out", "error": "took too long"}),
            Status(RunState.ENDED, "took too long", "TIMED_OUT"),
        ),
        (
            Answer(200, {"status": "KAPUTT", "error": {"message": "bad"}}),
            Status(RunState.ENDED, "bad", "KAPUTT"),
        ),
        (Answer(200, {"status": "DREAMING"}), Status(RunState.UNKNOWN, odd_word="DREAMING")),
        (
            Answer(200, {"status": "WARMING", "message": "soon", "error": None}),
            Status(RunState.UNKNOWN, odd_word="WARMING"),
        ),
        (Answer(200, {"status": 5}), Status(RunState.UNKNOWN, odd_word="5")),
        (
            Answer(200, {"status": "\u202e<b>" + "x" * 99}),
            Status(RunState.UNKNOWN, odd_word=("B_" + "X" * 99)[:40]),
        ),
    ],
)
async def test_a_poll_reads_every_form_of_a_state(
    server: SegmindServer, segmind: Segmind, answer: Answer, status: Status
) -> None:
    server.say(answer)
    assert await segmind.status(ID) == status
    assert server.asked[0].path == f"/v2/requests/{ID}/status"
    assert server.asked[0].headers["x-api-key"] == KEY


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(404, {"error": "not found"}), RequestUnknown),
        (Answer(410, {"error": "gone"}), RequestUnknown),
        (Answer(401, {"error": "key"}), KeyRejected),
        (Answer(403, {"error": "key"}), KeyRejected),
        (Answer(403, {"error": "no credits are left"}), OutOfCredits),
        (Answer(402, {"error": "pay first"}), OutOfCredits),
        (Answer(429, {"error": "slow"}, {"Retry-After": "9"}), ProviderUnavailable),
        (Answer(500, {"error": "oops"}), ProviderUnavailable),
        (Answer(502, b"<html></html>"), ProviderUnavailable),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), ProviderUnavailable),
        (Answer(200, b"<html></html>"), ProviderUnavailable),
        (Answer(422, b"<html></html>"), ProviderUnavailable),
        (Answer(200, {"message": "hello"}), ProviderUnavailable),
        (Answer(200, {"status": None, "error": "oops"}), ProviderUnavailable),
        (Answer(200, {"status": "…"}), ProviderUnavailable),
        (Answer(200, ["PROCESSING"]), ProviderUnavailable),
        (Answer(200, {"status": "COMPLETED"}, drop=0), ProviderUnavailable),
        (Answer(200, {"status": "COMPLETED"}, drop=5), ProviderUnavailable),
    ],
)
async def test_a_failed_poll_says_whether_to_go_on(
    server: SegmindServer, segmind: Segmind, answer: Answer, kind: type[Exception]
) -> None:
    server.say(answer)
    with pytest.raises(kind) as caught:
        await segmind.status(ID)
    assert type(caught.value) is kind
    if answer.status == 429:
        assert isinstance(caught.value, ProviderUnavailable)
        assert caught.value.retry_after_s == 9


async def test_a_slow_poll_is_given_up(
    server: SegmindServer, session: aiohttp.ClientSession
) -> None:
    server.say(Answer(hang=True))
    with pytest.raises(ProviderUnavailable):
        await client(session, server.url, timeout_s=0.2).status(ID)


async def test_an_id_cannot_lead_elsewhere(server: SegmindServer, segmind: Segmind) -> None:
    server.say(Answer(body={"status": "QUEUED"}))
    await segmind.status("../../x?y#z")
    assert server.asked[0].path == "/v2/requests/..%2F..%2Fx%3Fy%23z/status"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETED", "output": URL},
        {"output": URL},
        {"status": "COMPLETED", "output": [URL, "https://other"]},
        {"status": "COMPLETED", "output": {"url": URL}},
        {"status": "COMPLETED", "output": {"video": {"url": URL}}},
        {"status": "COMPLETED", "output": None, "video": {"url": URL, "file_size": "1"}},
        {"status": "COMPLETED", "video": URL},
        {"status": "COMPLETED", "output": "done", "video": URL, "metrics": None},
        {"status": "COMPLETED", "output": URL, "metrics": {}},
        {"status": "COMPLETED", "output": URL, "metrics": {"cost": None}},
        {"status": "COMPLETED", "output": URL, "metrics": {"cost": True}},
        {"status": "COMPLETED", "output": URL, "metrics": {"cost": float("nan")}},
    ],
)
async def test_a_result_is_found_in_every_variant(
    server: SegmindServer, segmind: Segmind, body: dict[str, object]
) -> None:
    server.say(Answer(body=body))
    assert await segmind.result(ID) == Result(RunState.COMPLETED, url=URL)
    assert server.asked[0].path == f"/v2/requests/{ID}"


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (
            Answer(body={"output": URL, "metrics": {"cost": 1.5}}),
            Result(RunState.COMPLETED, url=URL, cost=1.5),
        ),
        (
            Answer(422, {"status": "FAILED", "error": "blocked"}),
            Result(RunState.FAILED, error="blocked"),
        ),
        (
            Answer(200, {"status": "FAILED", "error": {"message": "x"}, "output": URL}),
            Result(RunState.FAILED, error="x"),
        ),
        (Answer(body={"status": "PROCESSING"}), Result(RunState.PROCESSING)),
        (Answer(body={"status": "COMPLETED"}), Result(RunState.COMPLETED)),
        (Answer(body={"status": "CANCELLED"}), Result(RunState.ENDED)),
        (
            Answer(body={"status": "CANCELLED", "output": URL, "metrics": {"cost": 0}}),
            Result(RunState.COMPLETED, url=URL, cost=0.0),
        ),
        (Answer(body={"status": "PROCESSING", "output": URL}), Result(RunState.PROCESSING)),
        (
            Answer(body={"status": "COMPLETED", "output": "file:///etc/passwd"}),
            Result(RunState.COMPLETED),
        ),
    ],
)
async def test_a_result_may_be_a_failure_or_not_there_yet(
    server: SegmindServer, segmind: Segmind, answer: Answer, result: Result
) -> None:
    server.say(answer)
    assert await segmind.result(ID) == result


async def test_a_result_without_state_or_video_is_no_answer(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(body={"metrics": {}}))
    with pytest.raises(ProviderUnavailable):
        await segmind.result(ID)


def row(request_id: str = ID, **fields: object) -> dict[str, object]:
    return {
        "request_id": request_id,
        "model_name": "pixverse-mimic",
        "model_status": "COMPLETED",
        "credits_deduction": 1.25,
        "request_body": INPUTS,
        "generation_url": URL,
        "model_created": "2027-01-15T08:00:00Z",
        "error": None,
        **fields,
    }


FULL = Row(ID, RunState.COMPLETED, URL, None, 1.25, NOW)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(body=row()), FULL),
        (Answer(body={"data": row()}), FULL),
        (Answer(body={"data": [row("other"), row(ID.replace("-", ""))]}), FULL),
        (
            Answer(body=row(model_status="PENDING", generation_url=None, credits_deduction=0)),
            Row(ID, RunState.PROCESSING, None, None, None, NOW),
        ),
        (
            Answer(body={"request_id": ID, "model_status": "FAILED", "error": "no face"}),
            Row(ID, RunState.FAILED, None, "no face", None, None),
        ),
        (Answer(body={"request_id": ID}), Row(ID, None, None, None, None, None)),
        (
            Answer(body={"request_id": ID, "model_status": "CANCELLED", "credits_deduction": 0}),
            Row(ID, RunState.ENDED, None, None, 0.0, None),
        ),
        (
            Answer(body={"request_id": ID, "model_status": "KAPUTT", "error": "bad"}),
            Row(ID, RunState.ENDED, None, "bad", None, None),
        ),
        (
            Answer(body={"request_id": ID, "model_status": "DREAMING", "credits_deduction": 0}),
            Row(ID, RunState.UNKNOWN, None, None, None, None),
        ),
        (Answer(body=row("another")), None),
        (Answer(404, {"error": "not found"}), None),
        (Answer(body={"data": None}), None),
    ],
)
async def test_one_history_row(
    server: SegmindServer, segmind: Segmind, answer: Answer, expected: Row | None
) -> None:
    server.say(answer)
    assert await segmind.history_row(ID) == expected
    assert server.asked[0].path == f"/history/{ID}"


async def find(segmind: Segmind, since: float = NOW - 600, until: float = NOW + 600) -> list[Row]:
    return await segmind.find_runs(attempt(quality="540p"), since=since, until=until)


async def test_rows_are_found_by_their_exact_inputs_over_all_pages(
    server: SegmindServer, segmind: Segmind
) -> None:
    other = {**INPUTS, "video_url": "https://v/2"}
    server.say(
        Answer(body={"data": [row("a"), row("b", request_body=other), "junk", {"x": 1}]}),
        Answer(body={"data": [row("c", request_body=json.dumps(INPUTS)), row("d")]}),
        Answer(body={"data": [row("e", request_body="{"), row("f", request_body=None)]}),
        Answer(body={"data": []}),
    )
    assert [found.request_id for found in await find(segmind)] == ["a", "c", "d"]
    assert [asked.query["page"] for asked in server.asked] == ["1", "2", "3", "4"]
    assert server.asked[0].query == {
        "page": "1",
        "per_page": "100",
        "from_date": "2027-01-15",
        "to_date": "2027-01-15",
        "model_name": "pixverse-mimic",
    }


async def test_rows_of_one_request_become_the_fullest_of_them(
    server: SegmindServer, segmind: Segmind
) -> None:
    early = row(ID.replace("-", "").upper(), model_status="PENDING", generation_url=None)
    server.say(Answer(body={"data": [early, row(), early]}), Answer(body={"data": []}))
    assert await find(segmind) == [FULL]


async def test_rows_outside_the_time_are_left_out_and_timeless_ones_are_not(
    server: SegmindServer, segmind: Segmind
) -> None:
    rows = [
        row("early", model_created="2027-01-15T07:40:00Z"),
        row("within", model_created=int(NOW * 1000)),
        row("timeless", model_created=None),
        row("late", model_created="2027-01-15 09:00:00"),
    ]
    server.say(Answer(body={"data": rows}), Answer(body={"data": []}))
    assert [found.request_id for found in await find(segmind)] == ["within", "timeless"]


async def test_a_quality_left_out_is_the_models_own(
    server: SegmindServer, segmind: Segmind
) -> None:
    plain = {key: value for key, value in INPUTS.items() if key != "quality"}
    server.say(Answer(body={"data": [row(request_body=plain)]}), Answer(body={"data": []}))
    assert await find(segmind) == [FULL]


async def test_a_history_that_repeats_its_page_ends(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(body={"data": [row()]}))
    assert await find(segmind) == [FULL]
    assert len(server.asked) == 2


async def test_a_long_time_is_asked_for_in_windows_the_history_takes(
    server: SegmindServer, segmind: Segmind
) -> None:
    server.say(Answer(body={"data": []}))
    await find(segmind, since=NOW - 40 * 86_400, until=NOW)
    days = [(asked.query["from_date"], asked.query["to_date"]) for asked in server.asked]
    assert days == [("2026-12-06", "2027-01-05"), ("2027-01-06", "2027-01-15")]


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(404, {"error": "not found"})],
        [Answer(body={"rows": []})],
        [Answer(body={"data": [row()]}), Answer(500, {"error": "oops"})],
        [Answer(body={"data": [row()]}), Answer(200, b"{")],
    ],
)
async def test_a_history_that_cannot_be_read_to_its_end_is_no_answer(
    server: SegmindServer, segmind: Segmind, answers: list[Answer]
) -> None:
    server.say(*answers)
    with pytest.raises(ProviderUnavailable):
        await find(segmind)


@pytest.mark.parametrize("size_bytes", [0, 1, 2, 3, 3 * 256 * 1024, 1_000_000])
async def test_a_file_is_uploaded_whole(
    server: SegmindServer, segmind: Segmind, tmp_path: Path, size_bytes: int
) -> None:
    path = tmp_path / "motion.mp4"
    path.write_bytes(bytes(index % 251 for index in range(size_bytes)))
    server.say(Answer(body={"file_urls": [URL], "message": "ok"}))
    assert await segmind.upload(path, "video/mp4") == URL
    (asked,) = server.asked
    assert int(asked.headers["Content-Length"]) == len(asked.body)
    (data_url,) = json.loads(asked.body)["data_urls"]
    head, _, encoded = data_url.partition(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(encoded, validate=True) == path.read_bytes()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(413, b"<html></html>"), InputsRejected),
        (Answer(401, {"error": "key"}), KeyRejected),
        (Answer(406, {"error": "your balance is empty"}), OutOfCredits),
        (Answer(404, {"error": "no such route"}), ProviderUnavailable),
        (Answer(503, {"error": "later"}), ProviderUnavailable),
        (Answer(200, {"file_urls": []}), ProviderUnavailable),
        (Answer(200, {"file_urls": [URL]}, drop=0), ProviderUnavailable),
    ],
)
async def test_a_failed_upload_says_whether_to_try_again(
    server: SegmindServer, segmind: Segmind, tmp_path: Path, answer: Answer, kind: type[Exception]
) -> None:
    path = tmp_path / "subject.png"
    path.write_bytes(b"png")
    server.say(answer)
    with pytest.raises(kind) as caught:
        await segmind.upload(path, "image/png")
    assert type(caught.value) is kind


async def test_a_file_that_is_gone_is_an_os_error(segmind: Segmind, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await segmind.upload(tmp_path / "gone", "image/png")


async def test_the_balance_counts_free_credits(server: SegmindServer, segmind: Segmind) -> None:
    server.say(Answer(body={"credits": 1.5, "free-credits": 0.25}))
    assert await segmind.credits() == 1.75


async def test_a_balance_that_is_none_is_no_zero(server: SegmindServer, segmind: Segmind) -> None:
    server.say(Answer(body={"message": "hello"}))
    with pytest.raises(ProviderUnavailable):
        await segmind.credits()
