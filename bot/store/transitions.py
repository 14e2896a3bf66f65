"""How rows of jobs change: always from the state and revision that the caller has seen."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.jobs import Attempt, Job, JobState, may_change
from bot.errors import StaleJob
from bot.store.rows import job_from, select_jobs
from bot.store.tables import attempts, jobs


async def read_job(connection: AsyncConnection, job_id: str) -> Job:
    """A job that is known to exist."""
    rows = await connection.execute(select_jobs().where(jobs.c.id == job_id))
    return job_from(rows.mappings().one())


async def is_claimed(connection: AsyncConnection, request_id: str) -> bool:
    """Whether any attempt already has this id of the provider's."""
    statement = select(attempts.c.id).where(attempts.c.request_id == request_id)
    return await connection.scalar(statement) is not None


async def update_job(connection: AsyncConnection, job: Job, **values: Any) -> Job:
    """Change a job within its state. Raises `StaleJob` when somebody was faster."""
    done = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.revision == job.revision)
        .values(revision=job.revision + 1, **values)
    )
    if done.rowcount != 1:
        raise StaleJob(f"Job {job.id} is no longer in {job.state} at revision {job.revision}.")
    return await read_job(connection, job.id)


async def transition(
    connection: AsyncConnection, job: Job, enters: JobState, at: float, **values: Any
) -> Job:
    """Move a job to its next state. Raises `StaleJob` when it is not where it should leave."""
    if not may_change(job.state, enters):
        raise StaleJob(f"Job {job.id} cannot go from {job.state} to {enters}.")
    return await update_job(connection, job, state=enters, state_since=at, **values)


async def update_attempt(connection: AsyncConnection, job: Job, **values: Any) -> None:
    """Change a job's current attempt."""
    attempt: Attempt | None = job.attempt
    if attempt is None:
        raise StaleJob(f"Job {job.id} has no attempt.")
    await connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(**values))
