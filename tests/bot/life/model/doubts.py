"""What becomes of submits whose answers were lost, in the model."""

from typing import TYPE_CHECKING

from bot.core.jobs import Attempt, JobState
from tests.bot.life.model.outside import Run
from tests.bot.life.model.purses import DAY_S
from tests.bot.life.model.told import MINUTE_S, Asked, Patience, Told

if TYPE_CHECKING:  # it asks for what is here
    from tests.bot.life.model.reference import Reference


def unclaimed(model: "Reference", asked: Asked) -> list[Run] | None:
    """The history's runs of these inputs that nobody has.

    `None` if it cannot be read, or does not say whose they are: the answer to another such submit
    is under way.
    """
    at = model.clock.at
    since, until = asked.began_at - 4 * MINUTE_S, at + 4 * MINUTE_S
    if asked.began_at > at:  # the clock was set back: who knows when it was
        since, until = at - DAY_S - 2 * MINUTE_S, asked.began_at + DAY_S + 2 * MINUTE_S
    model.asks("history")
    if model.outside.weather.provider_is_down:
        return None
    found = [
        run
        for run in model.outside.shown()
        if since <= run.created_at <= until
        and run.inputs == asked.inputs
        and not model.is_claimed(run.id)
    ]
    is_contested = any(
        other.is_in_flight and other.attempt is not asked and other.attempt.inputs == asked.inputs
        for other in model.jobs.values()
    )
    return None if found and is_contested else found


def looks_up(model: "Reference", job: Told) -> bool | None:
    """Whether a run was found, which then is this job's; `None` if the history cannot be read."""
    found = unclaimed(model, job.attempt)
    if not found:
        return None if found is None else False
    model.accepts(job, found[0].id, min(found[0].created_at, model.clock.at))
    return True


def settles(model: "Reference", job: Told) -> None:
    """A job that is found submitting is never sent again, and first of all gives its slot away."""
    if job.is_in_flight:
        model.commits()
        job.is_in_flight = False
        job.age += 1
        return
    if model.is_busy():
        return
    is_found = looks_up(model, job)
    if is_found:
        model.came_through(job)
    else:
        tries = model.run.unread if is_found is None else model.run.lookups
        if not tries.spent(job, model.clock.monotonic()):
            return
        model.doubts(job)
    model.run.lookups.forget(job)
    model.run.unread.forget(job)


def gives_up(model: "Reference", job: Told) -> bool:
    """Whether its requester may give it up, for credits that budgets go on counting."""
    if not job.is_in_doubt:
        return False
    model.fails(job, may_be_billed=True)
    job.owes_notice = False
    return True


def followed(model: "Reference") -> list[tuple[Told, int]]:
    """The submits that budgets count, of which nobody knows yet what they cost."""
    counted = [(model.jobs[job_id], number) for job_id, number in model.purses.perhaps_billed]
    return [(job, number) for job, number in counted if job.attempts[number].cost is None]


def looks_for(model: "Reference", job: Told, number: int) -> None:
    """One look for a run that nobody wants any more: who waits for one like it comes first."""
    asked = job.attempts[number]
    if asked.run is not None:
        model.asks("row")
        is_down = model.outside.weather.provider_is_down
        run = model.outside.run_of(asked.run)
        is_over = run in model.outside.shown() and run.state == "FAILED"
        if not is_down and is_over and run.cost is not None:
            model.commits()
            _costs(model, job, number, run.cost)
        return
    found = unclaimed(model, asked)
    if found is None:
        return
    if not found:
        patience = model.run.searches.setdefault(id(asked), Patience(15 * MINUTE_S))
        if patience.spent(job, model.clock.monotonic()):
            model.commits()
            model.purses.perhaps_billed.remove((job.id, number))
        return
    run = found[0]
    if run.state == "PROCESSING":
        return
    model.commits()  # also where that finds out that somebody waits for it
    if any(
        other.state in ("submitting", "review")
        and other.attempt.run is None
        and other.attempt.inputs == asked.inputs
        for other in model.jobs.values()
    ):
        return
    asked.run, asked.submitted_at = run.id, min(run.created_at, model.clock.at)
    if run.state == "FAILED":
        _costs(model, job, number, run.cost)


def _costs(model: "Reference", job: Told, number: int, cost: float | None) -> None:
    """What is known of a run that failed."""
    job.attempts[number].cost = cost
    if cost == 0:
        model.purses.perhaps_billed.remove((job.id, number))


def looks_back(model: "Reference", job: Told) -> None:
    """What was in the queue at the start is asked after before it is sent for the first time.

    Without an answer it waits; a run that is nobody's, of its files, is taken for its own.
    """
    if model.bot_died and model.fate.point in {"commit 1", "file", "history"}:
        model.dies()
    saved = model.as_saved
    assert saved is not None
    if job.id in model.run.found and saved.state is JobState.FAILED:
        model.fails(job)  # the history was away for too long
    elif job.id in model.run.found and saved.attempt is not None:
        _takes(model, job, saved.attempt)
    elif job.id in model.run.found and (model.outside.weather.provider_is_down or _strays(model)):
        model.run.set_aside.add(job.id)
    else:
        model.waits(job)


def _takes(model: "Reference", job: Told, taken: Attempt) -> None:
    inputs = taken.image_url, taken.video_url, job.quality
    own = [run for run in _strays(model) if run.inputs == inputs and _is_of(model, run, job)]
    own.sort(key=lambda run: (run.id != taken.request_id, run.state == "FAILED"))
    submitted_at = min(own[0].created_at, model.clock.at)
    model.commits()
    job.attempts.append(Asked(job.inputs, submitted_at, own[0].id, submitted_at))
    job.is_attempting = True
    model.enters(job, "submitting")
    model.enters(job, "rendering")
    model.run.found.discard(job.id)


def _is_of(model: "Reference", run: Run, job: Told) -> bool:
    """Whether its files are a job's, by their bytes."""
    of, outside = job.inputs, model.outside
    picture, motion, quality = run.inputs
    is_alike = (picture, quality) == (outside.asset_of(of[0]), of[2])
    return is_alike and outside.asset_of(motion) == outside.asset_of(of[1])


def _strays(model: "Reference") -> list[Run]:
    """The runs that nobody has."""
    return [run for run in model.outside.shown() if not model.is_claimed(run.id)]
