"""For all tests: hypothesis judges results, not the speed of machines; plain logs; a browser."""

import gc
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, Phase, settings
from playwright.async_api import Browser

from sandbox.clients.browser import BrowserMissingError, chromium, find_chromium

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # others wait for work by spinning
gc.disable()  # what is loaded until all tests are known stays: nothing is to be found in it

settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(  # of what is broken on purpose no smallest example is wanted
    "broken on purpose",
    settings.get_profile("shared machine"),
    phases=[Phase.generate],
    database=None,
)
settings.load_profile("shared machine")

# By itself it paints each traceback with rich, which takes seconds in the loop of a bot under test.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread those that mostly wait: the processes that run them get pieces of the list."""
    waiting = [item for item in items if {"e2e", "torture"} & set(item.path.parts)]
    if waiting:
        others = [item for item in items if item not in waiting]
        each = len(others) // len(waiting) + 1
        pieces = (others[at * each : (at + 1) * each] for at in range(len(waiting)))
        items[:] = [
            item for first, piece in zip(waiting, pieces, strict=True) for item in (first, *piece)
        ]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it again and again costs a seventh of it all."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 20)  # each world leaves few circles: to look for them costs 4 %


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real one for all tests that use it, which therefore run on the session's loop.

    Without it these tests cannot be, except where it was promised.
    """
    try:
        find_chromium()
    except BrowserMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    async with chromium() as browser:
        yield browser
