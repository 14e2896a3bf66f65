"""In the browser: one person reads German, the channel English, until an admin says otherwise."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_reads_their_own_language_and_the_channel_the_servers(
    stage: Stage, page: Page
) -> None:
    await stage.bot()
    ben = await stage.visit(page, "ben", "general")
    await ben.speak("Deutsch")
    await ben.use("preferences")
    card = ben.message("Deine Einstellungen")
    await card.get_by_role("button", name="Wie mein Discord").click()
    await page.get_by_role("listbox").get_by_role("option", name="Français").click()
    card = ben.message("Tes préférences")
    await expect(card).to_be_visible()
    await card.get_by_role("button", name="Français").click()
    await page.get_by_role("listbox").get_by_role("option", name="Deutsch").click()
    await expect(ben.message("Deine Einstellungen")).to_be_visible()

    files = {"image": stage.picture, "video": stage.motion}
    await ben.use("mimic", {}, files)
    await expect(ben.message("@Ben, your video is ready.")).to_be_visible()
    await ben.be("Ada")
    await ben.use("settings language", {"speak": "Deutsch"})
    await expect(ben.message("Changed")).to_contain_text("Deutsch")
    await ben.be("Ben")
    await ben.use("mimic", {}, files)
    post = ben.message("@Ben, dein Video ist fertig.")
    await expect(post).to_be_visible()
    await ben.button("Mehr…", post).click()
    await expect(ben.message("Was jetzt?")).to_be_visible()
    assert ben.errors == []
