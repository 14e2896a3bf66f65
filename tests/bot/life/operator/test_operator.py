"""What the operator decides on the command line, beside the running bot that it concerns."""

import json
from typing import Any

from bot.console.jobs import jobs
from bot.console.pauses import pause, resume
from bot.console.quota import quota
from bot.console.usage import parser
from tests.bot.life.jobs.test_review import shows
from tests.bot.life.world import Life
from tests.e2e.stage import says


async def typed(life: Life, line: str, *more: str) -> Any:
    """A command in another process, as far as the bot knows."""
    wanted = parser().parse_args([*line.split(), "--json", *more])
    commands = {"quota": quota, "jobs": jobs, "pause": pause, "resume": resume}
    command = commands[wanted.command]
    return json.loads(await command(wanted, life.settings(), life.clock))


def theirs(life: Life, name: str = "ada") -> str:
    return f"--server {life.world.guilds['studio'].id} --person {life.world.users[name].id}"


async def waiting(life: Life) -> None:
    """One job runs, and another one of the same person waits for it."""
    await life.start(max_running=1)
    life.provider.workshop.pause()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ada)
    await life.reaches("rendering", "queued")


async def test_a_block_cancels_what_waits_and_its_card_follows(life: Life) -> None:
    await waiting(life)
    ada = await life.person("ada")
    done = await typed(life, f"quota block {theirs(life)} --until 2h --reason spam")
    [job_id] = done["done"]["cancelled"]
    assert life.states() == ["rendering", "cancelled"]
    assert life.money() == ["hold", "hold", "release"]
    began = life.clock.time()
    shown = "SELECT card_shown FROM jobs WHERE id = ?"
    await life.until(
        lambda: str(life.rows(shown, job_id)[0][0]).startswith("cancelled"), step_s=1.0
    )
    assert life.clock.time() - began <= 60
    await ada.wait_for(says("The operator of this bot has cancelled it."))

    await life.mimic(ada)
    await ada.wait_for(says("You are blocked here until", "spam."))
    assert life.states() == ["rendering", "cancelled"]

    life.advance(2 * 3600)  # it ends by itself, as the first run's slot is given back
    await life.mimic(ada)
    await life.reaches("rendering", "cancelled", "rendering", step_s=1.0)


async def test_what_is_set_holds_at_once_in_the_running_bot(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    server = life.world.guilds["studio"].id
    await typed(life, f"quota allowance --server {server} --credits 0")
    await life.mimic(ada)
    await ada.wait_for(says("You have no credits here, and no allowance"))
    await typed(life, f"quota grant {theirs(life)} --credits 2 --reason gift")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    now = await typed(life, f"quota show {theirs(life)}")
    assert (now["granted"], now["held"], now["running"]["here"]) == (0, 2, 1)
    past = (await typed(life, f"quota history --server {server}"))["lines"]
    assert [line["kind"] for line in past] == ["hold", "grant", "allowance"]


async def test_a_cancelled_job_is_told_on_its_card(life: Life) -> None:
    await waiting(life)
    [_, (job_id,)] = life.rows("SELECT id FROM jobs ORDER BY created_at, origin_id")
    ada = await life.person("ada")
    done = await typed(life, f"jobs cancel {job_id}", "--reason", "they asked me to")
    assert done["job"]["state"] == "cancelled"
    shown = "SELECT card_shown FROM jobs WHERE id = ?"
    await life.until(
        lambda: str(life.rows(shown, job_id)[0][0]).startswith("cancelled"), step_s=1.0
    )
    await ada.wait_for(says("The operator of this bot has cancelled it."))
    assert life.states() == ["rendering", "cancelled"]


async def test_a_refund_is_the_persons_to_spend(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    await shows(life, ada, "delivered")
    await typed(life, f"jobs refund {life.job_id()} --reason blurred")
    assert (await typed(life, f"quota show {theirs(life)}"))["granted"] == 2
    assert life.money() == ["hold", "capture", "refund"]
