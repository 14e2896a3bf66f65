"""`jobs`: list and show them, cancel, refund and resolve them, whoever's they are."""

import argparse

from bot.cards.refusals import sentence
from bot.cards.status_text import is_cut, length
from bot.cards.wording import credits_text, seconds_text
from bot.clock import Clock
from bot.console.documents import (
    Document,
    action_document,
    attempt_document,
    dumped,
    entry_document,
    job_document,
    run_document,
)
from bot.console.tables import age, facts, moment, place, plain, table
from bot.core.actions import OPERATOR, NearbyRun
from bot.core.jobs import Attempt, Job, JobState, Outcome
from bot.core.typed.job_ids import job_id_in
from bot.errors import MarionetteError, Refused
from bot.provider.connect import providers
from bot.provider.providers import Providers
from bot.services.moderation import Moderation
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store

Said = tuple[str, Document]


async def jobs(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.operator_limits())
        match wanted.action:
            case "list":
                text, document = await _list(wanted, store, clock)
            case "show":
                text, document = await _show(wanted.job, settings, store, clock)
            case _:
                text, document = await _decide(wanted, settings, store, clock)
    return dumped(document) if wanted.json else text


async def _list(wanted: argparse.Namespace, store: Store, clock: Clock) -> Said:
    found = await store.read.find(
        state=JobState(wanted.state) if wanted.state else None,
        server_id=wanted.server,
        person_id=wanted.person,
        limit=wanted.limit + 1,
    )
    listed, more = found[: wanted.limit], len(found) > wanted.limit
    document = {"jobs": [job_document(job) for job in listed], "there_are_more": more}
    if not listed:
        return "There are no such jobs.", document
    now = clock.time()
    head = ("JOB", "STATE", "AGE", "PERSON", "SERVER", "PRICE", "REQUEST ID")
    shown = table(head, [_line(job, now) for job in listed])
    if more:
        shown += f"\nThere are more than these {wanted.limit}: --limit shows more."
    return shown, document


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


async def _show(text: str, settings: Settings, store: Store, clock: Clock) -> Said:
    job_id = job_id_in(text)
    job = await store.read.job(job_id) if job_id else None
    if job is None:
        raise MarionetteError(f"There is no job {text[:40]}.")
    attempts = await store.read.attempts_of(job.id)
    entries = await store.read.entries_of(job.id)
    actions = await store.read.actions_of(job.id)
    parts = [_facts(job, clock.time())]
    if attempts:
        head = ("ATTEMPT", "REQUEST ID", "ACCEPTED", "COST", "IMAGE", "VIDEO")
        rows = [
            (moment(a.began_at), a.request_id, moment(a.submitted_at), a.cost, *_urls(a))
            for a in attempts
        ]
        parts.append(table(head, rows))
    if entries:
        head = ("ENTRY", "KIND", "ALLOWANCE", "GRANTED", "BY", "REASON")
        parts.append(
            table(
                head,
                [
                    (moment(e.at), e.kind, e.allowance, e.granted, e.actor_id, e.reason)
                    for e in entries
                ],
            )
        )
    if actions:
        decided = [
            (moment(a.at), a.action, a.actor_id, (a.after or {}).get("state"), a.reason)
            for a in actions
        ]
        parts.append(table(("ACTION", "WHAT", "BY", "AFTER", "REASON"), decided))
    document: Document = {
        "job": job_document(job),
        "attempts": [attempt_document(attempt) for attempt in attempts],
        "entries": [entry_document(entry) for entry in entries],
        "actions": [action_document(action) for action in actions],
    }
    if job.state is JobState.REVIEW and job.attempt is not None:
        said, runs = await _nearby(job, job.attempt, settings, store, clock)
        parts.append(said)
        document["nearby_runs"] = runs
    return "\n\n".join(parts), document


async def _nearby(
    job: Job, attempt: Attempt, settings: Settings, store: Store, clock: Clock
) -> tuple[str, list[Document] | None]:
    """What the provider ran around a job's submit; `None` where its history cannot be read."""
    for missing in settings.missing(["segmind_api_key"]):
        return f"The provider's history was not asked which run it may be: {missing}", None
    async with providers(settings, clock) as asked:
        try:
            runs = await _moderation(store, asked, clock).nearby_runs(job)
        except Refused:
            return "The provider's history cannot be read right now: try again later.", None
    if not runs:
        return "The provider's history has no runs from within an hour of this submit.", []
    head = ("RUN BEGAN", "AFTER THE SUBMIT", "REQUEST ID", "STATE", "SAME INPUTS", "JOB")
    rows = [
        (
            moment(run.began_at),
            _after(run, attempt),
            run.request_id,
            run.state,
            "yes" if run.has_its_inputs else "no",
            run.claimed_by,
        )
        for run in runs
    ]
    return table(head, rows), [run_document(run) for run in runs]


def _after(run: NearbyRun, attempt: Attempt) -> str | None:
    if run.began_at is None:
        return None
    after_s = round(run.began_at - attempt.began_at)
    return f"{'-' if after_s < 0 else ''}{seconds_text(abs(after_s))}"


def _urls(attempt: Attempt) -> tuple[str, str]:
    return attempt.image_url, attempt.video_url


def _facts(job: Job, now: float) -> str:
    failure = job.failure
    return facts(
        [
            ("job", job.id),
            ("state", f"{job.state}, for {age(now - job.state_since)}"),
            ("asked", moment(job.created_at)),
            ("person", job.person_id),
            ("server", place(job.server_id)),
            ("channel", job.channel_id),
            ("quality", job.quality),
            ("seconds", job.duration_s),
            ("part", length(job) if is_cut(job) else None),
            ("price", job.price),
            ("failure", plain(sentence(failure.problem, failure.facts)) if failure else None),
            ("provider said", failure.facts.get("reason") if failure else None),
            ("delivered", job.delivered if job.state is JobState.DELIVERED else None),
        ]
    )


async def _decide(
    wanted: argparse.Namespace, settings: Settings, store: Store, clock: Clock
) -> Said:
    by = {"server_id": None, "actor_id": OPERATOR, "reason": wanted.reason}
    async with providers(settings, clock) as asked:
        moderation = _moderation(store, asked, clock)
        match wanted.action:
            case "cancel":
                job = await moderation.cancel(wanted.job, **by)
                said = f"Job {job.id} is cancelled; a running bot shows it within a minute."
            case "refund":
                job = await moderation.refund(wanted.job, **by)
                said = f"{credits_text(job.price or 0)} of job {job.id} are granted again."
            case _:
                outcome = Outcome(wanted.outcome)
                if outcome is Outcome.RAN:
                    for missing in settings.missing(["segmind_api_key"]):
                        raise MarionetteError(f"The provider's history cannot be asked: {missing}")
                job = await moderation.resolve(
                    wanted.job, outcome, request_id=wanted.request_id, **by
                )
                said = (
                    f"Job {job.id} is {job.state} now; a running bot goes on with it within a "
                    "minute."
                )
    return said, {"job": job_document(job)}


def _moderation(store: Store, asked: Providers, clock: Clock) -> Moderation:
    """It wakes nobody: a running bot looks for decisions by itself."""
    return Moderation(store=store, providers=asked, wake=lambda job_id: None, clock=clock)
