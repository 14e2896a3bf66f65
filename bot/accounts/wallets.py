"""Whose wallet pays for a request, and what somebody has in theirs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.accounts.members import FRESH_S, TRUSTED_S
from bot.cards.job import Button
from bot.cards.offers.choices import usual
from bot.clock import Clock
from bot.core import admission, ledger
from bot.core.accounts import MOST_PAYERS, Member, PartTerms, Payer, Terms, Wallet
from bot.core.actions import CREDIT_KINDS
from bot.core.admission import UNPAID, unpaid_until
from bot.core.jobs import Job, Source
from bot.core.models import (
    FIRST_S,
    MODELS,
    Choice,
    Rates,
    better_than,
    firsts,
    instead_of,
    price,
    prices,
)
from bot.core.people.languages import Language
from bot.core.rules import MOST_CREDITS, Rules, rules_for
from bot.errors import MembersUnknown, PaidOtherwise, Problem, Refused
from bot.store.store import Store

LAST_ENTRIES = 5

UNUSABLE = frozenset({Problem.LEFT_PAYER, Problem.PAYER_REFUSES, Problem.TIMED_OUT})
"""Why a server that was chosen to pay does not: another may be chosen."""


class Members(Protocol):
    """What is asked of Discord about servers."""

    def seen(self, person_id: int, server_id: int, member: Member | None) -> None:
        """Discord has just told this."""

    async def member(
        self, person_id: int, server_id: int, trusted_s: float = TRUSTED_S
    ) -> Member | None:
        """Somebody in a server, as of so long ago at most; `None` for who is no member.

        Raises `MembersUnknown`.
        """

    async def member_in(self, person_id: int, servers: Sequence[int]) -> dict[int, Member | None]:
        """The same for each of these servers of which Discord tells in time."""

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers. Raises `MembersUnknown`."""

    def server_name(self, server_id: int) -> str:
        """What a server is called."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks; `server_id` is whose wallet pays, 0 for that of direct messages.

    `roles` are theirs in that server, in which they may be timed out (until then, unix s);
    `above_id` is the channel above a thread. `is_age_restricted` is known of an interaction.
    `language` is theirs.
    """

    server_id: int
    channel_id: int
    person_id: int
    upload_limit_bytes: int
    is_direct: bool
    roles: frozenset[int] = frozenset()
    timed_out_until: float | None = None
    above_id: int | None = None
    is_age_restricted: bool = False
    language: Language = Language.ENGLISH


class Wallets:
    """One wallet for each person in each server, and one for direct messages.

    Whether a model takes nothing new at present, `is_down` says of its slug.
    """

    def __init__(
        self,
        *,
        store: Store,
        members: Members,
        rates: Rates,
        clock: Clock,
        is_down: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._members = members
        self._is_down = is_down
        self.rates = rates
        self._clock = clock

    async def paying(self, place: Place) -> Place:
        """The place with the wallet that pays for a request there. Raises `Refused`.

        A server whose wallet pays for direct messages is asked each time whether it still does.
        """
        if not place.is_direct:
            member = Member(place.roles, place.timed_out_until)
            self._members.seen(place.person_id, place.server_id, member)
            self._refuse_timed_out(member, place.server_id)
            return place
        chosen = await self._store.rulebook.payer_of(place.person_id)
        if not chosen:
            await self.refuse_strangers(place.person_id)
            return place
        try:
            roles = await self._roles_where_paid(place.person_id, chosen, FRESH_S)
        except MembersUnknown as error:
            raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error
        return replace(place, server_id=chosen, roles=roles)

    async def paying_for(self, job: Job, place: Place) -> Place:
        """The same, for an offer whose button is pressed there. Raises `Refused`.

        Where it was asked for the job knows, wherever its card stands and whatever the press says.
        A press from outside of the server that pays is one of somebody who may have left it.
        """
        if job.is_direct:
            asked = replace(place, server_id=0, is_direct=True, roles=frozenset(), above_id=None)
            return await self.paying(asked)
        if place.server_id == job.server_id:
            return await self.paying(place)
        try:
            roles = await self.roles_of(job, FRESH_S)
        except MembersUnknown as error:
            raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error
        return replace(place, server_id=job.server_id, roles=roles)

    async def roles_of(self, job: Job, trusted_s: float = TRUSTED_S) -> frozenset[int]:
        """The roles that count for a job now, as of so long ago at most.

        Raises `Refused` for who is no member of the server that pays, and `MembersUnknown`.
        """
        if not job.server_id:
            return frozenset()
        if job.is_direct:
            return await self._roles_where_paid(job.person_id, job.server_id, trusted_s)
        return await self._roles_in(job.person_id, job.server_id, trusted_s, Problem.LEFT_SERVER)

    async def terms(self, job: Job) -> Terms:
        """On which an offer, whose files are good, could be taken now."""
        try:
            roles = await self.roles_of(job)
        except (Refused, MembersUnknown):  # the button says so, if it is still true then
            roles = frozenset()
        at = self._clock.time()
        rules, standing = await self._store.read.standing(job.server_id, job.person_id, at, roles)
        costs = self._prices_of(job, rules, job.duration_s) if job.duration_s else {}
        beyond = {
            choice: refused
            for choice, cost in costs.items()
            if (refused := admission.refused_hold(rules, standing, cost, at))
        }
        likes = await self._liked(job)
        parts = [
            PartTerms(*part, admission.refused_hold(rules, standing, part[-1], at))
            for part in self._parts(job, rules, likes)
        ]
        payer = self._members.server_name(job.server_id) if job.server_id else None
        return Terms(payer, standing.balance.available, costs, beyond, parts, likes)

    async def _liked(self, job: Job) -> Choice | None:
        """What the requester of an offer likes; a command has named all of it."""
        if job.source is Source.SLASH:
            return None
        likes = (await self._store.preferences.of(job.person_id)).choice
        return likes if likes in set(self.rates.choices) else None

    def _parts(
        self, job: Job, rules: Rules, likes: Choice | None
    ) -> list[tuple[float, Choice, int]]:
        """How long each part of a motion is that is offered, as what, and its price."""
        is_too_long = job.question and job.question.problem is Problem.MOTION_TOO_LONG
        costs = self._prices_of(job, rules, FIRST_S) if is_too_long else {}
        if not costs or job.motion is None:
            return []
        choice = usual(costs, likes)
        lengths = firsts(MODELS[choice.model], job.motion.whole_s or 0.0)
        return [(each, choice, price(choice, each, self.rates)) for each in lengths]

    def _prices_of(self, job: Job, rules: Rules, duration_s: float) -> dict[Choice, int]:
        """What a job may become: what a command named, or else whatever is open."""
        costs = self._prices(rules, duration_s)
        if job.quality is None:
            return costs
        named = job.model, job.quality
        return {choice: cost for choice, cost in costs.items() if choice == named}

    async def remakes(self, job: Job) -> dict[Choice, int]:
        """What the files of a finished job may become where it was asked for, and each price.

        Of a draft that is each model that is paid; of what was paid the same again, and what is
        better. Nothing, where no files are kept.
        """
        if not self._store.limits.keep_files_s or job.quality is None:
            return {}
        server = await self._store.rulebook.of(job.server_id)
        rules = rules_for(self._store.limits, job.server_id, server)
        costs = self._prices(rules, job.duration_s or 0.0)
        paid = {choice: cost for choice, cost in costs.items() if cost}
        if job.is_free:
            return {each: cost for each, cost in paid.items() if each == self.rates.choice(each[0])}
        same = Choice(job.model, job.quality)
        listening = [each for each in paid if MODELS[each.model].prompt or not job.prompt]
        better = better_than(same, listening, self.rates) if same in self.rates.choices else None
        return {each: paid[each] for each in (same, better) if each in paid}

    async def refusal(self, job: Job) -> Refused:
        """Why a job came to nothing, and what of it can be paid now where its price alone was in
        the way."""
        assert job.failure is not None
        refused = Refused(job.failure.problem, **job.failure.facts)
        until = unpaid_until(job, self._store.limits.keep_files_s)
        if until is None or until <= self._clock.time() or job.quality is None:
            return refused
        try:
            roles = await self.roles_of(job)
        except (Refused, MembersUnknown):  # the button says so, if it is still true then
            roles = frozenset()
        payer = Place(job.server_id, job.channel_id, job.person_id, 0, job.is_direct, roles)
        wanted = Choice(job.model, job.quality)
        return await self.otherwise(refused, job, wanted, Button.MAKE, payer=payer)

    async def otherwise(
        self,
        refused: Refused,
        job: Job,
        wanted: Choice,
        asks: Button,
        *,
        payer: Place,
        first_s: float | None = None,
    ) -> Refused:
        """The same refusal, with what of a job, or of the first seconds of its motion, whoever
        pays there can pay now: what was wanted at its new price, or else what is cheaper."""
        duration_s = first_s or job.duration_s
        if refused.problem not in {Problem.PRICE_HAS_RISEN, *UNPAID} or duration_s is None:
            return refused
        at, whose = self._clock.time(), (payer.server_id, payer.person_id)
        rules, standing = await self._store.read.standing(*whose, at, payer.roles)
        costs = self._prices(rules, duration_s)
        payable = {
            choice: cost
            for choice, cost in costs.items()
            if admission.refused_hold(rules, standing, cost, at) is None
            and not self._is_down(choice.model)
        }
        if refused.problem is Problem.PRICE_HAS_RISEN and wanted in payable:
            ways = {wanted: payable[wanted]}
        else:
            most = costs.get(wanted, MOST_CREDITS)  # it may have been closed to them meanwhile
            cheaper = {choice: cost for choice, cost in payable.items() if cost < most}
            ways = instead_of(wanted, cheaper, job.prompt)
        if not ways:
            return refused
        return PaidOtherwise(refused, wanted, ways, asks=asks, job_id=job.id, first_s=first_s)

    def _prices(self, rules: Rules, duration_s: float) -> dict[Choice, int]:
        """Of what these rules open."""
        costs = prices(duration_s, self.rates)
        return {choice: cost for choice, cost in costs.items() if rules.allow(choice)}

    async def _roles_where_paid(
        self, person_id: int, server_id: int, trusted_s: float
    ) -> frozenset[int]:
        is_willing = (await self._store.rulebook.of(server_id)).direct_use
        if not is_willing or not self._is_open(server_id):
            raise Refused(Problem.PAYER_REFUSES, server=self._members.server_name(server_id))
        return await self._roles_in(person_id, server_id, trusted_s, Problem.LEFT_PAYER)

    async def _roles_in(
        self, person_id: int, server_id: int, trusted_s: float, left: Problem
    ) -> frozenset[int]:
        member = await self._members.member(person_id, server_id, trusted_s)
        if member is None:
            raise Refused(left, server=self._members.server_name(server_id))
        self._refuse_timed_out(member, server_id)
        return member.roles

    def _refuse_timed_out(self, member: Member, server_id: int) -> None:
        until = member.timed_out_until
        if until is not None and until > self._clock.time():
            name = self._members.server_name(server_id)
            raise Refused(Problem.TIMED_OUT, server=name, until=until)

    def refuse_closed(self, server_id: int) -> None:
        """Where the operator has not opened the bot, nothing is explained. Raises `Refused`."""
        if not self._is_open(server_id):
            raise Refused(Problem.SERVER_NOT_ALLOWED)

    async def refuse_strangers(self, person_id: int) -> None:
        """With ALLOWED_SERVERS, direct messages are for their members. Raises `Refused`."""
        allowed = self._store.limits.allowed_servers
        try:
            if allowed and not await self._members.is_in_any(person_id, allowed):
                raise Refused(Problem.STRANGER)
        except MembersUnknown as error:
            raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error

    async def wallet(self, place: Place) -> Wallet:
        """What somebody can spend here. Raises `Refused` where the bot does not work for them."""
        unusable, payer = None, 0
        try:
            place = await self.paying(place)
            payer = place.server_id if place.is_direct else 0
        except Refused as refused:
            if not place.is_direct or refused.problem not in UNUSABLE:
                raise
            unusable, payer = refused, await self._store.rulebook.payer_of(place.person_id)
        at = self._clock.time()
        rules, standing = await self._store.read.standing(
            place.server_id, place.person_id, at, place.roles
        )
        admission.may_be_here(rules)
        budgets = list(admission.budgets(rules, standing, at))
        left = max(0, min(budget.left for budget in budgets))
        mine = await self._store.read.jobs_of(place.person_id, place.server_id, 25)
        payers, unknown = await self._payers(place.person_id) if place.is_direct else ([], 0)
        return Wallet(
            rules=rules,
            balance=standing.balance,
            spendable=0 if unusable else min(standing.balance.available, left),
            budgets=budgets,
            renews_at=ledger.period_end(rules.period, at),
            prices=self._prices(rules, 10.0),
            under_way=[job for job in mine if not job.ended and not job.is_offer],
            last=await self._store.audit_log.lines(
                place.server_id,
                person_id=place.person_id,
                kinds=CREDIT_KINDS,
                limit=LAST_ENTRIES,
                by_video=True,
            ),
            jobs={job.id: job for job in mine},
            payers=payers,
            payers_unknown=unknown,
            payer=self._payer(payer) if payer else None,
            unusable=unusable,
            barred=next(admission.barred(standing.pause, standing.block), None),
            drafts_left=max(0, rules.drafts_per_day - standing.drafts_today)
            if rules.has_free_model
            else None,
        )

    async def choose_payer(self, place: Place, server_id: int) -> Wallet:
        """Let a server's wallet pay for direct messages (0: one's own again). Raises `Refused`."""
        if not place.is_direct:
            raise Refused(Problem.NOT_YOURS_TO_PRESS)
        if server_id:
            possible = await self._store.rulebook.possible_payers(place.person_id)
            if server_id not in possible:
                name = self._members.server_name(server_id)
                raise Refused(Problem.PAYER_REFUSES, server=name)
            try:
                await self._roles_where_paid(place.person_id, server_id, FRESH_S)
            except MembersUnknown as error:
                raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error
        await self._store.rulebook.choose_payer(place.person_id, server_id)
        return await self.wallet(place)

    async def _payers(self, person_id: int) -> tuple[list[Payer], int]:
        """Those among the possible ones in which this person is a member now, and of how many more
        that is not known."""
        possible = await self._store.rulebook.possible_payers(person_id)
        servers = [server_id for server_id in possible if self._is_open(server_id)]
        told = await self._members.member_in(person_id, servers[:MOST_PAYERS])
        payers = [self._payer(server_id) for server_id, found in told.items() if found]
        return payers, len(servers) - len(told)

    def _is_open(self, server_id: int) -> bool:
        allowed = self._store.limits.allowed_servers
        return not allowed or server_id in allowed

    def _payer(self, server_id: int) -> Payer:
        return Payer(server_id, self._members.server_name(server_id))
