"""A job's life: who looks at it when. Each job is followed by one task until its end is told.

`advance` reads the job, does its next step, and commits. It may be called twice or from two places:
every change names the state and the revision it leaves, so that the slower one changes nothing.
Starting up is nothing special: every unended job is followed from where it is.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Protocol

import structlog

from bot.clock import Clock, wait_for_event
from bot.core.actions import ActionKind
from bot.core.jobs import RUNNING, Job, JobState
from bot.core.models import MODELS
from bot.core.uploads import TRAY_LIFE_S
from bot.errors import CannotSave, DeliveryError, MembersUnknown, Problem, Refused, StaleJob
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.files import Files, files_kept_until
from bot.jobs.given_up import GivenUp
from bot.jobs.intake import Intake
from bot.jobs.leading.following import Following, Leading
from bot.jobs.live import LiveJobs
from bot.jobs.renders import Renders
from bot.jobs.submits import Submits
from bot.provider.breakers import Breakers
from bot.store.group_commit import Changes, background
from bot.store.store import Store

log = structlog.get_logger()

AFTER_A_BUG_S = 30.0
WATCH_EVERY_S, BEGIN_AGAIN_S = 30.0, 1.0
SWEEP_EVERY_S = 3600.0
FORGET_AFTER_S, FORGOTTEN_AT_ONCE = 7 * 24 * 3600.0, 500
"""Requests that came to nothing before they were queued are kept so long, for whoever asks why."""


class Post(Protocol):
    """What is asked of `delivery`."""

    async def deliver(self, job: Job) -> None:
        """Bring the finished video to its requester. Raises `DeliveryError`."""


class Notices(Protocol):
    """What is asked of `notices`."""

    async def give(self, job: Job) -> None:
        """Tell its requester how it has ended, or why it waits. Raises `DeliveryError`."""


class Cards(Protocol):
    """What is asked of `status`."""

    def wake(self, job_id: str) -> None:
        """There may be news of this job."""

    def is_at_work(self, job_id: str) -> bool:
        """Whether its card is yet to be brought up to date."""


class Runner:
    """Follows every job until its end is told; `wake` makes somebody look at one now.

    Of those that processes share, it follows the ones that it is told to.
    """

    def __init__(
        self,
        *,
        store: Store,
        jobs: LiveJobs,
        intake: Intake,
        breakers: Breakers,
        submits: Submits,
        renders: Renders,
        given_up: GivenUp,
        delivery: Post,
        notices: Notices,
        cards: Cards,
        pause: Callable[[], Awaitable[None]],
        files: Files,
        clock: Clock,
        keep_days: float,
        leading: Leading | None = None,
        is_elder: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._intake = intake
        self._breakers = breakers
        self._submits = submits
        self._renders = renders
        self._given_up = given_up
        self._delivery = delivery
        self._notices = notices
        self._cards = cards
        self._pause = pause
        self._files = files
        self._clock = clock
        self._keep_s = keep_days * 24 * 3600
        self._is_elder = is_elder
        self.following = Following(self._step, pause, clock, leading, cards.is_at_work)
        self._is_shared = leading is not None
        self._retries = RetryDeadline(clock, limit_s=0.0)
        self._silent: set[str] = set()
        self._stopping = asyncio.Event()
        self._stirring: asyncio.Task[None] | None = None
        self._last_action = 0
        store.database.on_commit.append(self._hear)
        store.database.on_doubt.append(self._look_for)
        store.database.on_others.append(self._hear_others)
        submits.hear(self._stir_soon)
        submits.led = lambda: self.led

    async def why_closed(self, model: str | None = None) -> Refused | None:
        """Why a new request, to this model or to any, could only wait: another bot, or an outage.

        Once the provider answers again, whoever is new may be the try.
        """
        if self._breakers.has_twin:
            return Refused(Problem.TWIN)
        offered = self._store.limits.models
        work = [slug for slug in offered if not self._breakers.of(slug).is_open]
        if not work:
            return Refused(Problem.PROVIDER_DOWN)
        if model is None or model in work or model not in offered:
            return None
        others = [MODELS[slug].name for slug in work]
        return Refused(Problem.MODEL_DOWN, model=MODELS[model].name, others=others)

    async def run(self) -> None:
        """Follow all jobs until `stop`."""
        while not self._stopping.is_set() and not await self._begin():
            await wait_for_event(self._stopping, self._clock, BEGIN_AGAIN_S)
        swept_at = -math.inf
        while not self._stopping.is_set():
            if self._is_elder() and self._clock.monotonic() - swept_at >= SWEEP_EVERY_S:
                swept_at = self._clock.monotonic()
                with background():
                    await self._sweep()
            await wait_for_event(self._stopping, self._clock, WATCH_EVERY_S)
            await self._watch()

    async def _begin(self) -> bool:
        """Whether all that is under way could be read, and is looked at."""
        try:
            self._last_action = await self._store.read.last_action()
            found = await self._jobs.load()
        except CannotSave as error:
            log.debug("jobs could not be read yet", reason=str(error))
            return False
        for job in found:
            if not self._is_shared:
                self.wake(job.id)
        return True

    async def _watch(self) -> None:
        try:
            await self._wake_decided()
            await self._submits.probe()
            await self._tell_outage_is_over()
            if self._is_elder():
                await self._given_up.look()
        except CannotSave as error:
            log.debug("it could not be looked around", reason=str(error))
        except Exception:
            log.exception("it could not be looked around and is tried again")

    async def _wake_decided(self) -> None:
        """Look at the jobs about which somebody has decided, perhaps in another process.

        What was decided about credits or rules may change what the offers there say.
        """
        for number, kind, job_id, server_id in await self._store.read.actions_after(
            self._last_action
        ):
            self._last_action = number
            self._jobs.forget_rules()
            if job_id is not None:
                await self._jobs.refresh(job_id)
                self.wake(job_id)
            if kind in {ActionKind.PAUSE, ActionKind.RESUME}:
                for queued_id in self._jobs.queued(server_id):
                    self.wake(queued_id)
            for offer_id in self._jobs.offers(server_id=server_id) if self._is_elder() else ():
                self._cards.wake(offer_id)

    async def stop(self) -> None:
        """Take no more steps; let those under way end, or cut them off after a while.

        A step that is cut off goes on at the next start, or in another process.
        """
        self._stopping.set()
        await self.following.stop()

    @property
    def led(self) -> Collection[str]:
        """The jobs that are followed here."""
        return self.following.led

    def wake(self, job_id: str) -> None:
        """Look at this job now; where it is not followed here, whoever may."""
        self.following.wake(job_id)

    def _hear(self, changes: Changes) -> None:
        """Whoever ended a job, and why: the task that follows it tidies up and has it told."""
        for job in changes.jobs:
            if job.ended and not self.following.stir(job.id) and self._is_shared:
                self._stir_soon()

    def _hear_others(self, changes: Changes) -> None:
        """Another process has changed jobs that are followed here, or the queue."""
        for job_id in self.led if changes.is_all else [job.id for job in changes.jobs]:
            self.following.stir(job_id)
        if changes.jobs:
            self._stir_soon()

    def _stir_soon(self) -> None:
        """What another process has told may have changed whose turn it is."""
        if not self._stopping.is_set() and self._stirring is None:
            self._stirring = asyncio.create_task(self._stir())

    async def _stir(self) -> None:
        """Wake those followed here whose turn it is by now, once for all that was heard."""
        await self._pause()
        self._stirring = None
        with suppress(CannotSave):
            for job_id in await self._submits.startable():
                self.following.stir(job_id)

    def _look_for(self, changes: Changes) -> None:
        """Whatever may have been saved after all goes on, also where nobody knows of it yet."""
        for job in changes.jobs:
            if job.id not in self.led:
                self.wake(job.id)

    async def _step(self, job_id: str) -> float | None:
        try:
            wait_s = await self.advance(job_id)
        except StaleJob:  # somebody else moved it: look again
            await self._jobs.refresh(job_id)
            return 0.0
        except (DeliveryError, MembersUnknown) as error:
            log.warning("Discord did not do its part", job=job_id, reason=str(error))
            self._retries.record_try(job_id)
            return min(300.0, max(3.0, self._retries.elapsed_s(job_id) / 4))
        except CannotSave as error:  # the operator is told of it once, not for each job
            log.debug("a step could not be saved", job=job_id, reason=str(error))
            return AFTER_A_BUG_S
        except Exception:
            log.exception("a step failed and is tried again", job=job_id)
            return AFTER_A_BUG_S
        self._retries.forget(job_id)
        return wait_s

    async def advance(self, job_id: str) -> float | None:
        """Do a job's next step; the seconds after which to look again, `None` once it is over."""
        job = await self._jobs.job(job_id)
        if job is None:
            return None
        self._cards.wake(job_id)
        kept_s = await self._tidy(job) if job.ended else None
        if job.owes_notice:
            await self._notices.give(job)
            self._cards.wake(job_id)
            return 0.0
        if job.ended:
            await self._queue_moved(job_id)  # somebody may have given it up
            return kept_s
        wait_s = await self._next_step(job)
        await self._tell_outage_is_over()
        after = await self._jobs.job(job_id)
        if after is not None and after.revision != job.revision:
            if after.state is not job.state:
                log.info("job", job=job_id, left=job.state, entered=after.state)
            if (job.state, after.state) == (JobState.RENDERING, JobState.QUEUED):
                self._submits.rest(after)
            self._cards.wake(job_id)
            if {job.state, after.state} & (RUNNING | {JobState.QUEUED}):
                await self._queue_moved(job_id)
        return wait_s

    async def _tidy(self, job: Job) -> float | None:
        """An ended job keeps nothing but a video that was delivered, and its files for a while.

        The seconds after which to look again, where a sweep would come too late.
        """
        kept_until, now = files_kept_until(job, self._store.limits.keep_files_s), self._clock.time()
        if kept_until is None:
            await self._files.delete_all(job.id)
        elif kept_until <= now or not await self._files.may_be_used(job):
            await self._files.delete_inputs(job.id)
        elif job.state is JobState.FAILED:
            return kept_until - now
        return None

    async def _next_step(self, job: Job) -> float | None:
        match job.state:
            case JobState.CHECKING:
                return await self._intake.check(job)
            case JobState.QUEUED:
                return await self._submits.start(job)
            case JobState.SUBMITTING:
                return await self._submits.settle_doubt(job)
            case JobState.RENDERING:
                return await self._renders.poll(job)
            case JobState.FETCHING:
                return await self._renders.fetch(job)
            case JobState.DELIVERING:
                await self._delivery.deliver(job)
                return 0.0
            case JobState.REVIEW if job.attempt and job.attempt.request_id:
                return await self._renders.reconsider(job)
            case JobState.REVIEW:
                return await self._submits.reconsider(job)
            case _:
                raise AssertionError(f"{job.state} is an end")

    async def _queue_moved(self, mover: str) -> None:
        """Wake the jobs whose turn it now is."""
        for job_id in await self._submits.startable():
            if job_id != mover and not self.following.stir(job_id) and not self._is_shared:
                self.wake(job_id)

    async def _tell_outage_is_over(self) -> None:
        """Whoever waits in line reads it at once, and not at their next look; the first first."""
        were_silent, self._silent = self._silent, self._breakers.silent
        if were_silent - self._silent:
            for queue in (await self._jobs.queues()).values():
                for job_id in queue.places():
                    if job_id in self.led or self._is_elder():
                        self._cards.wake(job_id)

    async def _sweep(self) -> None:
        """Delete the videos whose time is over, and what a kill has kept from being deleted."""
        try:
            now = self._clock.time()
            for job_id in await self._files.job_ids():
                kept = await self._store.read.job(job_id)
                if kept is None:
                    await self._files.delete_all(job_id)
                elif kept.ended and job_id not in self.led and await self._tidy(kept):
                    self.wake(job_id)
            for job in await self._store.read.ended_with_video(now - self._keep_s):
                await self._files.delete_all(job.id)
                await self._store.video_deleted(job.id, now)
            await self._store.trays.forget(now - TRAY_LIFE_S)
            while await self._store.forget_unqueued(now - FORGET_AFTER_S, FORGOTTEN_AT_ONCE):
                pass
        except CannotSave as error:
            log.debug("old files could not be forgotten", reason=str(error))
        except Exception:
            log.exception("old files could not be deleted and are tried again")
