"""What processes know of one another's jobs: who stands aside, what is found out, who asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.alarms import Alarms
from bot.core.queue import Queue, QueuedJob
from bot.errors import ProviderUnavailable
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import MISSING_LIMIT_S, Lookups
from bot.jobs.spread.aside import PREPARED_WITHIN_S, Aside
from bot.jobs.spread.runs import IDLE, RENEWED_S, SharedRequests
from bot.provider.breakers import Breakers
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.between import Wire, peers
from tests.bot.databases import place_database
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import LIMITS, queue, rendering


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Store(database, LIMITS)


async def test_all_know_who_rests_and_whose_files_are_handed_over(store: Store) -> None:
    clock, wire, job = StoppedClock(), Wire(), await queue(store)
    ends = [peers(wire) for _ in range(2)]
    breakers = [Breakers(clock, Alarms(), end) for end in ends]
    here, there = (Aside(end.news, of, clock) for end, of in zip(ends, breakers, strict=True))
    turns, woken = Queue(2), list[str]()
    there.on_heard.append(lambda: woken.append("there"))
    turns.enter(QueuedJob(1.0, job.id, 3, 1))
    with here.prepares(job.id):
        assert set(here.preparing()) == set(there.preparing()) == {job.id}
    assert not there.preparing()
    here.rest(job, 60)
    assert len(woken) == 3
    assert set(there.resting([turns])) == {job.id}
    clock.now += 61
    assert not there.resting([turns])
    here.rest(job, 600)
    for person in (1, 2):
        breakers[0].of(job.model).record_lost_submit(person, "502")
    breakers[0].of(job.model).record_success(1)
    assert not here.resting([turns])
    assert not there.resting([turns]), "nobody rests for an outage that is over"


async def test_a_process_that_dies_while_it_hands_files_over_keeps_no_job_waiting(
    store: Store,
) -> None:
    clock, wire, job = StoppedClock(), Wire(), await queue(store)
    dies, leads, other = (Aside(wire.join(), Breakers(clock), clock) for _ in range(3))
    with dies.prepares(job.id):
        wire.ends.pop(0)
    assert set(leads.preparing()) == {job.id}
    leads.is_led_here(job.id)
    assert not leads.preparing()
    clock.now += PREPARED_WITHIN_S
    assert not other.preparing()


async def test_cards_say_what_the_process_found_out_that_leads_the_job() -> None:
    clock, wire = StoppedClock(), Wire()
    leads, shows = (Lookups(Alarms(), clock, wire.join()) for _ in range(2))
    assert shows.known_in_s("one") is None
    leads.record_missing("one")
    clock.now += 60
    assert shows.known_in_s("one") == leads.known_in_s("one") == MISSING_LIMIT_S - 60
    leads.record_failure("one", ProviderUnavailable("502"))
    assert shows.known_in_s("one") is None
    leads.hold_back("two")
    assert shows.is_held_back("two")
    shows.record_missing("one")  # it leads it from now on
    assert leads.known_in_s("one") is None, "what it has seen itself it knows better"
    assert shows.known_in_s("one") == MISSING_LIMIT_S
    for job_id in ("one", "two"):
        leads.forget(job_id)
    assert not shows.is_held_back("two")
    wire.told.clear()
    leads.forget("two")
    assert not wire.told


async def test_whoever_follows_more_runs_has_more_of_what_may_be_asked(store: Store) -> None:
    runs = [(await rendering(store, number)).id for number in (1, 2, 3)]
    waits = (await queue(store, 4)).id
    live, clock = LiveJobs(store), StoppedClock()
    led = [[*runs[:2], waits], runs[2:], []]
    shared = [SharedRequests(live, lambda: 3, clock) for _ in led]
    for one, each in zip(shared, led, strict=True):
        one.led = each.copy
    assert [one.share("segmind") for one in shared] == [1 / 3] * 3, "until the jobs are known"
    await live.load()
    assert [one.share("segmind") for one in shared] == [1 / 3] * 3, "as of just now"
    clock.now += RENEWED_S
    shares = [one.share("segmind") for one in shared]
    assert sum(shares) == pytest.approx(1.0)
    assert shares[0] == (2 + IDLE) / (3 + 3 * IDLE) > shares[1] > shares[2] > 0
    assert [one.share("engine") for one in shared] == [pytest.approx(1 / 3)] * 3
    alone = SharedRequests(live, lambda: 1, clock)
    alone.led = lambda: runs
    assert (alone.share("segmind"), alone.kept_back()) == (1.0, 0.0)
    for each, one in zip(led, shared, strict=True):  # each run has its polls wherever it is
        own = sum(job_id in runs for job_id in each)
        assert one.share("segmind") >= own / (len(runs) + one.kept_back())
