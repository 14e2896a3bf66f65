"""A video is reported from its post and removed by a moderator; another one is deleted."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_is_reported_is_removed_and_ones_own_deleted(stage: Stage, page: Page) -> None:
    await stage.bot()
    general, showroom = stage.channels["general"], str(stage.channels["showroom"])
    ada = await stage.person("ada")
    await ada.outcome(await ada.use(general, "settings audit", {"channel": showroom}))
    reader = await stage.visit(page, "ben", "general")
    posts = reader.message("your video is ready.", "More…")
    files = {"image": stage.picture, "video": stage.motion}
    for number in range(2):
        await reader.use("mimic", {"quality": "360p"}, files)
        await expect(posts.nth(number).locator("video")).to_be_visible()

    await reader.be("Eve")
    await reader.button("More…", posts.first).click()
    await reader.button("Report…").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("It is mean to somebody").check()
    await form.get_by_label("What else should they know?").fill("It mocks Cleo.")
    await form.get_by_role("button", name="Submit").click()
    await expect(reader.message("Thank you: the moderators will look at it.")).to_be_visible()
    await reader.be("Dana")
    await reader.go("showroom")
    await reader.button("For moderators…", reader.message("Something was reported")).click()
    card = reader.message("A video was reported", "It mocks Cleo.").first
    await reader.button("Remove…", card).click()
    await reader.button("Delete it").click()
    await expect(reader.message("Something was reported")).to_have_count(0)
    await expect(reader.message("Something was deleted")).to_be_visible()
    await reader.go("general")
    await expect(posts).to_have_count(1)

    await reader.be("Ben")
    await reader.button("More…", posts).click()
    await reader.button("Delete…").click()
    await reader.button("Delete it").click()
    await expect(reader.message("Deleted: the post, and all that I kept of it.")).to_be_visible()
    await expect(posts).to_have_count(0)
    assert stage.money() == ["hold", "capture"] * 2
    assert reader.errors == []
