"""Whose turn it is to begin a session on Discord's gateway, over all processes and starts."""

from sqlalchemy import Connection, select, update

from bot.store.database import Database, transaction
from bot.store.processes.tables import session_turns
from bot.store.tables import upsert


class SessionTurns:
    """One for each of Discord's keys. Whoever has it keeps it until it is given back, or for
    `held_s`; then it rests for `rest_s`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @transaction
    def take(
        self, connection: Connection, key: int, held_s: float, rest_s: float, at: float
    ) -> float:
        """Take the turn, and return 0; or the seconds after which to ask again."""
        free_at: float | None = connection.scalar(
            select(session_turns.c.free_at).where(session_turns.c.key == key)
        )
        if free_at is None or free_at <= at:
            self._keep(connection, key, at + held_s + rest_s)
            return 0.0
        if free_at > at + held_s + rest_s:  # a clock was set back: how long ago that was, who knows
            self._keep(connection, key, at + rest_s)
            return rest_s
        return free_at - at

    @transaction
    def give_back(self, connection: Connection, key: int, rest_s: float, at: float) -> None:
        """A session was asked for."""
        turn = update(session_turns).where(session_turns.c.key == key)
        connection.execute(turn.values(free_at=at + rest_s))

    def _keep(self, connection: Connection, key: int, free_at: float) -> None:
        connection.execute(
            upsert(session_turns)
            .values(key=key, free_at=free_at)
            .on_conflict_do_update(index_elements=["key"], set_={"free_at": free_at})
        )
