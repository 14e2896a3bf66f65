"""Languages on the page: one's own, the servers', and commands as each reads them."""

import pytest
from playwright.async_api import expect

from sandbox.clients.browser import Reader
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_commands_are_read_in_ones_language_and_sent_by_their_names(
    ada: Reader, bot: ExampleBot
) -> None:
    options = ada.page.get_by_role("listbox", name="Commands").get_by_role("option")
    await ada.box.fill("/ho")
    await expect(options).to_contain_text(["/hop"])
    await ada.speak("Deutsch")
    await expect(options).to_contain_text(["/hüpfen"])
    for typed in ("/hüp", "/hop"):
        await ada.box.fill(typed)
        await expect(options).to_have_count(1)
        await expect(options).to_contain_text("Hüpft davon")
    form = await ada.fill_in("hüpfen", {"weit": "ein wenig"})
    await expect(form).to_contain_text("Wie weit")
    await form.get_by_role("button", name="Send").click()
    await ada.message("Ada used /hop", "hop little de en-US").wait_for()
    await ada.send("there")
    await ada.menu(ada.message("there").first, "Apps › Dorthin hüpfen")
    await ada.message("hop to there de").wait_for()

    await ada.speak("Español")
    form = await ada.fill_in("saltar")
    await expect(form).to_contain_text("Hasta dónde")


async def test_each_has_a_language_that_follows_and_stays(ada: Reader, world: World) -> None:
    language = ada.page.get_by_label("Language")
    await expect(language).to_have_value("en-US")
    await ada.send("long ago: <t:86400:D>")
    await ada.message("long ago: 2 January 1970").wait_for()
    await ada.speak("Português do Brasil")
    await ada.message("long ago: 2 de janeiro de 1970").wait_for()
    assert world.users["ada"].locale == "pt-BR"
    for locale in ("ro", "ru"):  # by keyboard it keeps the focus, from one to the next
        await ada.page.keyboard.press("ArrowDown")
        await ada.page.locator(f"#composer[data-locale='{locale}']").wait_for()
        await expect(language).to_have_value(locale)
        await expect(language).to_be_focused()
    await ada.speak("Português do Brasil")
    await ada.be("Ben")
    await expect(language).to_have_value("en-US")
    world.set_locale(world.users["ben"], "fr")
    await expect(language).to_have_value("fr")
    await ada.be("Ada")
    await ada.page.reload()
    await expect(language).to_have_value("pt-BR")

    await ada.page.get_by_role("button", name="For testers").click()
    garden = ada.page.get_by_role("complementary", name="For testers").get_by_label("Garden")
    await garden.select_option(label="Français")
    await expect(garden).to_have_value("fr")
    await ada.use("hop", {"far": "a little"})
    await ada.message("hop little pt-BR en-US").wait_for()
    await ada.button("Garden").click()
    await ada.use("hop", {"far": "a little"})
    await ada.message("hop little pt-BR fr").wait_for()
