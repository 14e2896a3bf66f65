"""`/quota`: for moderators, about the credits, allowances and blocks of their own server."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import discord
from babel.dates import format_datetime
from discord import app_commands, ui
from discord.ext import commands

from bot.cards import moderator as moderator_cards
from bot.cards import standing as standing_cards
from bot.cards.languages.speech import mark, spoken, tr
from bot.cards.paging import PagedList, PageRef
from bot.cards.settings.overview import allowances
from bot.cards.wording import EACH
from bot.core.accounts import Eligibility
from bot.core.ledger import Period
from bot.core.rules import MOST_CREDITS, ServerRules
from bot.errors import Problem, Refused
from bot.services.moderation import REASON_LIMIT_CHARS, the_reason
from bot.services.quotas import Quotas
from cogs.shared.answers import answering, defer, show_privately
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, server_of, servers_only
from cogs.shared.pages import show_first

MANY_CREDITS = 100
"""More at once is asked about first: three days of the usual allowance, or a zero too many."""

Amount = app_commands.Range[int, 1, MOST_CREDITS]
AmountOrNone = app_commands.Range[int, 0, MOST_CREDITS]
Reason = app_commands.Range[str, 1, REASON_LIMIT_CHARS]
Until = app_commands.Range[str, 1, 60]
Person = discord.User | discord.Member

PERIODS = [app_commands.Choice(name=EACH[period], value=period.value) for period in Period]
UNTIL: Mapping[str, str] = {
    "1 hour": mark("1 hour"),
    "1 day": mark("1 day"),
    "3 days": mark("3 days"),
    "1 week": mark("1 week"),
    "4 weeks": mark("4 weeks"),
}
"""How a block's usual lengths are typed, and what they are called."""

WHY = mark("Why, for the record")


@servers_only
@app_commands.default_permissions(moderate_members=True)
class Quota(
    commands.GroupCog,
    group_name="quota",
    group_description=mark("Look after this server's credits, allowances and blocks"),
):
    """Discord decides who may use it; admins can change that there."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Discord has let them use a command: so they may use its cards for a while."""
        interaction.client.card_access.allow(interaction, "quota")
        return True

    @app_commands.command(description=mark("Whether somebody can ask for a video now, and why"))
    @app_commands.describe(member=mark("Whom it is about"))
    async def show(self, interaction: Interaction, member: Person) -> None:
        """Everything that decides about one person."""
        async with answering(interaction):
            await show_privately(
                interaction, standing_cards.eligibility(await self._look(interaction, member))
            )

    @app_commands.command(description=mark("Give somebody credits that stay until they are spent"))
    @app_commands.describe(member=mark("Who gets them"), credits=mark("How many"), reason=WHY)
    async def grant(
        self, interaction: Interaction, member: Person, credits: Amount, reason: Reason
    ) -> None:
        """Give credits; many only after asking."""
        async with answering(interaction):
            await defer(interaction)
            await self._look(interaction, member)
            act = partial(self._grant, interaction, member.id, credits, the_reason(reason))
            if credits > MANY_CREDITS:
                said = moderator_cards.asks_grant(member.id, credits, reason)
                await ask_to_confirm(interaction, said, act)
            else:
                await show_privately(interaction, await act())

    @app_commands.command(description=mark("Take bonus credits away"))
    @app_commands.describe(
        member=mark("Who loses them"),
        credits=mark("How many, at most"),
        reason=WHY,
    )
    async def revoke(
        self, interaction: Interaction, member: Person, credits: Amount, reason: Reason
    ) -> None:
        """Ask, then take as many as there are."""
        async with answering(interaction):
            await defer(interaction)
            has = (await self._look(interaction, member)).standing.balance.granted
            if not has:
                raise Refused(Problem.NOTHING_TO_REVOKE)
            taken = min(credits, has)
            act = partial(self._revoke, interaction, member.id, taken, the_reason(reason))
            said = moderator_cards.asks_revoke(member.id, taken, has, reason)
            await ask_to_confirm(interaction, said, act)

    @app_commands.command(
        name="set", description=mark("Bring somebody's bonus credits to a number")
    )
    @app_commands.describe(
        member=mark("Whose"),
        credits=mark("How many it shall be"),
        reason=WHY,
    )
    async def set_granted(
        self, interaction: Interaction, member: Person, credits: AmountOrNone, reason: Reason
    ) -> None:
        """Bring the granted credits to a number; lower, or much higher, only after asking."""
        async with answering(interaction):
            await defer(interaction)
            has = (await self._look(interaction, member)).standing.balance.granted
            act = partial(self._set, interaction, member.id, credits, has, the_reason(reason))
            if credits < has or credits - has > MANY_CREDITS:
                said = moderator_cards.asks_set(member.id, credits, has, reason)
                await ask_to_confirm(interaction, said, act)
            else:
                await show_privately(interaction, await act())

    @app_commands.command(description=mark("What everybody, or a role, may spend in each period"))
    @app_commands.describe(
        credits=mark("How many; 0 takes the allowance away"),
        period=mark("How often all allowances of this server renew"),
        role=mark("Only for members with this role; the highest of theirs counts"),
    )
    @app_commands.choices(period=PERIODS)
    async def allowance(
        self,
        interaction: Interaction,
        credits: AmountOrNone,
        period: app_commands.Choice[str] | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Set an allowance; ask before it shrinks, grows by much, or the period changes."""
        async with answering(interaction):
            await defer(interaction)
            server_id = server_of(interaction)
            rules = await self._quotas.rules(server_id)
            chosen = Period(period.value) if period else None
            is_new_period = chosen is not None and chosen != rules.period
            moves_budget = is_new_period and rules.budget_credits is not None
            if moves_budget and not interaction.permissions.manage_guild:
                raise Refused(Problem.PERIOD_OF_A_BUDGET)
            role_id = role.id if role and not role.is_default() else None
            act = partial(self._set_allowance, interaction, credits, chosen, role_id, rules)
            has = await self._allowance_of(server_id, rules, role_id)
            if not has <= credits <= has + MANY_CREDITS or not credits or is_new_period:
                said = moderator_cards.asks_allowance(rules, credits, has, chosen, role_id)
                await ask_to_confirm(interaction, said, act)
            else:
                await show_privately(interaction, await act())

    @app_commands.command(description=mark("What everybody and each role may spend"))
    async def allowances(self, interaction: Interaction) -> None:
        """All allowances of this server."""
        async with answering(interaction):
            server_id, guild = server_of(interaction), interaction.guild
            rules = await self._quotas.rules(server_id)
            roles = frozenset(role.id for role in guild.roles) if guild else frozenset()
            card = allowances(rules, self._quotas.limits, roles, server_id)
            await show_privately(interaction, card)

    @app_commands.command(
        name="default-allowance",
        description=mark("Let the operator's usual allowance hold here again"),
    )
    async def default_allowance(self, interaction: Interaction) -> None:
        """Ask, then leave everybody's allowance to the operator; roles keep theirs."""
        async with answering(interaction):
            await defer(interaction)
            usual = self._quotas.limits.allowance_credits
            rules = await self._quotas.rules(server_of(interaction))
            if rules.allowance_credits is None:
                await show_privately(interaction, moderator_cards.has_default_allowance(usual))
                return
            act = partial(self._set_allowance, interaction, None, None, None, rules)
            said = moderator_cards.asks_default_allowance(usual)
            await ask_to_confirm(interaction, said, act)

    @app_commands.command(description=mark("What happened here to credits, jobs and rules"))
    @app_commands.describe(member=mark("Only what concerns this person"))
    async def history(self, interaction: Interaction, member: Person | None = None) -> None:
        """The past, page by page."""
        async with answering(interaction):
            if member is not None:
                await self._roles(interaction, member)
            page_ref = PageRef(
                PagedList.PAST,
                server_of(interaction),
                interaction.user.id,
                member.id if member else 0,
                "all",
            )
            await show_first(interaction, page_ref)

    @app_commands.command(description=mark("Who has spent most in this period"))
    async def top(self, interaction: Interaction) -> None:
        """Those who spent most."""
        async with answering(interaction):
            spenders, since = await self._quotas.top(server_of(interaction))
            await show_privately(interaction, moderator_cards.top(spenders, since))

    @app_commands.command(description=mark("Keep somebody from asking for videos here"))
    @app_commands.describe(
        member=mark("Whom"),
        reason=mark("Why; they are told"),
        until=mark(
            "How long (2h, 3d, 1w) or when (2030-12-24 18:00, in UTC); for good if left out"
        ),
    )
    async def block(
        self,
        interaction: Interaction,
        member: Person,
        reason: Reason,
        until: Until | None = None,
    ) -> None:
        """Ask, with what it would cancel; then block."""
        async with answering(interaction):
            await defer(interaction)
            ends_at = self._quotas.moment(until)
            look = await self._look(interaction, member)
            act = partial(self._block, interaction, member.id, ends_at, the_reason(reason))
            said = moderator_cards.asks_block(look, member.display_name, ends_at, reason)
            await ask_to_confirm(interaction, said, act)

    @block.autocomplete("until")
    async def offer_moments(
        self, _interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Usual lengths, what was typed before them, each with the moment it comes to."""
        wanted = " ".join(typed.split())
        offers = [f"{wanted}{unit}" for unit in ("h", "d", "w")] if wanted.isdecimal() else [wanted]
        offers += [
            usual
            for usual, said in UNTIL.items()
            if usual != wanted and (wanted.lower() in usual or wanted.lower() in tr(said).lower())
        ]
        return [choice for text in offers if text and (choice := self._moment_choice(text))]

    @app_commands.command(description=mark("Let somebody ask for videos here again"))
    @app_commands.describe(member=mark("Whom"), reason=WHY)
    async def unblock(
        self, interaction: Interaction, member: Person, reason: Reason | None = None
    ) -> None:
        """Lift a block."""
        async with answering(interaction):
            await defer(interaction)
            await self._roles(interaction, member)
            await self._quotas.unblock(
                server_of(interaction),
                member.id,
                actor_id=interaction.user.id,
                reason=reason or "",
            )
            await show_privately(interaction, moderator_cards.unblocked(member.id))

    # --- what is done, at once or when it is confirmed ------------------------------------------

    async def _grant(
        self, interaction: Interaction, person_id: int, credits: int, reason: str
    ) -> ui.LayoutView:
        server_id, actor_id = server_of(interaction), interaction.user.id
        await self._quotas.grant(server_id, person_id, credits, actor_id=actor_id, reason=reason)
        return moderator_cards.granted(person_id, credits, await self._has(server_id, person_id))

    async def _revoke(
        self, interaction: Interaction, person_id: int, credits: int, reason: str
    ) -> ui.LayoutView:
        server_id, actor_id = server_of(interaction), interaction.user.id
        taken = await self._quotas.revoke(
            server_id, person_id, credits, actor_id=actor_id, reason=reason
        )
        return moderator_cards.revoked(person_id, taken, await self._has(server_id, person_id))

    async def _set(
        self, interaction: Interaction, person_id: int, credits: int, has: int, reason: str
    ) -> ui.LayoutView:
        was = await self._quotas.set_granted(
            server_of(interaction),
            person_id,
            credits,
            expected=has,
            actor_id=interaction.user.id,
            reason=reason,
        )
        return moderator_cards.was_set(person_id, credits, was)

    async def _set_allowance(
        self,
        interaction: Interaction,
        credits: int | None,
        period: Period | None,
        role_id: int | None,
        seen: ServerRules,
    ) -> ui.LayoutView:
        """Under the rules that were looked at: under others it may take another's permission."""
        server_id, actor_id = server_of(interaction), interaction.user.id
        rules = await self._quotas.set_allowance(
            server_id, credits, period=period, role_id=role_id, seen=seen, actor_id=actor_id
        )
        anybody = await self._quotas.eligibility(server_id, 0, None)
        everybodys = anybody.rules.allowance_credits
        if credits is None:
            credits = everybodys
        renews_at = anybody.renews_at
        return moderator_cards.allowance(rules, credits, role_id, everybodys, renews_at)

    async def _allowance_of(self, server_id: int, rules: ServerRules, role_id: int | None) -> int:
        """What everybody, or a role, has by itself now."""
        if role_id is not None:
            role = rules.roles.get(role_id)
            return (role.allowance_credits if role else None) or 0
        return (await self._quotas.eligibility(server_id, 0, None)).rules.allowance_credits

    async def _block(
        self, interaction: Interaction, person_id: int, ends_at: float | None, reason: str
    ) -> ui.LayoutView:
        cancelled = await self._quotas.block(
            server_of(interaction),
            person_id,
            ends_at,
            actor_id=interaction.user.id,
            reason=reason,
        )
        return moderator_cards.blocked(person_id, ends_at, len(cancelled))

    # --- whom it is about -----------------------------------------------------------------------

    async def _roles(self, interaction: Interaction, person: Person) -> frozenset[int] | None:
        """The roles that Discord sent along; `None` for who is no member. Raises `Refused`."""
        if person.bot:
            raise Refused(Problem.IS_A_BOT)
        if isinstance(person, discord.Member):
            return frozenset(role.id for role in person.roles)
        if not await self._quotas.knows(server_of(interaction), person.id):
            raise Refused(Problem.NOBODY_HERE)
        return None

    async def _look(self, interaction: Interaction, person: Person) -> Eligibility:
        roles = await self._roles(interaction, person)
        return await self._quotas.eligibility(server_of(interaction), person.id, roles)

    async def _has(self, server_id: int, person_id: int) -> int:
        look = await self._quotas.eligibility(server_id, person_id, None)
        return look.standing.balance.granted

    def _moment_choice(self, text: str) -> app_commands.Choice[str] | None:
        try:
            ends_at = self._quotas.moment(text)
        except Refused:
            return None
        assert ends_at is not None
        at = datetime.fromtimestamp(ends_at, UTC)
        weekday = format_datetime(at, "EEE", locale=spoken())
        length = tr(UNTIL[text]) if text in UNTIL else text
        until = tr("until {moment} UTC", moment=f"{weekday} {at:%Y-%m-%d %H:%M}")
        return app_commands.Choice(name=f"{length} · {until}", value=text)
