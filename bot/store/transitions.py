"""How rows of jobs change: always from the state and revision that the caller has seen."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from bot.core.admission import NewJob
from bot.core.jobs import ENDED, Attempt, Job, JobState, may_change
from bot.errors import Problem, Refused, StaleJob
from bot.store.group_commit import Changes
from bot.store.rows import job_from, select_jobs
from bot.store.tables import attempts, jobs

PRESSED_ONCE_S = 10.0
"""Two presses within so short a time are one."""

NOT_BEGUN = frozenset({JobState.CHECKING, JobState.QUEUED, JobState.SUBMITTING})

# Statements that each job needs are made once: making one costs more than executing it.

ONE_JOB = select_jobs().where(jobs.c.id == bindparam("job_id"))
_THIS = jobs.c.id == bindparam("this")
_NOTE = update(jobs).where(_THIS)
_STEP = _NOTE.where(jobs.c.state == bindparam("leaves"), jobs.c.revision == bindparam("seen"))
_ATTEMPT = update(attempts).where(attempts.c.id == bindparam("this"))
_CLAIM = select(attempts.c.id).where(attempts.c.request_id == bindparam("request_id"))
_TOLD = ("delivered", "delivery_channel_id", "delivery_message_id", "delivery_tried_at")
_AWAITED = (
    select(attempts.c.id)
    .join(jobs, jobs.c.attempt_id == attempts.c.id)
    .where(
        jobs.c.state.in_([JobState.SUBMITTING, JobState.REVIEW]),
        attempts.c.request_id.is_(None),
        attempts.c.image_url == bindparam("image_url"),
        attempts.c.video_url == bindparam("video_url"),
        attempts.c.model == bindparam("model"),
        attempts.c.quality == bindparam("quality"),
        attempts.c.prompt == bindparam("prompt"),
    )
    .limit(1)
)
_CONTESTED = _AWAITED.where(jobs.c.lease.is_not(None), attempts.c.id != bindparam("seeker"))
_SOURCE = select(jobs.c.model, jobs.c.quality, jobs.c.state).where(jobs.c.id == bindparam("job_id"))
_BEING_MADE = select_jobs().where(
    jobs.c.files_of == bindparam("files_of"),
    jobs.c.files_of.is_not(None),
    jobs.c.person_id == bindparam("person_id"),
    jobs.c.state.not_in(ENDED),
)
_FOR_NOTHING = select(func.count()).where(
    attempts.c.job_id == bindparam("job_id"),
    attempts.c.id != bindparam("current"),
    attempts.c.request_id.is_not(None),
    attempts.c.cost == 0,
)


def read_job(connection: Connection, job_id: str) -> Job:
    """A job that is known to exist."""
    return job_from(connection.execute(ONE_JOB, {"job_id": job_id}).mappings().one())


def is_claimed(connection: Connection, request_id: str) -> bool:
    """Whether any attempt already has this id of the provider's."""
    return connection.scalar(_CLAIM, {"request_id": request_id}) is not None


def is_awaited(connection: Connection, job: Job) -> bool:
    """Whether a submit of the very same inputs as this job's has no answer, and may yet get one."""
    assert job.attempt is not None
    return connection.scalar(_AWAITED, asdict(job.attempt.inputs)) is not None


def is_contested(connection: Connection, job: Job) -> bool:
    """Whether another submit of the very same inputs as this job's is under way."""
    assert job.attempt is not None
    wanted = {"seeker": job.attempt.id, **asdict(job.attempt.inputs)}
    return connection.scalar(_CONTESTED, wanted) is not None


def refuse_twice(connection: Connection, new: NewJob, at: float) -> None:
    """What somebody has made of the very same files is not asked for once more. Raises `Refused`.

    What they are to become another time, by the same model, may be asked for once the earlier one
    has begun: runs differ. A press that was meant once is not followed by a second video, and what
    stands in the place of a request that could not be paid is one video, whichever is pressed.
    """
    if new.files_of is None or _has_another(new):
        return
    of = {"files_of": new.files_of, "person_id": new.person_id}
    *made_as, source_state = connection.execute(_SOURCE, {"job_id": new.files_of}).one()
    wanted = [new.model, new.quality]
    is_again = made_as == wanted
    for made in map(job_from, connection.execute(_BEING_MADE, of).mappings()):
        if source_state == JobState.DELIVERED and [made.model, made.quality] != wanted:
            continue
        has_begun = made.state not in NOT_BEGUN
        is_later = at - made.created_at >= PRESSED_ONCE_S
        if _has_another(made) or (is_again and has_begun and is_later):
            continue
        if not is_again:
            raise Refused(Problem.BEING_MADE, job=made.id)
        raise Refused(Problem.BEGUN_JUST_NOW if has_begun else Problem.NOT_BEGUN_YET, job=made.id)


def _has_another(job: Job | NewJob) -> bool:
    """Whether one of its files is none of the job that it follows."""
    return any(file is not None and file.is_another for file in (job.subject, job.motion))


def runs_for_nothing(connection: Connection, job: Job) -> int:
    """How many runs of a job, before its current one, failed and cost nothing."""
    current = job.attempt.id if job.attempt else 0
    return connection.scalars(_FOR_NOTHING, {"job_id": job.id, "current": current}).one()


def update_job(connection: Connection, job: Job, **values: Any) -> Job:
    """Change a job within its state. Raises `StaleJob` when somebody was faster."""
    step = {"this": job.id, "leaves": job.state, "seen": job.revision, **values}
    done = connection.execute(_STEP, step | {"revision": job.revision + 1})
    if done.rowcount != 1:
        raise StaleJob(f"Job {job.id} is no longer in {job.state} at revision {job.revision}.")
    return changed(connection, job.id)


def note_on(connection: Connection, job_id: str, **values: Any) -> Job:
    """Change what is no part of a job's life, such as what its card shows."""
    connection.execute(_NOTE, {"this": job_id, **values})
    return _remembered(connection, job_id)


def describable(connection: Connection, said: Job, *, as_moderator: bool) -> Job:
    """The job that is `said` to show something, as it is now.

    What a moderator has said of it is left to moderators. Raises `Refused`.
    """
    job = read_job(connection, said.id)
    if job.removed_by_id is not None:
        raise Refused(Problem.REMOVED_BEFORE, by=job.removed_by_id)
    if not as_moderator and job.described_by not in {None, said.described_by}:
        raise Refused(Problem.DESCRIBED_BY_MODERATOR)
    return job


def changed(connection: Connection, job_id: str) -> Job:
    """A job as this event leaves it: it is told of, and somebody is to look at it."""
    job = _remembered(connection, job_id)
    Changes.on(connection).moved.add(job_id)
    return job


def _remembered(connection: Connection, job_id: str) -> Job:
    """Told to those who remember it, once it is saved."""
    job = read_job(connection, job_id)
    Changes.on(connection).jobs.append(job)
    return job


def transition(connection: Connection, job: Job, enters: JobState, at: float, **values: Any) -> Job:
    """Move a job to its next state. Raises `StaleJob` when it is not where it should leave."""
    if not may_change(job.state, enters):
        raise StaleJob(f"Job {job.id} cannot go from {job.state} to {enters}.")
    if job.state is JobState.REVIEW:  # how that was told says nothing of what comes
        values = dict.fromkeys(_TOLD) | values
    return update_job(connection, job, state=enters, state_since=at, **values)


def update_attempt(connection: Connection, job: Job, **values: Any) -> None:
    """Change a job's current attempt."""
    attempt: Attempt | None = job.attempt
    if attempt is None:
        raise StaleJob(f"Job {job.id} has no attempt.")
    connection.execute(_ATTEMPT, {"this": attempt.id, **values})
