"""The ledger in the real database, in any order of events, over the ends of periods.

A naive model keeps each hold by itself; the wallet's cache, the journal and the model must agree
after every step.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from bot.core import ledger
from bot.core.actions import ActionKind
from bot.core.admission import NewJob
from bot.core.jobs import Failure, Job, Source
from bot.core.ledger import Entry, EntryKind, Period
from bot.core.rules import OperatorLimits
from bot.errors import LedgerError, Problem, Refused, StaleJob
from bot.store import journal
from bot.store.database import Database
from bot.store.rows import entry_from
from bot.store.store import Store
from bot.store.tables import entries, wallets
from tests.bot.databases import place_database

SERVER, PERSON, MODERATOR = 1, 2, 9
ALLOWANCE, BUDGET = 12, 40
START = 1_795_000_000.0
LIMITS = OperatorLimits(
    allowance_credits=ALLOWANCE,
    dm_allowance_credits=ALLOWANCE,
    daily_budget_credits=BUDGET,
    max_running=8,
    max_running_per_person=2,
    max_waiting=500,
    max_waiting_per_person=500,
)
T = TypeVar("T")


@dataclass
class Held:
    """A hold as the model sees it."""

    allowance: int
    granted: int
    at: float
    state: str = "held"

    @property
    def price(self) -> int:
        """Both parts."""
        return self.allowance + self.granted


class Wallets(RuleBasedStateMachine):
    """One wallet through everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        url = place_database(Path(self.folder.name))
        self.database = self.do(Database.open(url, exclusive=True))
        self.store = Store(self.database, LIMITS)
        self.at = START
        self.asked = 0
        self.granted = 0
        self.holds: dict[str, Held] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the machine's own loop."""
        return self.loop.run(work)

    def teardown(self) -> None:
        self.do(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    def job(self, job_id: str) -> Job:
        """The job as it is now."""
        job = self.do(self.store.read.job(job_id))
        assert job is not None
        return job

    def left(self) -> int:
        """The model's allowance."""
        begun = ledger.period_start(self.period, self.at)
        used = sum(
            hold.allowance
            for hold in self.holds.values()
            if hold.at >= begun and hold.state != "released"
        )
        return max(0, ALLOWANCE - used)

    def budget_left(self) -> int:
        """The model's budget."""
        begun = ledger.period_start(Period.DAY, self.at)
        return BUDGET - sum(
            hold.price
            for hold in self.holds.values()
            if hold.at >= begun and hold.state != "released"
        )

    @initialize(period=st.sampled_from(Period))
    def begin(self, period: Period) -> None:
        """A server with its own period."""
        self.period = period
        self.do(
            self.store.rulebook.set_rules(
                SERVER,
                {"period": period},
                kind=ActionKind.ALLOWANCE,
                actor_id=MODERATOR,
                reason="",
                at=self.at,
            )
        )

    @rule(hours=st.sampled_from([0.1, 5.0, 24.0, 24.0 * 8, 24.0 * 40]))
    def time_passes(self, hours: float) -> None:
        """Perhaps over the end of a period."""
        self.at += hours * 3600

    @rule(price=st.integers(1, 20))
    def hold(self, price: int) -> None:
        """A request is priced and held, or refused."""
        self.asked += 1
        job_id = f"j{self.asked}"
        new = NewJob(
            id=job_id,
            source=Source.SLASH,
            origin_id=self.asked,
            server_id=SERVER,
            channel_id=5,
            person_id=PERSON,
            upload_limit_bytes=1,
            quality="540p",
        )
        left, budget = self.left(), self.budget_left()
        possible = min(left + self.granted, budget) >= 1
        try:
            job = self.do(self.store.begin(new, self.at))
        except Refused:
            assert not possible
            return
        assert job is not None
        assert possible
        fits = price <= min(left + self.granted, budget)
        try:
            self.do(self.admit(job, price))
        except Refused:
            assert not fits
            self.do(self.store.fail(job, Failure(Problem.NO_CREDITS), self.at))
            return
        assert fits
        allowance = min(price, left)
        self.granted -= price - allowance
        self.holds[job_id] = Held(allowance, price - allowance, self.at)

    async def admit(self, job: Job, price: int) -> None:
        """Hold and queue."""
        await self.store.admit(
            job,
            quality="540p",
            duration_s=1.0,
            price=price,
            at=self.at,
        )

    def some(self, data: st.DataObject, state: str) -> str:
        """The id of a hold in this state."""
        return data.draw(st.sampled_from([k for k, v in self.holds.items() if v.state == state]))

    def any_in(self, state: str) -> bool:
        """Whether there is one."""
        return any(hold.state == state for hold in self.holds.values())

    @precondition(lambda self: self.any_in("held"))
    @rule(data=st.data(), cancelled=st.booleans())
    def release(self, data: st.DataObject, cancelled: bool) -> None:
        """A job fails or is cancelled; doing it again changes nothing."""
        job_id = self.some(data, "held")
        job = self.job(job_id)
        if cancelled:
            self.do(self.store.cancel(job, self.at))
        else:
            self.do(self.store.fail(job, Failure(Problem.GENERATION_FAILED), self.at))
        with pytest.raises(StaleJob):
            self.do(self.store.fail(job, Failure(Problem.GENERATION_FAILED), self.at))
        self.granted += self.holds[job_id].granted
        self.holds[job_id].state = "released"

    @precondition(lambda self: self.any_in("held"))
    @rule(data=st.data())
    def capture(self, data: st.DataObject) -> None:
        """A job runs to its end; the video is on disk."""
        job_id = self.some(data, "held")
        job: Job | None = self.job(job_id)
        assert job is not None
        job = self.do(self.store.submit(job, image_url="i", video_url="v", lease="l", at=self.at))
        assert job is not None
        job = self.do(self.store.accepted(job, f"r-{job_id}", self.at, self.at))
        job = self.do(self.store.rendered(job, "https://x/v.mp4", None, self.at))
        job = self.do(self.store.fetched(job, self.at))
        with pytest.raises(StaleJob):
            self.do(self.store.fail(job, Failure(Problem.GENERATION_FAILED), self.at))
        self.holds[job_id].state = "captured"

    @rule(credits=st.integers(1, 10))
    def grant(self, credits: int) -> None:
        """A moderator gives."""
        self.do(
            self.store.grant(SERVER, PERSON, credits, actor_id=MODERATOR, reason="gift", at=self.at)
        )
        self.granted += credits

    @rule(credits=st.integers(1, 15))
    def revoke(self, credits: int) -> None:
        """A moderator takes, at most what is there."""
        revoke = self.store.revoke(
            SERVER,
            PERSON,
            credits,
            actor_id=MODERATOR,
            reason="mistake",
            at=self.at,
        )
        if self.granted == 0:
            with pytest.raises(LedgerError):
                self.do(revoke)
            return
        assert self.do(revoke) == min(credits, self.granted)
        self.granted -= min(credits, self.granted)

    @precondition(lambda self: bool(self.holds))
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        """A moderator gives a captured price back, once; nothing else can be refunded."""
        job_id = data.draw(st.sampled_from(sorted(self.holds)))
        held = self.holds[job_id]
        refund = self.store.refund(job_id, actor_id=MODERATOR, reason="bad", at=self.at)
        if held.state != "captured":
            with pytest.raises(LedgerError):
                self.do(refund)
            return
        self.do(refund)
        held.state = "refunded"
        self.granted += held.price

    @invariant()
    def journal_cache_and_model_agree(self) -> None:
        """Whatever happened."""
        journal, cached = self.do(self.journal())
        has = self.do(self.store.read.balance(SERVER, PERSON, self.at))
        assert has == ledger.balance(journal, ALLOWANCE, self.period, self.at)
        held = sum(hold.price for hold in self.holds.values() if hold.state == "held")
        assert (has.allowance_left, has.granted, has.held) == (self.left(), self.granted, held)
        assert cached == (self.granted, held)
        for kinds in ({EntryKind.HOLD}, {EntryKind.CAPTURE, EntryKind.RELEASE}, {EntryKind.REFUND}):
            settled = [entry.job_id for entry in journal if entry.kind in kinds]
            assert len(settled) == len(set(settled))
        tally = self.do(self.store.read.tally(self.at))
        assert tally.budget_spent == BUDGET - self.budget_left() <= BUDGET

    async def journal(self) -> tuple[list[Entry], tuple[int, int]]:
        """All entries, and the cached granted and held."""

        def read(connection: Connection) -> tuple[list[Entry], tuple[int, int]]:
            rows = connection.execute(select(entries).order_by(entries.c.id))
            journal = [entry_from(row) for row in rows.mappings()]
            wallet = connection.execute(select(wallets.c.granted, wallets.c.held)).first()
            return journal, (wallet.granted, wallet.held) if wallet else (0, 0)

        return await self.database.read(read)


TestWallets = pytest.mark.slow(Wallets.TestCase)
TestWallets.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EntryKind.HOLD, EntryKind.HOLD),
        (EntryKind.CAPTURE, EntryKind.CAPTURE),
        (EntryKind.CAPTURE, EntryKind.RELEASE),
        (EntryKind.RELEASE, EntryKind.CAPTURE),
        (EntryKind.REFUND, EntryKind.REFUND),
    ],
)
async def test_the_database_itself_refuses_a_second_one(
    tmp_path: Path, first: EntryKind, second: EntryKind
) -> None:
    """Even a bug above it cannot hold, settle or refund a job twice."""
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        new = NewJob("j", Source.SLASH, 1, SERVER, 5, PERSON, upload_limit_bytes=1)
        await Store(database, LIMITS).begin(new, START)

        async def write(kind: EntryKind) -> None:
            entry = Entry(SERVER, PERSON, kind, START, 0, 0, "j")
            await database.write(lambda opened: journal.write_entry(opened, entry, held=0))

        await write(first)
        with pytest.raises(IntegrityError):
            await write(second)
