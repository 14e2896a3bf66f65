"""What procrastinate's worker asks the database: fenced, and patient while that is away.

A worker whose heartbeat fails for too long, or comes too late, may have been taken for dead: others
have its tasks by then, and it lets go of all of them.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from bot.clock import awake_or_not

log = structlog.get_logger()

HEARTBEAT_S = 3.0
STALLED_AFTER_S = 12.0
LOST_AFTER_S = 10.0
"""Before others may take its tasks, with a little to spare."""

AGAIN_S = 1.0

_IF_OURS = (
    "FROM (SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing' "
    "AND attempts = %(attempts)s AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint "
    "FOR UPDATE) AS ours"
)
_FINISH = f"SELECT procrastinate_finish_job_v1(id, 'succeeded', true) {_IF_OURS}"
_RETRY = (
    "SELECT procrastinate_retry_job_v2(id, now() + make_interval(secs => %(wait_s)s), "
    f"NULL, NULL, NULL) {_IF_OURS}"
)
_RETRY_AT_ONCE = (
    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM ("
    "SELECT job.id FROM procrastinate_jobs AS job "
    "JOIN unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS found (id, attempts) "
    "ON job.id = found.id AND job.attempts = found.attempts "
    "WHERE job.status = 'doing' AND NOT EXISTS (SELECT FROM procrastinate_jobs AS next "
    "WHERE next.queueing_lock = job.queueing_lock AND next.status = 'todo') "
    "FOR UPDATE OF job SKIP LOCKED) AS stalled"
)
"""Whatever a transaction has locked that defers is left to the look after this: two that lock many
tasks never wait for one another."""


class Lost(Exception):
    """Others may have taken this worker's tasks."""


class FencedManager(JobManager):
    """Ends only such tasks as are still where they were fetched.

    `on_lost` is told when others may have them.
    """

    def __init__(self, connector: BaseConnector, on_lost: Callable[[], None]) -> None:
        super().__init__(connector)
        self._on_lost = on_lost
        self._alive_at = awake_or_not()
        self._here = set[int]()
        self._may_be_stranded = False
        self._told = 0
        self._tell: NotificationCallback | None = None

    async def register_worker(self) -> int:
        """A worker's life begins."""
        self._alive_at = awake_or_not()
        return await super().register_worker()

    async def update_heartbeat(self, worker_id: int) -> None:
        """It goes on. Raises `Lost` where it may have seemed over."""
        asked_at = awake_or_not()
        try:
            await super().update_heartbeat(worker_id)
        except ConnectorException:
            asked_at = self._alive_at
        if awake_or_not() - self._alive_at > LOST_AFTER_S:
            self._on_lost()
            raise Lost
        self._alive_at = asked_at

    async def unregister_worker(self, worker_id: int) -> None:
        """Where that fails, it is found to be over."""
        try:
            await super().unregister_worker(worker_id)
        except ConnectorException as error:
            log.debug("a worker could not be signed off", reason=str(error))

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next task; looked for once more where one has come during the look."""
        while True:
            told = self._told
            try:
                await self._give_back_stranded(worker_id)
                job = await super().fetch_job(queues, worker_id)
            except ConnectorException as error:
                self._may_be_stranded = True
                log.debug("no task could be fetched", reason=str(error))
                return None
            if job is not None and job.id is not None:
                self._here.add(job.id)
            if job is not None or told == self._told:
                return job

    async def _give_back_stranded(self, worker_id: int) -> None:
        """Of a fetch without an answer nobody here knows: as long as this worker lives, nobody else
        would have its task either."""
        if not self._may_be_stranded:
            return
        for job in await self.list_jobs_async(status="doing", worker_id=worker_id):
            if job.id not in self._here:
                await self.retry_job(job)
        self._may_be_stranded = False

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Until cancelled; what is not heard meanwhile is found by looking."""

        async def tell(**told: Any) -> None:
            self._told += 1
            await on_notification(**told)

        self._tell = tell
        while True:
            try:
                await super().listen_for_jobs(on_notification=tell, queues=queues)
            except ConnectorException as error:
                log.debug("tasks are not heard of", reason=str(error))
            await asyncio.sleep(AGAIN_S)

    async def defer_periodic_job(
        self, job: Job, periodic_id: str, defer_timestamp: int
    ) -> int | None:
        """Once for all workers, at the next time where it fails."""
        try:
            return await super().defer_periodic_job(job, periodic_id, defer_timestamp)
        except ConnectorException as error:
            if isinstance(error, UniqueViolation):
                raise
            log.debug("what is due could not be deferred", reason=str(error))
            return None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """It is over; whatever has come meanwhile for the same job may begin."""
        await self._end(job, _FINISH)
        if job.lock and self._tell is not None and job.id is not None:
            await self._tell(channel="", notification={"type": "job_inserted", "job_id": job.id})

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """It goes on then, wherever; unless another one for the same job has come meanwhile."""
        wait_s = (retry_at - datetime.now(UTC)).total_seconds() if retry_at else 0.0
        try:
            await self._end(job, _RETRY, wait_s=max(0.0, wait_s))
        except UniqueViolation:
            await self.finish_job(job, Status.SUCCEEDED, delete_job=True)

    async def retry_stalled(self) -> int:
        """What dead workers have left goes on, wherever; how many tasks that were."""
        stalled = list(await self.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S))
        if not stalled:
            return 0
        with suppress(UniqueViolation):  # a task for one of them has come just now
            await self.connector.execute_query_async(
                _RETRY_AT_ONCE,
                ids=[job.id for job in stalled],
                attempts=[job.attempts for job in stalled],
            )
        for job in await self.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            await self.retry_job(job)
        return len(stalled)

    async def _end(self, job: Job, query: Any, **values: Any) -> None:
        """A task that stays as it is would be done by nobody, as long as its worker lives."""
        if job.id is not None:
            self._here.discard(job.id)
        ours = {"job_id": job.id, "attempts": job.attempts, "worker_id": job.worker_id}
        while True:
            try:
                await self.connector.execute_query_async(query, **ours, **values)
            except UniqueViolation:
                raise
            except ConnectorException as error:
                if awake_or_not() - self._alive_at > LOST_AFTER_S:
                    return
                log.debug("a task could not be ended yet", reason=str(error))
                await asyncio.sleep(AGAIN_S)
            else:
                return
