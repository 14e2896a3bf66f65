"""What people decide about jobs, in the model."""

from tests.bot.life.model.outside import Run
from tests.bot.life.model.reference import Reference
from tests.bot.life.model.told import Told


def resolves(model: Reference, job: Told, outcome: str, run: Run | None) -> bool:
    """Whether a moderator's word stands."""
    if job.state != "review" or (outcome == "ran") != (run is not None):
        return False
    if run is not None:
        asked = job.attempt
        if asked.run is not None and run.id != asked.run:
            return False
        if asked.run is None and model.is_claimed(run.id):
            return False
        model.asks("row")
        is_readable = not model.outside.weather.provider_is_down
        if not is_readable or run not in model.outside.shown() or run.inputs != asked.inputs:
            return False
        model.commits()
        if asked.run is None:
            asked.run, asked.submitted_at = run.id, min(run.created_at, model.clock.at)
        model.enters(job, "rendering")
    elif outcome == "again":
        model.commits()
        model.enters(job, "queued")
        model.counts_on(job)
        job.is_attempting, job.again = False, job.again + 1
    else:
        model.fails(job, may_be_billed=True)
    return True
