"""The machine's clock is set while jobs are under way: nothing hangs, is given up, or posted twice.

The bot's clock alone is wrong; both servers keep their own time.
"""

import pytest

from sandbox.clients.person import PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Rule, resets
from tests.bot.life.jobs.test_points import POST, SUBMIT
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import is_video

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
JUMPS = [-12 * HOUR_S, -5.0, 5 * HOUR_S, 4 * DAY_S]


async def rendering(life: Life) -> PersonClient:
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    return ada


async def delivered_soon(life: Life, ada: PersonClient, within_s: float = 400.0) -> None:
    """The video comes about when it is ready, by everybody else's clock."""
    began = life.clock.time()
    await life.reaches("delivered", step_s=1.0)
    assert life.clock.time() - began < within_s
    await ada.wait_for(is_video)
    assert posts(life) == 1
    assert life.money() == ["hold", "capture"]


@pytest.mark.parametrize("jump_s", JUMPS)
async def test_a_run_is_asked_after_all_the_same(life: Life, jump_s: float) -> None:
    ada = await rendering(life)
    life.set_bots_clock(jump_s)
    await delivered_soon(life, ada)
    [(run_s,)] = life.rows("SELECT run_s FROM attempts")
    assert run_s is None or run_s < 400, "it would teach what never was"


@pytest.mark.parametrize("jump_s", JUMPS)
async def test_a_submit_in_doubt_is_found_and_not_given_up_early(life: Life, jump_s: float) -> None:
    habits = life.provider.faults.habits.changed({"history_late_s": 300.0})
    life.provider.faults.habits = habits
    life.faults.add(Rule(resets(after=True), *SUBMIT, times=1))
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.until(
        lambda: any("request-history" in s.path for s in life.provider.requests), step_s=1.0
    )
    life.set_bots_clock(jump_s)
    await life.until(lambda: life.states() != ["submitting"], step_s=1.0)
    assert life.states() != ["review"]
    await delivered_soon(life, ada)


async def test_patience_is_not_used_up_by_a_clock_that_is_set(life: Life) -> None:
    life.faults.add(Rule(answers.page(502), *SUBMIT, times=1))
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("submitting")
    life.set_bots_clock(DAY_S)
    began = life.clock.time()
    await life.reaches("review", step_s=10.0)
    assert life.clock.time() - began > 14 * 60


@pytest.mark.parametrize("jump_s", [-12 * HOUR_S, 5 * HOUR_S])
async def test_an_outage_is_over_when_it_is_over(life: Life, jump_s: float) -> None:
    refusal = Rule(answers.error(401, {"error": "Invalid API key"}), *SUBMIT)
    life.faults.add(refusal)
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: posts(life) == 1)
    await life.reaches("queued")
    life.set_bots_clock(jump_s)
    life.faults.rules.remove(refusal)
    began = life.clock.time()
    await life.reaches("rendering", step_s=1.0)
    assert life.clock.time() - began < 120


@pytest.mark.parametrize(
    ("before_s", "after_s"), [(0, -12 * HOUR_S), (0, 5 * HOUR_S), (5 * HOUR_S, 0)]
)
async def test_a_post_whose_answer_was_lost_before_stands_once(
    life: Life, before_s: float, after_s: float
) -> None:
    """By the bot's clock it was tried in the future; Discord has long forgotten the nonce."""
    ada = await rendering(life)
    life.set_bots_clock(before_s)
    life.faults.add(Rule(resets(after=True), *POST, times=1))
    await life.until(lambda: bool(life.faults.struck), step_s=1.0)
    await life.stop()
    life.advance(2 * HOUR_S)
    life.set_bots_clock(after_s)
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert len(await life.posts(ada, life.channel("general"))) == 1


async def test_a_restart_on_a_clock_that_is_behind_goes_on(life: Life) -> None:
    """As on a machine without a battery, before its time is set."""
    ada = await rendering(life)
    await life.stop()
    life.set_bots_clock(-2 * HOUR_S)
    await life.start()
    await delivered_soon(life, ada)


async def test_a_result_past_its_hour_is_looked_up_also_then(life: Life) -> None:
    """By the bot's clock the run was submitted in the future, and is unknown: for hours yet?"""
    ada = await rendering(life)
    await life.stop()
    await life.until(lambda: life.provider.accepted[0].ended_at is not None, step_s=10.0)
    life.advance(2 * HOUR_S)
    life.set_bots_clock(-12 * HOUR_S)
    await life.start()
    await delivered_soon(life, ada)


@pytest.mark.parametrize("jump_s", [-DAY_S, DAY_S])
async def test_no_credit_is_won_or_lost_over_a_period_that_comes_twice(
    life: Life, jump_s: float
) -> None:
    await life.start(allowance_credits=4)
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    life.set_bots_clock(jump_s)
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: len(life.states()) == 2)
    await life.until(lambda: life.money().count("hold") == 2, step_s=1.0)
    life.set_bots_clock(0.0)
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: set(life.states()) == {"delivered"}, step_s=1.0)
    held = life.rows("SELECT -SUM(allowance + granted) FROM entries WHERE kind = 'hold'")
    assert held in ([(4,)], [(6,)])
    [(most,)] = life.rows(
        "SELECT MAX(spent) FROM (SELECT -SUM(allowance) AS spent FROM entries"
        " WHERE kind = 'hold' GROUP BY CAST(at AS INTEGER) / 86400) AS days"
    )
    assert most <= 4
    assert life.rows("SELECT held, granted FROM wallets") == [(0, 0)]
