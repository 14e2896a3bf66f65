"""Procrastinate's tables, as transactions of the store see them: who is to look at which job, when.

A job has one task at most that waits (`queueing_lock`), and one at most that is done (`lock`).
"""

from collections.abc import Iterator, Mapping
from importlib import metadata, resources

from sqlalchemy import Connection, select, text

from bot.store.rows import IS_UNENDED
from bot.store.tables import jobs

LEAD, QUEUE = "lead", "jobs"

_FOUND = (
    "SELECT made IS NOT NULL, obj_description(made, 'pg_class') "
    "FROM to_regclass('procrastinate_jobs') AS made"
)
_NAME = "COMMENT ON TABLE procrastinate_jobs IS '{}'"
_INDEX = (
    "CREATE INDEX IF NOT EXISTS marionette_of_each_job ON procrastinate_jobs (lock) "
    "WHERE status IN ('todo', 'doing')"
)
"""They ask at each fetch who else has the lock."""

_THERE = (
    "SELECT id, lock, status = 'todo', coalesce(scheduled_at > now(), false) "
    "FROM procrastinate_jobs WHERE lock = ANY(%s) AND status IN ('todo', 'doing') FOR UPDATE"
)
"""Locked until this transaction is over: nobody who does not see yet what it changes begins one of
them, and one that is being done is not planned anew meanwhile."""

_CANCEL = "SELECT procrastinate_cancel_job_v1(id, false, true) FROM unnest(%s::bigint[]) AS id"
_DEFER = (
    "SELECT procrastinate_defer_jobs_v1(array_agg(ROW(%s, %s, 0, id, id, "
    "jsonb_build_object('job_id', id), now() + make_interval(secs => nullif(after_s, 0)))"
    "::procrastinate_job_to_defer_v1)) FROM unnest(%s::text[], %s::float8[]) AS due (id, after_s)"
)
_UNENDED = select(jobs.c.id).where(IS_UNENDED)
_ORPHANS = _UNENDED.where(
    text(
        "NOT EXISTS (SELECT FROM procrastinate_jobs "
        "WHERE lock = jobs.id AND status IN ('todo', 'doing'))"
    ),
)


def prepare(connection: Connection) -> None:
    """Make their tables, or bring them to the installed version; which that is they are told."""
    installed = metadata.version("procrastinate")
    is_there, found = connection.exec_driver_sql(_FOUND).one()
    if found is None and is_there:
        found = installed  # by somebody's own hand
    elif found is None or _number(found) < _number(installed):
        for statements in _renewals(found):
            connection.exec_driver_sql(statements.replace("%", "%%"))
    else:
        return
    connection.exec_driver_sql(_INDEX)
    connection.exec_driver_sql(_NAME.format(installed))


def _renewals(found: str | None) -> Iterator[str]:
    scripts = resources.files("procrastinate.sql")
    if found is None:
        yield (scripts / "schema.sql").read_text(encoding="utf-8")
        return
    for script in sorted((scripts / "migrations").iterdir(), key=lambda each: each.name):
        if script.name.endswith(".sql") and _number(script.name.partition("_")[0]) > _number(found):
            yield script.read_text(encoding="utf-8")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def defer(connection: Connection, due: Mapping[str, float]) -> None:
    """Somebody is to look at these jobs, each in so many seconds; 0 is now, whatever was planned.

    Only our one writer adds tasks, so none appears between the look at them and this. One that is
    being done may have begun before this change, so that another one waits behind it.
    """
    wanted = dict(due)
    planned: list[int] = []
    there = connection.exec_driver_sql(_THERE, (list(due),))
    for task_id, job_id, is_waiting, is_later in there:
        if is_waiting and is_later and not due[job_id]:
            planned.append(task_id)
        elif is_waiting:
            del wanted[job_id]
    if planned:
        connection.exec_driver_sql(_CANCEL, (planned,))
    if wanted:
        values = (QUEUE, LEAD, list(wanted), list(wanted.values()))
        connection.exec_driver_sql(_DEFER, values)


def adopt(connection: Connection, *, is_start: bool = False) -> int:
    """Defer what is to be done and has no task, as after a restored backup, or (`is_start`) all of
    it, whatever was planned; how many those were."""
    orphans = connection.scalars(_UNENDED if is_start else _ORPHANS).all()
    if orphans:
        defer(connection, dict.fromkeys(orphans, 0.0))
    return len(orphans)
