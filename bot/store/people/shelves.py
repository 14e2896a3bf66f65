"""The library of motions of each server, and where the provider has its motions."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.actions import Action, ActionKind, Snapshot
from bot.core.library.motions import MOST_BYTES, MOST_MOTIONS, Motion, key_of
from bot.errors import Problem, Refused
from bot.store.database import Database, query, transaction
from bot.store.decisions import record_action
from bot.store.tables import motion_links, motions, upsert

_FIELDS = tuple(Motion.__dataclass_fields__)


class Shelves:
    """A change is one event, remembered among the server's actions; times (`at`) are unix s."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @query
    def of(self, connection: Connection, server_id: int) -> list[Motion]:
        """A server's own motions, by name."""
        theirs = select(motions).where(motions.c.server_id == server_id).order_by(motions.c.key)
        return [_motion(row) for row in connection.execute(theirs).mappings()]

    @query
    def named(self, connection: Connection, server_id: int, name: str) -> Motion | None:
        """A server's own motion of this name, however that is written."""
        return _named(connection, server_id, name)

    @query
    def refs(self, connection: Connection) -> set[str]:
        """Where all servers' motions are kept."""
        rows = connection.execute(select(motions.c.server_id, motions.c.id))
        return {f"{server_id}/{motion_id}" for server_id, motion_id in rows}

    @query
    def refuse(self, connection: Connection, server_id: int, name: str) -> None:
        """Whether one more of this name would be taken: raises `Refused` if not."""
        _refuse(connection, server_id, name, 0)

    @transaction
    def add(self, connection: Connection, motion: Motion) -> None:
        """One more, whose files are there. Raises `Refused`; then nothing changed."""
        _refuse(connection, motion.server_id, motion.name, motion.size_bytes)
        values = {name: getattr(motion, name) for name in _FIELDS}
        connection.execute(insert(motions).values(**values, key=motion.key))
        _record(connection, motion, motion.added_by, motion.added_at, ("", motion.name))

    @transaction
    def remove(
        self, connection: Connection, server_id: int, name: str, *, actor_id: int, at: float
    ) -> Motion:
        """Nobody can choose it from now on. Raises `Refused`."""
        motion = _existing(connection, server_id, name)
        connection.execute(delete(motions).where(motions.c.id == motion.id))
        _record(connection, motion, actor_id, at, (motion.name, ""))
        return motion

    @transaction
    def rename(
        self,
        connection: Connection,
        server_id: int,
        name: str,
        new_name: str,
        *,
        actor_id: int,
        at: float,
    ) -> Motion:
        """Call it otherwise; as it was. Raises `Refused`; then nothing changed."""
        motion = _existing(connection, server_id, name)
        if new_name == motion.name:
            return motion
        change = update(motions).where(motions.c.id == motion.id)
        try:
            with connection.begin_nested():
                connection.execute(change.values(name=new_name, key=key_of(new_name)))
        except IntegrityError:
            raise Refused(Problem.MOTION_NAME_TAKEN, name=new_name) from None
        _record(connection, motion, actor_id, at, (motion.name, new_name))
        return motion

    # --- where the provider has them ----------------------------------------------------------

    @query
    def link(self, connection: Connection, provider: str, content: str) -> tuple[str, float] | None:
        """The link under which a provider has this content, and since when."""
        row = connection.execute(
            select(motion_links.c.url, motion_links.c.at).where(
                motion_links.c.provider == provider, motion_links.c.content == content
            )
        ).first()
        return (row[0], row[1]) if row else None

    @transaction
    def keep_link(
        self,
        connection: Connection,
        provider: str,
        content: str,
        url: str,
        *,
        at: float,
        life_s: float,
    ) -> None:
        """A provider has this content from now on; links older than `life_s` are forgotten."""
        connection.execute(delete(motion_links).where(motion_links.c.at < at - life_s))
        connection.execute(
            upsert(motion_links)
            .values(provider=provider, content=content, url=url, at=at)
            .on_conflict_do_update(
                index_elements=["provider", "content"], set_={"url": url, "at": at}
            )
        )

    @transaction
    def forget_link(self, connection: Connection, url: str) -> None:
        """A provider has lost what was at this link."""
        connection.execute(delete(motion_links).where(motion_links.c.url == url))


def _motion(row: RowMapping) -> Motion:
    fields: dict[str, Any] = {name: row[name] for name in _FIELDS}
    return Motion(**fields)


def _named(connection: Connection, server_id: int, name: str) -> Motion | None:
    this = select(motions).where(motions.c.server_id == server_id, motions.c.key == key_of(name))
    row = connection.execute(this).mappings().first()
    return _motion(row) if row else None


def _existing(connection: Connection, server_id: int, name: str) -> Motion:
    motion = _named(connection, server_id, name)
    if motion is None:
        raise Refused(Problem.MOTION_MISSING, name=name)
    return motion


def _refuse(connection: Connection, server_id: int, name: str, more_bytes: int) -> None:
    if taken := _named(connection, server_id, name):
        raise Refused(Problem.MOTION_NAME_TAKEN, name=taken.name)
    theirs = select(func.count(), func.coalesce(func.sum(motions.c.size_bytes), 0))
    count, size_bytes = connection.execute(theirs.where(motions.c.server_id == server_id)).one()
    if count >= MOST_MOTIONS:
        raise Refused(Problem.LIBRARY_FULL, most=MOST_MOTIONS)
    if size_bytes + more_bytes > MOST_BYTES:
        raise Refused(Problem.LIBRARY_TOO_LARGE, limit_bytes=MOST_BYTES)


def _record(
    connection: Connection, motion: Motion, actor_id: int, at: float, names: tuple[str, str]
) -> None:
    """Remember what it was called, and is now; "" for not at all."""
    before: Snapshot = {"motion": names[0] or None}
    after: Snapshot = {"motion": names[1] or None}
    action = Action(at, actor_id, motion.server_id, ActionKind.LIBRARY, "")
    record_action(connection, replace(action, before=before, after=after))
