"""What the bot may not do in servers' channels: found out, told once, and forgotten once mended."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from bot.store.database import Database, query, transaction
from bot.store.tables import informed, missing

MOST_OF_A_SERVER = 25
"""More than these are not remembered: they are told of in one message."""

GATHERED_S, TOLD_EVERY_S = 15 * 60.0, 24 * 3600.0
"""One message has what has come together by then, and the next one waits for the next day."""


class Missing(NamedTuple):
    """A permission, as Discord's settings name it, that the bot lacks in a channel."""

    server_id: int
    channel_id: int
    permission: str


class MissingBook:
    """Remembers them, and when a server was last told of some."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def all(self, connection: Connection) -> set[Missing]:
        """Whatever is not mended, as far as is known."""
        rows = connection.execute(select(*_of(missing)))
        return {Missing(*row) for row in rows}

    @transaction
    def found(self, connection: Connection, these: Collection[Missing], at: float) -> list[Missing]:
        """Remember what was met at `at` (unix s); what of it is new, and not too much."""
        return [each for each in these if _add(connection, each, at)]

    @transaction
    def mended(self, connection: Connection, these: Collection[Missing]) -> None:
        """Forget these."""
        for each in these:
            connection.execute(delete(missing).where(*_is(each)))

    @query
    def untold(self, connection: Connection, at: float) -> list[int]:
        """Servers that are to be told of something now, and may be; who waits longest first."""
        since = at - TOLD_EVERY_S
        lately = select(informed.c.server_id).where(informed.c.at > since, informed.c.at <= at)
        servers = (
            select(missing.c.server_id)
            .where(missing.c.told_at.is_(None), missing.c.server_id.not_in(lately))
            .group_by(missing.c.server_id)
            .having(func.min(missing.c.since) <= at - GATHERED_S)
            .order_by(func.min(missing.c.since))
        )
        return list(connection.scalars(servers))

    @transaction
    def telling(self, connection: Connection, server_id: int, at: float) -> list[Missing]:
        """What a server is told of now: saved before that is tried."""
        here = missing.c.server_id == server_id, missing.c.told_at.is_(None)
        rows = connection.execute(select(*_of(missing)).where(*here).order_by(missing.c.since))
        found = [Missing(*row) for row in rows]
        connection.execute(update(missing).where(*here).values(told_at=at))
        connection.execute(delete(informed).where(informed.c.server_id == server_id))
        connection.execute(insert(informed).values(server_id=server_id, at=at))
        return found

    @transaction
    def not_told(self, connection: Connection, these: Collection[Missing]) -> None:
        """That message was not taken: these are told of another day."""
        for each in these:
            connection.execute(update(missing).where(*_is(each)).values(told_at=None))


def _add(connection: Connection, lacking: Missing, at: float) -> bool:
    here = missing.c.server_id == lacking.server_id
    is_much = connection.scalars(select(func.count()).where(here)).one() >= MOST_OF_A_SERVER
    if is_much or connection.execute(select(missing).where(*_is(lacking))).first():
        return False
    connection.execute(insert(missing).values(**lacking._asdict(), since=at))
    return True


def _of(table: Table) -> list[Any]:
    return [table.c[name] for name in Missing._fields]


def _is(one: Missing) -> list[Any]:
    return [missing.c[name] == value for name, value in one._asdict().items()]
