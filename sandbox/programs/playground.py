"""`make playground`: the bot between two local servers, to be used in a browser.

The Discord is this process; the provider and the bot are processes of their own. All of it is new
at each start, and everything ends on Ctrl-C or SIGTERM.
"""

import argparse
import asyncio
import errno
import fcntl
import math
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any, Self

from rich.console import Console

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.drawing.figures import draw_dance, draw_subject
from sandbox.programs.panel import Panel
from sandbox.programs.processes import BOT, Cast, Program, ProgramError, Supervised
from sandbox.programs.shared_clock import tell

PORT = 8080
FOLDER = Path("data/playground")
RUN_TIME_S = 20.0
PATIENCE_S = 60.0
# Finn's server is not among them, so that he is told that the bot is not for him.
ALLOWED_SERVERS = ("studio", "garden")
MODELS = "pixverse-mimic, p-video-animate, wan-animate, draft"
OWN_MARK = ".playground"
STAGE_MARKS = 3
"""So many emoji the bot has: for what is done, under way, and ahead."""


class PlaygroundError(Exception):
    """The playground cannot start; the message is what to do about it."""


class Playground:
    """Everything that runs; use it with `async with`, and the bot is online inside.

    Entering raises `PlaygroundError` and `ProgramError`.
    """

    def __init__(
        self, folder: Path, port: int, run_time_s: float, console: Console, *, plain: bool = False
    ) -> None:
        self.folder = folder.resolve()
        self.picture, self.dance = self.folder / "subject.jpg", self.folder / "dance.mp4"
        self._port = port
        self._run_time_s = run_time_s
        self._renderer = ("--plain",) if plain else ()
        self._console = console
        self._world = seed_world()
        self._provider_at: dict[str, Any] = {}
        self._provider = Supervised(self._new_provider, self._lost)
        self._bot = Supervised(self._new_bot, self._lost)
        self._clock_file = self.folder / "clock"
        self._panel = Panel(self._world.clock, self._clock_file, self._bot, self._show_controls)
        self._is_open = False
        self.discord = DiscordServer(self._world, port=port, controls=self._panel.controls())
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.discord)
            except OSError as error:
                raise PlaygroundError(_why_no_port(self._port, error)) from error
            stack.enter_context(_own(self.folder))
            stack.push_async_callback(self._provider.close)
            provider = await self._provider.start()
            self._provider_at = await provider.announcement()
            self._panel.provider_url = self._provider_at["control_url"]
            stack.push_async_callback(self._panel.close)
            stack.push_async_callback(self._bot.close)
            bot = await self._bot.start()
            await asyncio.to_thread(draw_subject, self.picture)
            await asyncio.to_thread(draw_dance, self.dance)
            await self._until_online(bot)
            await self._greet()
            self._is_open = True
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._is_open = False
        await self._stack.aclose()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """No video is done before the block ends, so that cards of those under way stand still."""
        await self._panel.ask_provider("pause", {})
        try:
            yield
        finally:
            await self._panel.ask_provider("resume", {})

    async def _new_provider(self) -> Program:
        return await Program.start(
            *("engine", "--run-time-s", str(self._run_time_s), *self._renderer),
            *("--api-key", f"SG_{secrets.token_hex(16)}"),
            log_path=self.folder / "provider.log",
        )

    async def _new_bot(self) -> Program:
        servers = ",".join(str(self._world.guilds[name].id) for name in ALLOWED_SERVERS)
        env = Cast(self.discord.announcement(), self._provider_at).bot_env(self.folder / "bot")
        tell(self._clock_file, self._world.clock.ahead_s)
        return await Program.start(
            *(BOT, str(self._clock_file)),
            log_path=self.folder / "bot.log",
            env=env | {"ALLOWED_SERVERS": servers, "MODELS": MODELS},
        )

    async def _until_online(self, bot: Program) -> None:
        async with asyncio.TaskGroup() as group:
            online = group.create_task(self._bot_is_there())
            ended = group.create_task(bot.process.wait())
            await asyncio.wait(
                {online, ended}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
            is_online = online.done()
            for task in (online, ended):
                task.cancel()
        if not is_online:
            raise PlaygroundError(f"The bot did not come online:\n{bot.log()}")

    async def _bot_is_there(self) -> None:
        """It is online, and has brought its commands and its emoji, which it does beside that."""
        async with PersonClient(self.discord.people_url, self._world.users["ada"].id) as ada:
            await ada.until_online(self._world.bot_id, 2 * PATIENCE_S)
        world = self._world
        while not world.commands or len(world.emojis) < STAGE_MARKS:  # noqa: ASYNC110 - untold
            await asyncio.sleep(0.05)

    async def _greet(self) -> None:
        """Whoever opens the page finds something to begin with."""
        text = (
            "Here are a picture and a dance to try the bot with: type `/mimic` and give it both. "
            f"They lie in `{self.folder}`, to be uploaded from there. Or send them to the bot in a "
            "direct message."
        )
        async with PersonClient(self.discord.people_url, self._world.users["dana"].id) as dana:
            general = self._world.channels["general"].id
            await dana.send(general, text, files=[self.picture, self.dance])

    async def _lost(self, program: Program) -> None:
        """A program has ended, and nobody has told it to."""
        if self._is_open:
            code = program.process.returncode
            self._console.print(
                f"\nThe {_role(program)} has ended by itself, with {code}. Its last words:\n"
                f"{program.log()}\n",
                **PLAIN,
            )
            await self._show_controls()

    async def _show_controls(self) -> None:
        await self.discord.controls.tell()


PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}


def _role(program: Program) -> str:
    return "bot" if program.name == "bot" else "provider"


def _why_no_port(port: int, error: OSError) -> str:
    other = f"--port {port + 1 if port < 65_535 else port - 1}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken, perhaps by another playground: stop that program, or choose "
            f'another port: make playground ARGS="{other}".'
        )
    reason = error.strerror or error
    return f'Port {port} cannot be used ({reason}): make playground ARGS="{other}".'


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """Empty the folder and keep others from it. `PlaygroundError` if it is not ours to empty."""
    try:
        lock = _lock(folder)
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != OWN_MARK:
                path.unlink()
    except OSError as error:
        raise PlaygroundError(f"{folder} cannot be used: {error.strerror}.") from error
    with lock:
        yield


def _lock(folder: Path) -> IO[bytes]:
    """The mark that says whose the folder is, locked until it is closed."""
    mark = folder / OWN_MARK
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not mark.exists():
        raise PlaygroundError(f"{folder} holds other things: name a new folder with --folder.")
    lock = mark.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise PlaygroundError(
            f"Another playground uses {folder}: stop it, or name a new folder with --folder."
        ) from None
    return lock


async def play(folder: Path, port: int, run_time_s: float, *, plain: bool) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. Raises `PlaygroundError` and `ProgramError`."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    console = Console()
    playground = Playground(folder, port, run_time_s, console, plain=plain)
    playing = asyncio.create_task(_play(playground, console))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({playing, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not playing.done():
        console.print("Stopping the bot and its world …", **PLAIN)
        playing.cancel()
    try:
        await playing
    except asyncio.CancelledError:
        return
    except ProgramError:
        if not stop.is_set():  # Ctrl-C ends a program that is just starting, too
            raise


async def _play(playground: Playground, console: Console) -> None:
    console.print("Starting a Discord, a provider and the bot on this machine …", **PLAIN)
    async with playground:
        page = playground.discord.announcement()["page_url"]
        console.print(
            f"\nOpen {page} in a browser: the bot is online. Ctrl-C stops it all.\n"
            f"To give it something, upload {playground.picture} and {playground.dance}.\n"
            f"Logs are beside them; at the next start everything is new again.\n",
            **PLAIN,
        )
        await asyncio.Event().wait()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        if 0 <= (number := float(text)) < math.inf:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")


def main() -> int:
    """0 when it was told to stop; 1 and what to do if it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.programs.playground", description=__doc__
    )
    parser.add_argument("--port", type=_port, default=PORT, help="of the page; 0: any free one")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for files and logs; emptied")
    parser.add_argument(
        "--run-time-s", type=_seconds, default=RUN_TIME_S, help="how long one video takes"
    )
    parser.add_argument("--plain", action="store_true", help="videos without motion transfer")
    given = parser.parse_args()
    try:
        asyncio.run(play(given.folder, given.port, given.run_time_s, plain=given.plain))
    except (PlaygroundError, ProgramError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
