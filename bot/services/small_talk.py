"""Direct messages that nothing can be made of: the first of a row is answered, and then one more.

What is remembered of them is in memory alone, and of so many people at most.
"""

from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import Problem, Refused

QUIET_S = 600.0
MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class _Row:
    ends_at: float
    is_last_word_said: bool


class SmallTalk:
    """Who has been answered lately; ends are on the clock that only goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[int, _Row] = {}  # in the order of their ends

    def deserves_answer(self, person_id: int) -> bool:
        """Whether this is the first of a row.

        At the second, raises `Refused` with NOT_HEEDED, which tells until when there are no more
        answers.
        """
        now = self._clock.monotonic()
        self._forget_what_is_over(now)
        row = self._rows.get(person_id)
        if row is not None and row.is_last_word_said:
            return False
        self._rows.pop(person_id, None)
        self._rows[person_id] = _Row(now + QUIET_S, is_last_word_said=row is not None)
        if row is not None:
            raise Refused(Problem.NOT_HEEDED, until=self._clock.time() + QUIET_S)
        if len(self._rows) > MOST_PEOPLE:
            del self._rows[next(iter(self._rows))]
        return True

    def _forget_what_is_over(self, now: float) -> None:
        while self._rows and next(iter(self._rows.values())).ends_at <= now:
            del self._rows[next(iter(self._rows))]
