"""In the browser: a usual quality and a direct message are chosen once, and a video heeds both."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_was_chosen_once_counts_from_then_on(stage: Stage, page: Page) -> None:
    await stage.bot()
    ben = await stage.visit(page, "ben", "general")
    general, studio = stage.channels["general"], stage.cast.discord["guilds"]["studio"]
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
