"""What people like, each for themselves: one row of whoever has said so, and none of all others."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from bot.core.accounts import Preferences
from bot.core.admission import NewJob
from bot.core.people.languages import Language, known
from bot.core.rules import Rules
from bot.store.database import Database, query, transaction
from bot.store.group_commit import Changes
from bot.store.tables import preferences

Choosing = Callable[[NewJob, Preferences, Rules], NewJob]
"""What a request becomes by what its requester likes, and by the rules that hold for them."""

_WHOSE: BindParameter[int] = bindparam("whose")
_THEIRS = preferences.c.person_id == _WHOSE
_READ = select(*(column for column in preferences.c if not column.primary_key)).where(_THEIRS)
_FORGET, _SAVE = delete(preferences).where(_THEIRS), insert(preferences)
_CLOSED = update(preferences).where(_THEIRS, preferences.c.notify_directly)


def read_preferences(connection: Connection, person_id: int) -> Preferences:
    """Somebody's preferences, inside a transaction that needs them."""
    row = connection.execute(_READ, {"whose": person_id}).mappings().first()
    if row is None:
        return Preferences()
    return Preferences(**{**row, "language": known(row["language"])})


def note_closed(connection: Connection, person_id: int, at: float) -> None:
    """The direct messages of somebody who wants to be told by them have refused one."""
    connection.execute(_CLOSED, {"whose": person_id, "direct_closed_at": at})


class PreferenceBook:
    """Asks for somebody's preferences, and changes them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def of(self, connection: Connection, person_id: int) -> Preferences:
        """What somebody has chosen; nothing but defaults where they have chosen nothing."""
        return read_preferences(connection, person_id)

    @query
    def spoken(self, connection: Connection) -> list[tuple[int, Language]]:
        """Who has chosen a language, with it."""
        chosen = select(preferences.c.person_id, preferences.c.language).where(
            preferences.c.language.in_(Language)
        )
        return [(row[0], Language(row[1])) for row in connection.execute(chosen)]

    @transaction
    def change(
        self, connection: Connection, person_id: int, changes: Mapping[str, Any]
    ) -> Preferences:
        """Change these fields of `Preferences`; what holds now.

        Of somebody who is back at the defaults nothing is kept.
        """
        chosen = replace(read_preferences(connection, person_id), **changes)
        if "language" in changes:
            Changes.on(connection).languages[0, person_id] = chosen.language
        if "notify_directly" in changes:
            chosen = replace(chosen, direct_closed_at=None)
        connection.execute(_FORGET, {"whose": person_id})
        if chosen != Preferences():
            connection.execute(_SAVE, {"person_id": person_id, **asdict(chosen)})
        return chosen
