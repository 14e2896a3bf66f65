"""PostgreSQL: a database that a server keeps, for one bot at a time and all its processes."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Column, Connection, func, make_url, select
from sqlalchemy.exc import DBAPIError

from bot.alarms import Alarms
from bot.clock import Clock
from bot.errors import StoreError
from bot.store.group_commit import BeforeCommit
from bot.store.server.link import ServerLink, dialled, visible
from bot.store.server.news import ServerNews
from bot.store.server.trouble import trouble
from bot.store.sharing.claims import Claim
from bot.store.sharing.folder import SharedFolder
from bot.store.sharing.news import News


class Server:
    """As `bot.store.database.Place` has it.

    It checks and mends its own files, and its own tools copy them.
    """

    errors = (DBAPIError, psycopg.Error)
    is_shared = True
    byte_order = "C"

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        host = self._url.host or str(self._url.query.get("host", "")) or "this machine"
        self.name = f"the database {self._url.database or self._url.username} on {host}"
        self.files: list[Path] = []
        self._claim = Claim.BESIDE
        news = ServerNews(self._url)
        self.news: News = news
        self.before_commit: BeforeCommit | None = news.tell_with
        self.dialled = dialled(self._url)
        self._folder: SharedFolder | None = None
        self._writer: ServerLink | None = None

    def claim(self, claim: Claim, folder: Path | None) -> None:
        """Take the folder's lock; the connection that writes takes the database's, whenever it is
        made. Processes that share the folder have to know its name first."""
        self._claim = claim
        if claim is Claim.BESIDE or folder is None:
            return
        self._folder = SharedFolder(folder)
        if claim is Claim.ALONE:
            self._folder.hold(None)

    def release(self) -> None:
        """Give the folder's back; the other one went with its connection."""
        if self._folder is not None:
            self._folder.release()

    async def link(self, *, writes: bool, patience_s: float) -> ServerLink:
        """One more connection; it waits so long for others that write."""
        link = ServerLink(
            self._url,
            self.name,
            writes=writes,
            claim=self._claim if writes else Claim.BESIDE,
            patience_s=patience_s,
        )
        try:
            await link.open()
            if writes:
                await self._settle_in(link)
        except BaseException:
            await link.close()
            raise
        return link

    async def _settle_in(self, writer: ServerLink) -> None:
        self._writer = writer
        if self._claim is Claim.PEER and self._folder is not None:
            folder = self._folder
            await writer.do(lambda: folder.hold(writer.only_name()))

    async def try_alone(self) -> bool:
        """Whether no other process of the bot is there, and none comes until `join_again`."""
        if self._claim is not Claim.PEER:
            return True
        assert self._writer is not None
        is_alone: list[bool] = []
        writer = self._writer
        await writer.do(lambda: is_alone.append(writer.try_alone()))
        return is_alone[0]

    async def join_again(self, revision: str) -> None:
        """Others of this version may come, too."""
        assert self._writer is not None
        self._writer.revision = revision
        if self._claim is Claim.PEER:
            await self._writer.do(self._writer.join_again)

    def trouble(self, error: BaseException) -> str | None:
        """What PostgreSQL says of itself; `None` for errors in what it was asked."""
        return trouble(error, self.name)

    def check(self, unwanted: threading.Event) -> asyncio.Future[str | None]:
        """Its server looks after its files."""
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def back_up_before(self, revision: str) -> str | None:
        """A migration is one transaction: it is there whole, or not at all."""
        return None

    async def back_up(self, target: Path) -> int:
        """Raises `StoreError`: it has tools of its own for that."""
        raise StoreError(
            f"PostgreSQL makes its own backups: use pg_dump to copy {self.name} into a file."
        )

    def daily_backups(self, folder: Path, clock: Clock, alarms: Alarms) -> "ByItsOperator":
        """Those are made on its server."""
        return ByItsOperator()

    def prove_writable(self, connection: Connection) -> None:
        """Write something back: better to learn now than at the first job that this fails."""
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    def findings(self, connection: Connection) -> list[str]:
        """What it would find wrong it does not let happen."""
        return []

    def kept(self, text: str) -> str:
        """It takes neither a NUL nor half a character."""
        return visible(text)

    def linger(self, connection: Connection) -> None:
        """Others that stand still for a minute are ended."""
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    def number_on(self, connection: Connection, numbers: Column[Any]) -> None:
        """Numbers come from a sequence of their own, that knows nothing of the rows."""
        sequence = func.pg_get_serial_sequence(numbers.table.name, numbers.name)
        highest = select(func.max(numbers)).scalar_subquery()
        connection.execute(select(func.setval(sequence, highest)))


class ByItsOperator:
    """Backups that the bot neither makes nor sees."""

    async def run(self) -> None:
        """Make none."""

    def age_s(self) -> float | None:
        """Nobody here knows."""
        return None
