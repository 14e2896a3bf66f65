"""Work on a big file, which may take minutes and changes nothing that is in use."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

R = TypeVar("R")


def aside(work: Callable[[], R]) -> asyncio.Future[R]:
    """Do it in a thread for which the program's end does not wait: it is cut off then.

    SQLite cannot be relied on to stop: before version 3.41 it looks at nothing else while it checks
    a table, and a copy is made in one go.
    """
    done: Future[R] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - for whoever waits for it
            done.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return asyncio.wrap_future(done)
