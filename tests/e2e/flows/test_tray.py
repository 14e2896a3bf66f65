"""In the browser: a picture and a motion of two people's messages become a video."""

import pytest
from playwright.async_api import Page, expect

from sandbox.clients.browser import Reader
from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    await ada.menu(ada.message("my cat"), "Make this move", ".picture")
    tray = ada.message("Your tray")
    await expect(tray).to_contain_text("from a message of @Ben")
    await expect(tray).to_contain_text("Still missing: the motion")
    await bot.stop()
    await stage.bot()
    await ada.menu(ada.message("my dance"), "Use as motion", "video")
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


async def test_a_video_of_a_picture_in_the_chat_and_a_motion_by_name(
    stage: Stage, page: Page
) -> None:
    """Right click, choose, press."""
    await stage.bot()
    general, ada = stage.channels["general"], Reader(page)
    person = await stage.person("ben")
    await person.send(general, "my dog", [stage.picture])
    await ada.open(stage.cast.discord["page_url"], stage.users["ada"], general)
    await ada.menu(ada.message("my dog"), "Make this move")
    tray = ada.message("Your tray")
    await tray.locator("[data-select]").click()
    await page.get_by_role("option", name="Bow · 4.8 s").click()
    priced = ada.message("Shall I make this picture move")
    await expect(priced).to_contain_text("Shall I make this picture move like Bow?")
    await ada.button("360p · 5 credits", priced).click()
    post = ada.message("@Ada, your video is ready.")
    await expect(post.locator("video")).to_have_count(1)
    await expect(priced).to_have_count(0)
    assert await stage.accepted() == 1
    assert ada.errors == []
