"""May this person do this now, and if not, why and until when. Times are unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core import ledger
from bot.core.ledger import Balance, Period
from bot.errors import Problem, Refused


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one server, or in direct messages (server 0)."""

    allowance_credits: int
    daily_budget_credits: int
    max_running: int
    max_running_per_person: int
    max_waiting: int
    max_waiting_per_person: int
    allowed_servers: frozenset[int] = frozenset()
    period: Period = Period.DAY


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules are held against: one person in one wallet, and the whole bot.

    `budget_spent` is what holds took since the day began; running and waiting count jobs.
    """

    balance: Balance
    budget_spent: int
    running: int
    running_of_person: int
    waiting: int
    waiting_of_person: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A job in the queue."""

    job_id: str
    person_id: int
    server_id: int
    queued_at: float


def may_be_here(rules: Rules, server_id: int) -> None:
    """Whether the bot works in this server at all. Raises `Refused`."""
    if rules.allowed_servers and server_id and server_id not in rules.allowed_servers:
        raise Refused(Problem.SERVER_NOT_ALLOWED)


def may_ask(rules: Rules, standing: Standing, server_id: int, at: float) -> None:
    """Whether a request may be taken in at all, before its price is known. Raises `Refused`.

    Direct messages (server 0) are for members of the allowed servers; the caller, who can ask
    Discord, has seen to that.
    """
    may_be_here(rules, server_id)
    if standing.waiting_of_person >= rules.max_waiting_per_person:
        raise Refused(Problem.TOO_MANY_WAITING, limit=rules.max_waiting_per_person)
    if standing.waiting >= rules.max_waiting:
        raise Refused(Problem.QUEUE_FULL, limit=rules.max_waiting)
    if standing.balance.available < 1:
        if not rules.allowance_credits:
            raise Refused(Problem.NO_ALLOWANCE)
        raise Refused(Problem.NOTHING_LEFT, renews_at=ledger.period_end(rules.period, at))
    if standing.budget_spent >= rules.daily_budget_credits:
        raise Refused(Problem.BUDGET_SPENT, renews_at=ledger.period_end(Period.DAY, at))


def may_hold(rules: Rules, standing: Standing, price: int, at: float) -> None:
    """Whether this price may be held now. Raises `Refused`."""
    has, budget_left = standing.balance, rules.daily_budget_credits - standing.budget_spent
    if price > has.available:
        if price > rules.allowance_credits + has.granted:
            raise Refused(Problem.TOO_EXPENSIVE, price=price, allowance=rules.allowance_credits)
        raise Refused(
            Problem.NO_CREDITS,
            price=price,
            left=has.available,
            renews_at=ledger.period_end(rules.period, at),
        )
    if price > budget_left:
        raise Refused(
            Problem.BUDGET_TOO_LOW,
            price=price,
            left=max(0, budget_left),
            renews_at=ledger.period_end(Period.DAY, at),
        )


def may_start(rules: Rules, standing: Standing) -> bool:
    """Whether one more of this person's jobs may run now; otherwise it waits."""
    return (
        standing.running < rules.max_running
        and standing.running_of_person < rules.max_running_per_person
    )


def next_fairly(
    line: Sequence[Queued], running_by_person: Mapping[int, int], max_running_per_person: int
) -> list[Queued]:
    """The queue in the order in which it should start, without those who run enough already.

    `line` is in order of arrival. Each takes their turn: whoever has fewer jobs running or ahead
    in this order comes first, and among equals who came first.
    """
    ahead = dict(running_by_person)
    turns: list[tuple[int, int]] = []
    for position, queued in enumerate(line):
        turn = ahead.get(queued.person_id, 0)
        ahead[queued.person_id] = turn + 1
        if turn < max_running_per_person:
            turns.append((turn, position))
    return [line[position] for _, position in sorted(turns)]
