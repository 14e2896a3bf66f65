"""Whether a request is taken in and its price held; if not, why and until when (unix seconds)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core import ledger
from bot.core.jobs import QUALITIES, Quality, Source, Upload
from bot.core.ledger import Balance, Period
from bot.core.rules import Rules
from bot.errors import Problem, Refused


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody may ask for nothing here until `until`, or for good (`None`)."""

    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: `channels` are the channel and the one above a thread, none in direct
    messages; a `quality` that is not chosen yet is `None`."""

    channels: frozenset[int] = frozenset()
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known of a job before its first row; `above_id` is the channel above a thread."""

    id: str
    source: Source
    origin_id: int
    server_id: int
    channel_id: int
    person_id: int
    upload_limit_bytes: int
    is_direct: bool = False
    above_id: int | None = None
    subject: Upload | None = None
    motion: Upload | None = None
    quality: Quality | None = None
    token: str | None = None
    token_expires_at: float = 0.0

    @property
    def ask(self) -> Ask:
        """What the policy wants to know of it."""
        above = () if self.above_id is None else (self.above_id,)
        channels = () if self.is_direct else (self.channel_id, *above)
        return Ask(frozenset(channels), self.quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many jobs are running and waiting: in the whole bot, one person's, theirs in a server.

    `unanswered` are all whose submit has no answer: those `in_flight`, which run, and those in
    doubt, which do not.
    """

    running: int
    running_of_person: int
    running_here: int = 0
    waiting: int
    waiting_of_person: int
    waiting_here: int = 0
    in_flight: int = 0
    unanswered: int = 0
    unanswered_of_person: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Load):
    """What the rules are held against: one person in one wallet, the server, and the whole bot.

    `budget_spent` is what holds took since the day began, `server_spent` since the server's
    period began.
    """

    balance: Balance
    budget_spent: int
    server_spent: int = 0
    block: Block | None = None


def may_be_here(rules: Rules) -> None:
    """Whether the bot works in this server at all. Raises `Refused`."""
    server_id = rules.server_id
    if rules.allowed_servers and server_id and server_id not in rules.allowed_servers:
        raise Refused(Problem.SERVER_NOT_ALLOWED)


def obstacles(rules: Rules, standing: Standing, ask: Ask, at: float) -> Iterator[Refused]:
    """Everything that speaks against taking in a request, before its price is known.

    The first is what its requester is told. Direct messages (server 0) are for members of the
    allowed servers; the caller, who can ask Discord, has seen to that.
    """
    try:
        may_be_here(rules)
    except Refused as refused:
        yield refused
    if standing.block:
        yield blocked(standing.block)
    if rules.channels and ask.channels and not rules.channels & ask.channels:
        yield Refused(Problem.WRONG_CHANNEL, channels=_mentions(rules.channels))
    if not rules.qualities:
        yield Refused(Problem.NO_QUALITY)
    elif ask.quality and ask.quality not in rules.qualities:
        allowed = " or ".join(known for known in QUALITIES if known in rules.qualities)
        yield Refused(Problem.QUALITY_NOT_ALLOWED, quality=ask.quality, allowed=allowed)
    if standing.waiting_of_person >= rules.max_waiting_per_person:
        yield Refused(Problem.TOO_MANY_WAITING, limit=rules.max_waiting_per_person)
    elif rules.max_waiting_here is not None and standing.waiting_here >= rules.max_waiting_here:
        yield Refused(Problem.TOO_MANY_WAITING_HERE, limit=rules.max_waiting_here)
    if standing.waiting >= rules.max_waiting:
        yield Refused(Problem.QUEUE_FULL, limit=rules.max_waiting)
    if standing.balance.available < 1:
        if rules.allowance_credits:
            renews_at = ledger.period_end(rules.period, at)
            allowance = rules.allowance_credits
            yield Refused(Problem.NOTHING_LEFT, allowance=allowance, renews_at=renews_at)
        else:
            yield Refused(Problem.NO_ALLOWANCE)
    yield from _spent_budgets(rules, standing, at)


def may_ask(rules: Rules, standing: Standing, ask: Ask, at: float) -> None:
    """Whether a request may be taken in, before its price is known. Raises `Refused`."""
    for refused in obstacles(rules, standing, ask, at):
        raise refused


def may_hold(rules: Rules, standing: Standing, price: int, at: float) -> None:
    """Whether this price may be held now. Raises `Refused`."""
    for refused in _spent_budgets(rules, standing, at):
        raise refused
    has, renews_at = standing.balance, ledger.period_end(rules.period, at)
    if price > has.available:
        if price > (most := rules.allowance_credits + has.granted):
            raise Refused(Problem.TOO_EXPENSIVE, price=price, most=most)
        raise Refused(Problem.NO_CREDITS, price=price, left=has.available, renews_at=renews_at)
    if rules.budget_credits is not None:
        left = rules.budget_credits - standing.server_spent
        if price > rules.budget_credits:
            raise Refused(Problem.OVER_SERVER_BUDGET, price=price, budget=rules.budget_credits)
        if price > left:
            raise Refused(
                Problem.SERVER_BUDGET_TOO_LOW, price=price, left=left, renews_at=renews_at
            )
    if price > rules.daily_budget_credits:
        raise Refused(Problem.OVER_BUDGET, price=price, budget=rules.daily_budget_credits)
    left = rules.daily_budget_credits - standing.budget_spent
    if price > left:
        day_ends_at = ledger.period_end(Period.DAY, at)
        raise Refused(Problem.BUDGET_TOO_LOW, price=price, left=left, renews_at=day_ends_at)


def refused_hold(rules: Rules, standing: Standing, price: int, at: float) -> Refused | None:
    """Why this price may not be held now, if it may not."""
    try:
        may_hold(rules, standing, price, at)
    except Refused as refused:
        return refused
    return None


def _spent_budgets(rules: Rules, standing: Standing, at: float) -> Iterator[Refused]:
    if rules.budget_credits is not None and standing.server_spent >= rules.budget_credits:
        if rules.budget_credits:
            renews_at = ledger.period_end(rules.period, at)
            budget = rules.budget_credits
            yield Refused(Problem.SERVER_BUDGET_SPENT, budget=budget, renews_at=renews_at)
        else:
            yield Refused(Problem.NO_SERVER_BUDGET)
    if standing.budget_spent >= rules.daily_budget_credits:
        day_ends_at = ledger.period_end(Period.DAY, at)
        budget = rules.daily_budget_credits
        yield Refused(Problem.BUDGET_SPENT, budget=budget, renews_at=day_ends_at)


def blocked(block: Block) -> Refused:
    """What somebody is told who is blocked."""
    if block.until is None:
        return Refused(Problem.BLOCKED_FOR_GOOD, reason=block.reason)
    return Refused(Problem.BLOCKED, until=block.until, reason=block.reason)


def _mentions(channels: frozenset[int]) -> str:
    shown = [f"<#{channel}>" for channel in sorted(channels)[:5]]
    return ", ".join(shown) + (", …" if len(channels) > len(shown) else "")
