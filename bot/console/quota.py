"""`quota`: credits, blocks and allowances of any server, and of direct messages (server 0)."""

import argparse
from collections.abc import Sequence

from bot.cards.obstacles import obstacle
from bot.cards.wording import credits_text
from bot.clock import Clock
from bot.console.documents import Document, dumped, eligibility_document, iso, line_document
from bot.console.tables import facts, moment, place, plain, table
from bot.core.accounts import Eligibility
from bot.core.actions import EVERYWHERE, HISTORY_KINDS, OPERATOR, HistoryLine
from bot.core.admission import Block
from bot.core.ledger import Period
from bot.errors import MarionetteError
from bot.services.quotas import Quotas
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store

Said = tuple[str, Document]

ROLES_UNKNOWN = "as of everybody's allowance; roles are known to Discord alone"


async def quota(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.operator_limits())
        # A running bot looks for decisions by itself.
        quotas = Quotas(store=store, wake=lambda job_id: None, clock=clock)
        match wanted.action:
            case "show":
                text, document = await _look(quotas, wanted)
            case "allowance":
                text, document = await _allowance(quotas, wanted)
            case "history":
                text, document = await _history(store, wanted)
            case "top":
                text, document = await _top(quotas, wanted)
            case _:
                text, document = await _change(quotas, wanted)
                now = None
                if wanted.server != EVERYWHERE:
                    look, now = await _look(quotas, wanted)
                    text = f"{text}\n{look}"
                document = {"done": document, "now": now}
    return dumped(document) if wanted.json else text


async def _change(quotas: Quotas, wanted: argparse.Namespace) -> Said:
    whose = (wanted.server, wanted.person)
    by = {"actor_id": OPERATOR, "reason": wanted.reason}
    match wanted.action:
        case "grant":
            await quotas.grant(*whose, wanted.credits, **by)
            return f"{credits_text(wanted.credits)} granted.", {"credits": wanted.credits}
        case "revoke":
            taken = await quotas.revoke(*whose, wanted.credits, **by)
            return f"{credits_text(taken)} revoked.", {"credits": taken}
        case "set":
            was = await quotas.set_granted(*whose, wanted.credits, **by)
            said = f"Granted credits were {was}, and are {wanted.credits} now."
            return said, {"before": was, "after": wanted.credits}
        case "block":
            ends_at = quotas.moment(wanted.until)
            jobs = [job.id for job in await quotas.block(*whose, ends_at, **by)]
            where = "in the whole bot " if wanted.server == EVERYWHERE else ""
            said = f"Blocked {where}{f'until {moment(ends_at)}' if ends_at else 'for good'}."
            if jobs:
                said += f" Cancelled: {', '.join(jobs)}; a running bot shows it within a minute."
            return said, {"until": iso(ends_at), "cancelled": jobs}
        case _:
            await quotas.unblock(*whose, **by)
            return "They may ask again.", {"unblocked": True}


async def _look(quotas: Quotas, wanted: argparse.Namespace) -> Said:
    look = await quotas.eligibility(wanted.server, wanted.person, None)
    return _shown(look), eligibility_document(look)


def _shown(look: Eligibility) -> str:
    rules, standing = look.rules, look.standing
    has, block = standing.balance, standing.block
    left = f"{has.allowance_left} of {rules.allowance_credits} a {rules.period}"
    budget = rules.budget_credits
    told = [
        ("person", look.person_id),
        ("server", place(look.server_id)),
        ("allowance left", f"{left} ({ROLES_UNKNOWN})" if look.server_id else left),
        ("renews", moment(look.renews_at)),
        ("granted", has.granted),
        ("held by jobs", has.held),
        ("running", f"{standing.running_here} here, {standing.running_of_person} anywhere"),
        ("waiting", f"{standing.waiting_here} here, {standing.waiting_of_person} anywhere"),
        ("server's budget", _spent(standing.server_spent, budget)),
        ("bot's budget", f"{standing.budget_spent} of {rules.daily_budget_credits} spent"),
        ("server's cap", _spent(standing.server_spent_today, rules.daily_server_cap_credits)),
        ("person's cap", _spent(standing.person_spent_today, rules.daily_person_cap_credits)),
        ("paused", (standing.pause.reason) if standing.pause else "no"),
        ("blocked", _block(block) if block else "no"),
        ("may ask now", "no" if look.obstacles else "yes"),
    ]
    why = [plain(obstacle(refused)) for refused in look.obstacles]
    return "\n".join([facts(told), *(f"- {line}" for line in why)])


def _spent(spent: int, of: int | None) -> str | None:
    return None if of is None else f"{spent} of {of} spent"


def _block(block: Block) -> str:
    where = " in the whole bot" if block.is_everywhere else ""
    return (moment(block.until) or "for good") + where


async def _allowance(quotas: Quotas, wanted: argparse.Namespace) -> Said:
    if wanted.role is not None and not wanted.server:
        raise MarionetteError("There are no roles in direct messages: leave --role out.")
    if wanted.role is not None and wanted.credits is None:
        raise MarionetteError("The default is everybody's: --credits 0 takes a role's away.")
    rules = await quotas.set_allowance(
        wanted.server,
        wanted.credits,
        period=Period(wanted.period) if wanted.period else None,
        role_id=wanted.role,
        actor_id=OPERATOR,
        reason=wanted.reason,
    )
    roles = {
        str(role_id): role.allowance_credits
        for role_id, role in sorted(rules.roles.items())
        if role.allowance_credits is not None
    }
    everybodys = rules.allowance_credits
    told: list[tuple[str, object]] = [
        ("server", place(wanted.server)),
        ("period", rules.period),
        ("everybody", "as the operator's settings say" if everybodys is None else everybodys),
        *((f"role {role_id}", credits) for role_id, credits in roles.items()),
    ]
    return facts(told), {
        "server_id": str(wanted.server),
        "period": rules.period.value,
        "everybody": everybodys,
        "roles": roles,
    }


async def _history(store: Store, wanted: argparse.Namespace) -> Said:
    lines = await store.audit_log.lines(
        wanted.server,
        person_id=wanted.person,
        kinds=wanted.kind or HISTORY_KINDS,
        limit=wanted.limit + 1,
    )
    shown, more = lines[: wanted.limit], len(lines) > wanted.limit
    document = {
        "server_id": str(wanted.server),
        "lines": [line_document(line) for line in shown],
        "there_are_more": more,
    }
    if not shown:
        return "Nothing of that has happened.", document
    head = ("WHEN", "WHAT", "PERSON", "CREDITS", "JOB", "BY", "REASON", "CHANGED")
    text = table(head, [_line(line) for line in shown])
    if more:
        text += f"\nThere are more than these {wanted.limit}: --limit shows more."
    return text, document


def _line(line: HistoryLine) -> Sequence[object]:
    seen = line_document(line)
    before, after = seen["before"] or {}, seen["after"] or {}
    changed = ", ".join(f"{name} {before.get(name)} → {after[name]}" for name in after)
    return (
        moment(line.at),
        line.kind,
        line.person_id,
        None if line.credits is None else f"{line.credits:+}",
        line.job_id,
        line.actor_id,
        line.reason or None,
        changed or None,
    )


async def _top(quotas: Quotas, wanted: argparse.Namespace) -> Said:
    spenders, since = await quotas.top(wanted.server)
    document = {
        "server_id": str(wanted.server),
        "since": iso(since),
        "spenders": [
            {"person_id": str(who.person_id), "credits": who.credits, "videos": who.videos}
            for who in spenders
        ],
    }
    if not spenders:
        return f"Nobody has spent anything since {moment(since)}.", document
    rows = [(who.person_id, who.credits, who.videos) for who in spenders]
    return f"Since {moment(since)}:\n{table(('PERSON', 'CREDITS', 'VIDEOS'), rows)}", document
