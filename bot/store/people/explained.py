"""Who was told how direct messages work, so that nobody is told twice in a row."""

from sqlalchemy import Connection, select

from bot.store.database import Database, transaction
from bot.store.tables import explained, upsert


class Explained:
    """The part of the store that remembers it."""

    database: Database

    @transaction
    def explain_once(
        self, connection: Connection, person_id: int, again_after_s: float, at: float
    ) -> bool:
        """Whether this person is to be told now how direct messages work."""
        told = connection.scalar(select(explained.c.at).where(explained.c.person_id == person_id))
        if told is not None and at - told < again_after_s:
            return False
        connection.execute(
            upsert(explained)
            .values(person_id=person_id, at=at)
            .on_conflict_do_update(index_elements=["person_id"], set_={"at": at})
        )
        return True
