"""What people decide about jobs, in the model: moderators of one in review, and requesters of one
whose motion is too long."""

from typing import TYPE_CHECKING

from bot.core.jobs import Quality
from tests.bot.life.model.outside import Run
from tests.bot.life.model.purses import price_of
from tests.bot.life.model.told import HOUR_S, MINUTE_S, Told

if TYPE_CHECKING:
    from tests.bot.life.model.reference import Reference

FIRST_S = 10.0
OFFER_LIFE_S = 24 * HOUR_S
QUESTION_LIFE_S, TOKEN_LIFE_S, SPARE_S = 5 * MINUTE_S, 15 * MINUTE_S, 30.0


def resolves(model: "Reference", job: Told, outcome: str, run: Run | None) -> bool:
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


def is_over(job: Told, at: float) -> bool:
    """Whether nobody has taken an offer for too long."""
    if job.source == "message":
        return at - job.created_at >= OFFER_LIFE_S
    ends_at = min(job.asked_at + QUESTION_LIFE_S, job.created_at + TOKEN_LIFE_S - SPARE_S)
    return at >= ends_at


def offer_of(model: "Reference", person: int) -> Told | None:
    """Somebody's plain message's that waits; of their commands one asks at most."""
    theirs = [job for job in model.jobs.values() if job.wallet[1] == person and job.is_offer]
    mine = [job for job in theirs if job.source == "message"]
    assert max(len(mine), len(theirs) - len(mine)) <= 1
    return mine[0] if mine else None


def asks(model: "Reference", job: Told) -> None:
    """Its requester is to say how it goes on; of their commands one asks at a time."""
    model.commits()
    if job.source == "slash":
        for other in model.jobs.values():
            is_theirs = other.wallet[1] == job.wallet[1]
            if other.is_offer and other.source == "slash" and is_theirs:
                model.enters(other, "cancelled")
    job.is_asked, job.asked_at = True, model.clock.at
    job.taken_back.clear()
    job.age += 1


def takes_first(model: "Reference", job: Told, quality: Quality) -> bool:
    """Whether its beginning is taken: within the limits, and for what it costs then."""
    at, price = model.clock.at, price_of(quality, FIRST_S)
    if not (job.is_offer and job.is_asked and model.may_ask(job.wallet)):
        return False
    if not model.purses.fits(job.wallet, price, at):
        return False
    model.commits()
    job.quality, job.first_s = quality, FIRST_S
    job.is_asked, job.is_taken = False, True
    job.age += 1
    return True
