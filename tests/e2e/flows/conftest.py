"""A local world and a browser's window, both on the loop that the whole session has."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import plain_stage
from tests.e2e.stage import LONG_S, Stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with plain_stage(tmp_path) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window that waits as long as these machines may need."""
    async with await browser.new_context(viewport={"width": 1100, "height": 850}) as window:
        page = await window.new_page()
        page.set_default_timeout(LONG_S * 1000)
        expect.set_options(timeout=LONG_S * 1000)
        yield page
        expect.set_options(timeout=5000)
