"""What is reported to a server's moderators, and what they make of it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, text, update

from bot.core.actions import Action, ActionKind
from bot.core.jobs import Job
from bot.core.people.reports import Case, Load, Report, Reported, Settled, Why, may_report
from bot.errors import Problem, Refused
from bot.store.database import Database, query, transaction
from bot.store.decisions import record_action, remove_as
from bot.store.rows import job_from, select_jobs
from bot.store.rule_rows import read_any_block
from bot.store.tables import cases, jobs, reports
from bot.store.transitions import ONE_JOB

AN_HOUR_S = 3600.0

_COUNT = (
    select(func.count())
    .where(reports.c.case_id == cases.c.id)
    .correlate(cases)
    .scalar_subquery()
    .label("count")
)
_CASES = select(cases, _COUNT)
_IS_OPEN = cases.c.settled.is_(None)
_OPEN_OR_UP = or_(_IS_OPEN, cases.c.shown < cases.c.revision)
_IS_UNWANTED = text("is_unwanted")
"""By these very words its index is found."""


class Reports:
    """Events and questions; times (`at`) are unix seconds and the caller's."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @transaction
    def report(self, connection: Connection, reported: Reported, report: Report, at: float) -> Case:
        """Somebody's report of a message, as one of its case. Raises `Refused`."""
        if read_any_block(connection, reported.server_id, report.reporter_id, at) is not None:
            raise Refused(Problem.NOT_A_REPORTER)
        case = _first(connection, cases.c.message_id == reported.message_id)
        may_report(case, _load(connection, reported.server_id, report.reporter_id, case, at))
        if case is None:
            case_id = connection.scalar(
                insert(cases)
                .values(
                    server_id=reported.server_id,
                    channel_id=reported.channel_id,
                    message_id=reported.message_id,
                    author_id=reported.author_id,
                    job_id=reported.job_id,
                    opened_at=at,
                    revision=0,
                    shown=0,
                    is_unwanted=False,
                    stays=False,
                    is_discreet=False,
                )
                .returning(cases.c.id)
            )
            assert case_id is not None
        else:
            case_id = case.id
        connection.execute(
            insert(reports).values(
                case_id=case_id,
                reporter_id=report.reporter_id,
                at=at,
                why=report.why,
                said=report.said,
            )
        )
        return _changed(connection, case_id)

    @transaction
    def settle(
        self,
        connection: Connection,
        case_id: int,
        how: Settled,
        *,
        actor_id: int,
        reason: str,
        at: float,
    ) -> Case:
        """A moderator decides; of our own posts, the video is deleted with it.

        Raises `Refused`, with who was faster, and `StaleJob`.
        """
        case = _first(connection, cases.c.id == case_id)
        if case is None:
            raise Refused(Problem.NO_REPORT_HERE)
        refuse_settled(case, actor_id)
        reported = case.reported
        is_removed = how is Settled.REMOVED
        row = connection.execute(ONE_JOB, {"job_id": reported.job_id}).mappings().first()
        job = job_from(row) if row else None
        if is_removed and job is not None and job.removed_by_id is None:
            remove_as(connection, job, actor_id, reason, at)
        else:
            action = Action(
                at=at,
                actor_id=actor_id,
                server_id=reported.server_id,
                action=ActionKind.REMOVE if is_removed else ActionKind.DISMISS,
                reason=reason,
                job_id=reported.job_id,
                person_id=reported.author_id,
                after={"message": f"{reported.channel_id}/{reported.message_id}"},
            )
            record_action(connection, action)
        return _changed(
            connection,
            case_id,
            settled=how,
            settled_by_id=actor_id,
            settled_at=at,
            is_unwanted=is_removed and job is None,
        )

    @query
    def are_any_of(self, connection: Connection, message_ids: Collection[int]) -> bool:
        """Whether one of these messages is reported, and nobody has decided."""
        this = select(cases.c.id).where(cases.c.message_id.in_(message_ids), _IS_OPEN)
        return connection.scalar(this.limit(1)) is not None

    @transaction
    def gone(self, connection: Connection, message_ids: Collection[int], at: float) -> None:
        """These messages are deleted: what was reported of them is over by that."""
        _end(connection, cases.c.message_id.in_(message_ids), how=Settled.GONE, at=at)

    @transaction
    def expire(self, connection: Connection, before: float, at: float) -> bool:
        """Cases from before then are over, whether or not somebody decides: were there any."""
        return _end(connection, cases.c.opened_at < before, how=Settled.EXPIRED, at=at)

    @transaction
    def forget(self, connection: Connection, before: float, most: int) -> int:
        """Delete what was settled before then, at most so much; how many cases those were."""
        told = cases.c.shown >= cases.c.revision, ~cases.c.is_unwanted
        old = select(cases.c.id).where(cases.c.settled_at < before, *told).limit(most)
        ids = list(connection.scalars(old))
        connection.execute(delete(reports).where(reports.c.case_id.in_(ids)))
        return connection.execute(delete(cases).where(cases.c.id.in_(ids))).rowcount

    @query
    def case_of(self, connection: Connection, message_id: int) -> Case | None:
        """The case of a message, or `None`."""
        return _first(connection, cases.c.message_id == message_id)

    @query
    def newest_of(self, connection: Connection, case_id: int, limit: int) -> list[Report]:
        """A case's newest reports."""
        newest = select(reports).where(reports.c.case_id == case_id).order_by(reports.c.at.desc())
        rows = connection.execute(newest.limit(limit)).mappings()
        return [Report(row["reporter_id"], row["at"], Why(row["why"]), row["said"]) for row in rows]

    # --- the card -------------------------------------------------------------------------------

    @query
    def untold(self, connection: Connection) -> list[Case]:
        """Cases of which the card does not show all, oldest first."""
        told = _CASES.where(cases.c.shown < cases.c.revision).order_by(cases.c.id)
        return [_case(row) for row in connection.execute(told).mappings()]

    @query
    def is_told_of(self, connection: Connection, channel_id: int) -> bool:
        """Whether a discreet card stands in this channel."""
        stands = cases.c.is_discreet, cases.c.card_message_id.is_not(None)
        this = select(cases.c.id).where(cases.c.card_channel_id == channel_id, *stands, _OPEN_OR_UP)
        return connection.scalar(this.limit(1)) is not None

    @transaction
    def card_begins(
        self, connection: Connection, case: Case, channel_id: int, at: float, *, is_discreet: bool
    ) -> None:
        """The first try to post the card in this channel, saved before it is made."""
        _note(
            connection,
            case.id,
            card_channel_id=channel_id,
            card_tried_at=at,
            is_discreet=is_discreet,
        )

    @transaction
    def card_shows(self, connection: Connection, case: Case, message_id: int | None) -> None:
        """The card shows a case as it was read; `None`: there is no card, or none any more.

        Where a discreet one has gone, the channel's next case has its turn.
        """
        _note(connection, case.id, shown=case.revision, card_message_id=message_id)
        if message_id is None and case.settled is not None:
            waits = cases.c.card_message_id.is_(None), cases.c.shown >= cases.c.revision
            here = cases.c.channel_id == case.reported.channel_id, _IS_OPEN
            first = select(func.min(cases.c.id)).where(*here, *waits).scalar_subquery()
            connection.execute(
                update(cases).where(cases.c.id == first).values(revision=cases.c.revision + 1)
            )

    # --- the message ----------------------------------------------------------------------------

    @query
    def posts_to_remove(self, connection: Connection) -> list[Job]:
        """Jobs that somebody has had deleted, whose post is not deleted yet."""
        stands = jobs.c.removed_by_id.is_not(None), jobs.c.delivery_message_id.is_not(None)
        found = connection.execute(select_jobs().where(*stands))
        return [job_from(row) for row in found.mappings()]

    @query
    def unwanted(self, connection: Connection) -> list[Case]:
        """Cases whose message is to be deleted, and is not one of our posts."""
        found = connection.execute(_CASES.where(_IS_UNWANTED).order_by(cases.c.id))
        return [_case(row) for row in found.mappings()]

    @transaction
    def taken_down(self, connection: Connection, case_id: int, *, stays: bool) -> None:
        """The message is deleted; or Discord does not let the bot, and its card says so."""
        _changed(connection, case_id, is_unwanted=False, stays=stays)


def refuse_settled(case: Case, actor_id: int) -> None:
    """Raises `Refused` for who comes too late, with who was faster."""
    match case.settled:
        case None:
            return
        case Settled.REMOVED | Settled.DISMISSED:
            assert case.settled_by_id is not None
            how, by = case.settled.value, case.settled_by_id
            if by == actor_id:
                raise Refused(Problem.REPORT_SETTLED_BY_YOU, how=how)
            raise Refused(Problem.REPORT_SETTLED_BEFORE, by=by, how=how)
        case _:
            raise Refused(Problem.REPORT_IS_OVER)


def _load(
    connection: Connection, server_id: int, reporter_id: int, case: Case | None, at: float
) -> Load:
    theirs = reports.c.reporter_id == reporter_id
    lately = select(func.count()).where(theirs, reports.c.at > at - AN_HOUR_S)
    joined = reports.join(cases, cases.c.id == reports.c.case_id)
    waiting = select(func.count()).select_from(joined).where(theirs, _IS_OPEN)
    here = cases.c.server_id == server_id
    known = select(func.count()).where(theirs, reports.c.case_id == (case.id if case else None))
    return Load(
        in_an_hour=connection.scalars(lately).one(),
        waiting=connection.scalars(waiting.where(here)).one(),
        cases=connection.scalars(select(func.count()).where(_IS_OPEN, here)).one(),
        of_message=case.count if case else 0,
        is_theirs=bool(connection.scalars(known).one()),
    )


def _end(connection: Connection, *which: Any, how: Settled, at: float) -> bool:
    values = {"settled": how, "settled_at": at, "revision": cases.c.revision + 1}
    return connection.execute(update(cases).where(_IS_OPEN, *which).values(**values)).rowcount > 0


def _changed(connection: Connection, case_id: int, **values: Any) -> Case:
    _note(connection, case_id, revision=cases.c.revision + 1, **values)
    case = _first(connection, cases.c.id == case_id)
    assert case is not None
    return case


def _note(connection: Connection, case_id: int, **values: Any) -> None:
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


def _first(connection: Connection, *which: Any) -> Case | None:
    row = connection.execute(_CASES.where(*which)).mappings().first()
    return _case(row) if row else None


_OWN: Sequence[str] = [
    name for name in Case.__dataclass_fields__ if name not in {"reported", "settled"}
]


def _case(row: RowMapping) -> Case:
    return Case(
        **{name: row[name] for name in _OWN},
        reported=Reported(**{name: row[name] for name in Reported.__dataclass_fields__}),
        settled=Settled(row["settled"]) if row["settled"] else None,
    )
