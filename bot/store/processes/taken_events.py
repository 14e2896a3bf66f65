"""What several processes hear of at once, and one of them does something about."""

from sqlalchemy import Connection, delete, or_

from bot.store.database import Database, transaction
from bot.store.processes.tables import taken_events
from bot.store.tables import upsert

KEPT_S = 900.0
"""A session that goes on may tell of what was minutes ago."""

FORGOTTEN_EVERY_S = 60.0


class TakenEvents:
    """Who takes an event first has it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._forgotten_at = 0.0

    @transaction
    def take(self, connection: Connection, event_id: int, at: float) -> bool:
        """Whether nobody had taken it."""
        if abs(at - self._forgotten_at) > FORGOTTEN_EVERY_S:
            self._forget(connection, at)
        event = upsert(taken_events).values(id=event_id, at=at).on_conflict_do_nothing()
        return connection.scalar(event.returning(taken_events.c.id)) is not None

    def _forget(self, connection: Connection, at: float) -> None:
        old = or_(taken_events.c.at < at - KEPT_S, taken_events.c.at > at + KEPT_S)
        connection.execute(delete(taken_events).where(old))
        self._forgotten_at = at
