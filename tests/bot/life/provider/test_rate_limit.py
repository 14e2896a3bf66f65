"""Too many requests: one limit for everything, and the provider's own word on how long."""

from email.utils import formatdate

import pytest
from structlog.testing import capture_logs

from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule
from tests.bot.life.jobs.test_points import POLL, SUBMIT
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import says

HISTORY = ("provider", "GET", "/inference-request/request-history")
RESULT = ("provider", "GET", "/v2/requests/{request_id}")
UPLOAD = ("provider", "POST", "/upload-asset")
PAUSE_S = 600.0


def named(life: Life, how: str) -> Fault:
    """A 429 that names its end, ten minutes from now, in one of the forms it may have."""
    at = life.clock.time() + PAUSE_S
    forms = {
        "retry-after": {"Retry-After": f"{PAUSE_S:.0f}"},
        "retry-after date": {"Retry-After": formatdate(at, usegmt=True)},
        "epoch s": {"x-rate-limit-reset-at-utc": f"{at:.0f}"},
        "epoch ms": {"x-rate-limit-reset-at-utc": f"{at * 1000:.0f}"},
        "date": {"x-rate-limit-reset-at-utc": formatdate(at, usegmt=True)},
    }
    if how == "iso":
        return answers.busy(at)
    return answers.error(429, {"error": "Rate limit exceeded"}, headers=forms[how])


def api_calls(life: Life) -> int:
    """How many requests have come to the API; files are no part of it."""
    return sum(
        not seen.path.startswith(("/generations", "/assets")) for seen in life.provider.requests
    )


async def is_left_alone(life: Life) -> None:
    """For nearly ten minutes nothing at all is sent; then it goes on."""
    before, began = api_calls(life), life.clock.time()
    await life.until(lambda: life.clock.time() - began > PAUSE_S - 60, step_s=10.0)
    assert api_calls(life) == before
    await life.until(lambda: api_calls(life) > before, step_s=10.0)


@pytest.mark.parametrize(
    "how", ["retry-after", "retry-after date", "epoch s", "epoch ms", "iso", "date"]
)
async def test_a_submit_that_came_too_soon_is_sent_again_when_it_may(life: Life, how: str) -> None:
    """Provably not accepted: no doubt, no outage, and nobody new is turned away."""
    await life.start()
    ada = await life.person("ada")
    life.faults.add(Rule(named(life, how), *SUBMIT, times=1))
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: posts(life) == 1)
    await life.reaches("queued")
    await ada.wait_for(says("Number 1 in line"))
    await is_left_alone(life)
    await life.reaches("delivered", step_s=2.0)
    assert (posts(life), len(life.provider.accepted)) == (2, 1)
    assert life.money() == ["hold", "capture"]


@pytest.mark.parametrize("route", [POLL, RESULT], ids=["poll", "result"])
async def test_a_poll_that_came_too_soon_stops_all_polls_and_submits(
    life: Life, route: tuple[str, str, str]
) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    with capture_logs() as logs:
        for _ in range(2):
            await ada.outcome(await life.mimic(ada))
        await life.reaches("rendering", "rendering")
        life.faults.add(Rule(named(life, "retry-after"), *route, times=1))
        await life.until(lambda: life.faults.struck.total() == 1, step_s=2.0)
        await ben.outcome(await life.mimic(ben))
        await life.until(lambda: len(life.states()) == 3)
        await is_left_alone(life)
        await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 3
    told = [log for log in logs if log["event"] == "the provider has had too many requests"]
    assert len(told) == 1
    assert "SEGMIND_REQUESTS_PER_MINUTE" in told[0]["advice"]


async def test_a_look_into_the_history_that_came_too_soon(life: Life) -> None:
    life.faults.add(Rule(answers.page(502, after=True), *SUBMIT, times=1))
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("submitting")
    await life.until(lambda: life.faults.struck.total() == 1)
    life.faults.add(Rule(named(life, "epoch s"), *HISTORY, times=1))
    life.advance(5)
    await life.until(lambda: life.faults.struck.total() == 2)
    await is_left_alone(life)
    await life.reaches("delivered", step_s=2.0)
    assert posts(life) == 1


async def test_an_upload_that_came_too_soon(life: Life) -> None:
    """The link has expired in the line."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await ben.outcome(await life.mimic(ben))
    await life.reaches("rendering", "queued")
    life.faults.add(Rule(answers.busy(retry_after_s=int(PAUSE_S)), *UPLOAD, times=1))
    life.advance(24 * 3600 - 1800)
    life.provider.workshop.resume()
    await life.until(lambda: life.faults.struck.total() == 1, step_s=2.0)
    await is_left_alone(life)
    await life.reaches("delivered", "delivered", step_s=2.0)
    assert posts(life) == 2


async def test_a_limit_without_a_word_on_its_end_is_waited_out(life: Life) -> None:
    life.faults.add(Rule(answers.busy(), *SUBMIT, times=3), Rule(answers.busy(), *POLL, times=3))
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("delivered", step_s=2.0)
    assert (posts(life), len(life.provider.accepted)) == (4, 1)


async def test_all_requests_together_keep_to_the_budget(life: Life) -> None:
    """Twenty a minute for eight jobs; submits do not wait behind polls."""
    await life.start(segmind_requests_per_minute=20, max_running=8, max_running_per_person=8)
    ada = await life.person("ada")
    began = life.clock.time()
    for _ in range(5):
        await ada.outcome(await life.mimic(ada))
    await life.until(lambda: "checking" not in life.states())  # which takes real time
    checked = life.clock.time()
    await life.until(lambda: posts(life) == 5, step_s=0.5)
    assert life.clock.time() - checked < 60
    await life.reaches(*["delivered"] * 5, step_s=2.0)
    minutes = (life.clock.time() - began) / 60
    assert api_calls(life) <= 20 * minutes + 5
