"""What is written down, compared with the model: read past the bot's own code, and then with it."""

from collections import Counter

from bot.core.books import differences
from tests.bot.databases import Opened, beside
from tests.bot.life.model.program import Program
from tests.bot.life.model.reference import Reference

SETTLED = {"released": ["release"], "captured": ["capture"], "refunded": ["capture", "refund"]}


def compare(bot: Program, model: Reference) -> None:
    """The database, the files and the provider's bills say what the model says."""
    with beside(bot.database) as database:
        _jobs(database, model)
        _attempts(database, model)
        _journal(database, model)
    for job in model.jobs.values():
        if job.state in ("delivering", "delivered"):
            assert job.id in bot.outside.fetched
            [run] = [run for run in bot.outside.runs if run.id == job.attempt.run]
            assert bot.files.video(job.id).read_bytes() == bot.outside.video_of(run)
    bills = Counter(run.asked_by for run in bot.outside.runs)
    for job_id, count in bills.items():
        job = model.jobs[job_id]
        assert count <= 1 + job.again + job.is_retried, "a video was bought twice"


def _jobs(database: Opened, model: Reference) -> None:
    rows = database.execute(
        "SELECT id, state, price, quality, attempt_id, queued_at, delivered FROM jobs"
    )
    found = {row[0]: row[1:] for row in rows}
    assert found.keys() == model.jobs.keys()
    for job in model.jobs.values():
        state, price, quality, attempt_id, queued_at, told = found[job.id]
        assert (state, quality, queued_at) == (job.state, job.quality, job.queued_at)
        assert (attempt_id is not None) == job.is_attempting
        if job.state in ("failed", "review"):
            assert (told is None) == (queued_at is None or job.owes_notice)
        assert price == (None if job.queued_at is None else job.price)


def _attempts(database: Opened, model: Reference) -> None:
    rows = database.execute(
        "SELECT job_id, request_id, submitted_at, cost, image_url, video_url, quality, id"
        " FROM attempts ORDER BY id"
    )
    found = list(rows)
    counted = {row[0] for row in database.execute("SELECT attempt_id FROM unproven")}
    for job in model.jobs.values():
        asked = [
            (asked.run, asked.submitted_at, asked.cost, *asked.inputs) for asked in job.attempts
        ]
        assert [row[1:-1] for row in found if row[0] == job.id] == asked
        numbers = [row[-1] for row in found if row[0] == job.id]
        may_be_billed = {n for job_id, n in model.purses.perhaps_billed if job_id == job.id}
        assert {number for number, id_ in enumerate(numbers) if id_ in counted} == may_be_billed
    assert len(counted) == len(model.purses.perhaps_billed)
    claims = Counter(row[1] for row in found if row[1] is not None)
    assert not [run for run, count in claims.items() if count > 1]


def _journal(database: Opened, model: Reference) -> None:
    entries = list(
        database.execute(
            "SELECT job_id, kind, server_id, person_id, allowance, granted, at FROM entries"
            " ORDER BY id"
        )
    )
    kinds: dict[str, list[str]] = {}
    granted: Counter[tuple[int, int]] = Counter()
    for job_id, kind, server, person, *amounts in entries:
        granted[server, person] += amounts[1]
        if job_id is not None:
            kinds.setdefault(job_id, []).append(kind)
        if kind == "hold":
            hold = model.purses.holds[job_id]
            assert (server, person) == hold.wallet
            assert tuple(amounts) == (-hold.allowance, -hold.granted, hold.at)
    wanted = {
        job_id: ["hold", *SETTLED.get(hold.state, [])]
        for job_id, hold in model.purses.holds.items()
    }
    assert kinds == wanted
    for job_id, hold in model.purses.holds.items():
        assert (hold.state == "held") == (
            not model.jobs[job_id].ended and model.jobs[job_id].state != "delivering"
        )
    cached = {
        (server, person): (given, held)
        for server, person, given, held in database.execute(
            "SELECT server_id, person_id, granted, held FROM wallets"
        )
    }
    assert granted.keys() == cached.keys()
    for wallet, found in cached.items():
        assert found == (granted[wallet], model.purses.held(wallet))
        assert granted[wallet] == model.purses.granted[wallet] >= 0


async def ask(bot: Program, model: Reference) -> None:
    """The bot's own answers, and its doctor's."""
    at, purses = bot.clock.at, model.purses
    for wallet in {hold.wallet for hold in purses.holds.values()} | purses.granted.keys():
        has = await bot.store.read.balance(*wallet, at)
        assert has.allowance_left == purses.allowance_left(wallet, at)
        assert (has.granted, has.held) == (purses.granted[wallet], purses.held(wallet))
    assert (await bot.store.read.tally(at)).budget_spent == purses.budget_used(at)
    assert differences(await bot.audit.books()) == []
