"""Over a limit somebody is told which one, and when it ends."""

import pytest

from bot.core import ledger
from bot.core.ledger import Period
from sandbox.clients.transcript import text_of
from tests.bot.life.moderators.deeds import refused, settings
from tests.bot.life.world import Life
from tests.e2e.stage import says


def ends(life: Life, period: Period = Period.DAY) -> str:
    """When a period is over, as a timestamp in a sentence."""
    return f"<t:{ledger.period_end(period, life.clock.time()):.0f}:R>"


async def test_a_spent_allowance(life: Life) -> None:
    """The usual video costs 2 credits in 360p."""
    await life.start(allowance_credits=3, max_running_per_person=10)
    ben = await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ben)
    await life.reaches("rendering")
    await life.mimic(ben)
    await ben.wait_for(says(f"costs 2 credits and you have 1. Your allowance renews {ends(life)}"))
    await life.stop()
    await life.start(allowance_credits=2)
    assert f"Your allowance, 2 credits, renews {ends(life)}" in await refused(life, ben)
    await life.stop()
    await life.start(allowance_credits=0)
    assert "You have no credits here, and no allowance" in await refused(life, ben)
    assert life.states() == ["rendering", "failed"]


async def test_a_weeks_allowance_ends_with_the_week(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await settings(life, ada, "limits", budget=2)
    await life.alter("UPDATE servers SET period = 'week', allowance_credits = 1")
    await life.mimic(ben)
    await ben.wait_for(says("you can have no more than 1 here at once."))
    await life.alter("UPDATE servers SET allowance_credits = 9")
    await life.mimic(ben)
    await life.reaches("failed", "rendering")
    said = await refused(life, ben)
    assert (
        f"server's budget for videos, 2 credits, is spent. It renews {ends(life, Period.WEEK)}"
        in said
    )


async def test_the_whole_bots_budget(life: Life) -> None:
    await life.start(daily_budget_credits=3)
    ada, ben = await life.person("ada"), await life.person("ben")
    await life.mimic(ben)
    await life.reaches("rendering")
    await life.mimic(ada)
    await ada.wait_for(says(f"today's budget for everybody has 1 left. It renews {ends(life)}"))
    await life.stop()
    await life.start(daily_budget_credits=2)
    said = await refused(life, ada)
    assert f"Today's budget for everybody, 2 credits, is spent. It renews {ends(life)}" in said


async def test_a_full_line(life: Life) -> None:
    await life.start(max_running=1, max_waiting=1)
    life.provider.workshop.pause()
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    await life.mimic(ada)
    await life.reaches("rendering")
    await life.mimic(ben)
    await ben.wait_for(says("Number 1 in line", to=ben.user_id))
    assert "The line is full: 1 requests are waiting" in await refused(life, cleo)


async def test_too_many_of_ones_own(life: Life) -> None:
    await life.start(max_running_per_person=1, max_waiting_per_person=1)
    life.provider.workshop.pause()
    ben = await life.person("ben")
    await life.mimic(ben)
    await life.reaches("rendering")
    await life.mimic(ben)
    await ben.wait_for(says("Starts when one of your videos that are being made is done."))
    assert "You have 1 waiting already, as many as anybody may." in await refused(life, ben)


@pytest.mark.parametrize("hours", [2, None])
async def test_a_block(life: Life, hours: int | None) -> None:
    await life.start()
    ben = await life.person("ben")
    ends_at = None if hours is None else life.clock.time() + 3600 * hours
    studio = life.world.guilds["studio"].id
    await life.alter(
        "INSERT INTO blocks VALUES (?, ?, ?, 'too loud')", studio, ben.user_id, ends_at
    )
    said = await refused(life, ben)
    assert "The reason given is: too loud." in said
    assert ("for good" if ends_at is None else f"until <t:{ends_at:.0f}:f>") in said
    if ends_at is None:
        return
    life.advance(3600 * 2)
    outcome = await ben.outcome(await life.mimic(ben))
    assert "blocked" not in text_of(outcome["message"] or {})
    await life.reaches("rendering")
