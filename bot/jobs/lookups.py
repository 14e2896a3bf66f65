"""Looking a lost run up in the provider's history, again and again, until it is given up."""

import structlog

from bot.alarms import Alarms
from bot.clock import Clock
from bot.errors import AccountRefused, ProviderError
from bot.jobs.deadlines import RetryDeadline
from bot.provider.rejections import clear_for_account, raise_for_account

log = structlog.get_logger()

SOURCE = "history"
MISSING_LIMIT_S = 15 * 60.0
"""So long a readable history that has no such run is asked again: its rows come late."""

UNREADABLE_LIMIT_S = 6 * 3600.0
"""So long a history that cannot be read is waited for; then the job leaves its slot."""

REVIEW_EVERY_S = 3600.0
"""A job in review is looked up so seldom: only a person is waited for."""


class Lookups:
    """What came of each job's lookups; only complete readings of the history count as missing."""

    def __init__(self, alarms: Alarms, clock: Clock) -> None:
        self._alarms = alarms
        self._missing = RetryDeadline(clock, limit_s=MISSING_LIMIT_S)
        self._unreadable = RetryDeadline(clock, limit_s=UNREADABLE_LIMIT_S)

    def record_answer(self) -> None:
        """The history was read."""
        clear_for_account(self._alarms, SOURCE)

    def record_missing(self, job_id: str) -> bool:
        """It was read and did not have the run; whether to give the lookup up."""
        self._missing.record_try(job_id)
        return self._missing.has_passed(job_id)

    def record_failure(self, job_id: str, error: ProviderError) -> bool:
        """It could not be read; whether to give the lookup up."""
        if isinstance(error, AccountRefused):
            raise_for_account(self._alarms, error, SOURCE)
        else:
            log.warning("history unavailable", job=job_id, reason=str(error))
        self._unreadable.record_try(job_id)
        return self._unreadable.has_passed(job_id)

    def elapsed_s(self, job_id: str) -> float:
        """The seconds since the job's run was first missing."""
        return self._missing.elapsed_s(job_id)

    def forget(self, job_id: str) -> None:
        """The run was found, or the lookup is given up."""
        self._missing.forget(job_id)
        self._unreadable.forget(job_id)
