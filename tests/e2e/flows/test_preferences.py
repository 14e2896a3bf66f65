"""In the browser: a usual quality and a direct message are chosen once, and a video heeds both."""

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


async def test_what_was_chosen_once_counts_from_then_on(stage: Stage, page: Page) -> None:
    await stage.bot()
    ben = Reader(page)
    general, studio = stage.channels["general"], stage.cast.discord["guilds"]["studio"]
    await ben.open(stage.cast.discord["page_url"], stage.users["ben"], general)
    await ben.use("preferences")
    card = ben.message("Your preferences")
    await card.get_by_role("button", name="The usual").click()
    await page.get_by_role("option", name="720p").click()
    await expect(card.get_by_role("button", name="720p")).to_have_count(1)
    await ben.button("○ Tell me in a direct message when it is ready", card).click()
    await expect(ben.button("✓ Tell me in a direct message when it is ready", card)).to_be_visible()
    await ben.button("○ Ask me first above…", card).click()
    await page.get_by_label("Above how many credits?").fill("20")
    await page.get_by_role("dialog").get_by_role("button", name="Submit").click()
    await expect(ben.button("✓ Ask me first above 20 credits", card)).to_be_visible()

    await ben.use("mimic", {}, {"image": stage.picture, "video": stage.motion})
    post = ben.message("@Ben, your video is ready.")
    await expect(post).to_contain_text("720p · 2 s")
    [message] = [
        seen
        for seen in await (await stage.person("ben")).messages(general)
        if seen["attachments"] and seen["author"].get("bot")
    ]
    assert message["mentions"] == []
    servers = page.get_by_role("navigation", name="Servers")
    await servers.get_by_role("button", name="Direct messages").click()
    told = ben.message("Your video is ready")
    await expect(told).to_have_count(1)
    link = await told.get_by_role("link", name="Go to it").get_attribute("href")
    assert link == f"https://discord.com/channels/{studio}/{general}/{message['id']}"
    assert ben.errors == []
