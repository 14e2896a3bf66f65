"""What follows a finished video, in the browser: again, another picture, words, others."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage
from tests.media_samples import make_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_again_with_another_picture_in_words_and_by_somebody_else(
    stage: Stage, page: Page
) -> None:
    await stage.bot()
    ada = await stage.visit(page, "ada", "general")
    files = {"image": stage.picture, "video": stage.motion}
    await ada.use("mimic", {"quality": "360p"}, files)
    posts = ada.message("@Ada, your video is ready.")
    await expect(posts).to_have_count(1)
    await ada.button("Again · 2 credits", posts).click()
    await expect(posts).to_have_count(2)

    await ada.button("More…", posts.first).click()
    card = ada.message("What next?")
    await ada.button("Another picture · 2 credits", card).click()
    cat = make_picture(stage.folder / "a cat.png", fmt="PNG")
    form = page.get_by_role("dialog", name="Another picture")
    await form.get_by_label("The picture that should move").set_input_files(cat)
    await form.get_by_role("button", name="Submit").click()
    await expect(posts).to_have_count(3)
    await expect(page.get_by_label("A video of a cat moving like motion")).to_be_visible()

    await ada.button("Describe", card).click()
    form = page.get_by_role("dialog", name="What does the video show?")
    await form.get_by_label("In a sentence or two").fill("A blue square dances")
    await form.get_by_role("button", name="Submit").click()
    await expect(ada.message("Its post says so now")).to_be_visible()
    await expect(posts.first.get_by_label("A blue square dances")).to_be_visible()

    await ada.be("Ben")
    await ada.button("Again · 2 credits", posts.first).click()
    await expect(ada.message("@Ben, your video is ready.")).to_be_visible()
    assert await stage.accepted() == 4
    assert ada.errors == []
