"""The provider's every answer, by what comes of it for the person who asked."""

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.alarms import Alarm
from bot.provider.segmind.client import Segmind
from engine.api.faults import Mode
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults import injector as faults
from sandbox.faults.injector import Fault, Rule, breaks_off, resets, stalls
from tests.bot.life.jobs.test_points import FILE, POLL, SUBMIT
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

RESULT = ("provider", "GET", "/v2/requests/{request_id}")
EMPTY = faults.answers("empty", lambda: web.Response(content_type="video/mp4"))


async def asked(life: Life) -> PersonClient:
    """Ada has asked, and time may pass."""
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    return ada


async def bought_once(life: Life, ada: PersonClient) -> None:
    """It comes to the one video that was paid for, once."""
    await life.reaches("delivered", step_s=2.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]


def posts(life: Life) -> int:
    """How many submits the provider saw."""
    return sum(seen.path.endswith("/pixverse-mimic") for seen in life.provider.requests)


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second for an answer: a socket's time is not the world's."""
    defaults = Segmind.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "timeout_s", 0.5)


def with_habits(life: Life, **habits: object) -> None:
    life.provider.faults.habits = life.provider.faults.habits.changed(habits)


# --- submits ----------------------------------------------------------------------------------


async def test_accepted_and_then_silence(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    be_impatient(monkeypatch)
    life.faults.add(Rule(stalls(life.never, after=True), *SUBMIT, times=1))
    await bought_once(life, await asked(life))


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_submit_that_ends_in_500(life: Life, accepted: bool) -> None:
    """Accepted or not: that is found out, and meanwhile nothing is sent."""
    fault = answers.error(500, {"error": "Internal server error"}, after=accepted)
    life.faults.add(Rule(fault, *SUBMIT, times=1))
    ada = await asked(life)
    if accepted:
        await bought_once(life, ada)
        return
    with capture_logs() as logs:
        await life.reaches("review", step_s=30.0)
    card = (await ada.wait_for(says("Waits for a decision by the moderators")))["message"]
    assert "could cost twice" in text_of(card)
    assert [log["advice"] for log in logs if log["log_level"] == "error"] == ["It waits in review."]
    assert (posts(life), life.money()) == (1, ["hold"])


@pytest.mark.parametrize(
    "habits",
    [
        {"history_late_s": 600.0, "history_copies": 3},
        {"history_ids": "undashed", "history_inputs": "text", "history_copies": 2},
    ],
    ids=str,
)
async def test_rows_that_come_late_again_and_oddly(life: Life, habits: dict[str, object]) -> None:
    with_habits(life, **habits)
    life.faults.add(Rule(resets(after=True), *SUBMIT, times=1))
    await bought_once(life, await asked(life))
    assert posts(life) == 1


async def test_a_run_that_the_history_lost_waits_for_a_person(life: Life) -> None:
    with_habits(life, history_loses=True)
    life.faults.add(Rule(resets(after=True), *SUBMIT, times=1))
    ada = await asked(life)
    await life.reaches("review", step_s=30.0)
    await ada.wait_for(says("Your credits stay reserved until it is settled by the moderators"))
    assert (posts(life), life.money()) == (1, ["hold"])


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (400, "video_url is missing", "no fault of yours"),
        (406, "Unsupported content type", "no fault of yours"),
        (406, "quality must be one of 360p, 540p", "no fault of yours"),
        (406, "The video is shorter than 1 s", "does not take these files"),
        (413, "", "does not take these files"),
        (400, "There are too many people in the image", "does not take these files"),
        (422, "The queue is full", "ask again in some minutes"),
        (422, "No person was found in the video", "nobody in the video"),
    ],
)
async def test_inputs_that_are_never_taken_end_uncharged(
    life: Life, status: int, said: str, told: str
) -> None:
    life.faults.add(Rule(answers.error(status, {"error": said}), *SUBMIT))
    ada = await asked(life)
    await life.reaches("failed", step_s=1.0)
    card = text_of((await ada.wait_for(says(told)))["message"])
    assert "answered" not in card
    assert "You were not charged." in card
    assert (posts(life), life.money()) == (1, ["hold", "release"])


async def test_a_submit_that_is_told_of_too_many_waits(life: Life) -> None:
    """As with a 429: nothing was begun, and nothing is wrong with the files."""
    busy = answers.error(400, {"error": "500044: Too many generations at once"})
    life.faults.add(Rule(busy, *SUBMIT, times=3))
    ada = await asked(life)
    await life.until(lambda: posts(life) == 3, step_s=2.0)
    await ada.wait_for(says("Number 1 in line"))
    await bought_once(life, ada)
    assert posts(life) == 4


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Not enough credits"),
        (402, "Payment required"),
        (403, "The balance of your account is too low"),
        (406, "Insufficient credits"),
        (406, "Spend cap reached for this key"),
    ],
)
async def test_an_empty_purse_keeps_the_job_until_it_is_filled(
    life: Life, status: int, said: str
) -> None:
    life.faults.add(Rule(answers.error(status, {"error": said}), *SUBMIT, times=2))
    with capture_logs() as logs:
        ada = await asked(life)
        await life.until(lambda: posts(life) == 1)
        await life.until(lambda: life.states() == ["queued"])
        await ada.wait_for(says("keeps its place"))
        await bought_once(life, ada)
    assert posts(life) == 3
    assert errors(logs) == over(logs) == [Alarm.CREDITS]


# --- polls and results ------------------------------------------------------------------------

HICCUPS: list[Fault] = [
    answers.error(500, {"error": "Internal server error"}),
    answers.page(502),
    answers.page(200),
    answers.error(404, {"error": "Request not found"}),
    answers.garbage(),
    breaks_off(),
    resets(),
]


async def test_a_poll_that_fails_in_each_way_gives_nothing_up(life: Life) -> None:
    life.faults.add(*(Rule(fault, *POLL, times=1) for fault in HICCUPS))
    life.provider.workshop.pause()
    ada = await asked(life)
    await life.until(lambda: life.faults.struck.total() == len(HICCUPS), step_s=2.0)
    life.provider.workshop.resume()
    await bought_once(life, ada)


async def test_a_slow_poll_gives_nothing_up(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    be_impatient(monkeypatch)
    life.faults.add(Rule(stalls(life.never), *POLL, times=2))
    await bought_once(life, await asked(life))


async def test_a_result_that_fails_in_each_way_gives_nothing_up(life: Life) -> None:
    last = sorted(HICCUPS, key=lambda fault: "404" in fault.name)  # after which it is looked up
    life.faults.add(*(Rule(fault, *RESULT, times=1) for fault in last))
    await bought_once(life, await asked(life))
    assert life.faults.struck.total() == len(HICCUPS)


@pytest.mark.parametrize("failed", ["422", "200"])
async def test_a_run_that_failed_is_said_and_not_tried_again(life: Life, failed: str) -> None:
    with_habits(life, failed=failed, failure="no person")
    life.provider.faults.set(Mode.FAILING)
    ada = await asked(life)
    await life.reaches("failed", step_s=2.0)
    card = text_of((await ada.wait_for(says("nobody in the video")))["message"])
    assert "detected" not in card, "the provider's own words are the operator's"
    assert "You were not charged." in card
    assert (posts(life), life.money()) == (1, ["hold", "release"])


async def test_a_result_that_is_gone_is_found_in_the_history(life: Life) -> None:
    with_habits(life, result_gone=True)
    await bought_once(life, await asked(life))


SHAPES: list[dict[str, object]] = [
    {"output": "list", "metrics": "empty"},
    {"output": "object", "metrics": "null", "final_status": False},
    {"output": "nothing", "video": "text", "metrics": "nothing"},
    {"output": "nothing", "video": "object"},
    {"output": "nothing", "video": "nothing"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_a_result_in_each_shape_is_delivered(life: Life, shape: dict[str, object]) -> None:
    """One without any link is looked up in the history. An unknown cost is not 0."""
    with_habits(life, **shape)
    await bought_once(life, await asked(life))
    is_told = shape.get("metrics", "full") == "full"
    [(cost,)] = life.rows("SELECT cost FROM attempts")
    assert (cost is not None) == is_told


async def test_a_run_of_hours_is_waited_for(life: Life) -> None:
    """Nothing cancels it: our own patience is no failure of it."""
    life.provider.workshop.pause()
    ada = await asked(life)
    await life.reaches("rendering")
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began > 5 * 3600, step_s=60.0)
    await ada.wait_for(says("takes longer than usual"))
    life.provider.workshop.resume()
    await bought_once(life, ada)


# --- the file ---------------------------------------------------------------------------------


async def test_a_file_that_comes_in_no_good_way_is_fetched_until_it_does(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.renders.FETCH_TIMEOUT_S", 2.0)
    bad = [EMPTY, answers.page(404), answers.page(200), breaks_off(), resets(), stalls(life.never)]
    life.faults.add(*(Rule(fault, *FILE, times=1) for fault in bad))
    await bought_once(life, await asked(life))
    assert life.faults.struck.total() == len(bad)


async def test_a_file_that_never_comes_waits_in_review_and_is_fetched_in_the_end(
    life: Life,
) -> None:
    gone = Rule(answers.page(404), *FILE)
    life.faults.add(gone)
    ada = await asked(life)
    await life.reaches("review", step_s=120.0)
    await ada.wait_for(says("has not handed this video over yet"))
    before, began = life.faults.struck.total(), life.clock.time()
    await life.until(lambda: life.clock.time() - began > 5 * 3600, step_s=60.0)
    assert (life.states(), life.money()) == (["review"], ["hold"])
    assert 4 <= life.faults.struck.total() - before <= 6, "once an hour"
    life.faults.rules.remove(gone)
    await life.until(lambda: life.states() == ["delivered"], step_s=120.0)
    await bought_once(life, ada)


async def test_the_key_goes_to_the_api_alone(life: Life) -> None:
    await bought_once(life, await asked(life))
    key, seen = life.provider.api_key, life.provider.requests
    with_key = {each.path.split("/")[1] for each in seen if key in str(each)}
    without = {each.path.split("/")[1] for each in seen if key not in str(each)}
    assert (with_key, without) == ({"v2"}, {"generations"})
    assert key not in str(life.discord.requests)
