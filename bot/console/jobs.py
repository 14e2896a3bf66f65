"""`jobs`: list, show and resolve, whoever's they are."""

import argparse

from bot.app import provider
from bot.clock import Clock
from bot.console.tables import age, facts, moment, table
from bot.core.actions import OPERATOR
from bot.core.jobs import Job, JobState, Outcome, job_id_in
from bot.errors import MarionetteError
from bot.moderation import Moderation
from bot.sentences import sentence
from bot.settings import Settings
from bot.store import Database, Store


async def jobs(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.house())
        match wanted.action:
            case "list":
                return await _list(wanted, store, clock)
            case "show":
                return await _show(wanted.job, store, clock)
            case _:
                return await _resolve(wanted, settings, store, clock)


async def _list(wanted: argparse.Namespace, store: Store, clock: Clock) -> str:
    found = await store.read.find(
        state=JobState(wanted.state) if wanted.state else None,
        server_id=wanted.server,
        person_id=wanted.person,
        limit=wanted.limit + 1,
    )
    if not found:
        return "There are no such jobs."
    now = clock.time()
    head = ("JOB", "STATE", "AGE", "PERSON", "SERVER", "PRICE", "REQUEST ID")
    shown = table(head, [_line(job, now) for job in found[: wanted.limit]])
    if len(found) > wanted.limit:
        shown += f"\nThere are more than these {wanted.limit}: --limit shows more."
    return shown


def _line(job: Job, now: float) -> tuple[object, ...]:
    request_id = job.attempt.request_id if job.attempt else None
    return (
        job.id,
        job.state,
        age(now - job.created_at),
        job.person_id,
        job.server_id,
        job.price,
        request_id,
    )


async def _show(text: str, store: Store, clock: Clock) -> str:
    job_id = job_id_in(text)
    job = await store.read.job(job_id) if job_id else None
    if job is None:
        raise MarionetteError(f"There is no job {text[:40]}.")
    now = clock.time()
    failure = job.failure
    why = sentence(failure.problem, failure.facts) if failure else None
    parts = [
        facts(
            [
                ("job", job.id),
                ("state", f"{job.state}, for {age(now - job.state_since)}"),
                ("asked", moment(job.created_at)),
                ("person", job.person_id),
                ("server", job.server_id or "0 (direct messages)"),
                ("channel", job.channel_id),
                ("quality", job.quality),
                ("seconds", job.duration_s),
                ("price", job.price),
                ("failure", why),
                ("delivered", job.delivered),
            ]
        )
    ]
    attempts = [
        (moment(a.began_at), a.request_id, moment(a.submitted_at), a.cost, a.image_url, a.video_url)
        for a in await store.read.attempts_of(job.id)
    ]
    if attempts:
        head = ("ATTEMPT", "REQUEST ID", "ACCEPTED", "COST", "IMAGE", "VIDEO")
        parts.append(table(head, attempts))
    entries = [
        (moment(entry.at), entry.kind, entry.allowance, entry.granted, entry.actor_id, entry.reason)
        for entry in await store.read.entries_of(job.id)
    ]
    if entries:
        head = ("ENTRY", "KIND", "ALLOWANCE", "GRANTED", "BY", "REASON")
        parts.append(table(head, entries))
    actions = [
        (moment(a.at), a.action, a.actor_id, (a.after or {}).get("state"), a.reason)
        for a in await store.read.actions_of(job.id)
    ]
    if actions:
        parts.append(table(("ACTION", "WHAT", "BY", "AFTER", "REASON"), actions))
    return "\n\n".join(parts)


async def _resolve(
    wanted: argparse.Namespace, settings: Settings, store: Store, clock: Clock
) -> str:
    outcome = Outcome(wanted.outcome)
    if outcome is Outcome.RAN:
        for missing in settings.missing(["segmind_api_key"]):
            raise MarionetteError(f"The provider's history cannot be asked: {missing}")
    async with provider(settings, clock) as history:
        moderation = Moderation(
            store=store, history=history, poke=lambda job_id: None, clock=clock
        )  # a running bot looks for decisions by itself
        job = await moderation.resolve(
            wanted.job,
            outcome,
            server_id=None,
            request_id=wanted.request_id,
            actor_id=OPERATOR,
            reason=wanted.reason,
        )
    return f"Job {job.id} is {job.state} now; a running bot goes on with it within a minute."
