"""One torture run from its seed to its tally."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sandbox.faults.injector import Faults
from tests.torture import doctor
from tests.torture.audit import Audit, files_left
from tests.torture.databases import InFile, OnServer
from tests.torture.killer import Blows, Killer, blows_of
from tests.torture.people import FLEETING, UNENDED, UNTOLD, People
from tests.torture.takeovers import Takeovers
from tests.torture.trouble import (
    fail_a_model,
    fail_some_runs,
    hold_up_drafts,
    make_trouble,
    see_nobody,
    trouble_the_gateway,
)
from tests.torture.world import FREE, OFFERED, World

LOOK_EVERY_S = 0.2
QUIET_S = 1.0
LONGEST_PAUSE_S = 10.0
"""Before one of several processes is started again."""

AT_ONCE, LEFT = 30, 3
SLOWEST_S = 20.0
UNDER_WAY = f"{UNENDED} AND state != 'review'"
PAID_UNDER_WAY = f"{UNDER_WAY} AND coalesce(price, 1) > 0"
PATIENCE_S = 600.0
"""Real seconds in which all must have ended, once nothing new is asked and nobody is killed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to be; the same seed makes the same choices, though never the same race.

    `failing` is the model whose submits often go wrong; without one the seed says which.
    `restarts` are those of the database's server. There is a process for each of the `roles`;
    `standstills` of one are SIGSTOP and, a while later, SIGCONT; `hand_overs` are SIGTERM.
    """

    jobs: int
    kills: int
    seed: int
    fault_rate: float = 0.0
    failing: str = ""
    is_on_postgres: bool = False
    restarts: int = 0
    roles: tuple[str, ...] = ("run",)
    standstills: int = 0
    longest_still_s: float = 45.0
    hand_overs: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened, and what was found to be wrong."""

    plan: Plan
    ends: Counter[str]
    accepted: Counter[str]
    posts: int
    kills: Counter[str]
    blows: Counter[str]
    takeovers: Takeovers
    struck: Counter[str]
    people: Counter[str]
    starts: int
    falls: list[tuple[int, str]]
    cut_off_looks: int
    hours: float
    seconds: float
    wrong: list[str]
    logs: dict[str, list[str]]

    def __str__(self) -> str:
        """For a terminal and for the docs."""
        lines = [
            f"{self.plan}",
            f"{self.ends.total()} jobs: {_listed(self.ends)}",
            f"accepted runs: {_listed(self.accepted)}; finished posts: {self.posts}",
            f"{self.kills.total()} kills, {self.starts} starts, {len(self.falls)} ends by itself",
            *(f"  {count:3} {why}" for why, count in sorted(self.kills.items())),
            f"besides: {_listed(self.blows)}",
            f"jobs taken over: {self.takeovers}",
            f"{self.struck.total()} faults: {_listed(self.struck)}",
            f"people: {_listed(self.people)}",
            f"private answers cut off by a kill or a fault: {self.cut_off_looks}",
            f"{self.seconds:.0f} s, in which {self.hours:.1f} hours passed",
            f"wrong: {len(self.wrong)}",
        ]
        if self.wrong:
            lines += [*self.wrong, f"Repeat it with --seed {self.plan.seed}."]
            lines += [line for job_lines in self.logs.values() for line in job_lines]
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common()) or "none"


async def torture(plan: Plan, folder: Path) -> Tally:
    """Run it. Raises `TimeoutError` if the bot does not come up, or gets nowhere."""
    began = time.monotonic()
    chance = random.Random(plan.seed)
    plan = replace(plan, failing=plan.failing or chance.choice(OFFERED))
    faults = Faults(chance.randrange(2**32))
    database = OnServer(folder) if plan.is_on_postgres else InFile(folder / "data")
    world = World(folder, faults, offered=OFFERED, database=database, roles=plan.roles)
    if len(plan.roles) > 1:  # else nobody but a new one would ever take over
        pauses = random.Random(chance.randrange(2**32))
        for process in world.processes:
            process.pause_s = partial(pauses.uniform, 0.0, LONGEST_PAUSE_S)
    async with world:
        killer = Killer(world, faults, random.Random(chance.randrange(2**32)), plan.kills)
        make_trouble(world, faults, plan.fault_rate)
        async with People(world, random.Random(chance.randrange(2**32))) as people:
            chance = random.Random(chance.randrange(2**32))
            takeovers = Takeovers(world)
            blows = await _live(world, plan, people, killer, takeovers, chance)
        codes = await world.processes.stop()
        audit = Audit(world)
        wrong = audit.faults() + takeovers.faults() + await doctor.differences(world)
        wrong += [f"The bot ended with {code}." for code in codes.elements() if code]
        falls = world.processes.falls
        wrong += [f"The bot ended by itself with {code}:\n{log}" for code, log in falls]
        return Tally(
            plan=plan,
            ends=audit.ends,
            accepted=audit.accepted,
            posts=audit.posts,
            kills=world.kills,
            blows=blows,
            takeovers=takeovers,
            struck=faults.struck,
            people=people.did,
            starts=world.processes.starts,
            falls=falls,
            cut_off_looks=audit.cut_off_looks,
            hours=world.clock.ahead_s / 3600,
            seconds=time.monotonic() - began,
            wrong=wrong,
            logs={
                job["id"]: _log_of(folder, job["id"]) for job in audit.jobs if _is_in(job, wrong)
            },
        )


async def _live(
    world: World,
    plan: Plan,
    people: People,
    killer: Killer,
    takeovers: Takeovers,
    chance: random.Random,
) -> Counter[str]:
    """Everything at once, until every job has ended and the last card is mended; its blows."""
    others = blows_of(
        world,
        chance,
        restarts=plan.restarts,
        standstills=plan.standstills,
        longest_s=plan.longest_still_s,
        hand_overs=plan.hand_overs,
    )
    kinds: list[Blows | Killer] = [killer, *others]
    for kind in kinds:
        kind.may_strike = partial(_is_time, world, plan, kind)
    forever = [
        world.processes.keep(),
        world.pass_time(),
        people.ask(),
        people.press(),
        takeovers.watch(),
    ]
    tasks = [asyncio.create_task(coroutine) for coroutine in forever]
    blows = [asyncio.create_task(kind.go_on()) for kind in kinds]
    troubles = [
        asyncio.create_task(trouble)
        for trouble in (
            trouble_the_gateway(world, chance),
            fail_some_runs(world, chance),
            fail_a_model(world, plan.failing, chance),
            hold_up_drafts(world, chance),
            see_nobody(world, chance),
        )
    ]
    watched = [*tasks, *blows, *troubles]
    try:
        async with asyncio.timeout(PATIENCE_S + SLOWEST_S * (plan.jobs + plan.kills)):
            while not all(task.done() for task in blows) or world.count("true") < plan.jobs:
                people.wanted = _wanted(world, plan, is_enough=not any(kind.left for kind in kinds))
                await _step(watched)
        people.wanted = 0
        await _cancel(troubles)
        world.engine.workshop.pause()  # a paid job that waits for a draft would never end
        if await _comes_true(lambda: not world.count(PAID_UNDER_WAY), watched):
            world.engine.workshop.resume()
            await _comes_true(lambda: _is_over(world), watched)
        return sum((kind.dealt for kind in others), Counter())
    finally:
        await _cancel(watched)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _comes_true(is_so: Callable[[], bool], watched: list[asyncio.Task[None]]) -> bool:
    """Wait until it has been so for a while; `False` when patience has ended before."""
    deadline, since = time.monotonic() + PATIENCE_S, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        if time.monotonic() >= deadline:
            return False
        await _step(watched)
        if not is_so():
            since = time.monotonic()
    return True


async def _step(tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.sleep(LOOK_EVERY_S)
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error


def _wanted(world: World, plan: Plan, *, is_enough: bool) -> int:
    """So many at once; and more than planned, while there is still somebody to kill for."""
    asked, open_ = world.count("true"), world.count(UNDER_WAY)
    most = plan.jobs if asked < plan.jobs or is_enough else asked + LEFT
    return min(most, asked + min(AT_ONCE, max(LEFT, plan.jobs // 3)) - open_)


def _is_time(world: World, plan: Plan, kind: Blows | Killer) -> bool:
    """Blows keep pace with the jobs' ends, so that neither runs out of the other."""
    ended = world.count(f"NOT ({UNENDED}) OR state = 'review'")
    return kind.wanted - kind.left <= kind.wanted * (ended + LEFT) / plan.jobs


def _is_over(world: World) -> bool:
    """Nothing is under way, each bought run found, each end told, no card behind, no file left."""
    claimed = world.rows(
        "SELECT count(*) AS number FROM attempts WHERE request_id IS NOT NULL AND model != ?", FREE
    )
    return (
        world.is_online
        and not world.count(UNDER_WAY)
        and bool(claimed)
        and claimed[0]["number"] == len(world.provider.accepted)
        and not world.count(UNTOLD)
        and not world.count("card_shown IS NULL OR card_shown NOT LIKE state || '%'")
        and not world.count(f"{FLEETING} AND card_shown NOT LIKE '%gone'")
        and not any(files_left(world))
    )


def _is_in(job: dict[str, object], wrong: list[str]) -> bool:
    return any(str(job["id"]) in sentence for sentence in wrong)


def _log_of(folder: Path, job_id: str) -> list[str]:
    """What the bot has logged about a job, a line each."""
    found = []
    for line in (folder / "bot.log").read_text(errors="replace").splitlines():
        if job_id in line:
            try:
                found.append(json.dumps(json.loads(line), ensure_ascii=False)[:600])
            except ValueError:
                found.append(line[:600])
    return found
