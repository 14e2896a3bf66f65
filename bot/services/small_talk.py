"""Messages that nothing can be made of.

In direct messages the first of a row is answered, and then one more; where others read along, each
thing is told once in a row. It is remembered in memory alone, and of so many people at most.
"""

from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import Problem, Refused

QUIET_S = 600.0
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class _Row:
    ends_at: float
    is_last_word_said: bool


class SmallTalk:
    """Who has been answered lately; ends are on the clock that only goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[tuple[int, str], _Row] = {}  # in the order of their ends

    def deserves_answer(self, person_id: int) -> bool:
        """Whether this is the first of a row.

        At the second, raises `Refused` with NOT_HEEDED, which tells until when there are no more
        answers.
        """
        row = self._row(person_id, "")
        if row is not None and row.is_last_word_said:
            return False
        self._begin(person_id, "", is_last_word_said=row is not None)
        if row is not None:
            raise Refused(Problem.NOT_HEEDED, until=self._clock.time() + QUIET_S)
        return True

    def is_news(self, person_id: int, what: str) -> bool:
        """Whether this was not told to this person lately where others read along; now it is."""
        if self._row(person_id, what) is not None:
            return False
        self._begin(person_id, what)
        return True

    def _row(self, person_id: int, what: str) -> _Row | None:
        self._forget_what_is_over(self._clock.monotonic())
        return self._rows.get((person_id, what))

    def _begin(self, person_id: int, what: str, *, is_last_word_said: bool = False) -> None:
        self._rows.pop((person_id, what), None)
        ends_at = self._clock.monotonic() + QUIET_S
        self._rows[person_id, what] = _Row(ends_at, is_last_word_said)
        if len(self._rows) > MOST_ROWS:
            del self._rows[next(iter(self._rows))]

    def _forget_what_is_over(self, now: float) -> None:
        while self._rows and next(iter(self._rows.values())).ends_at <= now:
            del self._rows[next(iter(self._rows))]
