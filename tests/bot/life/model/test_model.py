"""The whole life of jobs and credits in any order of events, beside a model of what was promised.

The bot is real down to its HTTP requests and its SQLite file; a step may be cut off just before a
commit or at a request, and the bot then starts again. After each step everything that is written
down must be as the model has it. `LIVES=3000` before pytest's command makes it search for long.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from bot.core.jobs import Job, Outcome, Quality
from bot.errors import LedgerError, Refused, StaleJob
from tests.bot.life.model.bench import COST, NUMBER, PEOPLE, RARELY, SERVERS
from tests.bot.life.model.copies import EVENTS, HARMLESS, happens
from tests.bot.life.model.decisions import resolves
from tests.bot.life.model.outside import ANSWERS, DEATHS, Answer, Weather
from tests.bot.life.model.people import FILES, WALLETS, People
from tests.bot.life.model.purses import RATES, Wallet
from tests.bot.life.model.told import HOUR_S, ThisRun, Told

LIVES = int(os.environ.get("LIVES", "8"))
MODERATOR = 77
PLACES = (
    *("review", "submitting") * 2,
    "queued",
    "rendering",
    "fetching",
    "delivering",
    "delivered",
)


@dataclass(frozen=True)
class Way:
    """A request, and how far it goes."""

    wallet: Wallet
    names: tuple[str, str]
    quality: Quality
    place: str
    answer: Answer
    lag_s: float
    look_again_s: float


WAY = st.builds(
    Way,
    wallet=WALLETS,
    names=FILES,
    quality=st.sampled_from(["540p", "540p", *RATES]),
    place=st.sampled_from(PLACES),
    answer=st.sampled_from(["taken, then lost", "lost"]),
    lag_s=st.sampled_from([0.0, 5000.0, 1e9]),
    look_again_s=st.sampled_from([400.0, 1000.0]),
)
DEATH = st.one_of(st.none(), st.none(), st.sampled_from(DEATHS))


class Lives(People):
    """The bot works, time passes, and somebody looks after it."""

    # --- the bot works ------------------------------------------------------------------------

    @initialize(ways=st.lists(WAY, min_size=1, max_size=4))
    def some_jobs_are_under_way(self, ways: list[Way]) -> None:
        """A life that began with nothing would see little."""
        for way in ways:
            self.a_job_comes_to(way)

    @rule(way=WAY)
    def a_job_comes_to(self, way: Way) -> None:
        """The straight way there, as long as nothing that went before bars it."""
        before = set(self.model.jobs)
        self.command(next(self.numbers), way.wallet, way.names, way.quality, "stands", None)
        in_doubt = way.place in ("submitting", "review")
        self.outside.weather = Weather(way.answer, way.lag_s) if in_doubt else Weather()
        for job_id in self.model.jobs.keys() - before:
            job = self.model.jobs[job_id]
            for _ in range(8):
                if job.ended or (job.state == way.place and not job.is_in_flight):
                    break
                self.advance(job)
                self.finish_runs(job)
                self.clock.passes(way.look_again_s if job.state == "submitting" else 2.0)

    def finish_runs(
        self,
        job: Told,
        how: Literal["COMPLETED", "FAILED"] = "COMPLETED",
        cost: float | None = 0.0,
    ) -> None:
        """At the provider; `cost` is of what failed."""
        for run in self.outside.runs:
            if run.asked_by == job.id and run.state == "PROCESSING":
                run.state, run.cost = how, cost

    @precondition(lambda self: self.has_more_to_do)
    @rule(
        number=NUMBER,
        death=DEATH,
        answer=st.sampled_from(ANSWERS),
        lag_s=st.sampled_from([0.0, 0.0, 100.0, 20_000.0]),
        down=RARELY,
        files=st.sampled_from(["whole", "whole", "whole", "away", "broken"]),
        discord=RARELY,
        ends=st.sampled_from([None, "COMPLETED", "COMPLETED", "FAILED"]),
        cost=COST,
    )
    def step(
        self,
        number: int,
        death: str | None,
        answer: Answer,
        lag_s: float,
        down: bool,
        files: Literal["whole", "away", "broken"],
        discord: bool,
        ends: Literal["COMPLETED", "FAILED"] | None,
        cost: float | None,
    ) -> None:
        """One look at one job, whatever the world is like."""
        jobs = [job for job in self.model.jobs.values() if not job.is_over]
        self.outside.weather = Weather(answer, lag_s, down, files, discord)
        job = jobs[number % len(jobs)]
        if ends:
            self.finish_runs(job, ends, cost)
        self.advance(job, death)

    @precondition(lambda self: self.has_more_to_do)
    @rule(number=NUMBER, steps=st.integers(2, 7), answer=st.sampled_from(["yes", *ANSWERS]))
    def carry_on(self, number: int, steps: int, answer: Answer) -> None:
        """In fair weather, with runs that end."""
        jobs = [job for job in self.model.jobs.values() if not job.is_over]
        job = jobs[number % len(jobs)]
        self.outside.weather = Weather(answer)
        for _ in range(steps):
            self.advance(job)
            self.finish_runs(job)

    @rule(
        way=WAY,
        steps=st.integers(1, 5),
        lag_s=st.sampled_from([0.0, 100.0, 1e9]),
        cost=COST,
        death=DEATH,
    )
    def runs_fail(
        self, way: Way, steps: int, lag_s: float, cost: float | None, death: str | None
    ) -> None:
        """One after the other, as often as it is tried again; the bot may die of the first."""
        self.a_job_comes_to(replace(way, place="rendering"))
        for job in [job for job in self.model.jobs.values() if job.state == "rendering"]:
            for step in range(steps):
                if job.state == "rendering" and not job.attempt.has_result:
                    run = self.outside.run_of(job.attempt.run)
                    run.state, run.seen_from = "FAILED", run.created_at + lag_s
                    run.cost = cost
                self.clock.passes(61.0)
                if not job.ended:
                    self.advance(job, None if step else death)

    @precondition(lambda self: self.has("submitting", "rendering", "fetching"))
    @rule(number=NUMBER, down=st.booleans(), wait_s=st.sampled_from([400.0, 3000.0, 11_000.0]))
    def look_for_long(self, number: int, down: bool, wait_s: float) -> None:
        """Again and again, without news, while time passes."""
        job = self.pick(number, "submitting", "rendering", "fetching")
        self.outside.weather = Weather(lag_s=1e9, provider_is_down=down, files="away")
        for _ in range(4):
            if not job.ended:
                self.advance(job)
            self.clock.passes(wait_s)

    @rule(
        hours=st.sampled_from([0.002, 0.3, 2.0, 7.0, 25.0, 73.0, 96.0, 193.0, 770.0]),
        restarts=st.booleans(),
    )
    def time_passes(self, hours: float, restarts: bool) -> None:
        """Perhaps over the end of a period; perhaps the bot was away."""
        self.clock.passes(hours * HOUR_S)
        if restarts:
            self.loop.run(self.bot.restart())
            self.model.run = ThisRun(self.model.jobs)

    @rule(hours=st.sampled_from([-26.0, -1.5, -0.4, -0.02, 0.02, 0.4, 1.5, 26.0]))
    def the_clock_is_set(self, hours: float) -> None:
        """Right or wrong, and for nobody does time pass."""
        self.clock.is_set(hours * HOUR_S)

    # --- whoever looks after it ---------------------------------------------------------------

    @precondition(lambda self: self.has("review"))
    @rule(
        number=NUMBER,
        other=NUMBER,
        outcome=st.sampled_from(Outcome),
        names_run=st.sampled_from([True, True, True, False]),
        down=RARELY,
        dies=RARELY,
    )
    def resolve(
        self, number: int, other: int, outcome: Outcome, names_run: bool, down: bool, dies: bool
    ) -> None:
        """A moderator's word about a job in review, most often a sensible one."""
        job = self.pick(number, "review")
        self.outside.weather = Weather(provider_is_down=down)
        fitting = [run for run in self.outside.runs if run.inputs == job.attempt.inputs]
        runs = (fitting if other % 3 else None) or self.outside.runs
        named = runs[other % len(runs)] if runs and names_run and outcome == "ran" else None
        work = self.bot.moderation.resolve(
            job.id,
            outcome,
            server_id=job.wallet[0],
            request_id=named.id.upper() if named else None,
            actor_id=MODERATOR,
            reason="I looked",
        )
        self.both(
            work,
            lambda: resolves(self.model, job, outcome, named),
            death="commit 1" if dies else None,
        )

    @rule(
        server=st.sampled_from(SERVERS),
        person=st.sampled_from(PEOPLE),
        credits=st.integers(-8, 12),
        dies=RARELY,
    )
    def give_or_take(self, server: int, person: int, credits: int, dies: bool) -> None:
        """Granted credits come, or as many go as there are."""
        purses, wallet = self.model.purses, (server, person)

        def promised() -> object:
            change = max(credits, -purses.granted[wallet])
            if change == 0:
                return False
            self.model.commits()
            purses.granted[wallet] += change
            return None

        self.both(self.gives(wallet, credits), promised, death="commit 1" if dies else None)

    async def gives(self, wallet: tuple[int, int], credits: int) -> None:
        """Grant, or revoke."""
        store, at = self.bot.store, self.clock.at
        if credits > 0:
            await store.grant(*wallet, credits, actor_id=MODERATOR, reason="because", at=at)
        else:
            await store.revoke(*wallet, -credits, actor_id=MODERATOR, reason="because", at=at)

    @precondition(lambda self: self.has())
    @rule(number=NUMBER, dies=RARELY)
    def refund(self, number: int, dies: bool) -> None:
        """A captured price goes back, once."""
        charged = self.has("delivering", "delivered") and number % 4
        job = self.pick(number, "delivering", "delivered") if charged else self.pick(number)

        def promised() -> bool:
            held = self.model.purses.holds.get(job.id)
            if held is not None and held.state == "captured":
                self.model.commits()
            return self.model.purses.refund(job.id)

        work = self.bot.store.refund(job.id, actor_id=MODERATOR, reason="bad", at=self.clock.at)
        self.both(work, promised, death="commit 1" if dies else None)

    # --- two who have seen the same job -------------------------------------------------------

    @precondition(lambda self: self.copies)
    @rule(number=NUMBER, event=st.sampled_from(sorted(EVENTS)))
    def act_on_what_was_seen_before(self, number: int, event: str) -> None:
        """Two look at a job, one of them acts; then so does the other, and is too late."""
        self.act(event, *self.copies[number % len(self.copies)])

    @precondition(lambda self: self.has())
    @rule(number=NUMBER, event=st.sampled_from(sorted(HARMLESS)))
    def act_on_what_is_seen_now(self, number: int, event: str) -> None:
        """Nobody is faster, and still not everything may happen to a job that has come so far."""
        is_charged = self.has("delivering") and number % 2
        job = self.pick(number, "delivering") if is_charged else self.pick(number)
        seen = self.loop.run(self.bot.store.read.job(job.id))
        assert seen is not None
        for forbidden in sorted(HARMLESS):
            if job.state not in HARMLESS[forbidden]:
                self.act(forbidden, seen, job.age)
        self.act(event, seen, job.age)

    def act(self, event: str, seen: Job, age: int) -> None:
        """Who is too late changes nothing."""
        job = self.model.jobs[seen.id]
        is_fresh = job.age == age
        if (is_fresh and event not in HARMLESS) or (event == "submit" and seen.quality is None):
            return  # nobody submits what has no price
        happened = is_fresh and event in HARMLESS and job.state in HARMLESS[event]
        work = EVENTS[event](self.bot.store, seen, self.clock.at)
        try:
            did = self.loop.run(work)
        except (StaleJob, Refused, LedgerError):
            assert not happened
        else:
            assert happened or did is None
        if happened:
            self.model.begins(None)
            happens(event, self.model, job)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=LIVES, stateful_step_count=30, deadline=None)


def test_a_file_that_is_here_is_not_fetched_again_for_its_forwarded_likeness() -> None:
    """Two people's offers of one link: what the one is looked at for makes the other look anew."""
    lives = Lives()
    world: dict[str, Any] = {"answer": "yes", "cost": 0.0, "death": None, "discord": False}
    world |= {"down": False, "ends": None, "lag_s": 0.0}
    steps: list[Callable[[], None]] = [
        lambda: lives.ask_by_message(dies=False, motion=None, person=11, picture="1-a"),
        lambda: lives.step(number=0, files="whole", **world),
        lambda: lives.ask_by_message(dies=False, motion="2-a", person=13, picture="1-a"),
        lambda: lives.step(number=1, files="whole", **world),
        lambda: lives.step(number=0, files="away", **world),
    ]
    try:
        for step in steps:
            step()
            lives.all_is_as_promised()
    finally:
        lives.teardown()
    assert [job.state for job in lives.model.jobs.values()] == ["checking", "checking"]
