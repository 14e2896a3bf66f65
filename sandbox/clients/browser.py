"""A person at the page, in a real Chromium without a window: for tests, pictures and benches."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from re import Pattern

from playwright.async_api import Browser, Locator, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


class BrowserMissingError(Exception):
    """There is no Chromium on this machine; the message says how to get one."""


def find_chromium() -> str:
    """Where the system's Chromium is. Raises `BrowserMissingError`."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BrowserMissingError(
            "There is no Chromium here: install your system's package, such as "
            "`apt-get install chromium fonts-noto-color-emoji`."
        )
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, until the block ends. Raises `BrowserMissingError`."""
    path = find_chromium()
    async with async_playwright() as playwright:
        # its own sandbox needs rights that containers and root do not have
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


class Reader:
    """Somebody who looks at the page and uses it, by what they see: names, labels and texts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: self.errors.append(line.text) if line.type == "error" else None,
        )

    @property
    def timeline(self) -> Locator:
        """The messages."""
        return self.page.get_by_role("log", name="Messages")

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.page.get_by_label("Message", exact=True)

    def message(self, *words: str | Pattern[str]) -> Locator:
        """The messages that say all of this."""
        found = self.timeline.get_by_role("article")
        for text in words:
            found = found.filter(has_text=text)
        return found

    def button(self, label: str, message: Locator | None = None) -> Locator:
        """A button by its label, of a message or of the whole page."""
        return (message or self.page).get_by_role("button", name=label, exact=True)

    async def open(self, page_url: str, person_id: int, channel_id: int) -> None:
        """Go to a channel as somebody."""
        await self.page.goto(f"{page_url}#me={person_id}&at={channel_id}")
        await self.page.locator("#box").wait_for()
        await self.page.locator(".beginning").wait_for(state="attached")

    async def go(self, channel: str) -> None:
        """Go to a channel, or to direct messages, by its name on the left."""
        await (
            self.page.get_by_role("navigation", name="Channels")
            .get_by_role("button", name=channel)
            .click()
        )

    async def be(self, name: str) -> None:
        """Become somebody else."""
        choice = self.page.get_by_label("Who you are")
        person = choice.locator("option").filter(has_text=name)
        person_id = await person.get_attribute("value")
        await choice.select_option(value=person_id)
        await self.page.locator(f"#composer[data-person='{person_id}']").wait_for()

    async def speak(self, language: str) -> None:
        """Have one's client in a language, by its own name; commands are then used by theirs."""
        choice = self.page.get_by_label("Language")
        await choice.focus()
        [locale] = await choice.select_option(label=language)
        await self.page.locator(f"#composer[data-locale='{locale}']").wait_for()

    async def send(self, text: str = "", files: Sequence[Path] = ()) -> None:
        """Write a message with files, and send it."""
        if files:
            await self.page.get_by_label("Attach files").set_input_files(list(files))
        await self.box.fill(text)
        await self.box.press("Enter")

    async def fill_in(
        self,
        command: str,
        options: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> Locator:
        """Choose a command such as "jobs show" and fill its form in; returns the form."""
        await self.box.fill("/")
        await self.box.press_sequentially(command)
        await self.page.get_by_role("option", name=f"/{command}").first.wait_for()
        await self.box.press("Enter")
        form = self.page.get_by_role("form", name=f"/{command}")
        for name, file in (files or {}).items():
            await self._show_option(form, name)
            await form.get_by_label(name, exact=True).set_input_files(file)
        for name, value in (options or {}).items():
            await self._fill_option(form, name, value)
        return form

    async def _show_option(self, form: Locator, name: str) -> None:
        optional = form.get_by_role("button", name=f"+ {name}", exact=True)
        if await optional.count():
            await optional.click()

    async def _fill_option(self, form: Locator, name: str, value: str) -> None:
        await self._show_option(form, name)
        field = form.get_by_label(name, exact=True)
        if await field.evaluate("node => node.tagName") == "SELECT":
            await field.select_option(label=value)
        else:
            await field.fill(value)

    async def use(
        self,
        command: str,
        options: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """Use a command."""
        form = await self.fill_in(command, options, files)
        await form.get_by_role("button", name="Send").click()
        await form.wait_for(state="detached")

    async def menu(self, message: Locator, entry: str, on: str = ".head, .md") -> None:
        """Choose from the menu of a message, with the right mouse button on a part of it."""
        await message.locator(on).first.click(button="right")
        await self.page.get_by_role("menuitem", name=entry).click()
