"""A thousand requests at once by one person who has credits for ten."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.accounts.wallets import Place, Wallets
from bot.cards.status_text import Outlook
from bot.clock import SystemClock
from bot.core.accounts import Member
from bot.core.jobs import Failure, Job
from bot.core.models import Rates
from bot.core.rules import OperatorLimits
from bot.core.uploads import Upload
from bot.errors import Problem, Refused
from bot.jobs.files import Files
from bot.jobs.upload_limit import Videos
from bot.media.inspect import Media
from bot.services.given import GivenFile
from bot.services.requests import RequestService
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database

pytestmark = pytest.mark.slow
REQUESTS, CREDIT_KINDS = 1000, 10
LIMITS = OperatorLimits(
    allowance_credits=CREDIT_KINDS,
    dm_allowance_credits=CREDIT_KINDS,
    daily_budget_credits=10**6,
    max_running=10**4,
    max_running_per_person=10**4,
    max_waiting=10**4,
    max_waiting_per_person=10**4,
)
RATES = Rates({"pixverse-mimic": {"360p": 1.0, "540p": 1.0, "720p": 1.0}})
IMAGE = GivenFile(Upload("https://cdn.example/i.png", "i.png", 1), "image/png")
VIDEO = GivenFile(Upload("https://cdn.example/v.mp4", "v.mp4", 1), "video/mp4")


class Everybody:
    """No runner to wake, and nobody is a stranger."""

    async def why_closed(self, model: str | None = None) -> None:
        """It never is."""

    def wake(self, job_id: str) -> None:
        """Nobody follows it here."""

    def seen(self, person_id: int, server_id: int, member: Member | None) -> None:
        """Nobody asks."""

    async def member(self, person_id: int, server_id: int, trusted_s: float = 0) -> Member | None:
        """Everybody is one, and has no roles."""
        return Member(frozenset())

    async def member_in(self, person_id: int, servers: Sequence[int]) -> dict[int, Member | None]:
        """The same everywhere."""
        return {server_id: Member(frozenset()) for server_id in servers}

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Everybody is."""
        return True

    def server_name(self, server_id: int) -> str:
        """They have no names."""
        return str(server_id)


async def outlook(_: Job) -> Outlook:
    return Outlook()


async def test_a_thousand_requests_at_once_hold_what_there_is_for_ten(tmp_path: Path) -> None:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        store, clock = Store(database, LIMITS), SystemClock()
        service = RequestService(
            store=store,
            runner=Everybody(),
            wallets=Wallets(
                store=store, members=Everybody(), rates=RATES, clock=clock, is_down=lambda _: False
            ),
            outlook=outlook,
            videos=Videos(Files(tmp_path), Media()),
            clock=clock,
        )
        place = Place(1, 2, 3, upload_limit_bytes=10**7, is_direct=False)

        async def ask(number: int) -> str:
            """As `/mimic` and then the intake do, once both files are looked at."""
            job = await service.request(
                place, interaction_id=number, token="t", image=IMAGE, video=VIDEO, quality="540p"
            )
            assert job is not None
            try:
                queued = await store.admit(
                    job, quality="540p", duration_s=1.0, price=1, at=clock.time()
                )
            except Refused as refused:
                failed = await store.fail(job, Failure(refused.problem), clock.time())
                return failed.state
            return queued.state

        said: Counter[str] = Counter()
        for said_by_one in await asyncio.gather(
            *(ask(number) for number in range(1, REQUESTS + 1)), return_exceptions=True
        ):
            if isinstance(said_by_one, Refused):  # nothing was left before it was even begun
                assert said_by_one.problem is Problem.NOTHING_LEFT
                said["refused"] += 1
            else:
                said[str(said_by_one)] += 1
        assert said["queued"] == CREDIT_KINDS
        assert said["queued"] + said["failed"] + said["refused"] == REQUESTS
        balance = await store.read.balance(1, 3, clock.time())
        assert (balance.allowance_left, balance.held) == (0, CREDIT_KINDS)
        tally = await store.read.tally(clock.time())
        assert tally.budget_spent == CREDIT_KINDS
