"""The jobs under way, as this program remembers them.

What it commits itself is known here from then on and not read again; what others may have changed
meanwhile shows by its revision, and is read anew.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from bot.core.actions import EVERYWHERE
from bot.core.jobs import RUNNING, Job, JobState
from bot.core.models import MODELS
from bot.core.queue import Queue, QueuedJob
from bot.store.group_commit import Changes
from bot.store.store import Store


class Jobs(Protocol):
    """What is asked about jobs under way, here or of the database."""

    async def job(self, job_id: str) -> Job | None:
        """One job, or `None`."""

    async def queues(self) -> Mapping[str, Queue]:
        """Of each provider, who waits and who has jobs running; to be looked at, not changed."""

    async def queue(self, model: str) -> Queue:
        """That in which the jobs of a model wait."""

    def as_found(self, job_id: str) -> Job | None:
        """The job as this program found it when it started, until it is over."""

    async def is_so(self, job: Job) -> bool:
        """Whether nobody has changed the job since: other processes may, where there are others."""


class LiveJobs:
    """Every job that has not ended, and the queues.

    Of one that has ended nothing is kept, once its requester knows.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, Job] = {}
        self._queues: dict[str, Queue] | None = None
        self._caps_are_known = False
        self._readings: dict[object, set[str]] = {}
        self._found: dict[str, Job] | None = None
        store.database.on_commit.append(self._learn)
        store.database.on_others.append(self._learn_of_others)

    async def load(self) -> list[Job]:
        """Every job of which something is still to be done, read once at the start."""
        with self._reading() as changed:
            found = await self._store.read.unended()
        self._queues = Queue.of_each(self._store.limits)
        for job in self._jobs.values():
            self._count(job, 1)
        for job in found:
            if job.id not in changed:
                self._set(job)
        if self._found is None:
            self._found = {job.id: job for job in found}
        return list(self._jobs.values())

    def as_found(self, job_id: str) -> Job | None:
        """The job as this program found it when it started, until it is over."""
        return self._found.get(job_id) if self._found else None

    async def job(self, job_id: str) -> Job | None:
        """One job, or `None`; one that is over is looked up."""
        return self._jobs.get(job_id) or await self.refresh(job_id)

    async def refresh(self, job_id: str) -> Job | None:
        """The job as the database has it: perhaps somebody else has changed it."""
        while True:
            with self._reading() as changed:
                job = await self._store.read.job(job_id)
            if job is None or job_id not in changed:
                break
            if known := self._jobs.get(job_id):
                return known
        if job is not None:
            self._set(job)
        return job

    async def is_so(self, job: Job) -> bool:
        """Whether nobody has changed the job since: other processes may, where there are others."""
        if not self._store.database.is_shared:
            return True
        found = await self.refresh(job.id)
        return found is not None and found.revision == job.revision

    async def queues(self) -> Mapping[str, Queue]:
        """Of each provider, who waits and who has jobs running; to be looked at, not changed."""
        if self._queues is None:
            await self.load()
        assert self._queues is not None
        if not self._caps_are_known:
            self._caps_are_known = True
            caps = await self._store.read.running_caps()
            for queue in self._queues.values():
                queue.set_caps(caps)
        return self._queues

    async def queue(self, model: str) -> Queue:
        """That in which the jobs of a model wait."""
        return (await self.queues())[MODELS[model].provider]

    def offers(self, *, of: Collection[int] = (), server_id: int | None = None) -> list[str]:
        """The offers of these persons, and those that this server's wallets would pay."""
        return [
            job.id
            for job in self._jobs.values()
            if job.is_offer and (job.person_id in of or server_id in {job.server_id, EVERYWHERE})
        ]

    def queued(self, server_id: int) -> list[str]:
        """The jobs that wait for their turn in this server, or `EVERYWHERE`."""
        return [
            job.id
            for job in self._jobs.values()
            if job.state is JobState.QUEUED and server_id in {job.server_id, EVERYWHERE}
        ]

    def asking(self, provider: str, among: Collection[str]) -> tuple[int, int]:
        """How many jobs have something to ask their provider about a run: among these, and of all.

        Before the queues are known, there are none.
        """
        if self._queues is None:
            return 0, 0
        queue = self._queues[provider]
        these = (self._jobs.get(job_id) for job_id in among)
        here = sum(
            job is not None and job.state in RUNNING and MODELS[job.model].provider == provider
            for job in these
        )
        return here, queue.running + queue.unanswered - queue.in_flight

    def forget_rules(self) -> None:
        """Somebody has decided something, perhaps how many jobs one person may run in a server."""
        self._caps_are_known = False

    @contextmanager
    def _reading(self) -> Iterator[set[str]]:
        """The jobs that are committed anew while something is read: that is older than they are."""
        key, changed = object(), set[str]()
        self._readings[key] = changed
        try:
            yield changed
        finally:
            del self._readings[key]

    def _learn(self, changes: Changes) -> None:
        if changes.acted:
            self.forget_rules()
        for job in changes.jobs:
            self._set(job)

    def _learn_of_others(self, changes: Changes) -> None:
        """As it was read, which is older than what was committed here while that was handed over.

        Of all that are under way, whatever is not among them is so no longer.
        """
        if changes.acted:
            self.forget_rules()
        if changes.is_all:
            for job_id in self._jobs.keys() - {job.id for job in changes.jobs}:
                self._forget(job_id)
        for job in changes.jobs:
            known = self._jobs.get(job.id)
            if known is None or known.revision <= job.revision:
                self._set(job)

    def _forget(self, job_id: str) -> None:
        for changed in self._readings.values():
            changed.add(job_id)
        self._count(self._jobs.pop(job_id), -1)
        if self._found is not None:
            self._found.pop(job_id, None)

    def _set(self, job: Job) -> None:
        for changed in self._readings.values():
            changed.add(job.id)
        known = self._jobs.pop(job.id, None)
        if known is not None:
            self._count(known, -1)
        if not job.ended or job.owes_notice:
            self._jobs[job.id] = job
            self._count(job, 1)
        elif self._found is not None:
            self._found.pop(job.id, None)

    def _count(self, job: Job, more: int) -> None:
        """Where a job stands in the queue, or (-1) stands no longer."""
        if self._queues is None:
            return
        queue = self._queues[MODELS[job.model].provider]
        if job.takes_a_slot:
            began, model = job.run_began_at, job.model
            queue.count_running(job.person_id, job.server_id, more, began=began, model=model)
        if job.state is JobState.SUBMITTING:
            is_in_doubt, model = job.is_in_doubt, job.model
            queue.count_submitting(job.person_id, more, is_in_doubt=is_in_doubt, model=model)
        elif job.state is JobState.QUEUED and more > 0:
            queue.enter(_queued(job))
        elif job.state is JobState.QUEUED:
            queue.leave(job.id)


def _queued(job: Job) -> QueuedJob:
    """A job's place in the order of arrival: when it was asked for, or when its offer was taken."""
    at = job.queued_at if job.was_offer else job.created_at
    return QueuedJob(at or job.created_at, job.id, job.person_id, job.server_id, job.model)
