"""A job's life at the provider: queued, processed on the clock and in truth, then kept."""

import asyncio
import json
import logging
import os
import sys
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

import aiohttp

from engine.clock import MovableClock
from engine.faults import Faults
from engine.inputs import InputError, Inputs, fetch_inputs
from engine.storage import Storage

MODEL = "pixverse-mimic"
REQUEST_KEPT_S = 3600.0
LONGEST_QUEUE_S = 0.4
RENDER_TIMEOUT_S = 600.0
PRICE_PER_S = {"360p": 0.09, "540p": 0.10, "720p": 0.12}
VIDEO_NAME = "video.mp4"
PACKAGE_PARENT = Path(__file__).resolve().parent.parent

logger = logging.getLogger(__name__)


class State(StrEnum):
    """The four states a client sees."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(eq=False)
class Job:
    """One accepted request; times are unix seconds on the server's clock, a credit is a dollar.

    An `unlisted` one never has a row in the history.
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
    ended: asyncio.Event = field(default_factory=asyncio.Event)


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
        run_time_s: float,
        credits: float,
    ) -> None:
        self.credits = credits
        self.accepted: list[Job] = []
        self._faults = faults
        self._clock, self._storage, self._run_time_s = clock, storage, run_time_s
        self._by_id: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._going = asyncio.Event()
        self._going.set()
        self._arrived = asyncio.Event()
        self._renderers = asyncio.Semaphore(os.cpu_count() or 1)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._session.close()

    def accept(self, inputs: Inputs) -> Job:
        """Begin a job; from here on it cannot be stopped."""
        unlisted = self._faults.habits.history_loses
        job = Job(str(uuid.uuid4()), inputs, self._clock.time(), unlisted=unlisted)
        self.accepted.append(job)
        self._by_id[job.request_id] = job
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
                duration_s = await self._make(job.inputs, video)
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
            self._fail(job, f"Validation error in {MODEL}: {error}")
        except Exception:
            logger.exception("Job %s broke the server", job.request_id)
            self._fail(job, "Internal server error")
        finally:
            job.ended.set()

    async def _make(self, inputs: Inputs, video: Path) -> float:
        subject, motion = video.with_name("subject"), video.with_name("motion")
        await fetch_inputs(self._session, inputs, subject, motion)
        async with self._renderers:
            return await _render_apart(subject, motion, video, inputs.quality)

    def _complete(self, job: Job, video: Path, duration_s: float) -> None:
        job.size_bytes = video.stat().st_size
        job.video_path = self._storage.keep_video(video)
        job.cost_credits = round(PRICE_PER_S[job.inputs.quality] * duration_s, 6)
        self.credits -= job.cost_credits
        job.remaining_credits = self.credits
        job.state, job.ended_at = State.COMPLETED, self._clock.time()

    def _fail(self, job: Job, error: str) -> None:
        job.error = error
        job.state, job.ended_at = State.FAILED, self._clock.time()


async def _render_apart(subject: Path, motion: Path, out: Path, quality: str) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.render", subject, motion, out, quality),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(PACKAGE_PARENT)},
    )
    try:
        async with asyncio.timeout(RENDER_TIMEOUT_S):
            said, complaint = await process.communicate()
    except TimeoutError:
        raise InputError("the inputs take too long to process") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # also closes the pipes
    try:
        outcome = json.loads(said)
    except ValueError:
        logger.warning("The renderer died (%s): %s", process.returncode, complaint[-2000:])
        raise InputError("the inputs could not be processed") from None
    if "error" in outcome:
        raise InputError(outcome["error"])
    return float(outcome["duration_s"])
