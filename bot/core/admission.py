"""Whether a request is taken in and its price held; if not, why and until when (unix seconds)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core import ledger
from bot.core.jobs import DEFAULT_MODEL, Job, JobState, Quality, Source
from bot.core.ledger import Balance, Period
from bot.core.models import MODELS, Choice
from bot.core.people.languages import Language
from bot.core.rules import Rules
from bot.core.uploads import Cut, Upload
from bot.errors import Problem, Refused


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody may ask for nothing, here or anywhere, until `until`, or for good (`None`)."""

    until: float | None
    reason: str
    is_everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """The operator takes nothing new, and sends nothing off, here or anywhere."""

    reason: str
    is_everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: `channels` are the channel and the one above a thread, none in direct
    messages; a `choice` that is not made yet is `None`."""

    channels: frozenset[int] = frozenset()
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known of a job before its first row; `above_id` is the channel above a thread, and
    `language` its requester's."""

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
    model: str = DEFAULT_MODEL
    prompt: str = ""
    quality: Quality | None = None
    files_of: str | None = None
    files_until: float | None = None
    description: str = ""
    promised: int | None = None
    cut: Cut | None = None
    token: str | None = None
    token_expires_at: float = 0.0
    instead_of: Choice | None = None
    language: Language = Language.ENGLISH

    @property
    def is_open(self) -> bool:
        """As of a job: a plain message and a tray are offers from their beginning."""
        return self.source is not Source.SLASH

    @property
    def ask(self) -> Ask:
        """What the policy wants to know of it."""
        above = () if self.above_id is None else (self.above_id,)
        channels = () if self.is_direct else (self.channel_id, *above)
        choice = Choice(self.model, self.quality) if self.quality else None
        return Ask(frozenset(channels), choice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many jobs of one provider's are running and waiting: in the whole bot, one person's,
    theirs in a server; and of one of its models.

    A run that has given its slot back is among its person's that run, and, where as many run as
    may, not among all.
    `unanswered` are all whose submit has no answer: those `in_flight`, which run, and those in
    doubt, which do not.
    """

    running: int
    running_of_person: int
    running_of_model: int = 0
    running_here: int = 0
    waiting: int
    waiting_of_person: int
    waiting_here: int = 0
    in_flight: int = 0
    in_flight_of_model: int = 0
    unanswered: int = 0
    unanswered_of_person: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Load):
    """What the rules are held against: one person in one wallet, the server, and the whole bot.

    `budget_spent` is what holds took since the day began, `server_spent` since the server's
    period began. What this server and this person took since the day began is looked up where
    there is a cap of it. `drafts_today` are their free runs since then.
    """

    balance: Balance
    budget_spent: int
    server_spent: int = 0
    server_spent_today: int = 0
    person_spent_today: int = 0
    drafts_today: int = 0
    pause: Pause | None = None
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
    yield from barred(standing.pause, standing.block)
    if rules.channels and ask.channels and not rules.channels & ask.channels:
        yield Refused(Problem.WRONG_CHANNEL, channels=_mentions(rules.channels))
    if not rules.open_qualities:
        yield Refused(Problem.NO_QUALITY)
    elif ask.choice:
        yield from _closed(rules, ask.choice)
    if standing.waiting_of_person >= rules.max_waiting_per_person:
        yield Refused(Problem.TOO_MANY_WAITING, limit=rules.max_waiting_per_person)
    elif rules.max_waiting_here is not None and standing.waiting_here >= rules.max_waiting_here:
        yield Refused(Problem.TOO_MANY_WAITING_HERE, limit=rules.max_waiting_here)
    if standing.waiting >= rules.max_waiting:
        yield Refused(Problem.QUEUE_FULL, limit=rules.max_waiting)
    drafts = list(_no_drafts(rules, standing, at))
    if ask.choice and MODELS[ask.choice.model].is_free:
        yield from drafts
        return
    has_one_already = ask.choice is not None and standing.waiting_of_person > 0
    if rules.has_free_model and not drafts and not has_one_already:
        return  # and once its price is known, that is offered in the place of what cannot be paid
    if standing.balance.available < 1:
        if rules.allowance_credits:
            renews_at = ledger.period_end(rules.period, at)
            allowance = rules.allowance_credits
            yield Refused(
                Problem.NOTHING_LEFT,
                allowance=allowance,
                renews_at=renews_at,
                server_id=rules.server_id,
            )
        else:
            yield Refused(Problem.NO_ALLOWANCE, server_id=rules.server_id)
    yield from _spent_budgets(rules, standing, at)


def _no_drafts(rules: Rules, standing: Standing, at: float) -> Iterator[Refused]:
    """Why nothing may be asked for that is free."""
    if standing.drafts_today >= rules.drafts_per_day:
        renews_at = ledger.period_end(Period.DAY, at)
        yield Refused(Problem.NO_DRAFTS_LEFT, limit=rules.drafts_per_day, renews_at=renews_at)


def _closed(rules: Rules, choice: Choice) -> Iterator[Refused]:
    """Why this may not be asked for here."""
    asked = MODELS[choice.model]
    if choice.model not in rules.models:
        names = [MODELS[slug].name for slug in rules.models]
        yield Refused(Problem.MODEL_NOT_ALLOWED, model=asked.name, allowed=names)
    elif not rules.allow(choice):
        open_ones = [known for known in asked.qualities if known in rules.qualities]
        yield Refused(Problem.QUALITY_NOT_ALLOWED, quality=choice.quality, allowed=open_ones)


def may_ask(rules: Rules, standing: Standing, ask: Ask, at: float) -> None:
    """Whether a request may be taken in, before its price is known. Raises `Refused`."""
    for refused in obstacles(rules, standing, ask, at):
        raise refused


def may_hold(rules: Rules, standing: Standing, price: int, at: float) -> None:
    """Whether this price may be held now. Raises `Refused`."""
    for refused in barred(standing.pause, standing.block):
        raise refused
    if not price:
        for refused in _no_drafts(rules, standing, at):
            raise refused
        return
    for refused in _spent_budgets(rules, standing, at):
        raise refused
    has, renews_at = standing.balance, ledger.period_end(rules.period, at)
    if price > has.available:
        if price > (most := rules.allowance_credits + has.granted):
            if not most:
                raise Refused(Problem.NO_ALLOWANCE, server_id=rules.server_id)
            raise Refused(Problem.TOO_EXPENSIVE, price=price, most=most, server_id=rules.server_id)
        raise Refused(
            Problem.NO_CREDITS,
            price=price,
            left=has.available,
            renews_at=renews_at,
            server_id=rules.server_id,
        )
    for budget in budgets(rules, standing, at):
        if price > budget.credits:
            raise Refused(budget.never_enough, price=price, budget=budget.credits)
        if price > budget.left:
            raise Refused(budget.too_low, price=price, left=budget.left, renews_at=budget.renews_at)


def may_submit(
    rules: Rules,
    *,
    pause: Pause | None,
    block: Block | None,
    server_spent_today: int,
    person_spent_today: int,
    at: float,
) -> None:
    """Whether a job whose price is held may be sent off now. Raises `Refused`.

    What was spent today has its own hold in it, if that is of today.
    """
    for refused in barred(pause, block):
        raise refused
    for cap in _caps(rules, server_spent_today, person_spent_today, at):
        if cap.spent > cap.credits:
            raise Refused(cap.all_spent, budget=cap.credits, renews_at=cap.renews_at)


def refused_hold(rules: Rules, standing: Standing, price: int, at: float) -> Refused | None:
    """Why this price may not be held now, if it may not."""
    try:
        may_hold(rules, standing, price, at)
    except Refused as refused:
        return refused
    return None


@dataclass(frozen=True, slots=True)
class Budget:
    """What holds may take until it renews (unix s), and what is said where that is all spent, has
    too little left for a price, or would never be enough for it."""

    credits: int
    spent: int
    renews_at: float
    all_spent: Problem
    too_low: Problem
    never_enough: Problem

    @property
    def left(self) -> int:
        """So much may still be held; less than nothing where it was made smaller meanwhile."""
        return self.credits - self.spent


_SERVER = (
    Problem.SERVER_BUDGET_SPENT,
    Problem.SERVER_BUDGET_TOO_LOW,
    Problem.OVER_SERVER_BUDGET,
)
_PERSON_CAP = (Problem.PERSON_CAP_SPENT, Problem.PERSON_CAP_TOO_LOW, Problem.OVER_PERSON_CAP)
_SERVER_CAP = (Problem.SERVER_CAP_SPENT, Problem.SERVER_CAP_TOO_LOW, Problem.OVER_SERVER_CAP)
_BOT = (Problem.BUDGET_SPENT, Problem.BUDGET_TOO_LOW, Problem.OVER_BUDGET)


def budgets(rules: Rules, standing: Standing, at: float) -> Iterator[Budget]:
    """All that count a hold, the narrowest first."""
    if rules.budget_credits is not None:
        renews_at = ledger.period_end(rules.period, at)
        yield Budget(rules.budget_credits, standing.server_spent, renews_at, *_SERVER)
    yield from _caps(rules, standing.server_spent_today, standing.person_spent_today, at)
    day_ends_at = ledger.period_end(Period.DAY, at)
    yield Budget(rules.daily_budget_credits, standing.budget_spent, day_ends_at, *_BOT)


def _caps(rules: Rules, server_spent: int, person_spent: int, at: float) -> Iterator[Budget]:
    """What the operator lets one person, and one server, take of the day's budget."""
    day_ends_at = ledger.period_end(Period.DAY, at)
    if (cap := rules.daily_person_cap_credits) is not None:
        yield Budget(cap, person_spent, day_ends_at, *_PERSON_CAP)
    if (cap := rules.daily_server_cap_credits) is not None:
        yield Budget(cap, server_spent, day_ends_at, *_SERVER_CAP)


def _spent_budgets(rules: Rules, standing: Standing, at: float) -> Iterator[Refused]:
    for budget in budgets(rules, standing, at):
        if budget.all_spent is Problem.SERVER_BUDGET_SPENT and not budget.credits:
            yield Refused(Problem.NO_SERVER_BUDGET)
        elif budget.left <= 0:
            yield Refused(budget.all_spent, budget=budget.credits, renews_at=budget.renews_at)


UNPAID = frozenset(
    {
        *(Problem.NO_CREDITS, Problem.TOO_EXPENSIVE, Problem.NO_ALLOWANCE, Problem.NOTHING_LEFT),
        *(Problem.NO_SERVER_BUDGET, *_SERVER, *_PERSON_CAP, *_SERVER_CAP, *_BOT),
    }
)
"""Why a price cannot be paid, where a lower one may be."""


UNPAID_LIFE_S = 900.0
"""What could not be paid can be had for less meanwhile; nobody has paid for its files."""


def was_unpaid(job: Job) -> bool:
    """Whether a request by a command or a press came to nothing because of its price alone, and
    something cheaper could be made of its files, which are good."""
    is_refused = job.state is JobState.FAILED and job.queued_at is None and job.failure is not None
    is_good = job.duration_s is not None and job.source is not Source.MESSAGE
    return is_refused and is_good and job.failure is not None and job.failure.problem in UNPAID


def unpaid_until(job: Job, keep_s: float) -> float | None:
    """Until when something cheaper may be made of such a request's files; `None` for any other."""
    if not was_unpaid(job) or not keep_s:
        return None
    until = job.state_since + min(keep_s, UNPAID_LIFE_S)
    return until if job.files_until is None else min(until, job.files_until)


def barred(pause: Pause | None, block: Block | None) -> Iterator[Refused]:
    """What no credits help against."""
    if pause:
        where = Problem.PAUSED if pause.is_everywhere else Problem.PAUSED_HERE
        yield Refused(where, reason=pause.reason)
    if block:
        yield blocked(block)


BLOCKED = frozenset(
    {
        *(Problem.BLOCKED, Problem.BLOCKED_FOR_GOOD),
        *(Problem.BLOCKED_EVERYWHERE, Problem.BLOCKED_EVERYWHERE_FOR_GOOD),
    }
)
"""What `blocked` may say."""


def blocked(block: Block) -> Refused:
    """What somebody is told who is blocked."""
    if block.until is None:
        here, everywhere = Problem.BLOCKED_FOR_GOOD, Problem.BLOCKED_EVERYWHERE_FOR_GOOD
        return Refused(everywhere if block.is_everywhere else here, reason=block.reason)
    here, everywhere = Problem.BLOCKED, Problem.BLOCKED_EVERYWHERE
    problem = everywhere if block.is_everywhere else here
    return Refused(problem, until=block.until, reason=block.reason)


def _mentions(channels: frozenset[int]) -> str:
    shown = [f"<#{channel}>" for channel in sorted(channels)[:5]]
    return ", ".join(shown) + (", …" if len(channels) > len(shown) else "")
