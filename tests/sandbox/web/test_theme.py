"""Dark and light: who decides, and whether everything can be read."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from sandbox.clients.browser import Reader
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Every visible text whose contrast with what is behind it is below WCAG's 4.5.
FAINT_TEXTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const read = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
    };
    const over = (top, below) => below.map((one, at) => top[at] * top[3] + one * (1 - top[3]));
    const behind = node => {
        const layers = [];
        for (let one = node; one; one = one.parentElement) {
            layers.unshift(read(getComputedStyle(one).backgroundColor));
        }
        return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const luminance = color => color.slice(0, 3).map(one => one / 255)
        .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
        const { data, parentElement: node } = texts.currentNode;
        if (!/[\\p{L}\\p{N}]/u.test(data) || node.closest("option, :disabled, noscript")) continue;
        if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const back = behind(node);
        const front = over(read(getComputedStyle(node).color), back);
        const [low, high] = [luminance(front), luminance(back)].sort((one, other) => one - other);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className} ${data.trim()}`);
    }
    return [...new Set(found)];
}"""
TEXT = """# Head
-# small **bold** `code` <@{ada}> <@{ben}> <#{general}> <t:0:R> https://example.com
> quoted
```py
block
```"""


async def is_dark(reader: Reader) -> bool:
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"
    return int(await reader.page.evaluate(shade)) < 128


async def test_the_system_decides_until_somebody_does(ada: Reader) -> None:
    switch = ada.page.get_by_role("switch", name="Dark theme")
    await ada.page.emulate_media(color_scheme="light")
    await expect(switch).not_to_be_checked()
    assert not await is_dark(ada)
    await switch.click()
    await expect(switch).to_be_checked()
    assert await is_dark(ada)
    await ada.page.reload()
    await expect(switch).to_be_checked()
    assert await is_dark(ada)
    await switch.click()
    assert not await is_dark(ada)
    await ada.page.emulate_media(color_scheme="dark")
    await expect(switch).to_be_checked()
    assert await is_dark(ada)


async def test_everything_can_be_read_in_both(ada: Reader, bot: ExampleBot, world: World) -> None:
    ids = {name: world.users[name].id for name in ("ada", "ben")}
    general = world.channels["general"].id
    await bot.post(general, TEXT.format(general=general, **ids))
    await ada.menu(ada.message("Head"), "Reply")
    await ada.send("an answer")
    await ada.message("an answer").wait_for()
    await ada.use("whisper")
    await ada.message("psst").wait_for()
    await ada.use("card")
    await ada.message("fresh").wait_for()
    await ada.page.get_by_role("button", name="For testers").click()
    form = await ada.fill_in("jobs show")
    await form.get_by_role("button", name="Send").click()
    await form.get_by_label("member", exact=True).press_sequentially("@")
    await ada.page.get_by_role("option", name="@Ben").wait_for()
    for theme in ("light", "dark"):
        await ada.page.emulate_media(color_scheme=theme)
        assert await ada.page.evaluate(FAINT_TEXTS) == []


async def test_colours_have_their_names_in_one_place() -> None:
    styles = Path(__file__).parents[3] / "sandbox" / "web" / "css"
    for path in styles.glob("*.css"):
        rules = path.read_text()
        if path.name == "base.css":
            rules = rules.partition("\n}\n")[2]
        assert not [line for line in rules.splitlines() if re.search(r"#[0-9a-f]|rgb\(", line)], (
            path
        )
