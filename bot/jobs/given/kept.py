"""What a job has of another one's files, as that one's look has left them."""

from bot.core.jobs import Job
from bot.jobs.files import Files
from bot.jobs.given.fetching import What, given, upload_of


def is_kept(job: Job, what: What) -> bool:
    """Whether a file is another job's, whose link may lead to anything by now."""
    return job.files_of is not None and not upload_of(job, what).is_another


async def copied(job: Job, earlier: Job, files: Files) -> bool:
    """Give a job what it has of another one's files; whether all of it was still there for it."""
    if not await files.may_be_used(earlier):
        return False
    where = {What.IMAGE: files.subject, What.VIDEO: files.motion}
    paths = [where[what] for what in given(job) if is_kept(job, what)]
    return all([await files.copy(path(earlier.id), path(job.id)) for path in paths])
