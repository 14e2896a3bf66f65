"""Commands, buttons, menus and forms on the page, with the real discord.py behind them."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from sandbox.clients.browser import Reader
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.media_samples import make_picture
from tests.sandbox.example_bot import ExampleBot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_slash_lists_what_one_may_use_and_the_form_says_what_it_needs(
    ada: Reader, tmp_path: Path
) -> None:
    await ada.box.fill("/")
    options = ada.page.get_by_role("listbox", name="Commands").get_by_role("option")
    await options.first.wait_for()
    offered = [text.split("\n")[0] for text in await options.all_inner_texts()]
    assert "/jobs show" in offered
    assert "/mimic" in offered
    await ada.box.fill("/mim")
    await expect(options).to_have_count(1)
    await ada.page.keyboard.press("Enter")
    form = ada.page.get_by_role("form", name="/mimic")
    await ada.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)

    picture = make_picture(tmp_path / "cat.png", fmt="PNG")
    form = await ada.fill_in("mimic", {"quality": "540p"}, {"image": picture})
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_text("This option is required.")).to_have_count(1)
    await form.get_by_label("video").set_input_files(picture)
    await form.get_by_role("button", name="Send").click()
    await ada.message("Ada used /mimic", "image/png 540p").wait_for()
    await ada.message("and more", "result.txt").wait_for()


async def test_a_file_is_dropped_on_its_option(ada: Reader) -> None:
    form = await ada.fill_in("mimic")
    dropped = await ada.page.evaluate_handle(
        """() => { const data = new DataTransfer();
        data.items.add(new File(["moo"], "cow.txt", {type: "text/plain"})); return data; }"""
    )
    await form.get_by_label("video").dispatch_event("drop", {"dataTransfer": dropped})
    await expect(form.locator(".field").nth(1)).to_contain_text("cow.txt")
    await expect(form.locator(".field").nth(0)).to_contain_text("Drop a file here")
    await ada.page.locator("body").dispatch_event("drop", {"dataTransfer": dropped})
    await expect(form.locator(".field").nth(0)).to_contain_text("cow.txt")


async def test_choices_are_offered_while_one_types(ada: Reader) -> None:
    form = await ada.fill_in("find")
    bug = form.get_by_label("bug", exact=True)
    await form.get_by_label("legs", exact=True).fill("6")
    await bug.press_sequentially("b")
    await ada.page.get_by_role("option", name="Bee with 6").wait_for()
    await bug.press("Enter")
    await expect(bug).to_have_value("Bee with 6")
    await form.get_by_role("button", name="Send").click()
    await ada.message("bee 6").wait_for()


async def test_what_each_option_is_for_stands_below_the_command(ada: Reader) -> None:
    form = await ada.fill_in("mimic")
    lines = form.get_by_role("list", name="Options").get_by_role("listitem")
    await expect(lines).to_have_text(
        ["image What is to move", "video How it is to move", "quality …"]
    )
    for index, name in enumerate(("image", "video", "+ quality")):
        await form.get_by_label(name).or_(ada.button(name)).first.focus()
        current = form.locator("[aria-current=true]")
        await expect(current).to_have_count(1)
        await expect(lines.nth(index)).to_have_attribute("aria-current", "true")
    video = form.get_by_label("video")
    await expect(video).to_have_accessible_description("How it is to move")


async def test_a_member_and_a_channel_are_named_with_the_keyboard(
    ada: Reader, world: World
) -> None:
    form = await ada.fill_in("jobs show", {"job": "7"})
    keyboard, member = ada.page.keyboard, form.get_by_label("member", exact=True)
    offered = ada.page.get_by_role("listbox", name="Choices for member").get_by_role("option")
    await member.press_sequentially("@")
    await expect(offered).to_have_count(6)
    await keyboard.press("ArrowDown")
    await expect(offered.nth(1)).to_have_attribute("aria-selected", "true")
    await keyboard.press("Escape")
    await expect(offered).to_have_count(0)
    await member.press_sequentially("be")
    await keyboard.press("Tab")
    await expect(member).to_have_value("@Ben")
    await form.get_by_role("button", name="+ place").click()
    place = form.get_by_label("place", exact=True)
    await place.press_sequentially("room")
    await keyboard.press("Enter")
    await expect(place).to_have_value("#showroom")
    await keyboard.press("Enter")
    await ada.message("7 of Ben in showroom").wait_for()

    form = await ada.fill_in("jobs show", {"job": "8", "member": "Nobody"})
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_text("Choose one from the list.")).to_be_visible()
    await member.fill(f"<@{world.users['cleo'].id}>")
    await form.get_by_label("job", exact=True).focus()
    await expect(member).to_have_value("@Cleo")
    await form.get_by_role("button", name="Send").click()
    await ada.message("8 of Cleo").wait_for()


async def test_an_answer_can_be_private_late_or_missing(
    ada: Reader, bot: ExampleBot, world: World
) -> None:
    await ada.use("whisper")
    whisper = ada.message("psst", "Only you can see this")
    await whisper.wait_for()
    await whisper.get_by_role("button", name="Dismiss message").click()
    await expect(ada.message("psst")).to_have_count(0)

    waits = asyncio.create_task(ada.message("Ada used /silent", "Sending command…").wait_for())
    await ada.use("silent")
    await waits
    world.clock.advance(4)
    await ada.message("Ada used /silent", "The application did not respond").wait_for()
    await ada.send("later")
    await expect(ada.timeline.get_by_role("article").last).to_contain_text("later")


async def test_buttons_and_menus_are_pressed(ada: Reader, server: DiscordServer) -> None:
    await ada.use("card")
    await ada.button("Press", ada.message("fresh")).click()
    await ada.message("pressed").wait_for()

    await ada.use("menus")
    menus = ada.message("Who?")
    await menus.locator("[data-select='menu:bug']").click()
    for bug in ("Ant", "Bee"):
        await ada.page.get_by_role("option", name=bug).click()
    await ada.page.get_by_role("button", name="Done").click()
    await ada.message("ant bee").wait_for()
    await menus.locator("[data-select='menu:user']").click()
    await ada.page.get_by_role("option", name="Ben", exact=True).click()
    await ada.message("Member:ben").wait_for()
    await menus.locator("[data-select='menu:channel']").click()
    await ada.page.get_by_role("option", name="#showroom").click()
    await ada.message("AppCommandChannel:showroom").wait_for()


async def test_menus_of_messages_and_people(ada: Reader) -> None:
    await ada.send("pick me")
    await ada.menu(ada.message("pick me").first, "Apps › Use as subject")
    await ada.message("Ada used Use as subject", "pick me").wait_for()
    await ada.page.get_by_role("button", name="Members").click()
    members = ada.page.get_by_role("complementary", name="Members")
    await members.get_by_role("button", name="Ben").click()
    await ada.page.get_by_role("menuitem", name="Apps › Greet").click()
    await ada.message("Hello, Member:ben").wait_for()


async def test_forms_with_every_kind_of_field(ada: Reader, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("hi")
    await ada.use("form")
    form = ada.page.get_by_role("dialog", name="A form")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_text("This field is required.").first).to_be_visible()
    await form.get_by_label("Name").fill("Zoe")
    await form.get_by_label("Bug").select_option(label="Bee")
    await form.get_by_label("Who").select_option(label="Cleo")
    await form.get_by_label("Files").set_input_files(note)
    await form.get_by_role("button", name="Submit").click()
    await ada.message("Zoe bee Member:cleo note.txt:hi").wait_for()
    await expect(form).to_have_count(0)

    await ada.use("quiz")
    quiz = ada.page.get_by_role("dialog", name="A quiz")
    await quiz.get_by_label("bard").check()
    await quiz.get_by_label("tu").check()
    await quiz.get_by_label("Sure").uncheck()
    await quiz.get_by_label("Old").fill("grey")
    await quiz.get_by_role("button", name="Submit").click()
    await ada.message("bard tu False grey none").wait_for()
