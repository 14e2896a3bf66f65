"""What a person does with the bot in the browser, from the upload to the playing video."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")
PLAYS_ON = """node => new Promise(done => {
    let begun = null;
    node.ontimeupdate = () => {
        if (begun === null) begun = node.currentTime;
        else if (node.currentTime !== begun) done([begun, node.currentTime]);
    };
    node.muted = true;
    node.play();
})"""


async def test_a_video_is_made_watched_and_another_cancelled(stage: Stage, page: Page) -> None:
    await stage.bot(MAX_RUNNING_PER_PERSON="1")
    ada = await stage.visit(page, "ada", "general")
    files = {"image": stage.picture, "video": stage.motion}
    await stage.provider("POST", "pause")
    await ada.use("mimic", {"quality": "360p"}, files)
    card = ada.message("Ada used /mimic").first
    await expect(card).to_contain_text("The picture is learning to move")

    await ada.use("mimic", {"quality": "360p"}, files)
    second = ada.message("Ada used /mimic").nth(1)
    await expect(second).to_contain_text("Starts when one of your videos")
    await ada.button("Cancel", second).click()
    await expect(second).to_contain_text("You were not charged.")
    await expect(ada.button("Cancel", second)).to_have_count(0)
    await stage.provider("POST", "resume")

    post = ada.message("@Ada, your video is ready.")
    await expect(card).to_contain_text("Your video is ready · it took")
    video = post.locator("video")
    begun, further = await video.evaluate(PLAYS_ON)
    assert begun < further
    await ada.button("More…", post).click()
    await ada.button("Details", ada.message("What next?")).click()
    await expect(ada.message("360p · 2 s · 2 credits").last).to_contain_text(
        "Only you can see this"
    )
    assert await stage.accepted() == 1
    assert ada.errors == []


async def test_a_direct_message_with_files_becomes_a_video(stage: Stage, page: Page) -> None:
    await stage.bot()
    ben = await stage.visit(page, "ben", "general")
    servers = page.get_by_role("navigation", name="Servers")
    await servers.get_by_role("button", name="Direct messages").click()
    await ben.send("", files=[stage.picture])
    await expect(ben.message("Now send me the video")).to_have_count(1)
    await ben.send("like this", files=[stage.motion])
    offer = ben.message("Shall I make this picture move like this video?")
    await ben.button("720p · 3 credits", offer).click()
    await expect(ben.message("Your video is ready.").locator("video")).to_be_visible()
    await expect(ben.message("Now send me the video")).to_have_count(0)
    assert ben.errors == []


async def test_a_stranger_is_refused_in_a_sentence(stage: Stage, page: Page) -> None:
    await stage.bot(ALLOWED_SERVERS=str(stage.cast.discord["guilds"]["studio"]))
    finn = await stage.visit(page, "finn", "den")
    await finn.use("mimic", {}, {"image": stage.picture, "video": stage.motion})
    await expect(finn.message("Only you can see this")).to_contain_text(
        "has not opened it for this server"
    )
    assert stage.states() == []
    assert finn.errors == []
