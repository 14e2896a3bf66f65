"""Who may use a moderators' card now.

Discord checks permissions when a command is used, and never again at its card's buttons and forms.
So a command opens its group's cards to whoever used it, and whatever is pressed afterwards checks
that: it ends after a while, and as soon as one of the roles is gone that they had, or what these
allowed. It is kept in memory: after a restart the command is used again.
"""

from dataclasses import dataclass

import discord

from bot.accounts.members import member_of
from bot.clock import Clock
from bot.errors import Problem, Refused

ACCESS_LIFE_S = 15 * 60.0
OPENING = discord.Permissions(moderate_members=True, manage_guild=True)
"""Who has one may use a group, where an admin has not chosen others; no channel changes them."""


@dataclass(frozen=True, slots=True)
class Rights:
    """By what Discord lets somebody use a command: their roles, or what is allowed to them."""

    roles: frozenset[int]
    allowed: discord.Permissions

    def last(self, now: "Rights") -> bool:
        """Whether all of this is there by now."""
        return self.roles <= now.roles and self.allowed <= now.allowed


@dataclass(frozen=True, slots=True)
class _Access:
    rights: Rights
    ends_at: float


class CardAccess:
    """Who may press a group's cards in a server, until when, with which rights."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open_to: dict[tuple[int, int | None, str], _Access] = {}

    def allow(self, interaction: discord.Interaction, group: str) -> None:
        """A command of this group was used, so Discord lets this person do that now."""
        now = self._clock.time()
        self._open_to = {key: old for key, old in self._open_to.items() if old.ends_at > now}
        key = interaction.user.id, interaction.guild_id, group
        self._open_to[key] = _Access(rights_of(interaction), now + ACCESS_LIFE_S)

    def admit(self, interaction: discord.Interaction, group: str) -> None:
        """Open a group's cards to a moderator who presses a button that anybody can see.

        Discord looks at nobody's permissions when a button is pressed; it only tells them. Raises
        `Refused` for who is no moderator.
        """
        if interaction.permissions.moderate_members:
            self.allow(interaction, group)
            return
        try:
            self.check(interaction, interaction.user.id, interaction.guild_id or 0, group)
        except Refused:
            raise Refused(Problem.NOT_A_MODERATOR) from None

    def check(
        self, interaction: discord.Interaction, actor_id: int, server_id: int, group: str
    ) -> None:
        """A card of this group is for who asked for it, in their server. Raises `Refused`."""
        if (interaction.user.id, interaction.guild_id) != (actor_id, server_id):
            raise Refused(Problem.NOT_YOURS_TO_PRESS)
        found = self._open_to.get((actor_id, server_id, group))
        is_over = found is None or found.ends_at <= self._clock.time()
        if is_over or (found and not found.rights.last(rights_of(interaction))):
            raise Refused(Problem.CARD_IS_OVER)


def rights_of(interaction: discord.Interaction) -> Rights:
    """What somebody has at this moment: Discord tells it with each command and each press."""
    return Rights(roles_of(interaction), interaction.permissions & OPENING)


def is_moderator(interaction: discord.Interaction) -> bool:
    """Whether somebody may look after others in the server where they press."""
    return interaction.guild_id is not None and bool(rights_of(interaction).allowed)


def roles_of(interaction: discord.Interaction) -> frozenset[int]:
    """The roles that somebody has at this moment."""
    return roles_in(interaction.user)


def roles_in(sender: discord.User | discord.Member) -> frozenset[int]:
    """The roles that Discord has sent along; none outside of a server."""
    return member_of(sender).roles if isinstance(sender, discord.Member) else frozenset()


def timeout_of(sender: discord.User | discord.Member) -> float | None:
    """Until when (unix s) they may not act in the server where they do."""
    return member_of(sender).timed_out_until if isinstance(sender, discord.Member) else None
