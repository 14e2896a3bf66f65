"""Jobs that several processes share: each is led by the one whose worker has fetched its task."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from sqlalchemy import Connection

from bot.errors import CannotSave
from bot.jobs.leading import tasks
from bot.jobs.leading.manager import AGAIN_S, HEARTBEAT_S, STALLED_AFTER_S, FencedManager
from bot.store.database import Database
from bot.store.group_commit import Changes, background

log = structlog.get_logger()

REPLY_PATIENCE_S = 5.0
"""Whoever has saved a command's request replies next; else its reply is looked for."""

FETCH_S = 1.0
EVERY_FIVE_SECONDS, EVERY_MINUTE = "* * * * * */5", "* * * * *"
GRACE_S = 8.0
"""What a worker that ends waits for its steps, before it cuts them off."""

AFTER_A_BUG_S, AFTER_TROUBLE_S = 30.0, 3.0
MOST_LED = 10_000
MOST_REMEMBERED = 1_000
POOL = 3
_SOONER_KNOWN = {"tcp_user_timeout": "10000"}
"""That the server is gone: before others may take this process for dead."""


class HandedOn(Exception):
    """A job is not over: it is to be looked at in so many seconds, wherever."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class _AsHandedOn(BaseRetryStrategy):
    """The same task again, then."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        match exception:
            case HandedOn(wait_s=wait_s):
                pass
            case asyncio.CancelledError():
                wait_s = 0.0
            case CannotSave():
                wait_s = AFTER_TROUBLE_S
            case _:
                log.error("a job could not be led", job=job.lock, exc_info=exception)
                wait_s = AFTER_A_BUG_S
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait_s))


class Followers(Protocol):
    """What is asked of `following`."""

    async def follow(self, job_id: str) -> float | None:
        """Lead this job; after how many seconds it is to go on, `None` once it is over."""

    def let_go(self) -> None:
        """Lead none any longer, once their steps are done."""


class Shared:
    """What is changed here, of a job that is not led here, defers its task in the same transaction.

    Of a job that is led here it is remembered, so that it is not left without another look. Whoever
    begins to lead one reads it anew (`refresh`): its task may be there before the news is.
    """

    def __init__(self, database: Database, refresh: Callable[[str], Awaitable[object]]) -> None:
        self._database = database
        self._refresh = refresh
        self._led: dict[str, bool] = {}
        """Each job that is led here, and whether it has changed since it was last looked at."""

        self._lock = threading.Lock()
        self._called: dict[str, None] = {}
        self._calling: set[asyncio.Task[None]] = set()
        self._runner: Followers | None = None
        self._worker: Worker | None = None
        self._stopping = False
        self._stopped = asyncio.Event()
        for name in ("procrastinate", "psycopg.pool"):  # they log each task, and each failure
            logging.getLogger(name).setLevel(logging.CRITICAL)
        database.on_saving.append(self._save)
        database.on_commit.append(self._hear)

    async def prepare(self) -> None:
        """Before anything is saved. Raises `StoreError`."""
        await self._database.write(tasks.prepare)

    # --- what changes ---------------------------------------------------------------------------

    def _save(self, connection: Connection, changes: Sequence[Changes]) -> None:
        """In the database's thread, at the end of a transaction."""
        moved = {job.id: job for each in changes for job in each.jobs if job.id in each.moved}
        by_others = {job_id for each in changes for job_id in each.moved if job_id != each.step_of}
        with self._lock:
            led = self._led.keys() & moved
            self._led.update(dict.fromkeys(led & by_others, True))
        due = {
            job_id: REPLY_PATIENCE_S if job.awaits_reply else 0.0
            for job_id, job in moved.items()
            if job_id not in led
        }
        if due:
            tasks.defer(connection, due)

    def _hear(self, changes: Changes) -> None:
        """Whoever looks at one from now on sees this."""
        for job in changes.jobs:
            if job.id not in changes.moved:
                continue
            with self._lock:
                is_led = job.id in self._led
                if is_led and changes.step_of != job.id:
                    self._led[job.id] = True
            if not is_led and not job.awaits_reply:
                self._called[job.id] = None
                if len(self._called) > MOST_REMEMBERED:
                    del self._called[next(iter(self._called))]

    def call(self, job_id: str) -> None:
        """Somebody is to look at this job now, here or elsewhere."""
        if job_id in self._called:  # by what was saved just now
            del self._called[job_id]
            return
        calling = asyncio.create_task(self._call(job_id))
        self._calling.add(calling)
        calling.add_done_callback(self._calling.discard)

    async def _call(self, job_id: str) -> None:
        try:
            with background():
                await self._database.write(partial(tasks.defer, due={job_id: 0.0}))
        except CannotSave as error:
            log.debug("nobody could be called to a job", job=job_id, reason=str(error))
        except Exception:
            log.exception("nobody could be called to a job", job=job_id)

    # --- who leads ------------------------------------------------------------------------------

    def looks(self, job_id: str) -> None:
        """Here somebody begins to look at this job, and sees all that has changed."""
        self._called.pop(job_id, None)
        with self._lock:
            self._led[job_id] = False

    def leaves(self, job_id: str) -> bool:
        """Whether it is led here no longer; not where it has changed since that look."""
        with self._lock:
            if self._led.get(job_id):
                return False
            self._led.pop(job_id, None)
            return True

    def forget(self, job_id: str) -> None:
        """It is led here no longer, whatever has changed: whoever is next looks at it."""
        with self._lock:
            self._led.pop(job_id, None)

    # --- the worker -----------------------------------------------------------------------------

    async def run(self, runner: Followers) -> None:
        """Lead what there is to lead, until `stop`; a worker that was lost is followed by a new
        one. Where no other process was there, each job is looked at, as at any start."""
        self._runner = runner
        try:
            await self._adopt(is_start=self._database.news.was_alone)
            while not self._stopping:
                try:
                    await self._work()
                except Exception as error:  # noqa: BLE001 - whatever it is, the next may do better
                    log.info("jobs are not led here for a moment", reason=repr(error)[:200])
                    runner.let_go()
                if not self._stopping:
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._stopped.set()

    async def _work(self) -> None:
        app = self._app()
        async with app.open_async():
            self._worker = Worker(
                app,
                name=None,
                queues=[tasks.QUEUE],
                concurrency=MOST_LED,
                fetch_job_polling_interval=FETCH_S,
                abort_job_polling_interval=3600.0,  # nobody aborts one
                shutdown_graceful_timeout=GRACE_S,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_AFTER_S,
            )
            if not self._stopping:
                await self._worker.run()  # type: ignore[no-untyped-call]

    def _app(self) -> App:
        connector = PsycopgConnector(
            conninfo="",
            kwargs={**self._database.place.dialled, **_SOONER_KNOWN},
            configure=_each_is_a_transaction,
            min_size=1,
            max_size=POOL,
            timeout=HEARTBEAT_S,
        )
        app = App(connector=connector)
        app.job_manager = FencedManager(connector, self._lost)
        app.task(name=tasks.LEAD, queue=tasks.QUEUE, retry=_AsHandedOn())(self._lead)
        for name, cron, work in (
            ("sweep", EVERY_FIVE_SECONDS, partial(_sweep, app.job_manager)),
            ("adopt", EVERY_MINUTE, self._adopt),
        ):
            app.periodic(cron=cron)(
                app.task(name=name, queue=tasks.QUEUE, queueing_lock=name)(_at_times(work))
            )
        return app

    async def _lead(self, job_id: str) -> None:
        assert self._runner is not None
        await self._refresh(job_id)
        wait_s = await self._runner.follow(job_id)
        if wait_s is not None:
            raise HandedOn(wait_s)

    def _lost(self) -> None:
        log.warning("this process stood still: its jobs are left to others")
        assert self._runner is not None
        self._runner.let_go()

    async def _adopt(self, *, is_start: bool = False) -> None:
        try:
            with background():
                found = await self._database.write(partial(tasks.adopt, is_start=is_start))
        except CannotSave as error:
            log.debug("it could not be looked for jobs that nobody leads", reason=str(error))
        except Exception:
            log.exception("it could not be looked for jobs that nobody leads")
        else:
            log.debug("jobs that nobody led", count=found)

    def take_no_more(self) -> None:
        """Those that are led here may end."""
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Come back once all that was led here is handed on."""
        if self._runner is not None:
            await self._stopped.wait()


async def _each_is_a_transaction(connection: Any) -> None:
    """procrastinate's statements are each whole by themselves: without BEGIN and COMMIT."""
    await connection.set_autocommit(True)


def _at_times(work: Callable[[], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """As procrastinate calls what is due now and then."""

    async def at(timestamp: int) -> None:
        await work()

    return at


async def _sweep(manager: FencedManager) -> None:
    """What dead workers have left goes on."""
    if left := await manager.retry_stalled():
        log.info("a process that led jobs is gone, others go on", tasks=left)
