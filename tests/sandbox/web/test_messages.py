"""Messages on the page: what is written, shown, changed, hidden and found again."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from sandbox.clients.browser import Reader
from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import Emoji
from sandbox.discord.state.world import World
from tests.media_samples import make_motion, make_picture
from tests.sandbox.example_bot import ExampleBot, text_file

pytestmark = pytest.mark.asyncio(loop_scope="session")
MARKDOWN = """### Head
**bold** *slanted* __under__ ~~gone~~ `code` snake_case_name
> quoted
- one
- two
||secret|| <@{ada}> <#{general}> <t:{soon}:R> https://example.com/a_b_c
<script>document.title = "broken into"</script> [x](javascript:alert(1))"""


async def test_markdown_is_drawn_as_discord_draws_it(ada: Reader, world: World) -> None:
    soon = int(world.clock.time()) + 235
    ids = {"ada": world.users["ada"].id, "general": world.channels["general"].id}
    await ada.send(MARKDOWN.format(soon=soon, **ids))
    message = ada.message("Head")
    await message.wait_for()
    for tag, text in (
        ("h5", "Head"), ("strong", "bold"), ("em", "slanted"), ("u", "under"), ("s", "gone"),
        ("code", "code"), ("blockquote", "quoted"), ("li >> nth=1", "two"),
        (".mention >> nth=0", "@Ada"), (".mention >> nth=1", "#general"),
        ("time[data-counts]", "in 4 minutes"), ("a[href]", "https://example.com/a_b_c"),
    ):  # fmt: skip
        await expect(message.locator(".md").locator(tag)).to_have_text(text)
    await expect(message).to_contain_text("snake_case_name")
    await expect(message).to_contain_text("[x](javascript:alert(1))")
    assert "broken" not in await ada.page.title()
    secret = message.get_by_role("button", name="Spoiler")
    await expect(secret.locator("span")).to_be_hidden()
    await secret.click()
    await expect(secret.locator("span")).to_be_visible()


async def test_an_applications_emoji_is_its_picture_in_the_line(
    ada: Reader, world: World, tmp_path: Path
) -> None:
    """One that is not there is its name; one that changes into another takes that one's picture."""
    data = make_picture(tmp_path / "p.png", size=(8, 8), fmt="PNG").read_bytes()
    for number, name in ((1, "tick"), (2, "point")):
        world.emojis[number] = Emoji(number, name, world.bot_id, data)
    await ada.send(r"done <:tick:1><:point:2> <:gone:3> `<:tick:1>` \<:tick:1> <:x y:1>")
    text = ada.message("done").locator(".md")
    pictures = text.get_by_role("img")
    await expect(text).to_have_text("done  :gone: <:tick:1> <:tick:1> <:x y:1>")
    assert [("404" in error) for error in ada.errors] == [True]
    ada.errors.clear()
    await expect(pictures).to_have_count(2)
    await expect(pictures.nth(0)).to_have_attribute("alt", ":tick:")
    assert await pictures.nth(0).evaluate("each => each.naturalWidth") == 8
    [message] = world.channels["general"].messages.values()
    message.content = "done <:point:2><:point:2>"
    world.edited(message)
    await expect(ada.page.get_by_alt_text(":point:")).to_have_count(2)
    for each in await pictures.all():
        await expect(each).to_have_attribute("src", "/emojis/2.webp")


async def test_people_are_named_while_one_writes(ada: Reader, world: World) -> None:
    offered = ada.page.get_by_role("listbox", name="People").get_by_role("option")
    await ada.box.press_sequentially("hey @c")
    await expect(offered.locator(".option-label")).to_have_text(["@Cleo"])
    await ada.box.press("Escape")
    await expect(offered).to_have_count(0)
    await ada.box.press("Backspace")
    await ada.box.press("ArrowDown")
    await ada.box.press("Enter")
    await expect(ada.box).to_have_value("hey @Ben ")
    await ada.box.press_sequentially("and @cleo, not a@dana or `@Eve`")
    await ada.box.press("Enter")
    message = ada.message("hey")
    await expect(message.locator(".mention")).to_have_text(["@Ben", "@Cleo"])
    ben, cleo = world.users["ben"].id, world.users["cleo"].id
    [sent] = world.channels["general"].messages.values()
    assert sent.content == f"hey <@{ben}> and <@{cleo}>, not a@dana or `@Eve`"


async def test_a_mention_is_a_pill_whomever_it_means(ada: Reader, world: World) -> None:
    finn, moderator = world.users["finn"].id, world.guilds["studio"].roles[2].id
    await ada.send(f"<@{finn}> <@!{finn}> <@&{moderator}> <@{2**60}> <@&{2**60}> <#{2**60}>")
    await expect(ada.timeline.locator(".mention")).to_have_text(
        ["@Finn", "@Finn", "@Moderator", "@unknown-user", "@unknown-role", "#unknown"]
    )


async def test_what_others_do_appears_without_a_reload(
    ada: Reader, server: DiscordServer, bot: ExampleBot, world: World
) -> None:
    general = world.channels["general"].id
    async with PersonClient(server.people_url, world.users["ben"].id) as ben:
        await ben.type(general)
        await expect(ada.page.get_by_text("Ben is typing…")).to_be_visible()
        await ben.send(general, f"<@{world.users['ada'].id}> look")
    await ada.message("look").wait_for()
    await expect(ada.message("look")).to_have_class("message mentions-me")
    await expect(ada.page.get_by_text("Ben is typing…")).to_be_hidden()
    sent = await bot.post(general, "one")
    await ada.message("one").wait_for()
    await sent.edit(content="two")
    await ada.message("two", "(edited)").wait_for()
    await sent.delete()
    await expect(ada.message("two")).to_have_count(0)


async def test_a_forward_shows_its_original_and_a_spoiler_is_veiled(
    ada: Reader, server: DiscordServer, world: World, tmp_path: Path
) -> None:
    general = world.channels["general"].id
    picture = make_picture(tmp_path / "secret.png", fmt="PNG")
    async with PersonClient(server.people_url, world.users["ben"].id) as ben:
        sent = await ben.send(general, "look", [picture], spoiler=True)
        await ben.forward(general, int(sent["id"]), general)
    forward = ada.message("Forwarded")
    await expect(forward).to_contain_text("look")
    for message in (ada.message("look").first, forward):
        await expect(message.get_by_role("button", name="Spoiler")).to_be_visible()


async def test_a_video_plays_on_while_its_message_changes(
    ada: Reader, bot: ExampleBot, world: World, tmp_path: Path
) -> None:
    clip = text_file("clip.mp4", make_motion(tmp_path / "clip.mp4", duration_s=8.0).read_bytes())
    sent = await bot.post(world.channels["general"].id, "playing", file=clip)
    video = ada.message("playing").locator("video")
    await video.evaluate("async node => { node.muted = node.loop = true; await node.play(); }")
    await plays_past(video, 0.3)
    await video.evaluate("node => { node.marked = true; }")
    await sent.edit(content="playing on")
    await ada.message("playing on").wait_for()
    await plays_past(video, await video.evaluate("node => node.currentTime"))
    assert await video.evaluate("node => node.marked && !node.paused")


async def plays_past(video: Locator, seconds: float) -> None:
    """Wait until a video has played further."""
    await video.evaluate(
        """(node, seconds) => new Promise(done => {
            node.ontimeupdate = () => node.currentTime > seconds && done();
        })""",
        seconds,
    )


async def test_files_are_sent_from_the_box_and_shown(ada: Reader, tmp_path: Path) -> None:
    picture = make_picture(tmp_path / "cat.png", fmt="PNG")
    notes = tmp_path / "notes.txt"
    notes.write_text("Feed the cat.")
    await ada.send("see", files=[picture, notes])
    message = ada.message("see")
    image = message.get_by_role("img", name="cat.png")
    await image.wait_for()
    assert await image.evaluate("async node => { await node.decode(); return node.naturalWidth; }")
    await expect(message.get_by_role("link", name="notes.txt")).to_be_visible()


async def test_a_reply_quotes_in_one_line_what_it_answers(
    ada: Reader, bot: ExampleBot, world: World
) -> None:
    long = "word " * 58
    text = f"### Ready\n- **one** ||hush||\n- {long}\n<@{world.users['ada'].id}> <#1>"
    asked = await bot.post(world.channels["general"].id, text)
    for _ in range(20):
        filler = world.new_message(world.channels["general"], world.users["ben"].id)
        filler.content = "filler"
        world.post(filler)
    await ada.menu(ada.message("Ready"), "Reply")
    await ada.send("thanks")
    quote = ada.message("thanks").locator(".cause")
    await expect(quote).to_have_text(f"MAPPMarionette Ready one hush {long}@Ada #unknown")
    await expect(quote.locator(".mention").first).to_have_text("@Ada")
    await expect(quote.locator("button, a, [tabindex='0']")).to_have_count(0)
    await expect(quote.get_by_text("hush")).to_be_hidden()
    await quote.locator(".mention").first.dispatch_event("click")
    await expect(ada.timeline.locator(f"[data-message='{asked.id}']")).to_be_focused()


async def test_replies_reactions_and_links_lead_back(ada: Reader, world: World) -> None:
    await ada.send("the first")
    await ada.menu(ada.message("the first"), "Reply")
    await ada.send("the answer")
    answer = ada.message("the answer")
    await expect(answer.locator(".cause")).to_contain_text("Ada the first")
    await ada.menu(answer, "Add a reaction")
    await ada.page.get_by_role("menuitem", name="🎉").click()
    reaction = answer.get_by_role("button", name="🎉, 1")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    await reaction.click()
    await expect(reaction).to_have_count(0)

    general = world.channels["general"]
    first = next(message for message in general.messages.values() if message.content == "the first")
    link = f"https://discord.com/channels/{general.guild_id}/{general.id}/{first.id}"
    await ada.go("showroom")
    await expect(ada.message("the first")).to_have_count(0)
    await ada.page.get_by_label("Go to a message by its link").fill(link)
    await ada.page.keyboard.press("Enter")
    await expect(ada.message("the first").first).to_be_focused()
    await ada.menu(ada.message("the first").first, "Delete message")
    await expect(answer).to_contain_text("The message was deleted")


async def test_earlier_messages_come_while_one_scrolls_up(
    ada: Reader, bot: ExampleBot, server: DiscordServer, world: World
) -> None:
    showroom = world.channels["showroom"]
    for number in range(120):
        message = world.new_message(showroom, world.users["ben"].id)
        message.content = f"number {number}."
        message.mention_ids = [world.users["ada"].id]
        world.post(message)
    await ada.page.get_by_role("button", name="showroom, 120 mentions").wait_for()  # all are heard
    await ada.go("showroom")
    await expect(ada.message("number 119.")).to_be_in_viewport()
    assert await ada.message("number 10.").count() == 0
    for earliest in (20, 0):
        await ada.timeline.evaluate("node => { node.scrollTop = 0; }")
        await ada.message(f"number {earliest}.").wait_for()
    await expect(ada.page.get_by_text("Welcome to #showroom")).to_be_visible()
    assert await ada.timeline.get_by_role("article").count() == 120


async def test_one_message_that_cannot_be_drawn_takes_no_other_with_it(
    ada: Reader, world: World
) -> None:
    broken = world.new_message(world.channels["general"], world.bot_id)
    broken.components = [{"type": 9, "id": 1, "components": []}]
    world.post(broken)
    await ada.send("still here")
    await ada.message("still here").wait_for()
    await expect(ada.message("A message that this page cannot draw.")).to_have_count(1)


async def test_what_people_upload_does_not_act_on_the_page(
    ada: Reader, bot: ExampleBot, world: World
) -> None:
    script = text_file("evil.js", b"document.title = 'broken into'")
    await bot.post(world.channels["general"].id, "a script", file=script)
    url = await ada.message("a script").get_by_role("link", name="evil.js").get_attribute("href")
    loads = """url => new Promise(done => {
        const node = document.createElement("script"); node.src = url;
        node.onload = () => done("ran"); node.onerror = () => done("blocked");
        document.head.append(node);
    })"""
    assert await ada.page.evaluate(loads, url) == "blocked"
    assert any("Content Security Policy" in error for error in ada.errors)
    ada.errors.clear()


async def test_the_newest_message_stays_in_sight(
    ada: Reader, bot: ExampleBot, world: World
) -> None:
    for number in range(30):
        await bot.post(world.channels["showroom"].id, f"filler {number}.")
        world.clock.advance(5)
    await ada.go("showroom")
    await expect(ada.message("filler 29.")).to_be_in_viewport(ratio=1)
    await ada.fill_in("mimic")
    await expect(ada.message("filler 29.")).to_be_in_viewport(ratio=1)
    await ada.page.keyboard.press("Escape")
    await ada.timeline.evaluate("node => { node.scrollTop = 0; }")
    newest = ada.page.get_by_role("button", name="Newest messages ↓")
    await newest.click()
    await expect(ada.message("filler 29.")).to_be_in_viewport(ratio=1)
    await expect(newest).to_be_hidden()
    await ada.timeline.evaluate("node => { node.scrollTop = 0; }")
    await ada.send("my own")
    await expect(ada.message("my own")).to_be_in_viewport(ratio=1)
