"""Which language each server prefers, for a tester to set."""

from collections.abc import Awaitable, Callable

from sandbox.discord.page.controls import Control, Kind
from sandbox.discord.state.locales import LOCALES
from sandbox.discord.state.model import Guild
from sandbox.discord.state.world import World


def language_controls(world: World) -> list[Control]:
    """One for each server of a world."""
    return [_control(world, name, guild) for name, guild in world.guilds.items()]


def _control(world: World, name: str, guild: Guild) -> Control:
    async def choose(locale: str) -> None:
        world.set_guild_locale(guild, locale)

    return Control(
        id=f"locale-{name}",
        group="Servers' languages",
        label=guild.name,
        help="The language that bots are told this server prefers.",
        kind=Kind.CHOICE,
        apply=choose,
        value=_reader(guild),
        choices=LOCALES,
    )


def _reader(guild: Guild) -> Callable[[], Awaitable[object]]:
    async def value() -> str:
        return guild.locale

    return value
