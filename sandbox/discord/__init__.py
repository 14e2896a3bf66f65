"""A Discord on the wire: REST v10 and gateway v10 on 127.0.0.1, and the people who use it."""

from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World

__all__ = ["DiscordServer", "World", "seed_world"]
