"""Who sees what on the page, the keyboard, narrow windows, and the testers' panel."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from sandbox.clients.browser import Reader
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_sees_their_own_places_and_commands(ada: Reader, world: World) -> None:
    servers = ada.page.get_by_role("navigation", name="Servers")
    await expect(servers.get_by_role("button", name="Studio")).to_be_visible()
    await expect(servers.get_by_role("button", name="Garden")).to_be_visible()
    await ada.send("for the studio")
    await ada.be("Finn")
    await expect(servers.get_by_role("button", name="Studio")).to_have_count(0)
    await expect(servers.get_by_role("button", name="Attic")).to_be_visible()
    await expect(ada.message("for the studio")).to_have_count(0)

    await ada.be("Ben")
    await ada.go("general")
    await ada.box.fill("/moderate")
    await expect(ada.page.get_by_text("There is no command /moderate here")).to_be_visible()
    await ada.be("Dana")
    await ada.box.fill("/moderate")
    await expect(ada.page.get_by_role("option", name="/moderate")).to_be_visible()
    await ada.page.reload()
    await expect(ada.page.get_by_label("Who you are")).to_have_value(str(world.users["dana"].id))


async def test_news_elsewhere_is_marked(ada: Reader, bot: ExampleBot, world: World) -> None:
    await bot.post(world.channels["showroom"].id, f"<@{world.users['ada'].id}> come here",
                   allowed_mentions=None)  # fmt: skip
    showroom = ada.page.get_by_role("navigation", name="Channels").get_by_role(
        "button", name="showroom"
    )
    await expect(showroom).to_have_accessible_name("showroom, 1 mention")
    await showroom.click()
    await ada.message("come here").wait_for()
    await expect(showroom).to_have_accessible_name("showroom")


async def test_a_bot_that_is_gone_is_said_to_be(ada: Reader, bot: ExampleBot) -> None:
    await expect(ada.page.get_by_role("status").first).to_be_hidden()
    await bot.close()
    await expect(ada.page.get_by_text("Marionette is offline")).to_be_visible()


async def test_it_is_used_by_keyboard_alone(ada: Reader) -> None:
    await expect(ada.box).to_be_focused()
    await ada.page.keyboard.type("typed")
    await ada.page.keyboard.press("Enter")
    await ada.message("typed").wait_for()
    await ada.page.keyboard.press("Shift+Tab")
    while not await ada.timeline.evaluate("node => node === document.activeElement"):
        await ada.page.keyboard.press("Shift+Tab")
    await ada.page.keyboard.press("ArrowUp")
    await expect(ada.message("typed")).to_be_focused()
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("menu")).to_be_visible()
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("menu")).to_have_count(0)
    await expect(ada.message("typed")).to_be_focused()


async def test_the_panel_shows_json_traffic_and_controls(ada: Reader, world: World) -> None:
    await ada.send("look inside")
    await ada.menu(ada.message("look inside"), "Show its JSON")
    panel = ada.page.get_by_role("complementary", name="For testers")
    await expect(panel.get_by_text('"content": "look inside"')).to_be_visible()
    await panel.get_by_role("tab", name="Traffic").click()
    await ada.use("whisper")
    await expect(panel.get_by_text("INTERACTION_CREATE").first).to_be_visible()
    await expect(panel.get_by_text("/callback").first).to_be_visible()
    await panel.get_by_role("tab", name="Controls").click()
    await ada.send(f"due <t:{int(world.clock.time()) + 1015}:R>")
    await expect(ada.message("due in 17 minutes")).to_be_visible()
    await panel.get_by_label("Clock, ahead of real time").fill("900")
    await ada.page.keyboard.press("Enter")
    await expect(ada.message("due in 2 minutes")).to_be_visible()
    await panel.get_by_label("Answers to the bot").select_option(index=1)
    waits = asyncio.create_task(ada.message("Sending command…").wait_for())
    await ada.use("whisper")
    await waits
    await panel.get_by_label("Answers to the bot").select_option(index=0)


async def test_what_is_said_for_a_moment_covers_nothing(ada: Reader) -> None:
    await ada.page.get_by_role("button", name="Members").click()
    for text in ("/no", "/no", "/such", "/command", "/here"):
        await ada.box.fill(text)
        await ada.box.press("Escape")
        await ada.button("Send").click()
    link = ada.page.get_by_label("Go to a message by its link")
    await link.fill("nowhere")
    await link.press("Enter")
    said = ada.page.locator(".toast")
    await expect(said).to_have_count(2)
    for part in (ada.page.get_by_role("button", name="Members"), link, ada.box):
        await part.click(trial=True)
    for member in await ada.page.locator(".member").all():
        await member.click(trial=True)
    await expect(said).to_have_count(0)
    assert ["400 (Bad Request)" in error for error in ada.errors] == [True]
    ada.errors.clear()


async def test_a_phones_width_hides_the_places_until_asked(
    browser: Browser, server: DiscordServer, world: World
) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 720})
    reader = Reader(page)
    await reader.open(
        str(server.announcement()["page_url"]), world.users["ben"].id, world.channels["general"].id
    )
    channels = page.get_by_role("navigation", name="Channels")
    await expect(channels).to_be_hidden()
    await page.get_by_role("button", name="Servers and channels").click()
    await channels.get_by_role("button", name="showroom").click()
    await expect(channels).to_be_hidden()
    title = page.get_by_role("heading", name="showroom", exact=True)
    whole = "node => node.scrollWidth <= node.clientWidth"
    assert await title.evaluate(whole)
    link = page.get_by_label("Go to a message by its link")
    await expect(link).to_be_hidden()
    await reader.button("Paste a message link").click()
    await link.fill("nowhere")
    await link.press("Enter")
    await expect(page.locator(".toast")).to_be_visible()
    assert await title.evaluate(whole)
    await link.press("Escape")
    await expect(link).to_be_hidden()
    for name, opened in (("Members", ".member"), ("For testers", ".tabs")):
        await reader.button(name).click()
        await expect(page.locator(opened).first).to_be_in_viewport(ratio=1)
        await expect(reader.box).to_be_hidden()
        await reader.button(name).click()
        await expect(reader.box).to_be_visible()
    await reader.button("Members").click()
    await page.locator(".member").first.click()
    await page.get_by_role("menuitem", name="Mention").click()
    await expect(reader.box).to_have_value("@Ada ")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.close()
