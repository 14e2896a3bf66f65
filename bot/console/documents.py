"""What `--json` shows: ids are strings, since many programs round large numbers; times are UTC."""

import json
from datetime import UTC, datetime
from typing import Any

from bot.cards.obstacles import obstacle
from bot.cards.refusals import sentence
from bot.cards.status_text import is_cut, length
from bot.console.tables import plain
from bot.core.accounts import Eligibility
from bot.core.actions import Action, HistoryLine, NearbyRun, Snapshot
from bot.core.jobs import Attempt, Job, JobState
from bot.core.ledger import Entry

Document = dict[str, Any]


def dumped(document: Document) -> str:
    """As it is printed."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def iso(at: float | None) -> str | None:
    """A unix time as ISO 8601, in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def job_document(job: Job) -> Document:
    """A job as it is now."""
    failure = job.failure
    return {
        "id": job.id,
        "state": job.state.value,
        "state_since": iso(job.state_since),
        "asked_at": iso(job.created_at),
        "person_id": str(job.person_id),
        "server_id": str(job.server_id),
        "channel_id": str(job.channel_id),
        "is_direct": job.is_direct,
        "quality": job.quality,
        "duration_s": job.duration_s,
        "part": length(job) if is_cut(job) else None,
        "price": job.price,
        "request_id": job.attempt.request_id if job.attempt else None,
        "delivered": job.delivered.value
        if job.delivered and job.state is JobState.DELIVERED
        else None,
        "failure": {
            "problem": failure.problem.value,
            "sentence": plain(sentence(failure.problem, failure.facts)),
            "provider_said": failure.facts.get("reason"),
        }
        if failure
        else None,
    }


def attempt_document(attempt: Attempt) -> Document:
    """A submit."""
    return {
        "began_at": iso(attempt.began_at),
        "accepted_at": iso(attempt.submitted_at),
        "request_id": attempt.request_id,
        "cost": attempt.cost,
        "image_url": attempt.image_url,
        "video_url": attempt.video_url,
    }


def run_document(run: NearbyRun) -> Document:
    """A run of the provider's that a job in review may be about."""
    return {
        "began_at": iso(run.began_at),
        "request_id": run.request_id,
        "state": run.state,
        "has_its_inputs": run.has_its_inputs,
        "claimed_by": run.claimed_by,
    }


def entry_document(entry: Entry) -> Document:
    """A row of the journal; what it adds to each purse."""
    return {
        "at": iso(entry.at),
        "kind": entry.kind.value,
        "allowance": entry.allowance,
        "granted": entry.granted,
        "actor_id": _id(entry.actor_id),
        "reason": entry.reason,
    }


def action_document(action: Action) -> Document:
    """Something that somebody decided about a job."""
    return {
        "at": iso(action.at),
        "kind": action.action.value,
        "actor_id": _id(action.actor_id),
        "reason": action.reason,
        "before": _snapshot(action.before),
        "after": _snapshot(action.after),
    }


def line_document(line: HistoryLine) -> Document:
    """A line of the history."""
    return {
        "at": iso(line.at),
        "kind": line.kind,
        "person_id": _id(line.person_id),
        "credits": line.credits,
        "job_id": line.job_id,
        "actor_id": _id(line.actor_id),
        "reason": line.reason,
        "before": _snapshot(line.before),
        "after": _snapshot(line.after),
    }


def eligibility_document(look: Eligibility) -> Document:
    """How somebody stands, as everybody's allowance has it."""
    rules, standing = look.rules, look.standing
    has, block = standing.balance, standing.block
    return {
        "person_id": str(look.person_id),
        "server_id": str(look.server_id),
        "roles_are_known": False,
        "allowance": {
            "credits": rules.allowance_credits,
            "left": has.allowance_left,
            "period": rules.period.value,
            "renews_at": iso(look.renews_at),
        },
        "granted": has.granted,
        "held": has.held,
        "pause": {
            "reason": standing.pause.reason,
            "everywhere": standing.pause.is_everywhere,
        }
        if standing.pause
        else None,
        "block": {
            "until": iso(block.until),
            "reason": block.reason,
            "everywhere": block.is_everywhere,
        }
        if block
        else None,
        "running": {"here": standing.running_here, "anywhere": standing.running_of_person},
        "waiting": {"here": standing.waiting_here, "anywhere": standing.waiting_of_person},
        "server_budget": None
        if rules.budget_credits is None
        else {
            "credits": rules.budget_credits,
            "spent": standing.server_spent,
            "renews_at": iso(look.renews_at),
        },
        "bot_budget": {
            "credits": rules.daily_budget_credits,
            "spent": standing.budget_spent,
            "renews_at": iso(look.day_ends_at),
        },
        "server_cap": _cap(rules.daily_server_cap_credits, standing.server_spent_today, look),
        "person_cap": _cap(rules.daily_person_cap_credits, standing.person_spent_today, look),
        "channels": [str(channel) for channel in sorted(rules.channels)],
        "models": list(rules.models),
        "qualities": rules.open_qualities,
        "may_ask": not look.obstacles,
        "obstacles": [
            {
                "problem": refused.problem.value,
                "sentence": plain(obstacle(refused)),
            }
            for refused in look.obstacles
        ],
        "jobs": [job_document(job) for job in look.under_way],
    }


def _cap(credits: int | None, spent: int, look: Eligibility) -> Document | None:
    if credits is None:
        return None
    return {"credits": credits, "spent": spent, "renews_at": iso(look.day_ends_at)}


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _snapshot(seen: Snapshot | None) -> Document | None:
    """What held, with its ids and times as everywhere else here."""
    if seen is None:
        return None
    shown: Document = dict(seen)
    for name, value in seen.items():
        if isinstance(value, int | float) and name.endswith("_id"):
            shown[name] = str(value)
        elif isinstance(value, int | float) and name == "until":
            shown[name] = iso(value)
    return shown
