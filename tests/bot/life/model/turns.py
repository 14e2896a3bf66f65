"""The line: who may still come into it, and whose turn it is."""

from collections import Counter
from collections.abc import Collection

from bot.core.queue import MAX_IN_FLIGHT
from tests.bot.life.model.purses import MOST_RUNNING, MOST_WAITING
from tests.bot.life.model.told import Told, came_at

RUNNING = ("submitting", "rendering", "fetching")


def is_room(jobs: Collection[Told], person: int) -> bool:
    """Whether one more of this person may wait."""
    waiting = Counter(
        job.wallet[1] for job in jobs if job.state in ("checking", "queued") and not job.is_offer
    )
    return waiting[person] < MOST_WAITING.of_one and waiting.total() < MOST_WAITING.of_all


def in_turn(jobs: Collection[Told]) -> list[str]:
    """Whose turn it is: who has had fewest or has fewest before them, and then who came first."""
    line = [job for job in jobs if job.state == "queued"]
    line.sort(key=lambda job: (came_at(job), job.id))
    ahead, free = had_turns(jobs), places(jobs)
    turns = list[str]()
    while line and len(turns) < free:
        job = min(line, key=lambda job: ahead[job.wallet[1]])
        person = job.wallet[1]
        line.remove(job)
        if ahead[person] < MOST_RUNNING.of_one:
            ahead[person] += 1
            turns.append(job.id)
    return turns


def able(jobs: Collection[Told]) -> list[str]:
    """Who may start, in whatever order: after a failure the bot knows who is suspected least."""
    had = had_turns(jobs)
    return [
        job.id
        for job in jobs
        if job.state == "queued" and had[job.wallet[1]] < MOST_RUNNING.of_one and places(jobs) > 0
    ]


def had_turns(jobs: Collection[Told]) -> Counter[int]:
    """How many turns each person has now: what is in doubt was one."""
    return running_of(jobs) | unanswered_of(jobs)  # the larger of both


def places(jobs: Collection[Told]) -> int:
    """How many more may start."""
    most_in_doubt = MOST_RUNNING.of_all + MAX_IN_FLIGHT
    running, unanswered = running_of(jobs).total(), unanswered_of(jobs).total()
    return min(MOST_RUNNING.of_all - running, most_in_doubt - unanswered)


def running_of(jobs: Collection[Told]) -> Counter[int]:
    """How many jobs of each person are running; what is in doubt keeps nobody waiting."""
    return Counter(job.wallet[1] for job in jobs if job.state in RUNNING and not job.is_in_doubt)


def unanswered_of(jobs: Collection[Told]) -> Counter[int]:
    """How many submits of each person have no answer: so many may come to be in doubt."""
    return Counter(job.wallet[1] for job in jobs if job.state == "submitting")
