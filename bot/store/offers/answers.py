"""Asking a job's requester how it shall go on, and taking their answer."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection

from bot.core import admission
from bot.core.admission import Ask
from bot.core.jobs import Failure, Job, JobState, Source
from bot.core.models import Choice
from bot.core.rules import OperatorLimits
from bot.core.uploads import Cut
from bot.store import journal
from bot.store.database import Database, transaction
from bot.store.rows import IS_OFFER, failure_json, job_from, select_jobs, upload_json
from bot.store.rule_rows import effective_rules
from bot.store.tables import jobs
from bot.store.transitions import transition, update_job


def end_offers(
    connection: Connection, person_id: int, *which: ColumnElement[bool], at: float
) -> None:
    """A newer one takes the place of these offers of somebody's."""
    earlier = select_jobs().where(jobs.c.person_id == person_id, IS_OFFER, *which)
    for row in connection.execute(earlier).mappings().all():
        transition(connection, job_from(row), JobState.CANCELLED, at, failure=None)


def looked_at(job: Job) -> dict[str, Any]:
    """A job's files, each as the look has left it: good, and in nobody's place any more."""
    return {
        name: upload_json(upload and replace(upload, replaces=None))
        for name, upload in (("subject", job.subject), ("motion", job.motion))
    }


class Questions:
    """The part of the store that asks; what is asked is a `Failure`, worded in `bot.cards`."""

    database: Database
    limits: OperatorLimits

    @transaction
    def ask(
        self,
        connection: Connection,
        job: Job,
        question: Failure,
        at: float,
        duration_s: float | None = None,
    ) -> Job:
        """Its files are good, but its requester is to say how it goes on: it is an offer now.

        With `duration_s`, its motion's length as it is sent, it may start as it is.
        Of one person one asks at a time, of commands and of plain messages: any other one ends.
        """
        alike = [jobs.c.source == job.source, jobs.c.id != job.id]
        if job.source is Source.MESSAGE:
            alike.append(jobs.c.is_direct == job.is_direct)
        end_offers(connection, job.person_id, *alike, at=at)
        asked = {"is_open": True, "question": failure_json(question), "state_since": at}
        return update_job(connection, job, duration_s=duration_s, **asked, **looked_at(job))

    @transaction
    def cut_named(self, connection: Connection, job: Job, cut: Cut, at: float) -> Job:
        """The part of its motion that an offer is for: it is looked at again, and priced."""
        news = {"cut": asdict(cut), "question": None, "failure": None, "duration_s": None}
        return update_job(connection, job, state_since=at, **news)

    @transaction
    def answered(
        self,
        connection: Connection,
        job: Job,
        *,
        choice: Choice,
        promised: int,
        at: float,
        roles: frozenset[int] = frozenset(),
        server_id: int | None = None,
        cut: Cut | None = None,
    ) -> Job:
        """An offer is taken: it goes on by itself, and never costs more than was promised.

        From now on it waits as others do, within the limits. `server_id` is named where another
        wallet pays than so far. Raises `Refused`; then nothing changed.
        """
        payer = job.server_id if server_id is None else server_id
        job = update_job(connection, job, server_id=payer)  # first of all: whether it is as seen
        rules = effective_rules(connection, self.limits, job.server_id, roles)
        standing = journal.standing(connection, job.person_id, rules, at, choice.model)
        admission.may_ask(rules, standing, Ask(choice=choice), at)
        admission.may_hold(rules, standing, promised, at)
        news = {"is_open": False, "promised": promised, **choice._asdict()}
        news |= {"question": None, "failure": None, "duration_s": None, "state_since": at}
        news |= {"cut": asdict(cut)} if cut else {}
        return update_job(connection, job, **news)
