"""Looking a lost run up in the provider's history, again and again, until it is given up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import Job
from bot.errors import AccountRefused, ProviderError, ProviderUnavailable
from bot.jobs.deadlines import RetryDeadline
from bot.provider.peers import News
from bot.provider.providers import Providers
from bot.provider.rejections import clear_for_account, raise_for_account
from bot.provider.runs import Row
from bot.store.store import Store

log = structlog.get_logger()

SOURCE = "history"
LOOKED_UP = "looked up"
MISSING_LIMIT_S = 15 * 60.0
"""So long a readable history that has no such run is asked again: its rows come late."""

UNREADABLE_LIMIT_S = 6 * 3600.0
"""So long a history that cannot be read is waited for; then the job leaves its slot."""

REVIEW_EVERY_S = 3600.0
"""A job in review is looked up so seldom: only a person is waited for."""

CONTESTED_AGAIN_S = 5.0
CLOCK_SKEW_S = 120.0
CLOCK_SET_BACK_S = 24 * 3600.0
"""So far around a row is looked for, once the clock has been set back: who knows when it was."""


async def find_unclaimed(providers: Providers, store: Store, job: Job, now: float) -> Row | None:
    """A row of the history with this job's inputs that no job has claimed; `now` in unix seconds.

    Raises `AccountRefused` or `ProviderUnavailable`, also where there is one, and another submit of
    the very same inputs is under way: its answer is about to say whose it is.
    """
    attempt = job.attempt
    assert attempt is not None
    since, until = window(attempt.began_at, now)
    rows = await providers.of(job.model).find_runs(attempt, since=since, until=until)
    is_contested = bool(rows) and await store.read.is_contested(job)  # before the claims
    for row in rows:
        if not await store.read.is_claimed(row.request_id):
            if is_contested:
                why = "Another submit of the same inputs has no answer yet."
                raise ProviderUnavailable(why, retry_after_s=CONTESTED_AGAIN_S)
            return row
    return None


def window(began_at: float, now: float) -> tuple[float, float]:
    """When a run can have begun that was sent at `began_at` or later; unix seconds."""
    if began_at > now:
        return now - CLOCK_SET_BACK_S, began_at + CLOCK_SET_BACK_S
    return began_at - CLOCK_SKEW_S, now + CLOCK_SKEW_S


class _Told(NamedTuple):
    """What the process says that looks a job up: by when (monotonic s) it is known, if ever."""

    known_at: float | None
    is_held_back: bool


class Lookups:
    """What came of each job's lookups; only complete readings of the history count as missing.

    Each process counts what it has asked itself; what cards say of it, all know.
    """

    def __init__(self, alarms: Alarms, clock: Clock, news: News | None = None) -> None:
        self._alarms = alarms
        self._clock = clock
        self._news = news
        self._elsewhere: dict[str, _Told] = {}
        if news is not None:
            news.hear(LOOKED_UP, self._hear)
        self._missing = RetryDeadline(clock, limit_s=MISSING_LIMIT_S)
        self._unreadable = RetryDeadline(clock, limit_s=UNREADABLE_LIMIT_S)
        self._unread: set[str] = set()
        self._held_back: set[str] = set()

    def record_answer(self) -> None:
        """The history was read."""
        clear_for_account(self._alarms, SOURCE)

    def record_bill(self, job: Job, cost: float | None) -> None:
        """The operator is told when a run that failed was billed, and when the next one was not."""
        if cost == 0:
            self._alarms.clear(Alarm.BILLED, SOURCE)
        elif cost is not None:
            facts = {"person_id": job.person_id, "cost": cost}
            self._alarms.raise_(Alarm.BILLED, SOURCE, job=job.id, **facts)

    def record_missing(self, job_id: str) -> bool:
        """It was read and did not have the run; whether to give the lookup up."""
        self._unread.discard(job_id)
        self._missing.record_try(job_id)
        self._tell(job_id)
        return self._missing.has_passed(job_id)

    def record_failure(self, job_id: str, error: ProviderError) -> bool:
        """It could not be read; whether to give the lookup up."""
        self.tell(job_id, error)
        self._unread.add(job_id)
        self._tell(job_id)
        self._unreadable.record_try(job_id)
        return self._unreadable.has_passed(job_id)

    def tell(self, job_id: str, error: ProviderError) -> None:
        """Tell the operator that it could not be read."""
        if isinstance(error, AccountRefused):
            raise_for_account(self._alarms, error, SOURCE)
        else:
            log.warning("history unavailable", job=job_id, reason=str(error))

    def hold_back(self, job_id: str) -> None:
        """A queued job is not sent before the history has told whether it was."""
        self._held_back.add(job_id)
        self._tell(job_id)

    def is_held_back(self, job_id: str) -> bool:
        """Whether that is what it waits for."""
        told = self._elsewhere.get(job_id)
        return job_id in self._held_back or (told is not None and told.is_held_back)

    def elapsed_s(self, job_id: str) -> float:
        """The seconds since the job's run was first missing."""
        return self._missing.elapsed_s(job_id)

    def known_in_s(self, job_id: str) -> float | None:
        """The seconds after which it is known what became of the run, as long as the history can
        be read; `None` where that has not been read yet, or cannot be."""
        if job_id in self._unread:
            return None
        left_s, told = self._missing.left_s(job_id), self._elsewhere.get(job_id)
        if left_s is not None or told is None or told.known_at is None:
            return left_s
        return max(0.0, told.known_at - self._clock.monotonic())

    def forget(self, job_id: str) -> None:
        """The run was found, or the lookup is given up."""
        if self._news is not None and self._is_known(job_id):
            self._news.tell(LOOKED_UP, job_id=job_id, is_over=True)
        self._elsewhere.pop(job_id, None)
        self._missing.forget(job_id)
        self._unreadable.forget(job_id)
        self._unread.discard(job_id)
        self._held_back.discard(job_id)

    def _is_known(self, job_id: str) -> bool:
        counted = self._missing.left_s(job_id) is not None
        return counted or job_id in {*self._unread, *self._held_back, *self._elsewhere}

    def _tell(self, job_id: str) -> None:
        self._elsewhere.pop(job_id, None)
        if self._news is not None:
            left_s, is_held_back = self.known_in_s(job_id), job_id in self._held_back
            self._news.tell(LOOKED_UP, job_id=job_id, left_s=left_s, is_held_back=is_held_back)

    def _hear(self, _process: str, facts: Mapping[str, Any]) -> None:
        job_id = facts["job_id"]
        if "is_over" in facts:
            self._elsewhere.pop(job_id, None)
            return
        left_s = facts["left_s"]
        known_at = None if left_s is None else self._clock.monotonic() + left_s
        self._elsewhere[job_id] = _Told(known_at, facts["is_held_back"])
