"""The command line as the operator types it: plain tables, and one sentence for a failure."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.console.tables import age, facts, table
from bot.console.usage import parser
from bot.core.admission import NewJob
from bot.core.jobs import Failure, Job, JobState, Source
from bot.errors import Problem
from bot.store.database import Database
from bot.store.store import Store
from tests import forked
from tests.bot.databases import only_sqlite, place_database, rows, url_of
from tests.bot.store.test_backup import head
from tests.bot.store.test_jobs import AT, FILE, LIMITS, submit
from tests.bot.test_settings import ROOT

pytestmark = pytest.mark.slow
QUEUED, DOUBTFUL, FAILED = "aaaaaaaa22", "bbbbbbbb22", "cccccccc22"
SERVER, PERSON = 11, 33


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A data folder with a queued job, one in review and a failed one."""
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        store = Store(database, LIMITS)
        await queue(store, QUEUED, 1)
        doubtful = await submit(store, await queue(store, DOUBTFUL, 2))
        assert doubtful is not None
        await store.doubt(doubtful, AT)
        failure = Failure(Problem.GENERATION_FAILED, {"reason": "no face"})
        await store.fail(await queue(store, FAILED, 3), failure, AT)
    return tmp_path


async def queue(store: Store, job_id: str, number: int) -> Job:
    new = NewJob(
        id=job_id,
        source=Source.SLASH,
        origin_id=number,
        server_id=SERVER,
        channel_id=2,
        person_id=PERSON,
        upload_limit_bytes=10,
        subject=FILE,
        quality="540p",
    )
    job = await store.begin(new, AT + number)
    assert job is not None
    return await store.admit(job, quality="540p", duration_s=2.0, price=2, at=AT)


def cli(folder: Path, *arguments: str, **settings: str) -> forked.Ended:
    """Exit code, what it told and what it complained of; without any secret in the environment."""
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "DATABASE_URL": url_of(folder)}
    ended = forked.run("bot", *arguments, cwd=folder, env=env | settings)
    assert "Traceback" not in ended.err
    return ended


def told(folder: Path, *arguments: str, **settings: str) -> str:
    """What a command that goes well tells."""
    code, said, complaint = cli(folder, *arguments, **settings)
    assert (code, complaint) == (0, "")
    return said


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """The one sentence of a command that does not."""
    code, said, complaint = cli(folder, *arguments, **settings)
    assert (code, said, complaint.count("\n")) == (1, "", 1), complaint
    return complaint.strip()


def test_jobs_are_listed_newest_first(folder: Path) -> None:
    head, *lines = told(folder, "jobs", "list").splitlines()
    assert head.split() == ["JOB", "STATE", "AGE", "PERSON", "SERVER", "PRICE", "REQUEST", "ID"]
    assert [line.split()[:2] for line in lines] == [
        [FAILED, "failed"],
        [DOUBTFUL, "review"],
        [QUEUED, "queued"],
    ]
    assert lines[0].split()[-4:] == [str(PERSON), str(SERVER), "2", "-"]
    for wanted, found in (("--state review", 1), (f"--server {SERVER}", 3), ("--person 3", 0)):
        listed = told(folder, "jobs", "list", *wanted.split())
        assert listed.count("22  ") == found
    assert "There are no such jobs." in told(folder, "jobs", "list", "--server", "0")
    assert "more than these 2" in told(folder, "jobs", "list", "--limit", "2")


def test_one_job_is_shown_with_all_that_happened(folder: Path) -> None:
    shown = told(folder, "jobs", "show", f"`{FAILED.upper()}`")
    assert "no face" in shown
    assert "release" in shown
    assert "2026-11-1" in shown
    assert refused(folder, "jobs", "show", "nonsense") == "There is no job nonsense."


def test_a_job_is_settled(folder: Path) -> None:
    resolve = ("jobs", "resolve", DOUBTFUL, "--reason", "asked them", "--outcome")
    assert "for want" not in told(folder, *resolve, "give-up")
    shown = told(folder, "jobs", "show", DOUBTFUL)
    assert "resolve" in shown
    assert "asked them" in shown
    assert refused(folder, *resolve, "again") == (
        f"{DOUBTFUL} needs no decision any more: it was settled before, and is failed now."
    )
    assert "SEGMIND_API_KEY is not set" in refused(folder, *resolve, "ran", "--request-id", "x")
    assert "Give a reason" in refused(
        folder, "jobs", "resolve", QUEUED, "--outcome", "again", "--reason", " "
    )
    state = "SELECT state FROM jobs WHERE id = ?"
    assert rows(folder, state, DOUBTFUL) == [(JobState.FAILED,)]


def test_credits_are_shown_given_and_taken(folder: Path) -> None:
    whose = ("--server", str(SERVER), "--person", str(PERSON))
    assert "held by jobs     4" in told(folder, "quota", "show", *whose)
    given = told(folder, "quota", "grant", *whose, "--credits", "7", "--reason", "a gift")
    assert given.startswith("7 credits granted.")
    taken = told(folder, "quota", "revoke", *whose, "--credits", "9", "--reason", "a mistake")
    assert taken.startswith("7 credits revoked.")
    assert "granted          0" in taken
    none = refused(folder, "quota", "revoke", *whose, "--credits", "9", "--reason", "again")
    assert none.startswith("They have no bonus credits that could be taken.")
    decided = "SELECT actor_id, action, reason FROM actions WHERE action != 'review' ORDER BY id"
    assert rows(folder, decided) == [(0, "grant", "a gift"), (0, "revoke", "a mistake")]


@only_sqlite
def test_the_database_is_copied_and_named(folder: Path) -> None:
    copy = folder / "copy.db"
    assert "bytes" in told(folder, "db", "backup", str(copy))
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM jobs").fetchone() == (3,)
    assert copy.stat().st_mode & 0o077 == 0
    assert "exists already" in refused(folder, "db", "backup", str(copy))
    assert "could not be made" in refused(folder, "db", "backup", str(folder / "no" / "x.db"))
    said = told(folder, "db", "version")
    assert said == f"database {head()}, program {head()}\n"
    with closing(sqlite3.connect(copy)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()
    older = {"DATABASE_URL": f"sqlite+aiosqlite:///{copy}"}
    assert "next start migrates it" in told(folder, "db", "version", **older)
    assert "start the bot once first" in refused(folder, "jobs", "list", **older)


@only_sqlite
@pytest.mark.parametrize(
    "arguments",
    ["jobs list", "doctor --repair", "db backup x.db"],
)
def test_without_a_database_each_says_so_and_makes_none(tmp_path: Path, arguments: str) -> None:
    assert "There is no database" in refused(tmp_path, *arguments.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "jobs",
        "jobs list --state lost",
        "jobs list --server here",
        "jobs resolve abc --outcome maybe --reason x",
        "quota grant --server 1 --person 2 --credits 0 --reason x",
        "quota grant --server 1 --person 2 --credits 5",
        "doctor --days 0",
    ],
)
def test_wrong_usage_is_2(arguments: str) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(arguments.split())
    assert caught.value.code == 2


def test_a_wrong_setting_is_2_and_one_sentence(folder: Path) -> None:
    code, _, complaint = cli(folder, "doctor", MAX_RUNNING="many")
    assert code == 2
    assert complaint.startswith("MAX_RUNNING is wrong")
    assert complaint.count("\n") == 1


def test_a_fresh_python_runs_it(folder: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(folder)}
    env["DATABASE_URL"] = url_of(folder)
    command = [sys.executable, "-m", "bot", "jobs", "show", QUEUED]
    ended = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == cli(folder, "jobs", "show", QUEUED)


def test_tables_are_plain() -> None:
    assert table(("A", "LONG"), [("x", None), ("yyy", "z\n\x1b")]).splitlines() == [
        "A    LONG",
        "x    -",
        "yyy  z",
    ]
    assert facts([("a", 1), ("long", None)]) == "a     1\nlong  -"
    assert [age(s) for s in (-5, 59, 60, 7200, 200_000)] == ["0 s", "59 s", "1 min", "2 h", "2 d"]
