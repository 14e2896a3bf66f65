"""Jobs that go from station to station and wait at each: what `bench.simulate` counts with.

Every station is M/G/c but for its arrivals, which are whatever the stations before it let through:
several servers, one line, first come first served, service times of any distribution.
"""

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Service = Callable[[random.Random], float]
"""How long one visit takes, in seconds."""


@dataclass(frozen=True, slots=True)
class Station:
    """Some servers, and how long one is busy with a job."""

    servers: int
    service: Service


def passage(
    route: Sequence[Station], per_s: float, jobs: int, chance: random.Random
) -> list[list[float]]:
    """For each job, in the order of arrival: how long it waited at each stop of its route (s).

    Jobs come at random, so many a second. The same station may be on the route more than once.
    """
    free = {id(station): [0.0] * station.servers for station in route}
    waits = [[0.0] * len(route) for _ in range(jobs)]
    at_s, coming = 0.0, []
    for job in range(jobs):
        at_s += chance.expovariate(per_s)
        coming.append((at_s, job, 0))
    heapq.heapify(coming)
    while coming:
        now_s, job, stop = heapq.heappop(coming)
        station = route[stop]
        begins_s = max(now_s, free[id(station)][0])
        ends_s = begins_s + station.service(chance)
        heapq.heapreplace(free[id(station)], ends_s)
        waits[job][stop] = begins_s - now_s
        if stop + 1 < len(route):
            heapq.heappush(coming, (ends_s, job, stop + 1))
    return waits


def mean_wait_s(per_s: float, service_s: float, servers: int) -> float:
    """In an M/M/c queue, by Erlang's formula."""
    offered = per_s * service_s
    if offered >= servers:
        return math.inf
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    waiting = blocked / (1 - offered / servers * (1 - blocked))
    return waiting * service_s / (servers - offered)


def exponential(mean_s: float) -> Service:
    """As uneven as the times between random arrivals."""
    return lambda chance: chance.expovariate(1 / mean_s)


def log_normal(median_s: float, sigma: float) -> Service:
    """Run times."""
    return lambda chance: median_s * math.exp(chance.gauss(0.0, sigma))


def always(time_s: float) -> Service:
    """Never longer or shorter."""
    return lambda _chance: time_s
