"""One budget of requests for all processes, however it is shared out among them."""

import random
from dataclasses import dataclass, field, replace

import pytest

from bot.provider.limiter import RateLimiter
from bot.provider.peers import Peers
from tests.bot.between import Wire, peers
from tests.bot.stopped_clock import StoppedClock

PER_MINUTE, STEP_S = 60, 0.25
HEARD_LATE_S = 3.0


@dataclass
class Process:
    """Sends whatever it may, and knows of others what was so some seconds ago."""

    clock: StoppedClock
    runs: int = 0
    others: int = 0
    sent: int = 0
    limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(
            self.clock, PER_MINUTE, peers=Peers(share=lambda _: self.share, may_come=True)
        )

    all_runs = 1

    @property
    def share(self) -> float:
        return (self.runs + 0.5) / (max(self.runs, self.all_runs) + 0.5 * (1 + self.others))

    def send(self, *, submit: bool) -> None:
        while not self.limiter.wait_s(submit=submit):
            self.limiter.record_request()
            self.sent += 1


@pytest.mark.parametrize("seed", range(5))
def test_all_together_keep_to_it_while_runs_and_processes_come_and_go(seed: int) -> None:
    clock, chance = StoppedClock(), random.Random(seed)
    here, gone, sent_at = [Process(clock)], list[Process](), list[float]()
    known, known_at = 0, clock.now
    while clock.now < 1000.0 + 1200.0:
        if chance.random() < 0.02 and len(here) < 8:
            here.append(Process(clock))
        if chance.random() < 0.015 and len(here) > 1:
            gone.append(here.pop(chance.randrange(len(here))))
            here[0].runs += gone[-1].runs
        if chance.random() < 0.3:
            one, other = chance.choices(here, k=2)
            moved = chance.randint(0, one.runs)
            one.runs, other.runs = one.runs - moved, other.runs + moved
        here[-1].runs += chance.random() < 0.05
        here[0].runs -= here[0].runs > 0 and chance.random() < 0.05
        if clock.now - known_at >= HEARD_LATE_S:
            known, known_at = len(here), clock.now
        for process in here:
            process.all_runs = sum(each.runs for each in here)
            process.others = max(0, known - 1)
            before = process.sent
            process.send(submit=chance.random() < 0.3)
            sent_at += [clock.now] * (process.sent - before)
        clock.now += STEP_S
    for minutes in (1, 5, 20):
        for since in range(0, 1200 - 60 * minutes + 1, 30):
            within = sum(0 <= at - 1000.0 - since < 60 * minutes for at in sent_at)
            assert within <= PER_MINUTE * minutes + PER_MINUTE // 4 + 2 * 8
    assert len(sent_at) >= 0.8 * 20 * PER_MINUTE, "and it is used"


def test_a_share_that_grows_brings_no_burst_and_one_that_shrinks_leaves_none() -> None:
    clock, share = StoppedClock(), 0.1
    limiter = RateLimiter(clock, 60, peers=Peers(share=lambda _: share))
    assert limiter.wait_s() == 0
    clock.now += 600
    share = 0.9
    sent = 0
    while not limiter.wait_s(submit=True):
        limiter.record_request()
        sent += 1
    assert sent == 2, "what a tenth of it has gathered"
    clock.now += 600
    assert limiter.wait_s() == 0
    share = 0.1
    sent = 0
    while not limiter.wait_s(submit=True):
        limiter.record_request()
        sent += 1
    assert sent == 2, "the rest is others' by now"
    assert limiter.wait_s() == 10, "it may be more by then"


def test_whoever_is_told_to_wait_tells_all_and_who_comes_later() -> None:
    clock, wire = StoppedClock(), Wire()
    first, second = (RateLimiter(clock, 60, "segmind", peers(wire)) for _ in range(2))
    engine = RateLimiter(clock, 60, "engine", peers(wire))
    first.record_throttled(30)
    assert (second.paused_s, second.wait_s(submit=True), engine.paused_s) == (30, 30, 0)
    clock.now += 10
    late = peers(wire)
    newcomer = RateLimiter(clock, 60, "segmind", late)
    assert newcomer.paused_s == 0
    late.ask()
    assert newcomer.paused_s == 20
    clock.now += 20
    wire.told.clear()
    replace(late).ask()
    assert wire.told == ["provider asked"], "nobody has anything to tell"
    assert second.wait_s(submit=True) == 0
