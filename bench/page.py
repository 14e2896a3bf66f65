"""How smooth the sandbox's page is, and whether it grows: `python -m bench.page [--minutes 30]`.

A channel holds 200 messages with videos, one of them plays, and a card is edited each second.
Frames are measured at rest and while somebody scrolls, beside an empty page in the same browser and
the same run: a shared machine drops frames there too. The heap is measured after garbage
collection, after five minutes of use and at the end.
"""

import argparse
import asyncio
import statistics
import tempfile
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Page

from sandbox.clients.browser import Reader, chromium
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.cdn import content_type
from sandbox.discord.state.model import Attachment, Flag, Message
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from sandbox.drawing.figures import draw_dance

MESSAGES = 200
CLIPS = 8
MEASURED_S = 15.0
LONGEST_FRAME_MS = 33.4
SETTLED_MIN = 5.0

RECORD = """async seconds => {
    const lengths = []; const began = performance.now(); let last = began;
    while (last - began < seconds * 1000) {
        const now = await new Promise(requestAnimationFrame);
        lengths.push(now - last); last = now;
    }
    return lengths.slice(2);
}"""


def fill(world: World, folder: Path) -> Message:
    """Put the messages and the card into #general; returns the card."""
    clips = []
    for number in range(CLIPS):
        clip = folder / f"{number}.mp4"
        draw_dance(clip, 1.0 + number / 4)
        clips.append(clip.read_bytes())
    channel = world.channels["general"]
    for number in range(MESSAGES):
        message = world.new_message(channel, world.bot_id if number % 2 else world.users["ben"].id)
        message.content = f"**Video** number {number}, <t:{int(message.created_at)}:R>"
        file = Attachment(
            id=world.snowflakes.next(),
            channel_id=channel.id,
            filename=f"{number}.mp4",
            data=clips[number % CLIPS],
            content_type=content_type("x.mp4"),
            width=360,
            height=480,
        )
        message.attachments = [file]
        world.post(message)
    card = world.new_message(channel, world.bot_id)
    card.set_flag(Flag.COMPONENTS_V2, on=True)
    edit(card, 0)
    world.post(card)
    return card


def edit(card: Message, second: int) -> None:
    """What a status card shows in this second."""
    text = {"type": 10, "id": 2, "content": f"### Rendering\nsecond {second}, <t:1790000000:R>"}
    button = {
        "type": 2,
        "id": 4,
        "style": 2,
        "label": "Cancel",
        "custom_id": "c",
        "disabled": False,
    }
    row = {"type": 1, "id": 3, "components": [button]}
    card.components = [
        {"type": 17, "id": 1, "accent_color": 0x5865F2, "spoiler": False, "components": [text, row]}
    ]


async def keep_editing(world: World, card: Message) -> None:
    """News each second."""
    second = 0
    while True:
        await asyncio.sleep(1.0)
        second += 1
        edit(card, second)
        world.edited(card)


async def frames(page: Page, *, scrolling: bool) -> list[float]:
    """The lengths of the frames of some seconds, in ms."""

    async def scroll() -> None:
        await page.mouse.move(600, 400)
        while True:
            for step in (-240, 240):
                for _ in range(30):
                    await page.mouse.wheel(0, step)
                    await asyncio.sleep(0.03)

    wheel = asyncio.create_task(scroll()) if scrolling else None
    try:
        lengths: list[float] = await page.evaluate(RECORD, MEASURED_S)
    finally:
        if wheel:
            wheel.cancel()
            with suppress(asyncio.CancelledError):
                await wheel
    return lengths


def report(name: str, lengths: list[float]) -> None:
    """One line of figures."""
    within = sum(length <= LONGEST_FRAME_MS for length in lengths) / len(lengths)
    p95 = statistics.quantiles(lengths, n=20)[-1]
    print(f"{name:34} {len(lengths):5} frames  p95 {p95:6.1f} ms  {within:6.1%} within 33 ms")


async def heap_mib(page: Page) -> float:
    """What the page's scripts hold after garbage collection, in MiB."""
    session = await page.context.new_cdp_session(page)
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    await session.detach()
    return float(used) / 2**20


async def use(reader: Reader, world: World, turn: int) -> None:
    """A bit of what somebody does in a minute: writes, looks around, opens and closes things."""
    await reader.send(f"turn {turn}")
    await reader.page.get_by_role("button", name="For testers").click()
    await reader.go("showroom")
    await reader.send(f"elsewhere {turn}")
    await reader.box.fill("/")
    await reader.box.fill("")
    await reader.go("general")
    await reader.menu(reader.message(f"turn {turn}").last, "Add a reaction")
    await reader.page.keyboard.press("Escape")
    await reader.timeline.evaluate("node => { node.scrollTop -= 3000; }")
    await asyncio.sleep(0.5)
    await reader.timeline.evaluate("node => { node.scrollTop = node.scrollHeight; }")


async def measure(minutes: float) -> None:
    """Print every figure."""
    world = seed_world()
    with tempfile.TemporaryDirectory() as folder:
        card = fill(world, Path(folder))
    async with DiscordServer(world) as server, chromium() as browser:
        page = await browser.new_page(viewport={"width": 1200, "height": 800})
        await page.goto("about:blank")
        report("an empty page, at rest", await frames(page, scrolling=False))
        reader = Reader(page)
        people = world.users["ada"].id, world.channels["general"].id
        await reader.open(str(server.announcement()["page_url"]), *people)
        while await reader.timeline.get_by_role("article").count() <= MESSAGES:
            await reader.timeline.evaluate("node => { node.scrollTop = 0; }")
            await asyncio.sleep(0.2)
        await reader.timeline.evaluate("node => { node.scrollTop = node.scrollHeight; }")
        editing = asyncio.create_task(keep_editing(world, card))
        video = reader.timeline.locator("video").last
        await video.evaluate("node => { node.muted = node.loop = true; return node.play(); }")
        report("200 videos and a card, at rest", await frames(page, scrolling=False))
        report("200 videos and a card, scrolling", await frames(page, scrolling=True))
        await watch_heap(reader, world, minutes)
        editing.cancel()


async def watch_heap(reader: Reader, world: World, minutes: float) -> None:
    """Use the page for so many minutes, and say how the heap has grown since the fifth."""
    loop = asyncio.get_running_loop()
    began, settled, turn = loop.time(), 0.0, 0
    while (passed_min := (loop.time() - began) / 60) < minutes:
        if not settled and passed_min >= SETTLED_MIN:
            settled = await heap_mib(reader.page)
            print(f"heap after {passed_min:.0f} minutes {settled:.1f} MiB", flush=True)
        turn += 1
        await use(reader, world, turn)
        await asyncio.sleep(3)
    if settled:
        grown = await heap_mib(reader.page)
        print(f"heap after {minutes:.0f} minutes {grown:.1f} MiB, ratio {grown / settled:.2f}")
    print(f"{turn} turns of use, errors on the page: {reader.errors or 'none'}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="of use; 0 leaves the heap out")
    asyncio.run(measure(parser.parse_args().minutes))


if __name__ == "__main__":
    main()
