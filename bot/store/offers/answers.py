"""Asking a job's requester how it shall go on, and taking their answer."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select, text

from bot.core import admission
from bot.core.admission import UNPAID_LIFE_S, Ask
from bot.core.jobs import Failure, Job, JobState, Source
from bot.core.models import Choice
from bot.core.rules import OperatorLimits
from bot.core.uploads import Cut
from bot.store import journal
from bot.store.database import Database, transaction
from bot.store.rows import IS_OFFER, failure_json, job_from, select_jobs, upload_json
from bot.store.rule_rows import effective_rules
from bot.store.tables import CAME_TO_NOTHING, jobs
from bot.store.transitions import note_on, transition, update_job

_UNPAID = select(jobs.c.id).where(
    text(CAME_TO_NOTHING),
    jobs.c.state_since > bindparam("not_before"),
    jobs.c.person_id == bindparam("whose"),
    jobs.c.duration_s.is_not(None),
    jobs.c.state == JobState.FAILED,
)


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


@dataclass(frozen=True, slots=True)
class Taken:
    """How an offer is taken: as what, for how much at most, at which server's cost (0: one's own
    wallet of direct messages), by somebody with which roles; `cut` where a part is named."""

    choice: Choice
    promised: int
    server_id: int
    roles: frozenset[int]
    cut: Cut | None = None


def take(
    connection: Connection, limits: OperatorLimits, job: Job, taken: Taken, at: float, **news: Any
) -> Job:
    """An offer goes on by itself from now on. Raises `Refused`; then nothing changed."""
    job = update_job(connection, job, server_id=taken.server_id)  # first: whether it is as seen
    rules = effective_rules(connection, limits, job.server_id, taken.roles)
    standing = journal.standing(connection, job.person_id, rules, at, taken.choice.model)
    admission.may_ask(rules, standing, Ask(choice=taken.choice), at)
    admission.may_hold(rules, standing, taken.promised, at)
    news |= {"is_open": False, "promised": taken.promised, **taken.choice._asdict()}
    news |= {"question": None, "failure": None, "state_since": at}
    news |= {"cut": asdict(taken.cut)} if taken.cut else {}
    return update_job(connection, job, **news)


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
    def refuse_price(
        self, connection: Connection, job: Job, failure: Failure, duration_s: float, at: float
    ) -> None:
        """End a request whose price cannot be paid, as its look has left it: something cheaper may
        be made of its files. Of one person the newest alone is kept so."""
        whose = {"whose": job.person_id, "not_before": at - UNPAID_LIFE_S}
        for job_id in connection.scalars(_UNPAID, whose).all():
            note_on(connection, job_id, duration_s=None)
        told = {"failure": failure_json(failure), "duration_s": duration_s, **looked_at(job)}
        transition(connection, job, JobState.FAILED, at, **told)

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
        taken = Taken(choice, promised, payer, roles, cut)
        return take(connection, self.limits, job, taken, at, duration_s=None)
