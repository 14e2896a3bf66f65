"""Which of its stages a job is at, as a row of marks and a word."""

from contextvars import ContextVar
from typing import NamedTuple

from bot.cards.languages.speech import mark, tr
from bot.core.jobs import Job, JobState


class Marks(NamedTuple):
    """How cards write the marks of stages: behind, under way, and ahead."""

    done: str
    now: str
    ahead: str


MARKS: ContextVar[list[Marks]] = ContextVar("marks")
"""Emoji of this bot's own, in a list of one as soon as Discord has them."""

NOT_BROKEN = "\N{NO-BREAK SPACE}"
"""Marks are wider than a bar: where a phone breaks the line, it is before the words."""

STAGES: tuple[tuple[str, frozenset[JobState]], ...] = (
    (mark("Checking"), frozenset({JobState.CHECKING})),
    (mark("Waiting"), frozenset({JobState.QUEUED})),
    (
        mark("Being made"),
        frozenset({JobState.SUBMITTING, JobState.RENDERING, JobState.REVIEW, JobState.FETCHING}),
    ),
    (mark("Posting"), frozenset({JobState.DELIVERING})),
)


def stages(job: Job) -> str | None:
    """How far it is, which reads without colour and fits a phone; none for what has ended.

    No card is edited because its marks are known: they come with its next news.
    """
    if job.is_offer:
        return None
    current = next((n for n, (_, states) in enumerate(STAGES) if job.state in states), None)
    if current is None:
        return None
    name, ahead = tr(STAGES[current][0]), len(STAGES) - current - 1
    for marks in MARKS.get([]):
        row = marks.done * current + marks.now + marks.ahead * ahead
        return f"{row} {name.replace(' ', NOT_BROKEN)}"
    return f"{'▰' * (current + 1)}{'▱' * ahead} {name}"
