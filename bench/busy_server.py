"""What a busy server's messages cost the bot: `python -m bench.busy_server`.

CPU time of its process for each message that does not mention it, with ANSWER_MENTIONS on and off.
"""

import asyncio
import tempfile
from pathlib import Path

from bench.load.meter import usage
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from sandbox.programs.processes import Cast, Program

MESSAGES, AT_ONCE = 20_000, 100
NOWHERE = "http://127.0.0.1:9"
PROVIDER = dict.fromkeys(
    ("api_url", "history_url", "upload_url", "credits_url", "files_url"), NOWHERE
)


async def cpu_us(folder: Path, answer_mentions: str) -> float:
    """Microseconds for each message."""
    world = seed_world()
    async with DiscordServer(world) as discord:
        cast = Cast(discord.announcement(), PROVIDER | {"api_key": "none"})
        env = cast.bot_env(folder) | {"ANSWER_MENTIONS": answer_mentions}
        bot = await Program.start("bot", "run", log_path=folder / "bot.log", env=env)
        try:
            while not (world.bot_id in world.online and world.commands):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            before = await settled_s(bot)
            for _ in range(MESSAGES // AT_ONCE):
                write(world)
                await asyncio.sleep(0.01)
            return (await settled_s(bot) - before) / MESSAGES * 1e6
        finally:
            await bot.stop()


def write(world: World) -> None:
    """Some messages, as people write them to each other."""
    channel, ada, ben = world.channels["general"], world.users["ada"], world.users["ben"]
    for number in range(AT_ONCE):
        message = world.new_message(channel, ada.id)
        message.content = "Did you see what happened there yesterday?"
        message.mention_ids = [ben.id] if number % 10 == 0 else []
        world.post(message)


async def settled_s(bot: Program) -> float:
    """What it has used (s) once it has nothing to do."""
    used_s, last_s = usage(bot.process.pid).own_cpu_s, -1.0
    while used_s - last_s > 0.02:
        last_s = used_s
        await asyncio.sleep(1.0)
        used_s = usage(bot.process.pid).own_cpu_s
    return used_s


async def main() -> None:
    """Print both."""
    for answer_mentions in ("true", "false"):
        with tempfile.TemporaryDirectory() as folder:
            spent = await cpu_us(Path(folder), answer_mentions)
        print(f"ANSWER_MENTIONS={answer_mentions}: {spent:.0f} µs of CPU a message")


if __name__ == "__main__":
    asyncio.run(main())
