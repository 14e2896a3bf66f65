"""What is known of one request, and what one run of the program knows besides."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bot.core.jobs import Quality
from tests.bot.life.model.outside import Inputs
from tests.bot.life.model.purses import Wallet, price_of

MINUTE_S, HOUR_S = 60.0, 3600.0
PAUSE_S, SUBMITS_FIRST_S = 10.0, 3.75
MOST_S = 30.0
ENDED = ("delivered", "failed", "cancelled")


@dataclass(slots=True)
class Asked:
    """One submit as it was saved, and the run that it turned out to be."""

    inputs: Inputs
    began_at: float
    run: str | None = None
    submitted_at: float | None = None
    has_result: bool = False
    cost: float | None = None
    """What the history says of a run that made no video; `None` as long as that is not known."""


@dataclass(slots=True)
class Told:
    """What one request is known to be; `age` counts the changes of its row.

    `taken_back` is what stands in for a file of an offer that turns out to be wrong; `is_in_flight`
    a submit whose answer somebody waits for, as far as is written down. It `is_asked` since
    `asked_at` how it shall go on, until that `is_taken`; `first_s` of its motion are sent.
    """

    id: str
    source: Literal["slash", "message"]
    wallet: Wallet
    created_at: float
    events: set[int]
    subject: str | None
    motion: str | None
    taken_back: dict[str, str] = field(default_factory=dict)
    quality: Quality | None = None
    state: str = "checking"
    age: int = 1
    has_card: bool = False
    is_checked: bool = False
    is_asked: bool = False
    asked_at: float = 0.0
    is_taken: bool = False
    first_s: float | None = None
    queued_at: float | None = None
    attempts: list[Asked] = field(default_factory=list)
    is_attempting: bool = False
    is_in_flight: bool = False
    again: int = 0
    is_retried: bool = False
    """A run that cost nothing was followed by another, without anybody's word."""
    has_video: bool = False
    owes_notice: bool = False

    @property
    def ended(self) -> bool:
        """Nothing more can become of it."""
        return self.state in ENDED

    @property
    def is_over(self) -> bool:
        """Its requester knows, too."""
        return self.ended and not self.owes_notice

    def enters(self, state: str) -> None:
        """A saved change of state; whoever asked is told each time that somebody has to decide."""
        self.state, self.is_in_flight = state, state == "submitting"
        self.owes_notice = state == "review"
        self.age += 1

    def is_told(self) -> None:
        """The message that it came to nothing, or has to wait, is saved as posted."""
        self.owes_notice = False
        self.age += 1

    @property
    def is_in_doubt(self) -> bool:
        """Nobody waits for the answer to its submit any more."""
        return self.state == "submitting" and not self.is_in_flight

    @property
    def is_offer(self) -> bool:
        """It waits for a file or its button."""
        is_open = self.is_asked or (self.source == "message" and not self.is_taken)
        return self.state == "checking" and is_open

    @property
    def is_too_long(self) -> bool:
        """Only a part of its motion can be sent, and nobody has said which."""
        return self.seconds > MOST_S

    @property
    def seconds(self) -> float:
        """What is sent of its motion."""
        return self.first_s or seconds_of(self.motion)

    @property
    def inputs(self) -> Inputs:
        """What was given, by its links."""
        assert self.subject is not None
        assert self.motion is not None
        assert self.quality is not None
        motion = self.motion
        if self.first_s:  # what was cut is here alone
            motion = f"{motion.rpartition('/attachments/')[0]}/asset/{self.first_s:g}"
        return self.subject, motion, self.quality

    def is_young(self, at: float) -> bool:
        """Whether its links may be trusted, if they answer."""
        return 0 <= at - self.created_at <= 10 * MINUTE_S

    @property
    def attempt(self) -> Asked:
        """The submit under way."""
        assert self.is_attempting
        return self.attempts[-1]

    @property
    def free_runs(self) -> int:
        """How many earlier ones are known to have cost nothing."""
        return sum(asked.run is not None and asked.cost == 0 for asked in self.attempts[:-1])

    @property
    def price(self) -> int:
        """In credits."""
        assert self.quality is not None
        return price_of(self.quality, self.seconds)


def seconds_of(motion: str | None) -> float:
    """A motion's name tells its length."""
    assert motion is not None
    return float(motion.rpartition("/")[2].partition("-")[0])


def is_broken(link: str) -> bool:
    """A file's name tells that it is."""
    return link.rpartition("/")[2].startswith("broken")


def broken_file(job: Told) -> str | None:
    """The first file that is broken."""
    given = {"subject": job.subject, "motion": job.motion}
    return next((name for name, link in given.items() if link and is_broken(link)), None)


@dataclass
class Patience:
    """Tries in one run of the program: so many, and so many seconds since the first.

    How long something has lasted is not told by a clock that somebody may set.
    """

    patience_s: float
    least: int = 3
    tries: dict[str, list[float]] = field(default_factory=dict)

    def spent(self, job: Told, at: float) -> bool:
        """Whether this further try was the last one."""
        times = self.tries.setdefault(job.id, [])
        times.append(at)
        return len(times) >= self.least and at - times[0] >= self.patience_s

    def forget(self, *jobs: Told) -> None:
        """It need not be counted any more."""
        for job in jobs:
            self.tries.pop(job.id, None)


class ThisRun:
    """What the program knows only until it ends; `found` are the jobs that it began with."""

    def __init__(self, found: Iterable[str] = ()) -> None:
        self.found = set(found)  # and of which it has sent nothing yet
        self.is_shaken = False  # a submit has failed since the last good one
        self.successes = 0
        self.rejections: dict[str, list[int]] = {}  # at how many successes each job met them
        self.failures = 0  # as many as speak for an outage, since then
        self.bad_polls: set[str] = set()  # since the last one that was answered
        self.polled_at = 0.0
        self.busy_until = 0.0
        self.replies = Patience(5, least=1)
        self.set_aside: set[str] = set()
        self.seen_alone: set[str] = set()
        self.files: dict[tuple[str, str], str] = {}
        self.lookups, self.unread = Patience(15 * MINUTE_S), Patience(6 * HOUR_S)
        self.searches: dict[int, Patience] = {}
        self.sightings, self.unseen = Patience(15 * MINUTE_S), Patience(6 * HOUR_S)
        self.fetches = Patience(6 * HOUR_S)
        self.proofs = Patience(2 * MINUTE_S)

    def missing_file(self, job: Told, *, is_away: bool) -> str | None:
        """The first file that cannot be had; one that is here is not fetched again."""
        for name, link in (("subject", job.subject), ("motion", job.motion)):
            if link and self.files.get((job.id, name)) != link:
                self.files.pop((job.id, name), None)
                if is_away:
                    return name
                self.files[job.id, name] = link
        return None

    def poll_failed(self, job: Told, now: float) -> None:
        """What is older than two minutes says nothing of now."""
        self.bad_polls = self.bad_polls_of(now) | {job.id}
        self.polled_at = now

    def bad_polls_of(self, now: float) -> set[str]:
        """The jobs that could not be asked after just now."""
        return self.bad_polls if now - self.polled_at < 2 * MINUTE_S else set()

    def is_calm(self, now: float) -> bool:
        """Nothing speaks against a submit."""
        return not self.is_shaken and not self.bad_polls_of(now)

    def is_busy(self, now: float, *, but_submits: bool = False) -> bool:
        """After a 429 nobody asks for a while, and then submits come first."""
        more_s = SUBMITS_FIRST_S if but_submits else 0.0
        return self.busy_until > 0 and now < self.busy_until + more_s

    def fails_to_submit(self, failures: int) -> None:
        """So many, as far as they speak for an outage."""
        self.is_shaken = True
        self.failures += failures

    def is_poison(self, job: Told) -> bool:
        """Whether this further rejection is the job's own fault: others came through between."""
        seen = self.rejections.setdefault(job.id, [])
        if self.successes not in seen:
            seen.append(self.successes)
        return len(seen) > 2

    def may_be_down(self, now: float) -> bool:
        """Two failures in a row are an outage; one is bad luck."""
        return self.failures >= 2 or len(self.bad_polls_of(now)) >= 2


def came_at(job: Told) -> float:
    """When a request was made, or its button pressed."""
    at = job.queued_at if job.source == "message" or job.is_taken else job.created_at
    assert at is not None
    return at
