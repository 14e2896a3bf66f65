"""What processes tell one another through the server: LISTEN and NOTIFY on a connection of its own.

What a transaction has changed is told inside it, and heard when it is committed, in that order.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from sqlalchemy import URL, Connection

from bot.store.group_commit import Changes
from bot.store.server.link import BOTS_LOCK, COUNT_PROCESSES, SOON_MISSED, dialled
from bot.store.sharing.news import Heard
from bot.store.sharing.others import CHANGED, told_of

log = structlog.get_logger()

MOST_BYTES = 7_800
"""PostgreSQL takes less than 8,000 at once."""

MOST_WAITING = 1_000
"""So much is kept for a connection that is lost: the newest."""

AGAIN_S, AT_MOST_S = 0.5, 5.0
LAST_WORDS_S = 2.0

_TELL = "SELECT pg_notify('marionette', said) FROM unnest(%s::text[]) AS said"
_LISTEN = "LISTEN marionette"


class ServerNews:
    """As `bot.store.sharing.news.News` has it; open it to hear."""

    def __init__(self, url: URL) -> None:
        self.process = secrets.token_hex(8)
        self.on_missed: list[Callable[[], None]] = []
        self.was_alone = True
        self._url = url
        self._heard: dict[str, list[Heard]] = {}
        self._latest: dict[str, int] = {}
        self._number = 0
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._stirred = asyncio.Event()
        self._connection: psycopg.AsyncConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the connection is there."""
        return self._connection is not None

    def tell(self, kind: str, **facts: Any) -> None:
        """Let all others know, soon; what is told at once is sent together."""
        if self._listening is None:
            return
        self._number += 1
        said = json.dumps([self.process, self._number, kind, facts], default=str)
        if len(said.encode()) > MOST_BYTES:
            log.error("what other processes were to be told is too long", kind=kind)
            return
        self._waiting.append(said)
        self._stirred.set()

    def hear(self, kind: str, heard: Heard) -> None:
        """Be told of this kind from now on, in the order in which each process tells it."""
        self._heard.setdefault(kind, []).append(heard)

    def tell_with(self, connection: Connection, changes: Sequence[Changes]) -> None:
        """In a transaction's thread, at its end: what others hear once it is committed."""
        if facts := told_of(changes):
            said = [json.dumps([self.process, 0, CHANGED, part]) for part in parts(facts)]
            connection.exec_driver_sql(_TELL, (said,))

    async def open(self) -> None:
        """Listen from now on. Raises what psycopg raises."""
        self._connection = await self._connect()
        counted = await (await self._connection.execute(COUNT_PROCESSES, BOTS_LOCK)).fetchone()
        self.was_alone = counted is not None and counted[0] <= 1
        self._listening = asyncio.create_task(self._listen(), name="news")

    async def close(self) -> None:
        """Say what is to be said, and listen no longer."""
        if self._listening is None:
            return
        self._listening.cancel()
        await asyncio.wait([self._listening])
        self._listening = None
        if self._connection is not None:
            with suppress(psycopg.Error, TimeoutError):
                await asyncio.wait_for(self._send(self._connection), LAST_WORDS_S)
            await self._connection.close()

    async def _connect(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(**dialled(self._url), autocommit=True)
        try:
            await connection.execute(f"{SOON_MISSED}; {_LISTEN}")
            connection.add_notify_handler(lambda note: self._hear(note.payload))
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _listen(self) -> None:
        pause_s = AGAIN_S
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._connect()
                    self._miss()
                pause_s = AGAIN_S
                await self._attend(self._connection)
            except (psycopg.Error, OSError) as error:
                tell = log.info if pause_s == AGAIN_S else log.debug
                tell("other processes of the bot are not heard", reason=str(error).strip())
            except Exception:
                log.exception("other processes of the bot are not heard")
            if self._connection is not None:
                await self._connection.close()
                self._connection = None
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, AT_MOST_S)

    async def _attend(self, connection: psycopg.AsyncConnection) -> None:
        """Until it is lost. psycopg's own way to wait would keep it from telling meanwhile."""
        loop, socket = asyncio.get_running_loop(), connection.fileno()
        while True:
            await self._send(connection)
            connection.pgconn.consume_input()
            while (note := connection.pgconn.notifies()) is not None:
                self._hear(note.extra.decode())
            loop.add_reader(socket, self._stirred.set)
            try:
                await self._stirred.wait()
            finally:
                loop.remove_reader(socket)
            self._stirred.clear()

    async def _send(self, connection: psycopg.AsyncConnection) -> None:
        """What fails on the way is sent again, and heard once: it has a number."""
        while self._waiting:
            said = list(self._waiting)
            await connection.execute(_TELL, (said,))
            for each in said:
                with suppress(ValueError):  # crowded out meanwhile
                    self._waiting.remove(each)

    def _hear(self, said: str) -> None:
        try:
            process, number, kind, facts = json.loads(said)
            if process == self.process or (number and number <= self._latest.get(process, 0)):
                return
            if number:
                self._latest[process] = number
            self._hand_on(process, kind, facts)
        except Exception:
            log.exception("what another process told could not be understood")

    def _hand_on(self, process: str, kind: str, facts: Mapping[str, Any]) -> None:
        for heard in self._heard.get(kind, ()):
            try:
                heard(process, facts)
            except Exception:
                log.exception("what another process told could not be heeded", kind=kind)

    def _miss(self) -> None:
        for missed in self.on_missed:
            try:
                missed()
            except Exception:
                log.exception("what was missed could not be made up for")


def parts(facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same in pieces that are short enough, in order."""
    part: dict[str, Any] = {}
    size = room = MOST_BYTES - 200
    for name, value in facts.items():
        for item in value if isinstance(value, list) else [value]:
            needs = len(json.dumps(item)) + 2
            if needs > size:
                yield part
                part, size = {}, room
            size -= needs
            if isinstance(value, list):
                part.setdefault(name, []).append(item)
            else:
                part[name] = item
    if part:
        yield part
