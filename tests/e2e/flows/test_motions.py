"""Motions by name, in the browser: a moderator adds one, members use it and one of ours."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_motion_is_added_and_used_by_name_and_from_its_card(
    stage: Stage, page: Page
) -> None:
    await stage.bot()
    dana = await stage.visit(page, "dana", "general")
    await dana.use("library add", {"name": "Moonwalk"}, {"video": stage.motion})
    await expect(dana.message("Moonwalk is in the library")).to_contain_text("2 s")

    ada = dana
    await ada.be("Ada")
    await ada.use("mimic", {"motion": "Moonwalk"}, {"image": stage.picture})
    await ada.message("@Ada, your video is ready.").locator("video").wait_for()

    await ada.use("motions show", {"name": "Bow"})
    card = ada.message("comes with the bot")
    await expect(card.locator("img")).to_have_count(1)
    await ada.button("Use with my picture…", card).click()
    form = ada.page.get_by_role("dialog")
    await form.locator("input[type=file]").set_input_files(stage.picture)
    await form.get_by_role("button", name="Submit").click()
    await ada.message("@Ada, your video is ready.").nth(1).locator("video").wait_for()
    assert await stage.accepted() == 2
    assert ada.errors == []
