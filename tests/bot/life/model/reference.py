"""The life of jobs as it was promised, step by step: what each step saves, asks, and saves then."""

import math
from collections import Counter
from typing import NoReturn

from bot.core.jobs import Quality
from tests.bot.life.model.outside import Fate, HandClock, Outside, Run
from tests.bot.life.model.purses import (
    BUDGET,
    DAY_S,
    MOST_RUNNING,
    MOST_WAITING,
    Purses,
    Wallet,
    price_of,
)
from tests.bot.life.model.told import (
    HOUR_S,
    MINUTE_S,
    Asked,
    ThisRun,
    Told,
    came_at,
    is_broken,
    seconds_of,
)

DRAFT_LIFE_S = 24 * HOUR_S
RUNNING = ("submitting", "rendering", "fetching")


class Dead(Exception):
    """The model's bot has come to where it is killed."""


class Reference:
    """All jobs, all purses; each step takes place after the bot has done the same one."""

    def __init__(self, outside: Outside, clock: HandClock) -> None:
        self.outside = outside
        self.clock = clock
        self.jobs: dict[str, Told] = {}
        self.purses = Purses()
        self.run = ThisRun()
        self.fate = Fate()

    # --- dying --------------------------------------------------------------------------------

    def begins(self, point: str | None) -> None:
        """The next step may be cut off."""
        self.fate = Fate(point)

    def commits(self) -> None:
        """What was to be saved is saved only by who lives."""
        if self.fate.commits():
            self.dies()

    def asks(self, *points: str) -> None:
        """A request goes out, perhaps the last one."""
        if self.fate.point in points:
            self.dies()

    def dies(self) -> NoReturn:
        """What was not saved is forgotten."""
        self.run = ThisRun()
        raise Dead

    # --- asking -------------------------------------------------------------------------------

    def job_of_event(self, event: int) -> Told | None:
        """Which request an event has made, or completed."""
        return next((job for job in self.jobs.values() if event in job.events), None)

    def draft_of(self, person: int) -> Told | None:
        """The one that waits."""
        mine = [job for job in self.jobs.values() if job.wallet[1] == person and job.is_draft]
        assert len(mine) <= 1
        return mine[0] if mine else None

    def may_ask(self, wallet: Wallet) -> bool:
        """Room in the line, and a credit left of each kind."""
        at = self.clock.at
        waiting = Counter(
            job.wallet[1]
            for job in self.jobs.values()
            if job.state in ("checking", "queued") and not job.is_draft
        )
        return (
            waiting[wallet[1]] < MOST_WAITING.of_one
            and waiting.total() < MOST_WAITING.of_all
            and self.purses.available(wallet, at) >= 1
            and self.purses.budget_used(at) < BUDGET
        )

    def admits(self, job: Told, quality: Quality) -> bool:
        """Whether the price is held, and the job is in the line."""
        at = self.clock.at
        price = price_of(quality, seconds_of(job.motion))
        if not self.purses.fits(job.wallet, price, at):
            return False
        self.commits()
        job.quality, job.queued_at = quality, at
        self.enters(job, "queued")
        self.purses.hold(job.id, job.wallet, price, at)
        return True

    # --- steps --------------------------------------------------------------------------------

    def enters(self, job: Told, state: str) -> None:
        """A saved change of state."""
        assert not job.ended
        job.state = state
        job.age += 1

    def fails(self, job: Told) -> None:
        """Its credits go back in the same breath."""
        self.commits()
        self.enters(job, "failed")
        self.purses.release(job.id)

    def cancels(self, job: Told) -> None:
        """As with a failure."""
        self.commits()
        self.enters(job, "cancelled")
        self.purses.release(job.id)

    def doubts(self, job: Told) -> None:
        """A person is to look at it; what it holds stays held."""
        self.commits()
        self.enters(job, "review")

    def advances(self, job: Told, reply_stands: bool) -> None:
        """One look of the runner's."""
        match job.state:
            case "checking":
                self._checks(job, reply_stands)
            case "queued":
                self._starts(job)
            case "submitting":
                self._settles(job)
            case "rendering":
                self._polls(job)
            case "fetching":
                self._fetches(job)
            case "review":
                self._reconsiders(job)
            case "delivering" if not self.outside.weather.discord_is_down:
                self.commits()
                self.enters(job, "delivered")

    def _checks(self, job: Told, reply_stands: bool) -> None:
        at, links = self.clock.at, [link for link in (job.subject, job.motion) if link]
        if job.source == "slash" and not job.has_card:
            if reply_stands:
                self.commits()
                job.has_card = True
            elif at - job.created_at >= 5:
                self.fails(job)
            return
        if job.is_draft:
            if at - job.created_at >= DRAFT_LIFE_S:
                self.cancels(job)
                return
            if job.is_checked or (len(links) == 1 and links[0] in self.run.seen_alone):
                return
        self.asks("file")
        if self.outside.weather.files == "away" or any(is_broken(link) for link in links):
            self.fails(job)
        elif len(links) == 1:
            self.run.seen_alone |= {*links}
        elif job.is_draft:
            self.commits()
            job.is_checked = True
            job.age += 1
        else:
            assert job.quality is not None
            if not self.admits(job, job.quality):
                self.fails(job)

    def in_turn(self) -> list[str]:
        """Whose turn it is: who has fewest running or before them, and then who came first."""
        line = [job for job in self.jobs.values() if job.state == "queued"]
        line.sort(key=lambda job: (came_at(job), job.id))
        ahead = Counter(job.wallet[1] for job in self.jobs.values() if job.state in RUNNING)
        free, turns = MOST_RUNNING.of_all - ahead.total(), list[str]()
        while line and len(turns) < free:
            job = min(line, key=lambda job: ahead[job.wallet[1]])
            if ahead[job.wallet[1]] >= MOST_RUNNING.of_one:
                break
            line.remove(job)
            ahead[job.wallet[1]] += 1
            turns.append(job.id)
        return turns

    def _starts(self, job: Told) -> None:
        if not self.outside.posted:
            if self.fate.point == "commit 1" and self.bot_died:
                self.dies()
            waits_for_nothing = self.run.is_calm and not self.run.set_aside
            assert not (waits_for_nothing and job.id in self.in_turn())
            return
        if not self.run.set_aside:
            assert job.id in self.in_turn()
        assert self.outside.posted == 1
        self.commits()
        assert job.quality is not None
        assert job.subject is not None
        assert job.motion is not None
        job.attempts.append(Asked((job.subject, job.motion, job.quality), self.clock.at))
        job.is_attempting = True
        self.enters(job, "submitting")
        running = Counter(job.wallet[1] for job in self.jobs.values() if job.state in RUNNING)
        assert running.total() <= MOST_RUNNING.of_all
        assert running[job.wallet[1]] <= MOST_RUNNING.of_one
        self.asks("before submit", "after submit")
        match self.outside.weather.answer:
            case "yes":
                self.came_through(job)
                self.accepts(job, self.outside.runs[-1].id, self.clock.at)
            case "same id" if self.outside.runs:
                self.came_through(job)
                self.accepts(job, self.outside.runs[0].id, self.clock.at)
            case "never":
                self.run.set_aside.discard(job.id)
                self.fails(job)
            case "taken, then lost" | "lost":
                self.run.is_calm = False
            case _:
                self.run.is_calm = False
                self.commits()
                job.is_attempting = False
                self.enters(job, "queued")
                self.run.set_aside.add(job.id)

    bot_died = False

    def came_through(self, job: Told) -> None:
        """The provider works."""
        self.run.is_calm = True
        self.run.set_aside.discard(job.id)

    def is_claimed(self, run_id: str) -> bool:
        """By any submit of any job, now or then."""
        return any(asked.run == run_id for job in self.jobs.values() for asked in job.attempts)

    def accepts(self, job: Told, run_id: str, submitted_at: float) -> None:
        """The run is this job's, unless it is somebody's already."""
        self.commits()
        if self.is_claimed(run_id):
            job.age += 1
            return
        job.attempt.run, job.attempt.submitted_at = run_id, submitted_at
        self.enters(job, "rendering")

    def _looks_up(self, job: Told) -> bool | None:
        """Whether the history has an unclaimed run of these inputs; `None` if it cannot be read."""
        at, asked = self.clock.at, job.attempt
        since, until = asked.began_at - 4 * MINUTE_S, at + 4 * MINUTE_S
        if math.floor(since / DAY_S) > math.floor(until / DAY_S):
            return False  # by a clock that was set back there was no such time
        self.asks("history")
        if self.outside.weather.provider_is_down:
            return None
        for run in self.outside.shown():
            is_timely = since <= run.created_at <= until
            if is_timely and run.inputs == asked.inputs and not self.is_claimed(run.id):
                self.accepts(job, run.id, min(run.created_at, at))
                return True
        return False

    def _settles(self, job: Told) -> None:
        """A job that is found submitting is never sent again."""
        is_found = self._looks_up(job)
        if is_found:
            self.came_through(job)
        else:
            tries = self.run.unread if is_found is None else self.run.lookups
            if not tries.spent(job, self.clock.at):
                return
            self.doubts(job)
        self.run.lookups.forget(job)
        self.run.unread.forget(job)

    def _run_of(self, job: Told) -> Run:
        return next(run for run in self.outside.runs if run.id == job.attempt.run)

    def _polls(self, job: Told) -> None:
        at, run, asked = self.clock.at, self._run_of(job), job.attempt
        assert asked.submitted_at is not None
        elapsed_s = at - asked.submitted_at
        if elapsed_s < 1:
            return
        self.asks("status")
        if self.outside.weather.provider_is_down:
            if elapsed_s > HOUR_S:
                self._looks_in_history(job, run, elapsed_s)
        elif at - run.created_at > HOUR_S:
            if elapsed_s >= MINUTE_S:
                self._looks_in_history(job, run, elapsed_s)
        elif run.state != "PROCESSING":
            if run.state == "COMPLETED":
                self.asks("result")
            self._finishes(job, run)
        elif elapsed_s > 2 * HOUR_S:
            self._looks_in_history(job, run, elapsed_s)

    def _looks_in_history(self, job: Told, run: Run, elapsed_s: float) -> None:
        self.asks("row")
        if self.outside.weather.provider_is_down:
            if not self.run.unseen.spent(job, self.clock.at):
                return
        else:
            is_shown = run in self.outside.shown()
            if is_shown and run.state != "PROCESSING":
                self._finishes(job, run)
                return
            if is_shown and elapsed_s < 24 * HOUR_S:
                return
            if not self.run.sightings.spent(job, self.clock.at) or elapsed_s < 2 * HOUR_S:
                return
        self._forgets_sight(job)
        self.doubts(job)

    def _forgets_sight(self, job: Told) -> None:
        self.run.sightings.forget(job)
        self.run.unseen.forget(job)

    def _finishes(self, job: Told, run: Run) -> None:
        if run.state == "FAILED":
            self.fails(job)
        else:
            self.commits()
            self.enters(job, "fetching")
        self._forgets_sight(job)

    def _fetches(self, job: Told) -> None:
        """Paid for only once it is there."""
        if not job.has_video:
            self.asks("video")
            if self.outside.weather.files != "whole":
                if self.run.fetches.spent(job, self.clock.at):
                    self.run.fetches.forget(job)
                    self.doubts(job)
                return
            job.has_video = True
        self.run.fetches.forget(job)
        self.commits()
        self.enters(job, "delivering")
        self.purses.capture(job.id)

    def _reconsiders(self, job: Told) -> None:
        """The history may know more by now."""
        if job.attempt.run is None:
            self._looks_up(job)
            return
        self.asks("row")
        run = self._run_of(job)
        knows = run in self.outside.shown() and not self.outside.weather.provider_is_down
        if knows and run.state != "PROCESSING":
            self.commits()
            self.enters(job, "rendering")

    # --- what people decide -------------------------------------------------------------------

    def resolves(self, job: Told, outcome: str, run: Run | None) -> bool:
        """Whether a moderator's word stands."""
        if job.state != "review" or (outcome == "ran") != (run is not None):
            return False
        if run is not None:
            asked = job.attempt
            if asked.run is not None and run.id != asked.run:
                return False
            if asked.run is None and self.is_claimed(run.id):
                return False
            self.asks("row")
            is_readable = not self.outside.weather.provider_is_down
            if not is_readable or run not in self.outside.shown() or run.inputs != asked.inputs:
                return False
            self.commits()
            if asked.run is None:
                asked.run, asked.submitted_at = run.id, min(run.created_at, self.clock.at)
            self.enters(job, "rendering")
        elif outcome == "again":
            self.commits()
            self.enters(job, "queued")
            job.is_attempting, job.again = False, job.again + 1
        else:
            self.fails(job)
        return True
