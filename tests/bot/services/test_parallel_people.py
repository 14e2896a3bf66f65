"""Two hundred requests at once by fifty people, in a server that has a budget for twenty."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.accounts.wallets import Place, Wallets
from bot.cards.refusals import sentence
from bot.clock import SystemClock
from bot.core import ledger
from bot.core.actions import OPERATOR, ActionKind
from bot.core.jobs import Failure
from bot.core.ledger import Period
from bot.errors import Problem, Refused
from bot.jobs.files import Files
from bot.jobs.upload_limit import Videos
from bot.media.inspect import Media
from bot.services.requests import RequestService
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.services.test_parallel import IMAGE, LIMITS, RATES, VIDEO, Everybody, outlook

pytestmark = pytest.mark.slow
PEOPLE, EACH, PRICE, STARTED = 50, 4, 2, 20
SERVER = 1


class Noon(SystemClock):
    """Stands still, so that no period ends meanwhile."""

    def time(self) -> float:
        """2026-11-25 12:00 UTC, a Wednesday."""
        return 1_795_608_000.0


async def test_a_budget_for_twenty_starts_twenty_and_tells_all_others_why(tmp_path: Path) -> None:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        store, clock = Store(database, LIMITS), Noon()
        rules = {"budget_credits": PRICE * STARTED, "period": Period.WEEK}
        await store.rulebook.set_rules(
            SERVER, rules, kind=ActionKind.SETTINGS, actor_id=OPERATOR, reason="", at=clock.time()
        )
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

        async def ask(person_id: int, number: int) -> str | None:
            """As `/mimic` and then the intake do; the sentence that its requester reads."""
            place = Place(SERVER, 2, person_id, upload_limit_bytes=10**7, is_direct=False)
            try:
                job = await service.request(
                    place,
                    interaction_id=number,
                    token="t",
                    image=IMAGE,
                    video=VIDEO,
                    quality="540p",
                )
            except Refused as refused:  # the budget was spent before it was even begun
                return sentence(refused.problem, refused.facts)
            assert job is not None
            try:
                await store.admit(job, quality="540p", duration_s=2.0, price=PRICE, at=clock.time())
            except Refused as refused:
                failure = Failure(refused.problem, refused.facts)
                failed = (await store.fail(job, failure, clock.time())).failure
                assert failed is not None
                return sentence(failed.problem, failed.facts)
            return None

        asked = [
            ask(person, person * EACH + number)
            for number in range(EACH)
            for person in range(1, PEOPLE + 1)
        ]
        heard = Counter(await asyncio.gather(*asked))
        renews_at = ledger.period_end(Period.WEEK, clock.time())
        budget = PRICE * STARTED
        spent = sentence(Problem.SERVER_BUDGET_SPENT, {"budget": budget, "renews_at": renews_at})
        assert heard == {None: STARTED, spent: PEOPLE * EACH - STARTED}
        assert f"It renews <t:{renews_at:.0f}:R>" in spent
        assert len((await store.read.queues())["segmind"]) == STARTED
        _, standing = await store.read.standing(SERVER, 1, clock.time())
        assert standing.server_spent == PRICE * STARTED
        assert standing.waiting == STARTED
