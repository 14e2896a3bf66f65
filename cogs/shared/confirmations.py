"""Questions that wait for their answer. They live in memory: after a restart nothing was done."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discord import ui

from bot.clock import Clock
from bot.errors import Problem, Refused
from cogs.shared.access import Rights

LIFE_S = 10 * 60.0
"""What a question says may be true no longer after that."""

MOST_OF_ONE = 20
"""So many may wait for one person; their oldest make room."""

Act = Callable[[], Awaitable[ui.LayoutView]]
"""Does what was asked about, and says what was done. May raise `Refused`."""


@dataclass(frozen=True, slots=True)
class _Question:
    actor_id: int
    server_id: int | None
    rights: Rights
    ends_at: float
    act: Act


class Confirmations:
    """Each is taken once, by who was asked, where they were asked, with the rights of then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, _Question] = {}

    def put(self, actor_id: int, server_id: int | None, rights: Rights, act: Act) -> str:
        """Keep what is to be done; the token that takes it. `None` is a direct message."""
        token, now = secrets.token_hex(8), self._clock.time()
        self._waiting = {key: old for key, old in self._waiting.items() if old.ends_at > now}
        theirs = [key for key, old in self._waiting.items() if old.actor_id == actor_id]
        for key in theirs[: 1 - MOST_OF_ONE]:
            del self._waiting[key]
        self._waiting[token] = _Question(actor_id, server_id, rights, now + LIFE_S, act)
        return token

    def take(self, token: str, actor_id: int, server_id: int | None, rights: Rights) -> Act:
        """What is to be done, which nobody can take again. Raises `Refused`."""
        question = self._waiting.get(token)
        if question is None or question.ends_at <= self._clock.time():
            raise Refused(Problem.CONFIRMATION_GONE)
        if (question.actor_id, question.server_id) != (actor_id, server_id):
            raise Refused(Problem.NOT_YOURS_TO_PRESS)
        del self._waiting[token]
        if not question.rights.last(rights):
            raise Refused(Problem.CARD_IS_OVER)
        return question.act
