"""One of the two databases of a copy: nobody else's, and in one transaction, until that is over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, String, Table, select

from bot.errors import StoreError
from bot.store.database import BUSY_TIMEOUT_S, Place, explained
from bot.store.group_commit import Link, Work
from bot.store.sharing.claims import Claim

R = TypeVar("R")
Rows = Sequence[Row[Any]]


class Side:
    """What is asked of it is done in its connection's thread, one piece of work after the other."""

    def __init__(self, place: Place, link: Link, connection: Connection) -> None:
        self.place = place
        self._link = link
        self._connection = connection

    async def do(self, work: Work[R]) -> R:
        """Raises `StoreError` where it cannot be used, and what `work` does."""
        with explained(self.place):
            return await _in_thread(self._link, partial(work, self._connection))

    @asynccontextmanager
    async def reading(
        self, table: Table, batch_rows: int
    ) -> AsyncIterator[Callable[[], Awaitable[Rows]]]:
        """Gives what hands over so many of its rows at each call, and none after the last.

        They come by their keys, in the same order whatever the database and its language are.
        """
        keys = (
            key.collate(self.place.byte_order) if isinstance(key.type, String) else key
            for key in table.primary_key
        )
        statement = select(*table.columns).order_by(*keys).execution_options(yield_per=batch_rows)
        result = await self.do(lambda connection: connection.execute(statement))
        try:
            yield lambda: self.do(lambda _: result.fetchmany(batch_rows))
        finally:
            with suppress(StoreError, *self.place.errors):
                await self.do(lambda _: result.close())


async def _in_thread(link: Link, work: Callable[[], R]) -> R:
    outcome: list[R] = []
    await link.do(lambda: outcome.append(work()))
    return outcome[0]


@asynccontextmanager
async def held(place: Place, *, is_made: bool) -> AsyncIterator[Side]:
    """Alone on it, and nobody writes to it beside us: saved at the end, if that is reached.

    Where it `is_made` by this, and that is not, no file is left that was not there before.
    Raises `StoreError`.
    """
    place.claim(Claim.ALONE, None)
    new = [path for path in place.files if is_made and not path.exists()]
    try:
        async with _transaction(place) as side:
            yield side
    except BaseException:
        _discard(new)
        raise
    finally:
        place.release()


@asynccontextmanager
async def _transaction(place: Place) -> AsyncIterator[Side]:
    with explained(place):
        link = await place.link(writes=True, patience_s=BUSY_TIMEOUT_S)
    opened = ExitStack()
    try:
        with explained(place):
            begun = partial(opened.enter_context, link.transaction())
            side = Side(place, link, await _in_thread(link, begun))
            await side.do(place.linger)
        try:
            yield side
        except BaseException as error:
            undo = partial(opened.__exit__, type(error), error, error.__traceback__)
            with suppress(*place.errors):  # gone with its connection, and undone by that
                await _in_thread(link, undo)
            raise
        await _save(place, asyncio.ensure_future(_in_thread(link, opened.close)))
    finally:
        await link.close()


async def _save(place: Place, saving: asyncio.Future[None]) -> None:
    """What has begun to be saved cannot be stopped any more, only waited for."""
    while not saving.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([saving])
    with explained(place):
        await saving


def _discard(files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
