"""A job's life at the provider: queued, processed on the clock and in truth, then kept."""

import asyncio
import logging
import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from engine.api.clock import MovableClock
from engine.api.faults import Faults, Habits, Motion, Subject
from engine.api.inputs import InputError, Inputs, fetch_inputs, fetching_session
from engine.api.programs import run_apart
from engine.api.storage import Storage

REQUEST_KEPT_S = 3600.0
LONGEST_QUEUE_S = 0.4
MOST_JOBS_KEPT = 50_000
TOLERANCE_S = 0.5
"""Lengths are measured by each in its own way."""

VIDEO_NAME = "video.mp4"

logger = logging.getLogger(__name__)


class State(StrEnum):
    """The four states a client sees."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Draft:
    """In which way a draft was made: what moves, and who was found in picture and film."""

    limbs: Literal["all", "some", "none"]
    subject: Subject
    motion: Motion

    @classmethod
    def of(cls, outcome: Mapping[str, Any], habits: Habits) -> "Draft":
        """As the renderer tells; one that looks for nobody has seen whom the habits say."""
        if "limbs" in outcome:
            return cls(outcome["limbs"], outcome["subject"], outcome["motion"])
        limbs: Literal["all", "none"] = "all" if habits.seen_subject == "person" else "none"
        return cls(limbs, habits.seen_subject, habits.seen_motion)


@dataclass(eq=False)
class Job:
    """One accepted request; times are unix seconds on the server's clock, a credit is a dollar.

    An `unlisted` one never has a row in the history. `progress` is from 0 to 1 once the renderer
    tells of it; a `note` says what is unusual about the result; once it `has_files`, what the links
    lead to matters no more.
    """

    request_id: str
    inputs: Inputs
    submitted_at: float
    state: State = State.QUEUED
    started_at: float | None = None
    ended_at: float | None = None
    error: str | None = None
    video_path: str | None = None
    size_bytes: int = 0
    cost_credits: float = 0.0
    remaining_credits: float = 0.0
    unlisted: bool = False
    progress: float | None = None
    note: str | None = None
    draft: Draft | None = None
    has_files: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class RenderPlan:
    """How videos are made: side by side where `is_plain`, else by motion transfer.

    `at_once` is how many renders may run; `timeout_s` and `weights` go for each.
    """

    is_plain: bool = False
    at_once: int = os.cpu_count() or 1
    timeout_s: float = 600.0
    weights: Path | None = None
    has_mark: bool = True

    def command(self, subject: Path, motion: Path, out: Path, quality: str) -> list[str]:
        """What starts one render; `--draft` after it makes a draft."""
        module = "engine.plain" if self.is_plain else "engine.render"
        command = [sys.executable, "-m", module, str(subject), str(motion), str(out), quality]
        if self.weights is not None:
            command += ["--weights", str(self.weights)]
        return command if self.has_mark else [*command, "--no-mark"]

    def look_command(self, subject: Path, motion: Path) -> list[str]:
        """What starts one look."""
        command = [sys.executable, "-m", "engine.look", str(subject), str(motion)]
        if self.is_plain:
            return [*command, "--plain"]
        return command if self.weights is None else [*command, "--weights", str(self.weights)]


PLAIN = RenderPlan(is_plain=True)


class Workshop:
    """Accepts jobs and works on each in a task of its own; an async context manager.

    `accepted` holds every job that will be billed if it succeeds, in order of arrival.
    """

    def __init__(
        self,
        clock: MovableClock,
        storage: Storage,
        faults: Faults,
        *,
        plan: RenderPlan,
        run_time_s: float,
        credits: float,
        may_fetch_here: bool,
    ) -> None:
        self._may_fetch_here = may_fetch_here
        self.credits = credits
        self.accepted: list[Job] = []
        self._faults = faults
        self._clock, self._storage, self._run_time_s = clock, storage, run_time_s
        self._by_id: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._going = asyncio.Event()
        self._going.set()
        self._arrived = asyncio.Event()
        self._plan = plan
        self._renderers = asyncio.Semaphore(plan.at_once)

    async def __aenter__(self) -> Self:
        self._session = fetching_session(may_fetch_here=self._may_fetch_here)
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._session.close()

    def accept(self, inputs: Inputs, *, unlisted: bool = False) -> Job:
        """Begin a job; from here on it cannot be stopped."""
        unlisted = unlisted or self._faults.habits.history_loses
        job = Job(str(uuid.uuid4()), inputs, self._clock.time(), unlisted=unlisted)
        self.accepted.append(job)
        self._by_id[job.request_id] = job
        if len(self.accepted) > MOST_JOBS_KEPT:
            del self._by_id[self.accepted.pop(0).request_id]
        task = asyncio.create_task(self._work(job), name=job.request_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._arrived.set()
        self._arrived = asyncio.Event()
        return job

    async def until_accepted(self, count: int) -> None:
        """Wait until that many jobs have been accepted in all."""
        while len(self.accepted) < count:
            await self._arrived.wait()

    def find(self, request_id: str) -> Job | None:
        """The job of that id, dashed or not, however old."""
        try:
            return self._by_id.get(str(uuid.UUID(request_id)))
        except ValueError:
            return None

    def find_fresh(self, request_id: str) -> Job | None:
        """The same, while its status and result are kept: an hour from its submission."""
        job = self.find(request_id)
        if job and self._clock.time() < job.submitted_at + REQUEST_KEPT_S:
            return job
        return None

    def pause(self) -> None:
        """Let no job end: those at work stay PROCESSING until `resume`."""
        self._going.clear()

    def resume(self) -> None:
        """Let jobs end again."""
        self._going.set()

    async def _work(self, job: Job) -> None:
        await self._clock.sleep_until(
            lambda: job.submitted_at + min(LONGEST_QUEUE_S, self._run_time_s / 10)
        )
        job.state, job.started_at = State.PROCESSING, self._clock.time()
        try:
            with self._storage.work_folder() as folder:
                video = Path(folder) / VIDEO_NAME
                duration_s = await self._make(job, video)
                await self._clock.sleep_until(
                    lambda: job.submitted_at + self._run_time_s * self._faults.slowness
                )
                await self._going.wait()
                if (failure := self._faults.failure) is not None:
                    self._fail(job, failure)
                else:
                    self._complete(job, video, duration_s)
        except InputError as error:
            await self._going.wait()
            model = job.inputs.model
            self._fail(job, f"Validation error in {model.slug}: {model.worded(str(error))}")
        except Exception:
            logger.exception("Job %s broke the server", job.request_id)
            self._fail(job, "Internal server error")
        finally:
            job.ended.set()

    async def _make(self, job: Job, video: Path) -> float:
        subject, motion = video.with_name("subject"), video.with_name("motion")
        await fetch_inputs(self._session, job.inputs, subject, motion, self._storage.own)
        job.has_files = True
        async with self._renderers:
            outcome = await self._render(job, subject, motion, video)
        job.note = outcome.get("note")
        if job.inputs.model.is_draft:
            job.draft = Draft.of(outcome, self._faults.habits)
        duration_s, (least_s, longest_s) = float(outcome["duration_s"]), job.inputs.bounds_s
        if not least_s <= duration_s <= longest_s + TOLERANCE_S:
            field = job.inputs.model.motion
            raise InputError(f"{field} must last from {least_s:g} to {longest_s:g} seconds")
        return duration_s

    async def _render(self, job: Job, subject: Path, motion: Path, video: Path) -> dict[str, Any]:
        def show(share: float) -> None:
            job.progress = share

        command = self._plan.command(subject, motion, video, job.inputs.quality)
        if job.inputs.model.is_draft:
            command.append("--draft")
        return await run_apart(command, self._plan.timeout_s, show)

    def _complete(self, job: Job, video: Path, duration_s: float) -> None:
        job.size_bytes = video.stat().st_size
        job.video_path = self._storage.keep_video(video)
        job.cost_credits = round(job.inputs.dollars_per_s * duration_s, 6)
        self.credits -= job.cost_credits
        job.remaining_credits = self.credits
        job.state, job.ended_at = State.COMPLETED, self._clock.time()

    def _fail(self, job: Job, error: str) -> None:
        job.error = error
        job.state, job.ended_at = State.FAILED, self._clock.time()
