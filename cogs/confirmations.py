"""Questions that wait for their answer. They live in memory: after a restart nothing was done."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discord import ui

from bot.errors import Problem, Refused

LIFE_S = 10 * 60.0
"""What a question says may be true no longer after that."""

MOST = 1000
"""So many may wait; the oldest make room."""

Act = Callable[[], Awaitable[ui.LayoutView]]
"""Does what was asked about, and says what was done. May raise `Refused`."""


@dataclass(frozen=True, slots=True)
class _Question:
    actor_id: int
    server_id: int
    ends_at: float
    act: Act


class Confirmations:
    """Each is taken once, by who was asked, where they were asked. `now` gives unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._waiting: dict[str, _Question] = {}

    def put(self, actor_id: int, server_id: int, act: Act) -> str:
        """Keep what is to be done; the token that takes it."""
        token = secrets.token_hex(8)
        while len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[token] = _Question(actor_id, server_id, self._now() + LIFE_S, act)
        return token

    def take(self, token: str, actor_id: int, server_id: int | None) -> Act:
        """What is to be done, which nobody can take again. Raises `Refused`."""
        question = self._waiting.get(token)
        if question is None or question.ends_at <= self._now():
            raise Refused(Problem.CONFIRMATION_GONE)
        if (question.actor_id, question.server_id) != (actor_id, server_id):
            raise Refused(Problem.NOT_YOURS_TO_PRESS)
        del self._waiting[token]
        return question.act
