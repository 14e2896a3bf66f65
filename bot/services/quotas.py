"""What moderators may do about credits and rules in their server, and the operator in any."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from typing import Any, Protocol
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.core import admission, ledger
from bot.core.accounts import Eligibility, Page
from bot.core.actions import HISTORY_KINDS, ActionKind, HistoryLine, Spender
from bot.core.admission import Ask, Block
from bot.core.jobs import Job
from bot.core.ledger import Period
from bot.core.rules import MOST_CREDITS, MOST_JOBS, OperatorLimits, ServerRules, within
from bot.core.typed.until import until
from bot.errors import LedgerError, Problem, Refused
from bot.services.moderation import the_reason
from bot.store.group_commit import background
from bot.store.store import Store

BOUNDS = {
    "budget_credits": MOST_CREDITS,
    "max_running_per_person": MOST_JOBS,
    "max_waiting_per_person": MOST_JOBS,
}
TOP = 10
PAGE = 10
MOST_EXPORTED, EXPORTED_AT_ONCE = 20_000, 2_000


class ProviderHealth(Protocol):
    """What is asked of the runner."""

    async def why_closed(self) -> Refused | None:
        """Why a new request could only wait, if that is so."""


class Quotas:
    """Every method is about one server (0: direct messages) and leaves all others alone.

    `wake` makes the runner look at a job; without a `runner` the provider is taken to be well.
    Whatever changes something takes its `actor_id` and a reason, and is remembered.
    """

    def __init__(
        self,
        *,
        store: Store,
        wake: Callable[[str], None],
        clock: Clock,
        runner: ProviderHealth | None = None,
    ) -> None:
        self._store = store
        self._wake = wake
        self._clock = clock
        self._runner = runner
        self._exports: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def limits(self) -> OperatorLimits:
        """What the operator has set."""
        return self._store.limits

    async def rules(self, server_id: int) -> ServerRules:
        """What the server has set."""
        return await self._store.rulebook.of(server_id)

    async def eligibility(
        self,
        server_id: int,
        person_id: int,
        roles: frozenset[int] | None,
        channels: frozenset[int] = frozenset(),
    ) -> Eligibility:
        """How somebody stands, with these roles (`None`: no member now), asking in a channel."""
        at = self._clock.time()
        rules, standing = await self._store.read.standing(
            server_id, person_id, at, roles or frozenset()
        )
        found = list(admission.obstacles(rules, standing, Ask(channels), at))
        if self._runner and (closed := await self._runner.why_closed()):
            found.append(closed)
        mine = await self._store.read.jobs_of(person_id, server_id, 25)
        return Eligibility(
            server_id=server_id,
            person_id=person_id,
            is_member=roles is not None,
            rules=rules,
            standing=standing,
            renews_at=ledger.period_end(rules.period, at),
            day_ends_at=ledger.period_end(Period.DAY, at),
            obstacles=found,
            under_way=[job for job in mine if not job.ended and not job.is_offer],
        )

    async def knows(self, server_id: int, person_id: int) -> bool:
        """Whether somebody who is no member now has a past in this server."""
        return await self._store.audit_log.knows(server_id, person_id)

    # --- credits ------------------------------------------------------------------------------

    async def grant(
        self, server_id: int, person_id: int, credits: int, *, actor_id: int, reason: str
    ) -> None:
        """Give credits that stay. Raises `Refused` without a reason, `LedgerError` for none."""
        await self._store.grant(
            server_id,
            person_id,
            within(credits, 1, MOST_CREDITS),
            actor_id=actor_id,
            reason=the_reason(reason),
            at=self._clock.time(),
        )

    async def revoke(
        self, server_id: int, person_id: int, credits: int, *, actor_id: int, reason: str
    ) -> int:
        """Take granted credits away, as far as there are any; how many. Raises `Refused`."""
        try:
            return await self._store.revoke(
                server_id,
                person_id,
                within(credits, 1, MOST_CREDITS),
                actor_id=actor_id,
                reason=the_reason(reason),
                at=self._clock.time(),
            )
        except LedgerError as error:
            raise Refused(Problem.NOTHING_TO_REVOKE) from error

    async def set_granted(
        self,
        server_id: int,
        person_id: int,
        credits: int,
        *,
        expected: int | None = None,
        actor_id: int,
        reason: str,
    ) -> int:
        """Bring the granted credits to this number; how many there were.

        Raises `Refused`, also where there are not as many as `expected`.
        """
        return await self._store.set_granted(
            server_id,
            person_id,
            within(credits, 0, MOST_CREDITS),
            expected=expected,
            actor_id=actor_id,
            reason=the_reason(reason),
            at=self._clock.time(),
        )

    # --- rules --------------------------------------------------------------------------------

    async def set_allowance(
        self,
        server_id: int,
        credits: int | None,
        *,
        period: Period | None = None,
        role_id: int | None = None,
        seen: ServerRules | None = None,
        actor_id: int,
        reason: str = "",
    ) -> ServerRules:
        """Everybody's allowance, or a role's (0 credits take it away); the period is all's.

        `None` leaves everybody's to the operator again. Raises `Refused`, also where other rules
        hold by now than were `seen`.
        """
        if credits is not None:
            within(credits, 0, MOST_CREDITS)
        given: dict[str, Any] = {
            "seen": seen,
            "actor_id": actor_id,
            "reason": reason.strip(),
            "at": self._clock.time(),
        }
        if role_id is not None and role_id != server_id:  # that one is @everyone
            return await self._store.rulebook.set_role(
                server_id,
                role_id,
                {"allowance_credits": credits or None},
                period=period,
                kind=ActionKind.ALLOWANCE,
                **given,
            )
        changes: dict[str, Any] = {"allowance_credits": credits}
        if period is not None:
            changes["period"] = period
        return await self._store.rulebook.set_rules(
            server_id, changes, kind=ActionKind.ALLOWANCE, **given
        )

    async def change(
        self,
        server_id: int,
        *,
        seen: ServerRules | None = None,
        actor_id: int,
        reason: str = "",
        **changes: Any,
    ) -> ServerRules:
        """Change these fields of the server's rules; see `ServerRules`.

        Raises `Refused`, also where other rules hold by now than were `seen`.
        """
        if "qualities" in changes and not changes["qualities"]:
            raise Refused(Problem.NO_QUALITY_LEFT)
        if changes.get("models") == frozenset():
            raise Refused(Problem.NO_MODEL_LEFT)
        for name, most in BOUNDS.items():
            if (number := changes.get(name)) is not None:
                within(number, 0, most)
        return await self._store.rulebook.set_rules(
            server_id,
            changes,
            kind=ActionKind.SETTINGS,
            seen=seen,
            actor_id=actor_id,
            reason=reason.strip(),
            at=self._clock.time(),
        )

    async def open_to_role(
        self,
        server_id: int,
        role_id: int,
        *,
        actor_id: int,
        reason: str = "",
        **opened: frozenset[str],
    ) -> ServerRules:
        """The `qualities` or `models` that a role may use besides everybody's."""
        return await self._store.rulebook.set_role(
            server_id,
            role_id,
            opened,
            kind=ActionKind.SETTINGS,
            actor_id=actor_id,
            reason=reason.strip(),
            at=self._clock.time(),
        )

    # --- blocks -------------------------------------------------------------------------------

    def moment(self, text: str | None) -> float | None:
        """When a block ends, as it was typed; `None` for good. Raises `Refused`."""
        return None if text is None else until(text, self._clock.time())

    async def block(
        self, server_id: int, person_id: int, ends_at: float | None, *, actor_id: int, reason: str
    ) -> list[Job]:
        """Keep somebody from asking; the waiting jobs that it cancelled. Raises `Refused`."""
        block = Block(ends_at, the_reason(reason))
        at = self._clock.time()
        if ends_at is not None and ends_at <= at:
            raise Refused(Problem.UNTIL_PAST, until=ends_at)
        cancelled = await self._store.rulebook.block(
            server_id, person_id, block, actor_id=actor_id, at=at
        )
        for job in cancelled:
            self._wake(job.id)
        return cancelled

    async def unblock(
        self, server_id: int, person_id: int, *, actor_id: int, reason: str = ""
    ) -> None:
        """Let somebody ask again. Raises `Refused` where they are not blocked."""
        lifted = await self._store.rulebook.unblock(
            server_id,
            person_id,
            actor_id=actor_id,
            reason=reason.strip(),
            at=self._clock.time(),
        )
        if not lifted:
            raise Refused(Problem.NOT_BLOCKED)

    # --- the past -----------------------------------------------------------------------------

    async def history(
        self,
        server_id: int,
        *,
        person_id: int | None = None,
        kinds: Collection[str] = HISTORY_KINDS,
        number: int = 0,
    ) -> Page:
        """One page of the past, newest first; a page past the end is the last one."""
        ask: dict[str, Any] = {"person_id": person_id, "kinds": kinds, "by_video": True}
        count = await self._store.audit_log.count(server_id, **ask)
        pages = max(1, -(-count // PAGE))
        number = max(0, min(number, pages - 1))
        lines = await self._store.audit_log.lines(
            server_id, **ask, limit=PAGE, offset=number * PAGE
        )
        return Page(lines, number, pages)

    async def newest(
        self,
        server_id: int,
        *,
        person_id: int | None = None,
        kinds: Collection[str] = HISTORY_KINDS,
    ) -> AsyncGenerator[list[HistoryLine]]:
        """The past in parts, newest first, up to `MOST_EXPORTED` lines.

        Others go between, and one server's tables are made one after the other.
        """
        newest_at, of_that_moment = self._clock.time(), 0
        async with self._exports.setdefault(server_id, asyncio.Lock()):
            for _ in range(0, MOST_EXPORTED, EXPORTED_AT_ONCE):
                with background():
                    part = await self._store.audit_log.lines(
                        server_id,
                        person_id=person_id,
                        kinds=kinds,
                        until=newest_at,
                        limit=EXPORTED_AT_ONCE,
                        offset=of_that_moment,
                    )
                if part:
                    yield part
                if len(part) < EXPORTED_AT_ONCE:
                    return
                last = part[-1].at  # the next part begins there, behind those that were had
                of_that_moment = of_that_moment if last == newest_at else 0
                of_that_moment += sum(line.at == last for line in part)
                newest_at = last

    async def count(
        self,
        server_id: int,
        *,
        person_id: int | None = None,
        kinds: Collection[str] = HISTORY_KINDS,
    ) -> int:
        """How many such lines there are in all."""
        return await self._store.audit_log.count(server_id, person_id=person_id, kinds=kinds)

    async def top(self, server_id: int) -> tuple[list[Spender], float]:
        """Who has spent most since the server's period began, and when that was (unix s)."""
        rules = await self._store.rulebook.of(server_id)
        since = ledger.period_start(rules.period, self._clock.time())
        return await self._store.audit_log.top(server_id, since, TOP), since
