"""`quota` and `jobs` as the operator types them, as text and as JSON, in any server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.console.documents import iso
from bot.console.jobs import jobs
from bot.console.quota import quota
from bot.console.tables import plain
from bot.console.usage import parser
from bot.core.actions import OPERATOR
from bot.errors import MarionetteError, Problem, Refused
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.console.test_console import DOUBTFUL, FAILED, PERSON, QUEUED, SERVER, cli, folder
from tests.bot.databases import url_of
from tests.bot.store.test_jobs import AT, LIMITS, submit

__all__ = ["folder"]

HERE = f"--server {SERVER}"
THEIRS = f"{HERE} --person {PERSON}"
DIRECT = f"--server 0 --person {PERSON}"


class Standing(SystemClock):
    """Two minutes after the first job was asked for, for as long as it takes."""

    def time(self) -> float:
        """Unix seconds."""
        return AT + 120


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=folder,
        database_url=SecretStr(url_of(folder)),
        dm_allowance_credits=8,
    )


@pytest.fixture
def typed(settings: Settings) -> Callable[..., Any]:
    """What a command tells; words with spaces are given apart."""

    async def run(line: str, *more: str) -> str:
        wanted = parser().parse_args([*line.split(), *more])
        command = {"quota": quota, "jobs": jobs}[wanted.command]
        return await command(wanted, settings, Standing())

    return run


@pytest.fixture
def shown(typed: Callable[..., Any]) -> Callable[..., Any]:
    """The one document that a command prints."""

    async def run(line: str, *more: str) -> Any:
        return json.loads(await typed(f"{line} --json", *more))

    return run


async def test_somebody_is_shown_with_all_that_decides(shown: Any, typed: Any) -> None:
    now = await shown(f"quota show {THEIRS}")
    assert (now["person_id"], now["server_id"]) == (str(PERSON), str(SERVER))
    assert now["allowance"] == {
        "credits": 30,
        "left": 26,
        "period": "day",
        "renews_at": "2026-11-19T00:00:00+00:00",
    }
    assert (now["granted"], now["held"], now["block"]) == (0, 4, None)
    assert now["waiting"] == {"here": 1, "anywhere": 1}
    assert now["bot_budget"]["spent"] == 4
    assert (now["may_ask"], now["obstacles"], now["roles_are_known"]) == (True, [], False)
    assert {job["id"] for job in now["jobs"]} == {QUEUED, DOUBTFUL}
    text = await typed(f"quota show {THEIRS}")
    assert "26 of 30 a day (as of everybody's allowance; roles are known to Discord" in text
    assert "may ask now      yes" in text


async def test_direct_messages_have_the_operators_allowance(shown: Any, typed: Any) -> None:
    assert (await shown(f"quota show {DIRECT}"))["allowance"]["credits"] == 8
    assert "roles" not in await typed(f"quota show {DIRECT}")
    assert (await shown("quota allowance --server 0 --credits 3"))["everybody"] == 3
    assert (await shown(f"quota show {DIRECT}"))["allowance"]["credits"] == 3
    with pytest.raises(MarionetteError, match="no roles in direct messages"):
        await typed("quota allowance --server 0 --role 5 --credits 3")


async def test_credits_are_given_taken_and_set(shown: Any) -> None:
    given = await shown(f"quota grant {THEIRS} --credits 7 --reason gift")
    assert (given["done"], given["now"]["granted"]) == ({"credits": 7}, 7)
    changed = await shown(f"quota set {THEIRS} --credits 3 --reason round")
    assert (changed["done"], changed["now"]["granted"]) == ({"before": 7, "after": 3}, 3)
    taken = await shown(f"quota revoke {THEIRS} --credits 9 --reason oops")
    assert (taken["done"], taken["now"]["granted"]) == ({"credits": 3}, 0)
    assert (await shown(f"quota show {DIRECT}"))["granted"] == 0


async def test_an_allowance_is_everybodys_or_a_roles(shown: Any, typed: Any) -> None:
    await shown(f"quota allowance {HERE} --credits 20 --period week")
    set_now = await shown(f"quota allowance {HERE} --credits 50 --role {2**62}")
    assert set_now == {
        "server_id": str(SERVER),
        "period": "week",
        "everybody": 20,
        "roles": {str(2**62): 50},
    }
    assert f"role {2**62}  50" in await typed(f"quota allowance {HERE} --credits 20")
    assert (await shown(f"quota allowance {HERE} --credits 0 --role {2**62}"))["roles"] == {}
    now = await shown(f"quota show {THEIRS}")
    assert (now["allowance"]["credits"], now["allowance"]["left"]) == (20, 16)
    assert (await shown("quota show --server 12 --person 1"))["allowance"]["credits"] == 30
    back = await shown(f"quota allowance {HERE} --credits default")
    assert (back["everybody"], back["period"]) == (None, "week")
    assert (await shown(f"quota show {THEIRS}"))["allowance"]["credits"] == 30


async def test_a_block_cancels_ends_and_is_lifted(shown: Any, typed: Any) -> None:
    blocked = await shown(f"quota block {THEIRS} --until 2h --reason spam")
    until = iso(AT + 120 + 7200)
    assert blocked["done"] == {"until": until, "cancelled": [QUEUED]}
    assert blocked["now"]["block"] == {"until": until, "reason": "spam", "everywhere": False}
    assert blocked["now"]["held"] == 2
    [obstacle] = blocked["now"]["obstacles"]
    assert obstacle["problem"] == "blocked"
    assert "<t:" not in obstacle["sentence"]
    assert obstacle["sentence"].startswith("They are blocked until 2026-")
    assert "may ask now      no" in await typed(f"quota show {THEIRS}")
    assert (await shown(f"quota show {DIRECT}"))["block"] is None
    assert (await shown(f"quota unblock {THEIRS}"))["now"]["block"] is None
    assert "for good" in await typed(f"quota block {THEIRS}", "--reason", "spam again")
    ends = "2026-12-24 18:00 +02:00"
    assert "until 2026-12-24 16:00:00 UTC" in await typed(
        f"quota block {THEIRS}", "--reason", "milder", "--until", ends
    )


async def test_the_past_is_told_newest_first(shown: Any, typed: Any, settings: Settings) -> None:
    await typed(f"quota grant {THEIRS} --credits 7 --reason gift")
    await typed(f"quota allowance {HERE} --credits 20 --reason fair --period week")
    await typed(f"quota block {THEIRS} --until 2h --reason spam")
    await typed(f"quota allowance {HERE} --role {2**62} --credits 40")
    past = (await shown(f"quota history {HERE}"))["lines"]
    assert [line["at"] for line in past] == sorted((line["at"] for line in past), reverse=True)
    by_kind = {line["kind"]: line for line in reversed(past)}
    assert by_kind["grant"]["credits"] == 7
    assert by_kind["block"]["after"] == {"blocked": True, "until": iso(AT + 120 + 7200)}
    assert by_kind["cancel"]["job_id"] == QUEUED
    assert {line["actor_id"] for line in past if line["reason"]} == {str(OPERATOR)}
    roles = [line["after"] for line in past if line["kind"] == "allowance"]
    assert {"role_id": str(2**62), "allowance_credits": 40} in roles
    only = await shown(f"quota history {HERE} --person {PERSON} --kind grant --kind block")
    assert {line["kind"] for line in only["lines"]} == {"grant", "block"}
    cut = await shown(f"quota history {HERE} --limit 2")
    assert (cut["lines"], cut["there_are_more"]) == (past[:2], True)
    text = await typed(f"quota history {HERE}")
    assert "allowance_credits None → 20, period day → week" in text
    assert "more than these 1" in await typed(f"quota history {HERE} --limit 1")
    assert await typed("quota history --server 12") == "Nothing of that has happened."
    async with await Database.open(settings.database) as database:
        assert len(past) == await Store(database, LIMITS).audit_log.count(SERVER)


async def test_who_has_spent_most(shown: Any, typed: Any) -> None:
    top = await shown(f"quota top {HERE}")
    assert top["since"] == "2026-11-18T00:00:00+00:00"
    assert top["spenders"] == [{"person_id": str(PERSON), "credits": 4, "videos": 2}]
    assert f"{PERSON}      4        2" in await typed(f"quota top {HERE}")
    assert "Nobody has spent" in await typed("quota top --server 0")


@pytest.mark.parametrize(
    ("line", "more", "problem"),
    [
        (f"quota grant {THEIRS} --credits 1", ["--reason", "  "], Problem.REASON_MISSING),
        (f"quota set {THEIRS} --credits 1", ["--reason", ""], Problem.REASON_MISSING),
        (f"quota block {THEIRS}", ["--reason", ""], Problem.REASON_MISSING),
        (f"quota revoke {THEIRS} --credits 1 --reason x", [], Problem.NOTHING_TO_REVOKE),
        (f"quota unblock {THEIRS}", [], Problem.NOT_BLOCKED),
        (f"quota block {THEIRS} --reason x --until soon", [], Problem.UNTIL_UNCLEAR),
        (f"quota block {THEIRS} --reason x --until 2020-01-01", [], Problem.UNTIL_PAST),
        (f"quota block {THEIRS} --reason x --until 0d", [], Problem.UNTIL_PAST),
        ("jobs cancel nonsense --reason x", [], Problem.NO_JOB_HERE),
        (f"jobs cancel {FAILED} --reason x", [], Problem.ENDED_ALREADY),
        (f"jobs cancel {DOUBTFUL} --reason x", [], Problem.SENT_OFF_ALREADY),
        (f"jobs cancel {QUEUED}", ["--reason", " "], Problem.REASON_MISSING),
        (f"jobs refund {QUEUED} --reason x", [], Problem.NOT_CHARGED),
    ],
)
async def test_what_is_refused_changes_nothing(
    typed: Any, shown: Any, line: str, more: list[str], problem: Problem
) -> None:
    before = await shown(f"quota history {HERE}"), await shown(f"quota show {THEIRS}")
    with pytest.raises(Refused) as caught:
        await typed(line, *more)
    assert caught.value.problem is problem
    assert (await shown(f"quota history {HERE}"), await shown(f"quota show {THEIRS}")) == before


async def test_jobs_are_listed_and_shown_as_documents(shown: Any) -> None:
    listed = await shown("jobs list --limit 2")
    assert [job["id"] for job in listed["jobs"]] == [FAILED, DOUBTFUL]
    assert listed["there_are_more"] is True
    assert await shown("jobs list --server 0") == {"jobs": [], "there_are_more": False}
    one = await shown(f"jobs show {FAILED}")
    assert one["job"]["person_id"] == str(PERSON)
    assert one["job"]["asked_at"] == iso(AT + 3)
    assert one["job"]["failure"]["problem"] == "generation_failed"
    assert [entry["kind"] for entry in one["entries"]] == ["hold", "release"]
    [attempt] = (await shown(f"jobs show {DOUBTFUL}"))["attempts"]
    assert (attempt["image_url"], attempt["request_id"]) == ("i", None)


async def test_anybodys_waiting_job_is_cancelled(shown: Any, typed: Any) -> None:
    cancelled = await shown(f"jobs cancel {QUEUED}", "--reason", "they asked for it")
    assert cancelled["job"]["state"] == "cancelled"
    assert cancelled["job"]["failure"]["sentence"] == "The operator of this bot has cancelled it."
    one = await shown(f"jobs show {QUEUED}")
    assert [entry["kind"] for entry in one["entries"]] == ["hold", "release"]
    [action] = one["actions"]
    assert (action["kind"], action["actor_id"]) == ("cancel", "0")
    assert action["reason"] == "they asked for it"
    given_up = await shown(f"jobs resolve {DOUBTFUL} --outcome give-up --reason enough")
    assert given_up["job"]["state"] == "failed"


async def test_a_charged_job_is_refunded_once(shown: Any, typed: Any, settings: Settings) -> None:
    async with await Database.open(settings.database) as database:
        store = Store(database, LIMITS)
        job = await store.read.job(QUEUED)
        assert job is not None
        running = await submit(store, job)
        assert running is not None
        done = await store.accepted(running, "request", AT, AT)
        await store.fetched(await store.rendered(done, "https://files.example/v.mp4", None, AT), AT)
    assert f"2 credits of job {QUEUED} are granted" in await typed(
        f"jobs refund {QUEUED} --reason blurred"
    )
    assert (await shown(f"quota show {THEIRS}"))["granted"] == 2
    with pytest.raises(Refused) as caught:
        await typed(f"jobs refund {QUEUED} --reason again")
    assert caught.value.problem is Problem.REFUNDED_ALREADY
    assert (await shown(f"quota show {THEIRS}"))["granted"] == 2
    [refunded] = (await shown(f"jobs show {QUEUED}"))["actions"]
    assert (refunded["kind"], refunded["reason"]) == ("refund", "blurred")


def test_the_words_of_discord_are_made_plain() -> None:
    at = datetime(2026, 12, 24, 18, 0, tzinfo=UTC).timestamp()
    said = f"Until <t:{at:.0f}:f> (<t:{at:.0f}:R>) in <#5>: use `/credits`."
    assert plain(said) == "Until 2026-12-24 18:00:00 UTC in channel 5: use /credits."


@pytest.mark.slow
def test_a_document_is_all_that_is_printed(folder: Path) -> None:
    code, said, complaint = cli(folder, *f"quota top {HERE} --json".split())
    assert (code, complaint) == (0, "")
    assert json.loads(said)["server_id"] == str(SERVER)
    code, said, complaint = cli(
        folder, *f"quota block {THEIRS} --until 2020-01-01 --reason x --json".split()
    )
    assert (code, said) == (1, "")
    assert (
        complaint
        == "That is 2020-01-01 23:59:00 UTC, which is over: give a time that is to come.\n"
    )
