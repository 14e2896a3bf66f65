"""Who may use a moderators' card now.

Discord looks at permissions when a command is used, and never again at its card's buttons and
forms. So a command gives a pass, and whatever is pressed afterwards needs one: it ends after a
while, and as soon as one of the roles is gone that its holder had. Passes live in memory: after a
restart the command is given again.
"""

from dataclasses import dataclass

import discord

from bot.clock import Clock
from bot.errors import Problem, Refused

PASS_LIFE_S = 15 * 60.0


@dataclass(frozen=True, slots=True)
class _Pass:
    roles: frozenset[int]
    ends_at: float


class Passes:
    """One for each person, server and group of commands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passes: dict[tuple[int, int | None, str], _Pass] = {}

    def give(self, interaction: discord.Interaction, group: str) -> None:
        """A command of this group was used, so Discord lets this person do that now."""
        now = self._clock.time()
        self._passes = {key: old for key, old in self._passes.items() if old.ends_at > now}
        key = interaction.user.id, interaction.guild_id, group
        self._passes[key] = _Pass(roles_of(interaction), now + PASS_LIFE_S)

    def check(
        self, interaction: discord.Interaction, actor_id: int, server_id: int, group: str
    ) -> None:
        """A card of this group is for who asked for it, in their server. Raises `Refused`."""
        if (interaction.user.id, interaction.guild_id) != (actor_id, server_id):
            raise Refused(Problem.NOT_YOURS_TO_PRESS)
        found = self._passes.get((actor_id, server_id, group))
        is_over = found is None or found.ends_at <= self._clock.time()
        if is_over or (found and not found.roles <= roles_of(interaction)):
            raise Refused(Problem.CARD_IS_OVER)


def roles_of(interaction: discord.Interaction) -> frozenset[int]:
    """The roles that somebody has at this moment."""
    member = interaction.user
    roles = member.roles if isinstance(member, discord.Member) else []
    return frozenset(role.id for role in roles)
