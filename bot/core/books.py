"""What must agree in the books: wallets with the journal, holds with states, submits with jobs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.core.jobs import ENDED, JobState, RunInputs
from bot.core.ledger import Entry, EntryKind, whole_price

S = JobState
OPEN = frozenset({S.QUEUED, S.SUBMITTING, S.RENDERING, S.FETCHING, S.REVIEW})
"""States in which a job's credits are held, and nothing is settled yet."""

CAPTURED = frozenset({S.DELIVERING, S.DELIVERED})
ACCEPTED = frozenset({S.RENDERING, S.FETCHING, S.DELIVERING, S.DELIVERED})
"""States that a job cannot have before the provider's yes."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as far as the books care; `decisions` are the states that people put it into."""

    id: str
    state: JobState
    state_since: float
    server_id: int
    person_id: int
    price: int | None
    model: str
    quality: str | None
    duration_s: float | None
    attempt_id: int | None
    video_deleted_at: float | None
    failure: Mapping[str, Any] | None = None
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """A submit; `cost` as the provider counts."""

    id: int
    job_id: str
    image_url: str
    video_url: str
    model: str
    quality: str
    prompt: str
    request_id: str | None
    submitted_at: float | None
    cost: float | None

    @property
    def inputs(self) -> RunInputs:
        """What was sent."""
        return RunInputs(self.model, self.image_url, self.video_url, self.quality, self.prompt)


@dataclass(frozen=True, slots=True)
class WalletLine:
    """A cached wallet."""

    server_id: int
    person_id: int
    granted: int
    held: int


@dataclass(frozen=True, slots=True)
class UnprovenLine:
    """An attempt without a video that may be billed, and what budgets count for it since when."""

    attempt_id: int
    job_id: str
    server_id: int
    held_at: float
    credits: int
    since: float


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that is written down, as of one moment; `damage` is SQLite's own findings."""

    jobs: Sequence[JobLine]
    attempts: Sequence[AttemptLine]
    wallets: Sequence[WalletLine]
    entries: Sequence[Entry]
    unproven: Sequence[UnprovenLine] = ()
    damage: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WalletRepair:
    """Cache anew what the journal says."""

    server_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class HoldRepair:
    """Settle what an ended job still holds: captured for its video, else released."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One sentence, and what would repair it without taking anything from anybody."""

    text: str
    repair: WalletRepair | HoldRepair | None = None


def differences(books: Books) -> list[Difference]:
    """Everything in the books that does not agree."""
    damage = [Difference(f"SQLite finds the database damaged: {text}.") for text in books.damage]
    return [*damage, *wallet_differences(books), *job_differences(books)]


def wallet_differences(books: Books) -> list[Difference]:
    """What does not agree between wallets and the whole journal of each."""
    return list(_wallets(books))


def job_differences(books: Books) -> list[Difference]:
    """What does not agree between jobs and all that is written down about each."""
    return [*_holds(books), *_attempts(books)]


def balances_from_journal(entries: Iterable[Entry]) -> tuple[int, int]:
    """What one wallet's whole journal makes of it: granted credits, and held ones."""
    granted, held = 0, Counter[str | None]()
    settled = set()
    for entry in entries:
        granted += entry.granted
        if entry.kind is EntryKind.HOLD:
            held[entry.job_id] += whole_price(entry)
        elif entry.kind in {EntryKind.CAPTURE, EntryKind.RELEASE}:
            settled.add(entry.job_id)
    return granted, sum(price for job_id, price in held.items() if job_id not in settled)


def _wallets(books: Books) -> Iterator[Difference]:
    journal: dict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in books.entries:
        journal[entry.server_id, entry.person_id].append(entry)
    cached = {(line.server_id, line.person_id): (line.granted, line.held) for line in books.wallets}
    for server_id, person_id in sorted(journal.keys() | cached.keys()):
        is_now = cached.get((server_id, person_id), (0, 0))
        should_be = balances_from_journal(journal[server_id, person_id])
        if is_now != should_be:
            yield Difference(
                f"The wallet of person {person_id} in server {server_id} says {is_now[0]} granted "
                f"and {is_now[1]} held, the journal {should_be[0]} and {should_be[1]}.",
                WalletRepair(server_id, person_id) if min(should_be) >= 0 else None,
            )


@dataclass(slots=True)
class _Money:
    """The entries of one job."""

    holds: list[Entry] = field(default_factory=list)
    settled: list[Entry] = field(default_factory=list)
    refunds: list[Entry] = field(default_factory=list)


def _holds(books: Books) -> Iterator[Difference]:
    money: dict[str, _Money] = defaultdict(_Money)
    for entry in books.entries:
        if entry.job_id is None:
            continue
        of_job = money[entry.job_id]
        kinds = {EntryKind.HOLD: of_job.holds, EntryKind.REFUND: of_job.refunds}
        kinds.get(entry.kind, of_job.settled).append(entry)
    for job in books.jobs:
        found = money.get(job.id, _Money())
        yield from _journal_of(job, found)
        yield from _state_of(job, found)
    attempts = {attempt.id: attempt.job_id for attempt in books.attempts}
    current = {job.attempt_id for job in books.jobs}
    for line in books.unproven:
        is_its_own = attempts.get(line.attempt_id) == line.job_id
        yield from _unproven(line, money[line.job_id], is_its_own, line.attempt_id in current)


def _journal_of(job: JobLine, money: _Money) -> Iterator[Difference]:
    """Whether a job's entries follow from each other."""
    for entries, what in ((money.holds, "hold"), (money.settled, "settlement")):
        if len(entries) > 1:
            yield Difference(f"Job {job.id} has more than one {what} in the journal.")
    if not money.holds:
        if money.settled or money.refunds:
            yield Difference(f"Job {job.id} has entries in the journal, but no hold.")
        return
    hold = money.holds[0]
    if (hold.server_id, hold.person_id) != (job.server_id, job.person_id):
        yield Difference(f"Job {job.id} holds credits of a wallet that is not its requester's.")
    if whole_price(hold) != job.price:
        yield Difference(f"Job {job.id} costs {job.price}, and {whole_price(hold)} were held.")
    for entry in money.settled:
        back = (-hold.allowance, -hold.granted) if entry.kind is EntryKind.RELEASE else (0, 0)
        if (entry.allowance, entry.granted) != back:
            yield Difference(f"Job {job.id} has a {entry.kind} that does not fit its hold.")
    if money.refunds and not any(entry.kind is EntryKind.CAPTURE for entry in money.settled):
        yield Difference(f"Job {job.id} was refunded without having been charged.")


def _state_of(job: JobLine, money: _Money) -> Iterator[Difference]:
    """Whether a job's hold is as its state wants it."""
    said = f"Job {job.id} is {job.state}, but its credits are"
    kinds = {entry.kind for entry in money.settled}
    if job.state is S.CHECKING:
        if money.holds:
            yield Difference(f"{said} held already.")
    elif job.state in OPEN:
        if not money.holds and job.price:
            yield Difference(f"{said} not held.")
        elif kinds:
            yield Difference(f"{said} settled already ({', '.join(sorted(kinds))}).")
    elif money.holds and not kinds:
        repair = HoldRepair(job.id) if job.state in ENDED else None
        yield Difference(f"{said} still held.", repair)
    elif job.state in CAPTURED:
        if EntryKind.CAPTURE not in kinds and job.price:
            yield Difference(f"{said} not captured.")
    elif EntryKind.CAPTURE in kinds and not money.refunds:
        yield Difference(f"{said} captured and not refunded.")


def _unproven(
    line: UnprovenLine, money: _Money, is_its_own: bool, is_current: bool
) -> Iterator[Difference]:
    """Whether budgets count what was held, and not twice: the last attempt's was given back."""
    counted = (line.server_id, line.held_at, line.credits)
    held = [(hold.server_id, hold.at, whole_price(hold)) for hold in money.holds]
    is_back = any(entry.kind is EntryKind.RELEASE for entry in money.settled)
    if held != [counted] or not is_its_own or (is_current and not is_back):
        yield Difference(
            f"Budgets count {line.credits} credits for attempt {line.attempt_id} of job "
            f"{line.job_id}, and these are not what was held for it and given back."
        )


def _attempts(books: Books) -> Iterator[Difference]:
    jobs = {job.id: job for job in books.jobs}
    attempts = {attempt.id: attempt for attempt in books.attempts}
    claims: dict[str, list[str]] = defaultdict(list)
    for attempt in books.attempts:
        if attempt.job_id not in jobs:
            yield Difference(f"Attempt {attempt.id} belongs to no job.")
        if attempt.request_id is not None:
            claims[attempt.request_id.replace("-", "").lower()].append(attempt.job_id)
    for request_id, owners in claims.items():
        if len(owners) > 1:
            names = " and ".join(sorted(owners))
            yield Difference(f"The run {request_id} is claimed more than once: by jobs {names}.")
    under_way = {job.attempt_id for job in books.jobs}
    accepted = Counter(
        attempt.job_id
        for attempt in books.attempts
        if attempt.request_id and (attempt.cost != 0 or attempt.id in under_way)
    )  # without the runs that failed for nothing, each of which was tried again
    for job in books.jobs:
        current = attempts.get(job.attempt_id) if job.attempt_id is not None else None
        if job.attempt_id is not None and (current is None or current.job_id != job.id):
            yield Difference(f"Job {job.id} names an attempt that is not its own.")
        if job.state is S.QUEUED and current is not None:
            yield Difference(f"Job {job.id} is queued, but has an attempt under way.")
        if job.state is S.SUBMITTING and current is None:
            yield Difference(f"Job {job.id} is submitting, but has no attempt.")
        if job.state in ACCEPTED and (current is None or current.request_id is None):
            yield Difference(f"Job {job.id} is {job.state}, but has no request id.")
        allowed = 1 + job.decisions.count(S.QUEUED)
        if accepted[job.id] > allowed:
            yield Difference(
                f"Job {job.id} was accepted by the provider {accepted[job.id]} times, and nobody "
                "decided so."
            )
