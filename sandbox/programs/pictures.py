"""`make pictures`: the README's and the docs' pictures, taken from the running bot."""

import argparse
import asyncio
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args

from PIL import Image
from playwright.async_api import Browser, Locator, Page
from rich.console import Console

from sandbox.clients.browser import BrowserMissingError, Reader, chromium
from sandbox.programs.film import Film, in_colours_of, pause_at, play
from sandbox.programs.playground import Playground, PlaygroundError
from sandbox.programs.processes import ProgramError

FOLDER = Path("docs/pictures")
RUN_TIME_S = 6.0
PATIENCE_S = 180.0
AROUND_PX = 12
USUAL_WIDTH = 960

STANDS_STILL = """async node => {
    const isThere = one => one.tagName === "IMG" ? one.naturalWidth > 0 : one.readyState > 1;
    for (let still = 0, before = ""; still < 10; await new Promise(requestAnimationFrame)) {
        if (!node.isConnected) return false;
        const { x, y, width, height } = node.getBoundingClientRect();
        const now = [x, y, width, height].join();
        const isWhole = [...node.querySelectorAll("img, video")].every(isThere);
        still = now === before && isWhole && !node.querySelector("[data-busy]") ? still + 1 : 0;
        before = now;
    }
    return true;
}"""
"""Whether all in it is loaded, and it has not moved for some frames; no if it was replaced."""

SEEN_WITHIN = """node => {
    const { top, bottom } = (node.closest("[role=log]") ?? document.body).getBoundingClientRect();
    return [top, bottom];
}"""

Theme = Literal["light", "dark"]


class PictureError(Exception):
    """A picture would show a part of its subject; the message says which."""


class Studio:
    """Takes pictures of one playground."""

    def __init__(self, playground: Playground, browser: Browser, folder: Path) -> None:
        self._playground = playground
        self._browser = browser
        self._folder = folder
        self._at = playground.discord.announcement()
        self._files = {"image": playground.picture, "video": playground.dance}
        self._pages: list[Page] = []

    async def visit(
        self,
        name: str,
        channel: str,
        theme: Theme = "light",
        *,
        width: int = USUAL_WIDTH,
        height: int = 900,
    ) -> Reader:
        """Somebody at the page, in a window of this size and theme, until the step ends."""
        page = await self._browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=1.5
        )
        self._pages.append(page)
        page.set_default_timeout(PATIENCE_S * 1000)
        reader = Reader(page)
        user_id, channel_id = self._at["users"][name], self._at["channels"][channel]
        await reader.open(self._at["page_url"], user_id, channel_id)
        return reader

    async def take_form(self, name: str, form: Locator) -> None:
        """A picture of a form, without the messages behind it."""
        behind = form.page.locator(".app")
        await behind.evaluate("node => { node.style.visibility = 'hidden'; }")
        await self.take(name, form, aside_px=AROUND_PX)
        await behind.evaluate("node => { node.style.visibility = ''; }")

    async def take(self, name: str, *parts: Locator, aside_px: int = 0) -> None:
        """A picture of these parts together, once they are whole and stand still."""
        page = parts[0].page
        await page.mouse.move(0, 0)
        async with asyncio.timeout(PATIENCE_S):
            for part in reversed(parts):
                await part.scroll_into_view_if_needed()
                while not await part.evaluate(STANDS_STILL):
                    pass
        boxes = [box for part in parts if (box := await part.bounding_box())]
        left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
        right = max(box["x"] + box["width"] for box in boxes)
        bottom = max(box["y"] + box["height"] for box in boxes)
        highest, lowest = await parts[0].evaluate(SEEN_WITHIN)
        if top < highest or bottom > lowest:
            raise PictureError(f"{name} does not fit into its window: make that higher.")
        top, bottom = max(highest, top - AROUND_PX), min(lowest, bottom + AROUND_PX)
        left, right = left - aside_px, right + aside_px
        shot = await page.screenshot(
            clip={"x": left, "y": top, "width": right - left, "height": bottom - top}
        )
        self._save(name, shot)

    async def take_window(self, name: str, reader: Reader) -> None:
        """A picture of the whole window."""
        self._save(name, await reader.page.screenshot())

    def _save(self, name: str, shot: bytes) -> None:
        picture = Image.open(BytesIO(shot)).convert("RGB")
        [of_few] = in_colours_of(picture, [picture])
        of_few.save(self._folder / name, optimize=True)

    async def all(self) -> None:
        """Every picture, in the order of a job's life."""
        for step in (
            self.flow,
            self.finished,
            self.window,
            self.more,
            self.in_line,
            self.in_private,
            self.languages,
            self.direct_message,
            self.tray,
            self.motions,
            self.moderators,
            self.cheaper,
            self.admins,
            self.reports,
        ):
            await step()
            while self._pages:
                await self._pages.pop().close()

    async def flow(self) -> None:
        """The animated one: from the command to the playing video."""
        ada = await self.visit("ada", "showroom", width=1000, height=700)
        film = Film(ada)
        await ada.box.fill("/")
        await film.watch(4)
        form = await ada.fill_in("mimic", {"quality": "540p"}, self._files)
        await film.watch(6)
        await form.get_by_role("button", name="Send").click()
        await ada.page.mouse.move(0, 0)
        post = ada.message("@Ada, your video is ready.")
        await film.watch_until(post.locator("video"), 60)
        await ada.message("is ready · it took").wait_for()
        await play(post)
        await film.watch(14)
        film.save(self._folder / "flow.gif")

    async def finished(self) -> None:
        """The finished card, in both themes."""
        for theme in get_args(Theme):
            ada = await self.visit("ada", "showroom", theme)
            post = ada.message("@Ada, your video is ready.")
            await pause_at(post, 1.0)
            await self.take(f"finished-{theme}.png", ada.message("is ready · it took"), post)

    async def window(self) -> None:
        """The whole page, with the testers' panel."""
        ada = await self.visit("ada", "showroom", width=1280, height=800)
        await pause_at(ada.message("@Ada, your video is ready."), 1.0)
        await ada.page.get_by_role("button", name="For testers").click()
        await ada.page.get_by_role("tab", name="Controls").click()
        await self.take_window("playground.png", ada)

    async def more(self) -> None:
        """What else can be done with a finished video: the card, and one of its forms."""
        ada = await self.visit("ada", "showroom")
        await ada.button("More…", ada.message("@Ada, your video is ready.")).click()
        card = ada.message("What next?")
        await card.wait_for()
        await self.take("more.png", card)
        await card.get_by_role("button", name="Another picture").click()
        form = ada.page.get_by_role("dialog")
        await form.wait_for()
        await self.take_form("another-picture.png", form)

    async def in_line(self) -> None:
        """What a card shows while the video is made, and in line."""
        ben = await self.visit("ben", "general")
        async with self._playground.held():
            for _ in range(2):
                await ben.use("mimic", {"quality": "360p"}, self._files)
            await ben.message("learning to move").nth(1).wait_for()
            await ben.use("mimic", {"quality": "360p"}, self._files)
            waiting = ben.message("Starts when one of your videos")
            await waiting.wait_for()
            await self.take("in-line.png", ben.message("learning to move").last, waiting)
            await ben.button("Cancel", waiting).click()
            await ben.message("You were not charged.").wait_for()
        await ben.message("@Ben, your video is ready.").nth(1).wait_for()

    async def in_private(self) -> None:
        """What only one person sees: their credits, and why something was not done."""
        cleo = await self.visit("cleo", "general")
        await cleo.use("credits")
        balance = cleo.message("You can spend")
        await balance.wait_for()
        swapped = {"image": self._files["video"], "video": self._files["image"]}
        await cleo.use("mimic", {}, swapped)
        refusal = cleo.message("are swapped")
        await refusal.wait_for()
        await self.take("private.png", balance, refusal)

    async def languages(self) -> None:
        """Their preferences, as somebody sees them whose Discord is German."""
        cleo = await self.visit("cleo", "general", height=1000)
        await cleo.speak("Deutsch")
        await cleo.use("preferences")
        card = cleo.message("Deine Einstellungen")
        await card.wait_for()
        await self.take("members-language.png", card)

    async def direct_message(self) -> None:
        """The offer that a direct message gets."""
        dana = await self.visit("dana", "general", height=1000)
        servers = dana.page.get_by_role("navigation", name="Servers")
        await servers.get_by_role("button", name="Direct messages").click()
        await dana.send("Can you make me dance?", files=list(self._files.values()))
        offer = dana.message("Shall I make this picture move")
        await offer.wait_for()
        await pause_at(offer, 0.0)
        await self.take("direct-message.png", offer)
        await dana.button("Never mind", offer).click()

    async def tray(self) -> None:
        """What somebody takes from the chat: the first half, and both with their prices."""
        posted = ("ben", "Me, this morning", "image"), ("cleo", "Try these moves!", "video")
        for name, words, file in posted:
            await (await self.visit(name, "general")).send(words, [self._files[file]])
        ada = await self.visit("ada", "general", height=1100)
        await ada.menu(ada.message("Me, this morning"), "Make this move")
        half = ada.message("Your tray")
        await half.wait_for()
        await self.take("tray.png", half)
        await ada.menu(ada.message("Try these moves!"), "Use as motion")
        priced = ada.message("Shall I make this picture move")
        await priced.wait_for()
        await pause_at(priced, 0.0)
        await self.take("tray-full.png", priced)

    async def motions(self) -> None:
        """What can be used by name, and one of it."""
        eve = await self.visit("eve", "general", height=1300)
        await eve.use("motions list")
        motions = eve.message("Pick one below")
        await motions.locator("img").nth(5).wait_for()
        await self.take("members-motions.png", motions)
        await eve.use("motions show", {"name": "Disco"})
        disco = eve.message("comes with the bot")
        await disco.locator("img").first.wait_for()
        await self.take("members-motion.png", disco)

    async def moderators(self) -> None:
        """What a moderator sees: why somebody may ask, what is asked first, the server's jobs."""
        dana = await self.visit("dana", "general", height=1000)
        thanks = {"member": "@Ben", "credits": "50", "reason": "won the contest"}
        await dana.use("quota grant", thanks)
        await dana.message("50 bonus credits now").wait_for()
        await dana.use("quota show", {"member": "@Ben"})
        look = dana.message("can ask for a video now")
        await look.wait_for()
        await self.take("moderators-show.png", look)
        await dana.use("quota revoke", thanks | {"credits": "25", "reason": "a zero too many"})
        question = dana.message("bonus credits away?")
        await question.wait_for()
        await self.take("moderators-confirm.png", question)
        await dana.button("Never mind", question).click()
        await dana.use("moderate jobs")
        jobs = dana.message("Refresh")
        await jobs.wait_for()
        await self.take("moderators-jobs.png", jobs)

    async def cheaper(self) -> None:
        """What somebody with few credits can have instead, and then their credits."""
        dana = await self.visit("dana", "general")
        await dana.use("quota allowance", {"credits": "5"})
        await dana.button("Change the allowance").click()
        await dana.message("It renews").wait_for()
        eve = await self.visit("eve", "general", height=1000)
        async with self._playground.held():
            await eve.use("mimic", {"quality": "540p"}, self._files)
            await eve.message("learning to move").wait_for()
            await eve.use("mimic", {"quality": "720p"}, self._files)
            refusal = eve.message("You can have it like this")
            await refusal.wait_for()
            await self.take("members-cheaper.png", refusal)
            await eve.button("P-Video Animate 720p · 1 credit", refusal).click()
            await eve.message("learning to move").nth(1).wait_for()
        await eve.message("@Eve, your video is ready.").nth(1).wait_for()
        await eve.use("credits")
        balance = eve.message("You can spend")
        await balance.wait_for()
        await self.take("members-credits.png", balance)
        await dana.use("quota default-allowance")
        await dana.button("Give the usual allowance").click()
        await dana.message("It renews").nth(1).wait_for()

    async def admins(self) -> None:
        """What an admin sees: everything that holds, and decisions in the audit channel."""
        there = await self.visit("ada", "showroom")
        await there.send("From now on, what we decide is told here.")
        ada = await self.visit("ada", "readonly", height=1000)
        await ada.use("settings audit", {"channel": "#showroom"})
        await ada.use("settings limits", {"budget": "200", "waiting": "3"})
        await ada.use("settings show")
        shown = ada.message("Allowance").last
        await shown.wait_for()
        await self.take("moderators-settings.png", shown)
        told = there.message("The settings were changed")
        await told.nth(1).wait_for()
        await self.take("moderators-audit.png", told.first, told.last)

    async def reports(self) -> None:
        """What a member fills in, and what moderators are told of it."""
        eve = await self.visit("eve", "showroom")
        await eve.button("More…", eve.message("@Ada, your video is ready.")).click()
        await eve.button("Report…").click()
        form = eve.page.get_by_role("dialog")
        await form.get_by_label("It shows somebody").check()
        await form.get_by_label("What else").fill("That is my brother. He does not want this.")
        await self.take_form("members-report.png", form)
        await form.get_by_role("button", name="Submit").click()
        dana = await self.visit("dana", "showroom")
        told = dana.message("was reported, and the moderators")
        await dana.button("For moderators…", told).click()
        card = dana.message("A video was reported")
        await card.wait_for()
        await self.take("moderators-report.png", card)


async def take_all(folder: Path) -> None:
    """A playground of its own, a browser, and every picture. Raises as its parts do."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as own:
        playground = Playground(Path(own) / "playground", 0, RUN_TIME_S, console)
        async with playground, chromium() as browser:
            await Studio(playground, browser, folder).all()


def main() -> int:
    """0, or 1 and a sentence when there is no browser or the bot does not start."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.programs.pictures", description=__doc__
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(take_all(folder))
    except (BrowserMissingError, PictureError, PlaygroundError, ProgramError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    for path in sorted(folder.iterdir()):
        sys.stdout.write(f"{path}  {path.stat().st_size / 1024:.0f} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
