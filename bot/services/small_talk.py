"""Messages that nothing can be made of, or that are too many.

In direct messages the first of a row is answered, and then one more; where others read along, each
thing is told once in a row. Of messages with files, so many a minute are looked at. It is
remembered in memory alone, and of so many people at most.
"""

from collections import deque
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import Problem, Refused

QUIET_S = 600.0
MOST_ROWS = 10_000
OF_ONE, IN_ONE_SERVER, WINDOW_S = 6, 60, 60.0
"""So many messages with files a minute are looked at: each takes several requests to Discord."""


@dataclass(frozen=True, slots=True)
class _Row:
    ends_at: float
    is_last_word_said: bool


class SmallTalk:
    """Who has been answered lately; ends are on the clock that only goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[tuple[int, str], _Row] = {}  # in the order of their ends
        self._heeded_at: dict[int, deque[float]] = {}

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

    def refuse_many(self, person_id: int, server_id: int) -> None:
        """Somebody sends files, in a server or (0) directly. Raises `Refused` where too many do."""
        now, bounds = self._clock.monotonic(), {person_id: OF_ONE, server_id: IN_ONE_SERVER}
        if not server_id:
            del bounds[server_id]
        for key, most in bounds.items():
            if sum(at > now - WINDOW_S for at in self._heeded_at.get(key, ())) >= most:
                raise Refused(Problem.TOO_OFTEN)
        for key in bounds:
            times = self._heeded_at.pop(key, None) or deque(maxlen=IN_ONE_SERVER)
            times.append(now)
            self._heeded_at[key] = times
        while len(self._heeded_at) > MOST_ROWS:
            del self._heeded_at[next(iter(self._heeded_at))]

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
