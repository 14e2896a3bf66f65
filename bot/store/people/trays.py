"""What people have taken from the chat: one small row of each, forgotten an hour after its last
change; and the offer that a full one becomes."""

from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select

from bot.core import admission
from bot.core.admission import NewJob
from bot.core.jobs import Job, Source
from bot.core.rules import OperatorLimits
from bot.core.uploads import TRAY_LIFE_S, Choices, Tray, Upload
from bot.errors import Problem, Refused
from bot.store import journal
from bot.store.database import Database, query, transaction
from bot.store.offers.answers import Taken, end_offers, take
from bot.store.people.preferences import read_preferences
from bot.store.rows import row_of, upload_from, upload_json
from bot.store.rule_rows import effective_rules
from bot.store.tables import jobs, trays
from bot.store.transitions import changed

_WHOSE: BindParameter[int] = bindparam("whose")
_READ = select(trays).where(trays.c.person_id == _WHOSE, trays.c.since >= bindparam("not_before"))
_FORGET, _SAVE = delete(trays).where(trays.c.person_id == _WHOSE), insert(trays)
_KNOWN = select(jobs.c.id).where(jobs.c.origin_id == bindparam("origin_id"))


class TrayBook:
    """Fills and empties trays. Times (`at`) are unix seconds and the caller's.

    A tray that changes ends the offer that was made of it.
    """

    def __init__(self, database: Database, limits: OperatorLimits) -> None:
        self.database = database
        self._limits = limits

    @query
    def of(self, connection: Connection, person_id: int, at: float) -> Tray:
        """What somebody has in theirs."""
        return _read(connection, person_id, at)

    @transaction
    def put(
        self, connection: Connection, person_id: int, file: Upload, *, is_motion: bool, at: float
    ) -> Tray:
        """Take a file, in the place of what was there; what is in the tray now.

        Raises `Refused` where its author keeps theirs to themselves.
        """
        refuse_private(connection, person_id, file)
        slot = {"motion" if is_motion else "subject": file}
        tray = replace(_read(connection, person_id, at), choices=None, **slot)
        end_offers(connection, person_id, jobs.c.source == Source.TRAY, at=at)
        _save(connection, person_id, tray, at)
        return tray

    @transaction
    def fill(self, connection: Connection, person_id: int, motion: Upload, at: float) -> Tray:
        """Take a library's motion, where none is there; what is in the tray now.

        Raises `Refused` where one is: a card that was pressed twice changes nothing.
        """
        tray = _read(connection, person_id, at)
        if tray.motion is not None:
            raise Refused(Problem.TRAY_CHANGED)
        tray = replace(tray, choices=None, motion=motion)
        _save(connection, person_id, tray, at)
        return tray

    @transaction
    def ask(self, connection: Connection, person_id: int, choices: Choices, at: float) -> None:
        """Remember which files somebody is to choose from. Raises `Refused` as `put` does."""
        refuse_private(connection, person_id, *choices.files)
        tray = _read(connection, person_id, at)
        _save(connection, person_id, replace(tray, choices=choices), at)

    @transaction
    def empty(self, connection: Connection, person_id: int, at: float) -> None:
        """Let go of everything."""
        end_offers(connection, person_id, jobs.c.source == Source.TRAY, at=at)
        connection.execute(_FORGET, {"whose": person_id})

    @transaction
    def offer(
        self, connection: Connection, new: NewJob, at: float, roles: frozenset[int]
    ) -> Job | None:
        """Save a full tray, as it is now, as an offer, in the place of its person's earlier one.

        `None` if it is not full, or its event made an offer before. Raises `Refused`.
        """
        tray = _read(connection, new.person_id, at)
        is_known = connection.scalar(_KNOWN, {"origin_id": new.origin_id}) is not None
        if is_known or not tray.is_full:
            return None
        refuse_private(connection, new.person_id, *tray.files)
        rules = effective_rules(connection, self._limits, new.server_id, roles)
        standing = journal.standing(connection, new.person_id, rules, at, new.model)
        admission.may_ask(rules, standing, new.ask, at)
        end_offers(connection, new.person_id, jobs.c.source == Source.TRAY, at=at)
        full = replace(new, subject=tray.subject, motion=tray.motion)
        connection.execute(insert(jobs), row_of(full, at))
        return changed(connection, new.id)

    @transaction
    def start(
        self,
        connection: Connection,
        job: Job,
        taken: Taken,
        *,
        origin_id: int,
        token: str,
        token_expires_at: float,
        at: float,
    ) -> Job:
        """An offer is taken by an interaction, whose reply is its card from now on.

        Its files are good and its price is known, unless a part is named. The tray is empty then.
        Raises `Refused`; then nothing changed.
        """
        refuse_private(connection, job.person_id, job.subject, job.motion)
        news: dict[str, Any] = {"card_message_id": None, "card_shown": None, "card_token": token}
        news |= {"card_token_expires_at": token_expires_at, "origin_id": origin_id}
        news |= {"duration_s": None if taken.cut else job.duration_s}
        started = take(connection, self._limits, job, taken, at, **news)
        connection.execute(_FORGET, {"whose": job.person_id})
        return started

    @transaction
    def forget(self, connection: Connection, before: float) -> None:
        """Let go of what nobody has changed since then (unix s)."""
        connection.execute(delete(trays).where(trays.c.since < before))


def refuse_private(connection: Connection, person_id: int, *files: Upload | None) -> None:
    """Raises `Refused` where one is of somebody else, who keeps theirs to themselves."""
    authors = {file.origin.author_id for file in files if file and file.origin}
    for author_id in authors - {0, person_id}:
        if read_preferences(connection, author_id).keep_private:
            raise Refused(Problem.KEPT_PRIVATE)


def _read(connection: Connection, person_id: int, at: float) -> Tray:
    row = connection.execute(_READ, {"whose": person_id, "not_before": at - TRAY_LIFE_S})
    if (found := row.mappings().first()) is None:
        return Tray()
    choices: dict[str, Any] | None = found["choices"]
    return Tray(
        upload_from(found["subject"]),
        upload_from(found["motion"]),
        Choices(**choices | {"files": tuple(_files(choices["files"]))}) if choices else None,
    )


def _files(told: list[dict[str, Any]]) -> list[Upload]:
    return [file for each in told if (file := upload_from(each))]


def _save(connection: Connection, person_id: int, tray: Tray, at: float) -> None:
    choices = tray.choices and {
        "message_id": tray.choices.message_id,
        "is_motion": tray.choices.is_motion,
        "files": [upload_json(file) for file in tray.choices.files],
    }
    connection.execute(_FORGET, {"whose": person_id})
    connection.execute(
        _SAVE,
        {
            "person_id": person_id,
            "subject": upload_json(tray.subject),
            "motion": upload_json(tray.motion),
            "choices": choices,
            "since": at,
        },
    )
