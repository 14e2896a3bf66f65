"""The line: who may still come into it, and whose turn it is."""

from collections import Counter
from collections.abc import Collection

from bot.core.queue import MAX_IN_FLIGHT
from tests.bot.life.model.purses import MOST_RUNNING, MOST_WAITING
from tests.bot.life.model.told import HOUR_S, MINUTE_S, Told, came_at

RUNNING = ("submitting", "rendering", "fetching")


def is_room(jobs: Collection[Told], person: int) -> bool:
    """Whether one more of this person may wait."""
    waiting = Counter(
        job.wallet[1] for job in jobs if job.state in ("checking", "queued") and not job.is_offer
    )
    return waiting[person] < MOST_WAITING.of_one and waiting.total() < MOST_WAITING.of_all


def in_turn(jobs: Collection[Told], at: float) -> list[str]:
    """Whose turn it is: who has had fewest or has fewest before them, and then who came first."""
    line = [job for job in jobs if job.state == "queued"]
    line.sort(key=lambda job: (came_at(job), job.id))
    ahead, free = had_turns(jobs), places(jobs, at)
    turns = list[str]()
    while line and len(turns) < free:
        job = min(line, key=lambda job: ahead[job.wallet[1]])
        person = job.wallet[1]
        line.remove(job)
        if ahead[person] < MOST_RUNNING.of_one:
            ahead[person] += 1
            turns.append(job.id)
    return turns


def able(jobs: Collection[Told], at: float) -> list[str]:
    """Who may start, in whatever order: after a failure the bot knows who is suspected least."""
    had = had_turns(jobs)
    return [
        job.id
        for job in jobs
        if job.state == "queued"
        and had[job.wallet[1]] < MOST_RUNNING.of_one
        and places(jobs, at) > 0
    ]


def had_turns(jobs: Collection[Told]) -> Counter[int]:
    """How many turns each person has now: what is in doubt was one."""
    return running_of(jobs) | unanswered_of(jobs)  # the larger of both


def places(jobs: Collection[Told], at: float) -> int:
    """How many more may start."""
    most_in_doubt = MOST_RUNNING.of_all + MAX_IN_FLIGHT
    running, unanswered = running_of(jobs).total(), unanswered_of(jobs).total()
    most = MOST_RUNNING.of_all + lasting(jobs, at)
    return min(most - running, most_in_doubt - unanswered)


def lasting(jobs: Collection[Told], at: float) -> int:
    """How many runs have lasted so long that they keep only their own person waiting.

    As many as may run after a quarter of an hour; each further one half an hour later than the one
    before, after two hours at the latest.
    """
    followed = [job.attempt.submitted_at for job in jobs if job.state in ("rendering", "fetching")]
    ages = sorted((at - began for began in followed if began is not None), reverse=True)
    first, rest = ages[: MOST_RUNNING.of_all], ages[MOST_RUNNING.of_all :]
    old = [age for age in first if age >= 15 * MINUTE_S]
    for further, age in enumerate(rest, 1):
        if age >= min(15 * MINUTE_S + further * 30 * MINUTE_S, 2 * HOUR_S):
            old.append(age)
    return len(old)


def running_of(jobs: Collection[Told]) -> Counter[int]:
    """How many jobs of each person are running; what is in doubt keeps nobody waiting."""
    return Counter(job.wallet[1] for job in jobs if job.state in RUNNING and not job.is_in_doubt)


def unanswered_of(jobs: Collection[Told]) -> Counter[int]:
    """How many submits of each person have no answer: so many may come to be in doubt."""
    return Counter(job.wallet[1] for job in jobs if job.state == "submitting")
