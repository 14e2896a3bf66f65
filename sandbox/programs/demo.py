"""`make demo`: the main job on this machine, watched in a terminal.

Starts a Discord, a provider and the bot as processes; three people use the bot. It ends with 0
only if everything that it promises has happened.
"""

import argparse
import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import av
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from sandbox.clients.person import PersonClient, PersonError
from sandbox.clients.transcript import EPHEMERAL, buttons_of, lines_of, text_of
from sandbox.drawing.contact_sheet import draw_contact_sheet
from sandbox.drawing.figures import draw_dance, draw_subject
from sandbox.programs.processes import Cast, Program, ProgramError, local_world

PATIENCE_S = 240.0
MOTION_S = 3.0


class BrokenPromiseError(Exception):
    """Something that the demo promises did not happen."""


@dataclass
class Scene:
    """One person's window: what they did, and the messages they see."""

    name: str
    title: str
    client: PersonClient
    person_id: int
    channel_id: int
    is_private: bool = False
    did: list[str] = field(default_factory=list)
    doing: str = "…"
    ended: bool = False

    def messages(self) -> list[dict[str, Any]]:
        """The bot's messages, as they are now."""
        shown: dict[str, dict[str, Any]] = {}
        for event in self.client.events:
            message = event.get("message")
            if not message or int(event.get("channel_id", 0)) != self.channel_id:
                continue
            if event["type"] == "message_delete":
                shown.pop(message["id"], None)
            elif message["author"].get("bot"):
                shown[message["id"]] = message
        return [message for message in shown.values() if self.is_private or self.is_meant(message)]

    def is_meant(self, message: dict[str, Any]) -> bool:
        """Whether a message in a channel answers or mentions this person."""
        cause = message.get("interaction_metadata") or {"user": {"id": None}}
        people = {person["id"] for person in message["mentions"]} | {cause["user"]["id"]}
        return str(self.person_id) in people


class Demo:
    """The whole play."""

    def __init__(self, cast: Cast, folder: Path, console: Console, motion_s: float) -> None:
        self._cast = cast
        self._folder = folder
        self._motion_s = motion_s
        self._console = console
        self._names = {number: name.title() for name, number in cast.discord["users"].items()}
        self._began = time.monotonic()
        self._told: dict[tuple[str, str], list[str]] = {}
        self._is_over = asyncio.Event()
        self.scenes: list[Scene] = []
        self.videos: list[Path] = []

    async def play(self) -> None:
        """All three people at once. Raises `BrokenPromiseError`."""
        picture, dance, broken = (
            self._folder / name for name in ("subject.jpg", "dance.mp4", "holiday.mp4")
        )
        await asyncio.to_thread(draw_subject, picture)
        await asyncio.to_thread(draw_dance, dance, self._motion_s)
        broken.write_text("This is a letter that somebody has renamed to holiday.mp4.\n" * 50)
        channel = self._cast.discord["channels"]["general"]
        async with (
            self._person("ada") as ada,
            self._person("ben") as ben,
            self._person("cleo") as cleo,
        ):
            await self._bot_is_there(ben)
            await self._commands_are_there(ada, channel)
            private = await ben.open_dm()
            server = self._scene("Ada", "in #general of the server Studio", ada, channel)
            direct = self._scene("Ben", "in a direct message", ben, private, is_private=True)
            wrong = self._scene("Cleo", "in #general, with a file that is no video", cleo, channel)
            show = asyncio.create_task(self._show())
            try:
                async with asyncio.TaskGroup() as actors:
                    actors.create_task(self._in_server(server, picture, dance))
                    actors.create_task(self._in_direct_message(direct, picture, dance))
                    actors.create_task(self._with_a_bad_file(wrong, picture, broken))
            finally:
                self._is_over.set()
                await show
        await self._exactly_two_were_bought()

    def _scene(
        self,
        name: str,
        where: str,
        client: PersonClient,
        channel_id: int,
        *,
        is_private: bool = False,
    ) -> Scene:
        person_id = self._cast.discord["users"][name.lower()]
        scene = Scene(name, f"{name}, {where}", client, person_id, channel_id, is_private)
        self.scenes.append(scene)
        return scene

    def _person(self, name: str) -> PersonClient:
        return PersonClient(self._cast.discord["people_url"], self._cast.discord["users"][name])

    async def _bot_is_there(self, person: PersonClient) -> None:
        """A direct message to a bot that is not yet online is lost, as on the real one."""
        try:
            await person.until_online(self._cast.discord["application_id"], PATIENCE_S)
        except TimeoutError:
            raise BrokenPromiseError("The bot did not come online.") from None

    async def _commands_are_there(self, person: PersonClient, channel_id: int) -> None:
        async def look() -> bool:
            return any(found["name"] == "mimic" for found in await person.commands(channel_id))

        await self._until(look, "the bot's commands appear")

    async def _until(self, look: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await look():  # noqa: ASYNC110  # the bot announces nothing to wait for
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise BrokenPromiseError(f"It was promised that {what}; it did not happen.") from None

    # --- what each person does ----------------------------------------------------------------

    async def _in_server(self, scene: Scene, picture: Path, dance: Path) -> None:
        scene.did.append(f"/mimic image:{picture.name} video:{dance.name} quality:360p")
        scene.doing = "waits for her video"
        await scene.client.use(
            scene.channel_id, "mimic", {"quality": "360p"}, {"image": picture, "video": dance}
        )
        await self._receive(scene, self._folder / "ada-in-a-server.mp4")

    async def _in_direct_message(self, scene: Scene, picture: Path, dance: Path) -> None:
        scene.did.append(f"sends {picture.name}")
        await scene.client.send(scene.channel_id, files=[picture])
        await self._see(scene, "Now send me the **video**")
        scene.did.append(f"sends {dance.name}")
        await scene.client.send(scene.channel_id, "like this, please", files=[dance])
        card = await self._see(scene, "Shall I make this picture move")
        label, custom_id = next(
            found for found in buttons_of(card).items() if found[0].startswith("540p")
        )
        scene.did.append(f"presses [ {label} ]")
        scene.doing = "waits for his video"
        await scene.client.click(scene.channel_id, int(card["id"]), custom_id)
        await self._receive(scene, self._folder / "ben-in-a-direct-message.mp4")

    async def _with_a_bad_file(self, scene: Scene, picture: Path, broken: Path) -> None:
        scene.did.append(f"/mimic image:{picture.name} video:{broken.name}")
        scene.doing = "is told why not"
        await scene.client.use(scene.channel_id, "mimic", files={"image": picture, "video": broken})
        refusal = await self._see(scene, "There is no video in")
        if not refusal["flags"] & EPHEMERAL:
            raise BrokenPromiseError("The refusal should have been for Cleo alone.")
        scene.doing, scene.ended = "knows what to do", True

    async def _see(self, scene: Scene, words: str) -> dict[str, Any]:
        """Wait until a message of the bot's has these words."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            found[:] = [message for message in scene.messages() if words in text_of(message)]
            return bool(found)

        await self._until(look, f"{scene.name} reads “{words}”")
        return found[-1]

    async def _receive(self, scene: Scene, path: Path) -> None:
        """Wait for the finished post, save its video, and look whether it is one."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            found[:] = [message for message in scene.messages() if message["attachments"]]
            return bool(found)

        await self._until(look, f"{scene.name} gets a video")
        post = found[-1]
        if not (scene.is_private or scene.is_meant(post)):
            raise BrokenPromiseError(f"The post did not mention {scene.name}.")
        video = await scene.client.download(post["attachments"][0]["url"])
        await asyncio.to_thread(_save, video, path, self._motion_s)
        await self._see(scene, "[Your video](")
        self.videos.append(path)
        scene.doing, scene.ended = f"has a video: {path}", True

    async def _exactly_two_were_bought(self) -> None:
        url = f"{self._cast.provider['control_url']}/accepted"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            bought = len(await answer.json())
        if bought != 2:
            raise BrokenPromiseError(f"Two videos should have been bought, not {bought}.")

    # --- what the terminal shows --------------------------------------------------------------

    async def _show(self) -> None:
        """Live in a terminal; elsewhere each change as a line."""
        if not self._console.is_terminal:
            while not await self._over_after(0.1):
                self._tell()
            self._tell()
            return
        with Live(self._picture(), console=self._console, refresh_per_second=8) as live:
            while not await self._over_after(0.125):
                live.update(self._picture())
            live.update(self._picture())

    async def _over_after(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), seconds)
        return self._is_over.is_set()

    def _picture(self) -> RenderableType:
        elapsed = Text(f"{time.monotonic() - self._began:5.1f} s", style="dim")
        return Group(*(self._panel(scene) for scene in self.scenes), elapsed)

    def _panel(self, scene: Scene) -> Panel:
        text = Text()
        for deed in scene.did:
            text.append(f"{scene.name}: {deed}\n", style="bold cyan")
        for message in scene.messages():
            lines = lines_of(message, names=self._names, now=time.time())
            text.append("Marionette: ", style="bold magenta")
            text.append("\n            ".join(lines) + "\n")
        mark = "✓" if scene.ended else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(time.monotonic() * 8) % 10]
        text.append(f"{mark} {scene.name} {scene.doing}", style="green" if scene.ended else "dim")
        return Panel(text, title=scene.title, title_align="left", border_style="blue")

    def _tell(self) -> None:
        at = f"{time.monotonic() - self._began:5.1f} s"
        for scene in self.scenes:
            for number, deed in enumerate(scene.did):
                self._tell_once(scene, f"did {number}", [f"{at}  {scene.name}: {deed}"], [deed])
            for message in scene.messages():
                words = [text_of(message), *(file["filename"] for file in message["attachments"])]
                lines = lines_of(message, names=self._names, now=time.time())
                heading = f"{at}  Marionette to {scene.name}:"
                self._tell_once(
                    scene, message["id"], [heading, *(f"         {line}" for line in lines)], words
                )

    def _tell_once(self, scene: Scene, key: str, lines: list[str], words: list[str]) -> None:
        if self._told.get((scene.name, key)) != words:
            self._told[scene.name, key] = words
            self._console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _save(video: bytes, path: Path, motion_s: float) -> None:
    path.write_bytes(video)
    must_be_the_video(path, motion_s)


def must_be_the_video(path: Path, motion_s: float) -> None:
    """Decode it all. Raises `BrokenPromiseError` if it is not H.264 of the dance's length."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        codec, length_s = stream.codec_context.name, frames / float(stream.average_rate or 1)
    if codec != "h264" or abs(length_s - motion_s) > 0.3:
        raise BrokenPromiseError(f"{path} is {codec}, {length_s:.1f} s: not what was promised.")


async def demo(folder: Path, console: Console, motion_s: float) -> None:
    """Set the stage, play, and clear it. Raises `BrokenPromiseError` and `ProgramError`."""
    began = time.monotonic()
    await asyncio.to_thread(_empty, folder)
    console.print("Starting a Discord, a provider and the bot on this machine …")
    async with local_world(folder) as cast:
        bot = await Program.start(
            "bot", "run", log_path=folder / "bot.log", env=cast.bot_env(folder / "bot")
        )
        play = Demo(cast, folder, console, motion_s)
        try:
            await play.play()
        except (ExceptionGroup, PersonError) as failed:
            raise BrokenPromiseError(f"{_first(failed)}\n\n{bot.log()}") from failed
        finally:
            exit_code = await bot.stop()
        if exit_code:
            raise BrokenPromiseError(f"The bot ended with {exit_code}:\n{bot.log()}")
    sheet = folder / "contact-sheet.png"
    await asyncio.to_thread(
        draw_contact_sheet, sheet, folder / "subject.jpg", folder / "dance.mp4", play.videos
    )
    console.print(
        f"\nTwo finished videos, in {time.monotonic() - began:.0f} s, and what they show:"
    )
    for path in (*play.videos, sheet):
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    console.print("\nTry it yourself: make playground, and open the address that it prints.")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def main() -> int:
    """0 if all that was promised happened, else 1 and what did not."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.programs.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data/demo"))
    parser.add_argument(
        "--seconds", type=float, default=MOTION_S, help="how long the dance is (default: 3)"
    )
    given = parser.parse_args()
    try:
        asyncio.run(demo(given.folder, Console(), given.seconds))
    except (BrokenPromiseError, ProgramError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
