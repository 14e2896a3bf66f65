"""The life of jobs as it was promised, step by step: what each step saves, asks, and saves then."""

from typing import NoReturn

from bot.core.jobs import Job, Quality
from bot.core.queue import MAX_IN_FLIGHT
from tests.bot.life.model import decisions, turns
from tests.bot.life.model.doubts import looks_back, looks_up, settles
from tests.bot.life.model.outside import Fate, HandClock, Outside, Run
from tests.bot.life.model.purses import (
    BUDGET,
    MOST_RUNNING,
    Purses,
    Wallet,
    price_of,
)
from tests.bot.life.model.told import (
    HOUR_S,
    MINUTE_S,
    PAUSE_S,
    Asked,
    ThisRun,
    Told,
    broken_file,
)


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
        self.run = ThisRun(self.jobs)
        raise Dead

    # --- asking -------------------------------------------------------------------------------

    def job_of_event(self, event: int) -> Told | None:
        """Which request an event has made, or completed."""
        return next((job for job in self.jobs.values() if event in job.events), None)

    def may_ask(self, wallet: Wallet) -> bool:
        """Room in the line, and a credit left of each kind."""
        at = self.clock.at
        return (
            turns.is_room(self.jobs.values(), wallet[1])
            and self.purses.available(wallet, at) >= 1
            and self.purses.budget_used(at) < BUDGET
        )

    def admits(self, job: Told, quality: Quality) -> bool:
        """Whether the price is held, and the job is in the line."""
        at = self.clock.at
        price = price_of(quality, job.seconds)
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
        job.enters(state)

    def fails(self, job: Told, *, may_be_billed: bool = False, cost: float | None = None) -> None:
        """Its credits go back in the same breath; budgets go on counting what may be billed."""
        self.commits()
        self.enters(job, "failed")
        job.owes_notice = job.queued_at is not None
        self.purses.release(job.id)
        if job.is_attempting:
            job.attempt.cost = cost
            if may_be_billed or (job.attempt.run is not None and cost != 0):
                self.counts_on(job)

    def counts_on(self, job: Told) -> None:
        """Its last submit brings no video, and may be billed."""
        self.purses.perhaps_billed.append((job.id, len(job.attempts) - 1))

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
            case _ if job.owes_notice:
                if not self.outside.weather.discord_is_down:
                    self.commits()
                    job.is_told()
            case "checking":
                self._checks(job, reply_stands)
            case "queued":
                self._starts(job)
            case "submitting":
                settles(self, job)
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
                self.run.replies.forget(job)
            elif self.run.replies.spent(job, self.clock.monotonic()):
                self.run.replies.forget(job)
                self.fails(job)
            return
        if job.is_offer:
            if decisions.is_over(job, at):
                self.cancels(job)
                return
            if (
                job.is_checked
                or job.is_asked
                or (len(links) == 1 and links[0] in self.run.seen_alone)
            ):
                return
        self.asks("file")
        is_away = self.outside.weather.files == "away"
        wrong = self.run.missing_file(job, is_away=is_away) or broken_file(job)
        if wrong is not None:
            self._refuses(job, wrong)
        elif len(links) == 1:
            self.run.seen_alone |= {*links}
        elif job.is_too_long:
            decisions.asks(self, job)
        elif job.is_offer:
            self._has_both(job)
            self.commits()
            job.is_checked = True
            job.taken_back.clear()
            job.age += 1
        else:
            self._has_both(job)
            assert job.quality is not None
            has_left = job.wallet in self.outside.left
            if has_left or not self.admits(job, job.quality):
                self.fails(job)

    def _has_both(self, job: Told) -> None:
        """What was known of its files is not needed any more."""
        for name, link in (("subject", job.subject), ("motion", job.motion)):
            self.run.seen_alone.discard(str(link))
            self.run.files.pop((job.id, name), None)

    def _refuses(self, job: Told, wrong: str) -> None:
        """Of an offer, what is good stays."""
        other = job.motion if wrong == "subject" else job.subject
        instead = job.taken_back.pop(wrong, None)
        if not job.is_offer or not (other or instead):
            self.fails(job)
            return
        self.commits()
        setattr(job, wrong, instead)
        job.age += 1

    def _starts(self, job: Told) -> None:
        if not self.outside.posted:
            looks_back(self, job)
            return
        assert not self.run.is_busy(self.clock.monotonic())
        if not self.run.set_aside:
            may = turns.in_turn if self.run.is_calm(self.clock.monotonic()) else turns.able
            assert job.id in may(self.jobs.values(), self.clock.at)
        assert self.outside.posted == 1
        self.run.found.discard(job.id)
        if is_young := job.is_young(self.clock.at):
            self.asks("file")
        self.commits()
        inputs = self.outside.handed_over(job.inputs, is_young)
        job.attempts.append(Asked(inputs, self.clock.at))
        job.is_attempting = True
        self.enters(job, "submitting")
        running, unanswered = (
            turns.running_of(self.jobs.values()),
            turns.unanswered_of(self.jobs.values()),
        )
        taken = running.total() - turns.lasting(self.jobs.values(), self.clock.at)
        assert taken <= MOST_RUNNING.of_all
        assert unanswered.total() <= MOST_RUNNING.of_all + MAX_IN_FLIGHT
        assert (running | unanswered)[job.wallet[1]] <= MOST_RUNNING.of_one
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
            case "empty" if self.run.is_poison(job):
                self.run.set_aside.discard(job.id)
                self.fails(job)
            case "taken, then lost" | "lost":
                self.run.fails_to_submit(1)
            case answer:
                if answer in {"busy", "same id"}:
                    self.run.busy_until = self.clock.monotonic() + PAUSE_S
                self.run.fails_to_submit({"empty": 1, "key": 2}.get(answer, 0))
                self.commits()
                job.is_attempting = False
                self.enters(job, "queued")
                self.run.set_aside.add(job.id)

    bot_died = False
    as_saved: Job | None = None

    def waits(self, job: Told) -> None:
        """Nobody may wait for nothing; while it is doubtful, a free question goes first."""
        now = self.clock.monotonic()
        is_free = self.run.is_calm(now) and not self.run.set_aside and not self.run.is_busy(now)
        assert not (is_free and job.id in turns.in_turn(self.jobs.values(), self.clock.at))
        if self.outside.weather.provider_is_down and not self.run.is_calm(now):
            self.run.fails_to_submit(1)

    def is_busy(self) -> bool:
        """Whether nobody asks but who submits."""
        return self.run.is_busy(self.clock.monotonic(), but_submits=True)

    def came_through(self, job: Told) -> None:
        """The provider works."""
        self.run.is_shaken, self.run.failures = False, 0
        self.run.successes += 1
        self.run.rejections.pop(job.id, None)
        self.run.set_aside.discard(job.id)

    def is_claimed(self, run_id: str) -> bool:
        """By any submit of any job, now or then."""
        return any(asked.run == run_id for job in self.jobs.values() for asked in job.attempts)

    def accepts(self, job: Told, run_id: str, submitted_at: float) -> None:
        """The run is this job's, unless it is somebody's already."""
        self.commits()
        if self.is_claimed(run_id):
            job.is_in_flight = False
            job.age += 1
            return
        job.attempt.run, job.attempt.submitted_at = run_id, submitted_at
        self.enters(job, "rendering")

    def _polls(self, job: Told) -> None:
        run, asked, now = self.outside.run_of(job.attempt.run), job.attempt, self.clock.monotonic()
        assert asked.submitted_at is not None
        elapsed_s = self.clock.at - asked.submitted_at
        if 0 <= elapsed_s < 1 or self.is_busy():
            return
        if elapsed_s < 0:  # the clock was set back: who knows how long it has run
            elapsed_s = HOUR_S
        self.asks("status")
        if self.outside.weather.provider_is_down:
            self.run.poll_failed(job, now)
            if elapsed_s > HOUR_S:
                self._looks_in_history(job, run, elapsed_s)
            return
        self.run.bad_polls = set()
        if self.clock.right - run.created_at > HOUR_S:
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
            if not self.run.unseen.spent(job, self.clock.monotonic()):
                return
        else:
            is_shown = run in self.outside.shown()
            if is_shown and run.state != "PROCESSING":
                self._finishes(job, run, is_proved=True)
                return
            if is_shown and elapsed_s < 24 * HOUR_S:
                return
            is_spent = self.run.sightings.spent(job, self.clock.monotonic())
            if not is_spent or elapsed_s < 2 * HOUR_S:
                return
        self._forgets_sight(job)
        self.doubts(job)

    def _forgets_sight(self, job: Told) -> None:
        for patience in (self.run.sightings, self.run.unseen, self.run.proofs):
            patience.forget(job)

    def _finishes(self, job: Told, run: Run, *, is_proved: bool = False) -> None:
        if run.state == "COMPLETED":
            self.commits()
            job.attempt.has_result = True
            self.enters(job, "fetching")
        elif job.is_retried:
            self.fails(job, cost=run.cost if is_proved else None)
        else:
            if not is_proved:
                self.asks("row")
                is_proved = run in self.outside.shown()
                if not is_proved and not self.run.proofs.spent(job, self.clock.monotonic()):
                    return
            cost = run.cost if is_proved else None
            if cost == 0 and job.free_runs < 2:  # it is tried again, once
                self.commits()
                job.attempt.cost = cost
                job.is_retried, job.is_attempting = True, False
                self.enters(job, "queued")
                self.run.set_aside.add(job.id)
            else:
                self.fails(job, cost=cost)
        self._forgets_sight(job)

    def _fetches(self, job: Told) -> None:
        """Paid for only once it is there."""
        if not self._brings(job):
            if self.run.fetches.spent(job, self.clock.monotonic()):
                self.run.fetches.forget(job)
                self.doubts(job)
            return
        self.run.fetches.forget(job)
        self.commits()
        self.enters(job, "delivering")
        self.purses.capture(job.id)

    def _brings(self, job: Told) -> bool:
        """Whether the video is on disk, and whole."""
        if not job.has_video:
            self.asks("video")
            job.has_video = self.outside.weather.files == "whole"
        return job.has_video

    def _reconsiders(self, job: Told) -> None:
        """The history may know more by now; what had a result goes on with its file."""
        if self.is_busy():
            return
        if job.attempt.run is None:
            looks_up(self, job)
            return
        self.asks("row")
        run = self.outside.run_of(job.attempt.run)
        knows = run in self.outside.shown() and not self.outside.weather.provider_is_down
        if knows and run.state != "PROCESSING":
            if run.state == "COMPLETED" and job.attempt.has_result and not self._brings(job):
                return
            self.commits()
            self.enters(job, "rendering")
