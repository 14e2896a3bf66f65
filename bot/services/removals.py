"""Deleting a finished video, and reporting what should not stand to a server's moderators."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.cards.posts.reports import SAID_LIMIT_CHARS, SHOWN, for_the_record
from bot.clock import Clock, within
from bot.core.jobs import Delivered, Job, JobState
from bot.core.people.reports import Case, Report, Reported, Settled, Why
from bot.core.typed.job_ids import job_id_in
from bot.errors import Problem, Refused
from bot.services.moderation import the_reason
from bot.services.optimistic import retry_when_stale
from bot.store.people.reports import Reports, refuse_settled
from bot.store.store import Store

TOLD_WITHIN_S = 10.0
"""Somebody waits for whether the message is gone; what takes longer goes on by itself."""


class Takedowns(Protocol):
    """What is asked of `delivery`: whether a message is gone now; `None`: not yet."""

    async def of_job(self, job: Job) -> bool | None:
        """Delete the post of a job."""

    async def of_case(self, case: Case) -> bool | None:
        """Delete a reported message of somebody else's."""


class Removals:
    """Each decision is saved first, and what follows from it is done again until it is done."""

    def __init__(
        self,
        *,
        store: Store,
        reports: Reports,
        takedowns: Takedowns,
        wake: Callable[[str], None],
        wake_cards: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._reports = reports
        self._takedowns = takedowns
        self._wake = wake
        self._wake_cards = wake_cards
        self._clock = clock

    # --- deleting -------------------------------------------------------------------------------

    async def removable(self, job_id: str) -> Job:
        """A finished video that stands. Raises `Refused` as deleting it would."""
        found = job_id_in(job_id)
        job = await self._store.read.job(found) if found else None
        if job is None:
            raise Refused(Problem.UNKNOWN_JOB, job=job_id.strip()[:40] or "–")
        if job.state is not JobState.DELIVERED:
            raise Refused(Problem.NOT_FINISHED, job=job.id)
        if job.removed_by_id is not None:
            raise Refused(Problem.REMOVED_BEFORE, by=job.removed_by_id)
        return job

    async def remove_own(self, job_id: str, person_id: int) -> bool | None:
        """Delete one's own video: whether its post is gone; `None`: not yet. Raises `Refused`."""
        return await self._remove(job_id, actor_id=person_id, server_id=None, reason="")

    async def remove_for(
        self, job_id: str, *, server_id: int, actor_id: int, reason: str
    ) -> bool | None:
        """A moderator deletes a video of this server; else as `remove_own`."""
        reason = the_reason(reason)
        return await self._remove(job_id, actor_id=actor_id, server_id=server_id, reason=reason)

    async def _remove(
        self, job_id: str, *, actor_id: int, server_id: int | None, reason: str
    ) -> bool | None:
        async def decide() -> Job:
            job = await self.removable(job_id)
            if actor_id != job.person_id and server_id != job.server_id:
                raise Refused(Problem.NOT_YOURS_TO_DELETE)
            return await self._store.remove(
                job, actor_id=actor_id, reason=reason, at=self._clock.time()
            )

        removed = await retry_when_stale(decide)
        return await self._take_down(removed)

    async def _take_down(self, removed: Job) -> bool | None:
        """What is kept of it goes with the runner's next look at the job."""
        self._wake(removed.id)
        self._wake_cards()
        return await self._in_time(self._takedowns.of_job(removed))

    async def _in_time(self, deleting: Awaitable[bool | None]) -> bool | None:
        try:
            return await within(deleting, self._clock, TOLD_WITHIN_S)
        except TimeoutError:
            return None

    # --- reporting ------------------------------------------------------------------------------

    async def post_of(self, job_id: str, server_id: int) -> Reported:
        """A finished post, as it can be reported in this server. Raises `Refused`."""
        job = await self.removable(job_id)
        is_seen = job.delivered in {Delivered.CHANNEL, Delivered.REPLY}
        if job.is_direct or not server_id or not is_seen:
            raise Refused(Problem.NOBODY_TO_REPORT_TO)
        if job.server_id != server_id:
            raise Refused(Problem.NOT_OF_THIS_SERVER)
        if job.delivery_message_id is None:
            raise Refused(Problem.REPORT_IS_OVER)
        return _post_of(job)

    async def post_as(self, message_id: int) -> Reported | None:
        """The finished post that a message is, if it is one."""
        for job in await self._store.read.posted_as([message_id]):
            if job.state is JobState.DELIVERED and job.removed_by_id is None:
                return _post_of(job)
        return None

    async def has_channel(self, server_id: int) -> bool:
        """Whether the moderators have a channel of their own."""
        return (await self._store.rulebook.of(server_id)).audit_channel_id is not None

    async def report(self, reported: Reported, reporter_id: int, why: Why, said: str) -> None:
        """Tell the moderators. Raises `Refused`."""
        at = self._clock.time()
        report = Report(reporter_id, at, why, said.strip()[:SAID_LIMIT_CHARS])
        await self._reports.report(reported, report, at)
        self._wake_cards()

    # --- deciding about reports -------------------------------------------------------------------

    async def open_case(self, message_id: int, server_id: int, actor_id: int) -> Case:
        """What is reported of a message in this server, for who decides. Raises `Refused`."""
        case = await self._reports.case_of(message_id)
        if case is None or case.reported.server_id != server_id:
            raise Refused(Problem.NO_REPORT_HERE)
        refuse_settled(case, actor_id)
        return case

    async def newest_of(self, case: Case) -> list[Report]:
        """As many of its reports as a card shows."""
        return await self._reports.newest_of(case.id, SHOWN)

    async def dismiss(self, message_id: int, server_id: int, actor_id: int) -> None:
        """The message stays. Raises `Refused`."""
        await self._settle(message_id, server_id, Settled.DISMISSED, actor_id)

    async def remove(self, message_id: int, server_id: int, actor_id: int) -> bool | None:
        """The message goes: whether it is gone; `None`: not yet. Raises `Refused`."""
        case = await self._settle(message_id, server_id, Settled.REMOVED, actor_id)
        if case.reported.job_id is None:
            return await self._in_time(self._takedowns.of_case(case))
        job = await self._store.read.job(case.reported.job_id)
        assert job is not None
        return await self._take_down(job)

    async def _settle(self, message_id: int, server_id: int, how: Settled, actor_id: int) -> Case:
        async def decide() -> Case:
            case = await self.open_case(message_id, server_id, actor_id)
            reason = for_the_record(await self.newest_of(case))
            return await self._reports.settle(
                case.id, how, actor_id=actor_id, reason=reason, at=self._clock.time()
            )

        settled = await retry_when_stale(decide)
        self._wake_cards()
        return settled


def _post_of(job: Job) -> Reported:
    assert job.delivery_message_id is not None
    return Reported(
        server_id=job.server_id,
        channel_id=job.delivery_channel_id or job.channel_id,
        message_id=job.delivery_message_id,
        author_id=job.person_id,
        job_id=job.id,
    )
