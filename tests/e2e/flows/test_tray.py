"""In the browser: a picture and a motion of two people's messages become a video."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from sandbox.clients.browser import Reader
from tests.e2e.conftest import plain_stage
from tests.e2e.stage import LONG_S, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with plain_stage(tmp_path) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context(viewport={"width": 1100, "height": 850}) as window:
        page = await window.new_page()
        page.set_default_timeout(LONG_S * 1000)
        expect.set_options(timeout=LONG_S * 1000)
        yield page
        expect.set_options(timeout=5000)


async def test_a_video_of_what_is_in_the_chat(stage: Stage, page: Page) -> None:
    """Three clicks, and a restart between the first two."""
    bot = await stage.bot()
    general, ada = stage.channels["general"], Reader(page)
    for name, words, file in (
        ("ben", "my cat", stage.picture),
        ("cleo", "my dance", stage.motion),
    ):
        person = await stage.person(name)
        await person.send(general, words, [file])
    await ada.open(stage.cast.discord["page_url"], stage.users["ada"], general)
    await ada.menu(ada.message("my cat"), "Make this move")
    tray = ada.message("Your tray")
    await expect(tray).to_contain_text("from a message of @Ben")
    await expect(tray).to_contain_text("Still missing: a video or GIF")
    await bot.stop()
    await stage.bot()
    await ada.menu(ada.message("my dance"), "Use as motion")
    priced = ada.message("Shall I make this picture move")
    await expect(priced).to_contain_text("picture by @Ben, motion by @Cleo")
    await ada.button("360p · 2 credits", priced).click()
    post = ada.message("@Ada, your video is ready.")
    await expect(post).to_contain_text("picture by @Ben, motion by @Cleo, asked for by @Ada")
    await expect(post.locator("video")).to_have_count(1)
    await expect(priced).to_have_count(0)
    assert await stage.accepted() == 1
    assert stage.money() == ["hold", "capture"]
    assert ada.errors == []
