"""One message per video, as somebody sees it who looks at the channel."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from sandbox.clients.browser import Reader
from sandbox.clients.person import PersonClient
from tests.e2e.stage import LONG_S
from tests.e2e.test_playground import visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_beside_a_video_a_line_is_left_and_of_what_was_let_go_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        visiting(tmp_path / "playground") as visit,
        await browser.new_context(viewport={"width": 1100, "height": 850}) as window,
    ):
        page = await window.new_page()
        page.set_default_timeout(LONG_S * 1000)
        expect.set_options(timeout=LONG_S * 1000)
        people = {one["name"]: int(one["id"]) for one in (await visit.get(""))["people"]}
        seen = await visit.get(f"/{people['Ada']}/overview")
        general = int(seen["guilds"][0]["channels"][0]["id"])
        ada, cards = Reader(page), Reader(page).message("Ada used /mimic")
        await ada.open(visit.page_url, people["Ada"], general)
        await visit.control("provider-mode", "slow")
        async with PersonClient(visit.people_url, people["Ada"]) as quick:
            await quick.until_online(int(seen["bot"]["id"]))
            files = dict(zip(("image", "video"), visit.uploads, strict=True))
            for _ in range(3):  # of which two run at once
                await quick.use(general, "mimic", {"quality": "360p"}, files)
        await ada.button("Cancel", ada.message("Starts when one of your videos")).click()
        await expect(ada.message("You were not charged.")).to_have_count(1)
        made = ada.message(re.compile("Usually .* · started")).first
        picture = made.locator(".thumbnail img")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("one => [one.width <= 85, one.height]") == [True, 85]
        marks = made.get_by_alt_text(re.compile(":stage_"))
        drawn = [await mark.evaluate("each => each.alt") for mark in await marks.all()]
        assert [mark.split("_")[1] for mark in drawn] == ["done", "done", "now", "ahead"]
        await visit.control("provider-mode", "well")
        await expect(ada.message("Your video is ready · it took")).to_have_count(2)
        await visit.control("clock", 120)
        await expect(cards).to_have_count(2)
        await expect(ada.message("You were not charged.")).to_have_count(0)
        assert ada.errors == []
