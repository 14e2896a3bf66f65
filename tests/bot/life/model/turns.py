"""The line: who may still come into it, and whose turn it is."""

from collections import Counter
from collections.abc import Collection

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
    """Whose turn it is: who has fewest running or before them, and then who came first."""
    line = [job for job in jobs if job.state == "queued"]
    line.sort(key=lambda job: (came_at(job), job.id))
    ahead = running_of(jobs)
    free, turns = MOST_RUNNING.of_all - ahead.total(), list[str]()
    while line and len(turns) < free:
        job = min(line, key=lambda job: ahead[job.wallet[1]])
        if ahead[job.wallet[1]] >= MOST_RUNNING.of_one:
            break
        line.remove(job)
        ahead[job.wallet[1]] += 1
        turns.append(job.id)
    return turns


def running_of(jobs: Collection[Told]) -> Counter[int]:
    """How many jobs of each person are running."""
    return Counter(job.wallet[1] for job in jobs if job.state in RUNNING)
