"""`make pictures`: the README's and the docs' pictures, taken from the running bot."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, Locator
from rich.console import Console

from sandbox.clients.browser import BrowserMissingError, Reader, chromium
from sandbox.programs.playground import Playground, PlaygroundError
from sandbox.programs.processes import ProgramError

FOLDER = Path("docs/pictures")
RUN_TIME_S = 6.0
PATIENCE_MS = 60_000
FRAME_S = 0.25
FLOW_WIDTH = 800
FLOW_COLOURS = 200
LAST_FRAME_MS = 2500
AROUND_PX = 12

Theme = Literal["light", "dark"]


class Studio:
    """Takes pictures of one playground."""

    def __init__(self, playground: Playground, browser: Browser, folder: Path) -> None:
        self._playground = playground
        self._browser = browser
        self._folder = folder
        self._at = playground.discord.announcement()
        self._files = {"image": playground.picture, "video": playground.dance}

    async def visit(
        self, name: str, channel: str, theme: Theme, *, width: int = 860, height: int = 760
    ) -> Reader:
        """Somebody at the page, in a window of this size and theme."""
        page = await self._browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=1.5
        )
        page.set_default_timeout(PATIENCE_MS)
        reader = Reader(page)
        user_id, channel_id = self._at["users"][name], self._at["channels"][channel]
        await reader.open(self._at["page_url"], user_id, channel_id)
        return reader

    async def take(self, name: str, *parts: Locator) -> None:
        """A picture of these parts together, or of the part's whole window if it is a page."""
        boxes = [box for part in parts if (box := await part.bounding_box())]
        left = min(box["x"] for box in boxes)
        top = min(box["y"] for box in boxes) - AROUND_PX
        right = max(box["x"] + box["width"] for box in boxes)
        bottom = max(box["y"] + box["height"] for box in boxes) + AROUND_PX
        clip = {"x": left, "y": max(0, top), "width": right - left, "height": bottom - max(0, top)}
        shot = await parts[0].page.screenshot(clip=clip)  # type: ignore[arg-type]
        self._save(name, shot)

    async def take_window(self, name: str, reader: Reader) -> None:
        """A picture of the whole window."""
        self._save(name, await reader.page.screenshot())

    def _save(self, name: str, shot: bytes) -> None:
        picture = Image.open(BytesIO(shot)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        picture.save(self._folder / name, optimize=True)

    async def all(self) -> None:
        """Every picture, in the order of a job's life."""
        await self.flow()
        await self.finished("dark")
        await self.more()
        await self.in_line()
        await self.in_private()
        await self.direct_message()
        await self.tray()
        await self.motions()
        await self.moderators()
        await self.admins()
        await self.reports()
        await self.window()

    async def flow(self) -> None:
        """The animated one: from the command to the playing video; then the finished card."""
        ada = await self.visit("ada", "showroom", "light", width=1000, height=700)
        film = Film(ada)
        await ada.box.fill("/")
        await film.watch(4)
        form = await ada.fill_in("mimic", {"quality": "540p"}, self._files)
        await film.watch(6)
        await form.get_by_role("button", name="Send").click()
        post = ada.message("@Ada, your video is ready.")
        await film.watch_until(post.locator("video"), 60)
        await ada.message("is ready · it took").wait_for()
        await play(post)
        await film.watch(14)
        film.save(self._folder / "flow.gif")
        await self._finished(ada, "light")

    async def finished(self, theme: Theme) -> None:
        """The same finished card in another theme."""
        await self._finished(await self.visit("ada", "showroom", theme), theme)

    async def _finished(self, ada: Reader, theme: Theme) -> None:
        post = ada.message("@Ada, your video is ready.")
        await ada.page.set_viewport_size({"width": 860, "height": 900})
        await pause_at(post, 1.0)
        card = ada.message("is ready · it took")
        await self.take(f"finished-{theme}.png", card, post)

    async def more(self) -> None:
        """What else can be done with a finished video: the card, and one of its forms."""
        ada = await self.visit("ada", "showroom", "light")
        await ada.button("More…", ada.message("@Ada, your video is ready.")).click()
        card = ada.message("What next?")
        await card.wait_for()
        await self.take("more.png", card)
        await card.get_by_role("button", name="Another picture").click()
        form = ada.page.get_by_role("dialog")
        await form.wait_for()
        await self.take("another-picture.png", form)

    async def in_line(self) -> None:
        """What a card shows while the video is made, and in line."""
        ben = await self.visit("ben", "general", "light")
        for _ in range(2):
            await ben.use("mimic", {"quality": "360p"}, self._files)
        await ben.message("learning to move").nth(1).wait_for()
        await ben.use("mimic", {"quality": "360p"}, self._files)
        waiting = ben.message("Starts when one of your videos")
        await waiting.wait_for()
        await ben.page.mouse.move(0, 0)
        await self.take("in-line.png", ben.message("learning to move").last, waiting)
        await ben.button("Cancel", waiting).click()
        await ben.message("You were not charged.").wait_for()

    async def in_private(self) -> None:
        """What only one person sees: their credits, and why something was not done."""
        cleo = await self.visit("cleo", "general", "light")
        await cleo.use("credits")
        balance = cleo.message("You can spend")
        await balance.wait_for()
        swapped = {"image": self._files["video"], "video": self._files["image"]}
        await cleo.use("mimic", {}, swapped)
        refusal = cleo.message("are swapped")
        await refusal.wait_for()
        await self.take("private.png", balance, refusal)

    async def direct_message(self) -> None:
        """The offer that a direct message gets."""
        dana = await self.visit("dana", "general", "light", height=900)
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
            await (await self.visit(name, "general", "light")).send(words, [self._files[file]])
        ada = await self.visit("ada", "general", "light", height=1100)
        await ada.menu(ada.message("Me, this morning"), "Make this move")
        half = ada.message("Your tray")
        await half.wait_for()
        await self.take("tray.png", half)
        await ada.menu(ada.message("Try these moves!"), "Use as motion")
        priced = ada.message("Shall I make this picture move")
        await priced.wait_for()
        await self.take("tray-full.png", priced)

    async def motions(self) -> None:
        """What can be used by name, and one of it."""
        eve = await self.visit("eve", "general", "light", height=1300)
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
        dana = await self.visit("dana", "general", "light", height=1000)
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

    async def admins(self) -> None:
        """What an admin sees: everything that holds, and a decision in the audit channel."""
        ada = await self.visit("ada", "readonly", "light", height=1000)
        await ada.use("settings audit", {"channel": "#showroom"})
        await ada.use("settings limits", {"budget": "200", "waiting": "3"})
        await ada.use("settings show")
        shown = ada.message("Allowance").last
        await shown.wait_for()
        await self.take("moderators-settings.png", shown)
        there = await self.visit("ada", "showroom", "light")
        told = there.message("200").last
        await told.wait_for()
        await self.take("moderators-audit.png", told)

    async def reports(self) -> None:
        """What a member fills in, and what moderators are told of it."""
        eve = await self.visit("eve", "showroom", "light")
        await eve.button("More…", eve.message("@Ada, your video is ready.")).first.click()
        await eve.button("Report…").click()
        form = eve.page.get_by_role("dialog")
        await form.get_by_label("It shows somebody").check()
        await form.get_by_label("What else").fill("That is my brother. He does not want this.")
        await self.take("members-report.png", form)
        await form.get_by_role("button", name="Submit").click()
        dana = await self.visit("dana", "showroom", "light")
        told = dana.message("was reported, and the moderators")
        await dana.button("For moderators…", told).click()
        card = dana.message("A video was reported")
        await card.wait_for()
        await self.take("moderators-report.png", card)

    async def window(self) -> None:
        """The whole page, with the testers' panel."""
        ada = await self.visit("ada", "showroom", "light", width=1280, height=800)
        await pause_at(ada.message("@Ada, your video is ready."), 1.0)
        await ada.page.get_by_role("button", name="For testers").click()
        await ada.page.get_by_role("tab", name="Controls").click()
        await self.take_window("playground.png", ada)


class Film:
    """Looks at the page again and again."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._frames: list[Image.Image] = []
        self._lengths_ms: list[int] = []

    async def watch(self, frames: int) -> None:
        """Some frames more."""
        for _ in range(frames):
            await self._look()
            await asyncio.sleep(FRAME_S)

    async def watch_until(self, part: Locator, most: int) -> None:
        """Until this is to be seen; `most` frames at the most."""
        for _ in range(most):
            await self.watch(1)
            if await part.count():
                return

    async def _look(self) -> None:
        shot = Image.open(BytesIO(await self._reader.page.screenshot())).convert("RGB")
        height = round(shot.height * FLOW_WIDTH / shot.width)
        frame = shot.resize((FLOW_WIDTH, height), Image.Resampling.LANCZOS)
        if self._frames and frame.tobytes() == self._frames[-1].tobytes():
            self._lengths_ms[-1] += round(FRAME_S * 1000)
            return
        self._frames.append(frame)
        self._lengths_ms.append(round(FRAME_S * 1000))

    def save(self, path: Path) -> None:
        """One palette for all of it: what stands still then costs nothing."""
        lengths = [min(length, 1000) for length in self._lengths_ms]
        lengths[-1] = LAST_FRAME_MS
        palette = _side_by_side(self._frames).quantize(FLOW_COLOURS)
        first, *rest = [
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self._frames
        ]
        first.save(path, save_all=True, append_images=rest, duration=lengths, loop=0, optimize=True)


def _side_by_side(frames: Sequence[Image.Image]) -> Image.Image:
    chosen = frames[:: max(1, len(frames) // 8)]
    sheet = Image.new("RGB", (chosen[0].width * len(chosen), chosen[0].height))
    for index, frame in enumerate(chosen):
        sheet.paste(frame, (index * frame.width, 0))
    return sheet


async def play(message: Locator) -> None:
    """Have a message's video play."""
    await message.locator("video").evaluate(
        "async node => { node.muted = node.loop = true; await node.play(); }"
    )


async def pause_at(message: Locator, seconds: float) -> None:
    """Have a message's video stand still at a moment, without its controls."""
    await message.locator("video").evaluate(
        """async (node, seconds) => {
            node.pause(); node.controls = false;
            if (node.readyState < 2) await new Promise(done => { node.onloadeddata = done; });
            if (node.currentTime === seconds) return;
            await new Promise(done => { node.onseeked = done; node.currentTime = seconds; });
        }""",
        seconds,
    )


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
    except (BrowserMissingError, PlaygroundError, ProgramError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    for path in sorted(folder.iterdir()):
        sys.stdout.write(f"{path}  {path.stat().st_size / 1024:.0f} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
