"""For all tests: hypothesis judges results, never the speed of a shared machine; a browser."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings
from playwright.async_api import Browser

from sandbox.clients.browser import BrowserMissingError, chromium, find_chromium

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
