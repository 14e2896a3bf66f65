"""What credits should be, from the promises alone: every hold is kept apart and looked at anew."""

import calendar
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from bot.core.jobs import Quality
from bot.core.ledger import Period

Wallet = tuple[int, int]
"""A server (0 for direct messages) and a person."""

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Laid:
    """What a server gives each member in each period."""

    allowance: int
    period: Period


@dataclass(frozen=True, slots=True)
class Most:
    """A limit for everybody together, and one for each person."""

    of_all: int
    of_one: int


HOUSES = {0: Laid(9, Period.DAY), 1: Laid(12, Period.WEEK), 2: Laid(15, Period.MONTH)}
BUDGET = 45
MOST_RUNNING, MOST_WAITING = Most(3, 2), Most(5, 3)
RATES: dict[Quality, float] = {"360p": 0.5, "540p": 1.0, "720p": 2.0}


def price_of(quality: Quality, seconds: float) -> int:
    """Whole credits, and never none."""
    return max(1, math.ceil(RATES[quality] * seconds))


def began(period: Period, at: float) -> float:
    """When the period around a moment began, in UTC; weeks on Monday."""
    today = math.floor(at / DAY_S)
    if period is Period.WEEK:
        return (today - (today + 3) % 7) * DAY_S  # the first day of 1970 was a Thursday
    if period is Period.MONTH:
        then = time.gmtime(at)
        return calendar.timegm((then.tm_year, then.tm_mon, 1, 0, 0, 0))
    return today * DAY_S


@dataclass(slots=True)
class Hold:
    """Where a job's credits came from and what has become of them."""

    wallet: Wallet
    allowance: int
    granted: int
    at: float
    state: Literal["held", "released", "captured", "refunded"] = "held"

    @property
    def price(self) -> int:
        """Both parts."""
        return self.allowance + self.granted


@dataclass(slots=True)
class Purses:
    """All wallets."""

    granted: Counter[Wallet] = field(default_factory=Counter)
    holds: dict[str, Hold] = field(default_factory=dict)
    perhaps_billed: list[tuple[str, int]] = field(default_factory=list)
    """Which submits, of which jobs, have brought no video: budgets count them beside the holds."""

    def allowance_left(self, wallet: Wallet, at: float) -> int:
        """Of this period's, in which a released hold was never placed."""
        limits = HOUSES[wallet[0]]
        since = began(limits.period, at)
        used = sum(
            hold.allowance
            for hold in self.holds.values()
            if hold.wallet == wallet and hold.at >= since and hold.state != "released"
        )
        return max(0, limits.allowance - used)

    def held(self, wallet: Wallet) -> int:
        """By jobs that have not ended."""
        mine = [hold for hold in self.holds.values() if hold.wallet == wallet]
        return sum(hold.price for hold in mine if hold.state == "held")

    def available(self, wallet: Wallet, at: float) -> int:
        """What can be spent."""
        return self.allowance_left(wallet, at) + self.granted[wallet]

    def budget_used(self, at: float) -> int:
        """Of today's, by everybody."""
        since = began(Period.DAY, at)
        counted = [hold for hold in self.holds.values() if hold.state != "released"]
        counted += [self.holds[job_id] for job_id, _ in self.perhaps_billed]
        return sum(hold.price for hold in counted if hold.at >= since)

    def fits(self, wallet: Wallet, price: int, at: float) -> bool:
        """Whether this can be held now."""
        return price <= min(self.available(wallet, at), BUDGET - self.budget_used(at))

    def hold(self, job_id: str, wallet: Wallet, price: int, at: float) -> None:
        """The allowance first: it is what ends by itself."""
        allowance = min(price, self.allowance_left(wallet, at))
        self.granted[wallet] -= price - allowance
        assert job_id not in self.holds
        self.holds[job_id] = Hold(wallet, allowance, price - allowance, at)

    def release(self, job_id: str) -> None:
        """No video, no price; a job that never held anything has nothing to get back."""
        held = self.holds.get(job_id)
        if held is not None:
            assert held.state == "held"
            held.state = "released"
            self.granted[held.wallet] += held.granted

    def capture(self, job_id: str) -> None:
        """The video is there."""
        held = self.holds[job_id]
        assert held.state == "held"
        held.state = "captured"

    def refund(self, job_id: str) -> bool:
        """Whether it could be given back, which it can once, and as credits that stay."""
        held = self.holds.get(job_id)
        if held is None or held.state != "captured":
            return False
        held.state = "refunded"
        self.granted[held.wallet] += held.price
        return True
