"""Reports: somebody's word to a server's moderators that a message should not stand."""

from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Problem, Refused

MOST_IN_AN_HOUR = 10
"""Of one person, in all servers together."""

MOST_WAITING = 5
"""So many reports of one person may wait in a server for what its moderators decide."""

MOST_CASES = 50
"""So many reported messages of a server wait for its moderators; of each one card stands."""

MOST_OF_A_MESSAGE = 100
"""More people than these tell moderators nothing new."""


class Why(StrEnum):
    """What is wrong with a message."""

    PERSON = "person"
    UNKIND = "unkind"
    EXPLICIT = "explicit"
    TAKEN = "taken"
    SPAM = "spam"
    OTHER = "other"


class Settled(StrEnum):
    """What became of a case.

    `GONE`: somebody has deleted the message otherwise; `EXPIRED`: nobody has decided in time.
    """

    REMOVED = "removed"
    DISMISSED = "dismissed"
    GONE = "gone"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that is reported: where it stands and whose it is, which of our posts those are
    who asked for the video.

    `job_id` is the job whose post it is, `None` for anybody's message.
    """

    server_id: int
    channel_id: int
    message_id: int
    author_id: int
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One person's report; `at` in unix seconds, `said` in their own words, "" for none."""

    reporter_id: int
    at: float
    why: Why
    said: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """All reports of one message, the card that tells of them, and what became of it.

    `count` is how many reports there are. `card_channel_id` is where the card stands, or is being
    posted since `card_tried_at` (unix s); `is_discreet`: it stands among everybody, and says no
    more than that there is something. `revision` grows with all that the card should show. `stays`:
    Discord did not let the bot delete the message.
    """

    id: int
    reported: Reported
    opened_at: float
    revision: int
    count: int
    settled: Settled | None = None
    settled_by_id: int | None = None
    settled_at: float | None = None
    stays: bool = False
    card_channel_id: int | None = None
    card_message_id: int | None = None
    card_tried_at: float | None = None
    is_discreet: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody's report is held against: how many they have made in an hour, how many of
    theirs wait here, how many cases do, and how many have reported this message before."""

    in_an_hour: int
    waiting: int
    cases: int
    of_message: int
    is_theirs: bool


def may_report(case: Case | None, load: Load) -> None:
    """Raises `Refused` for a report too many; `case` is what there is of this message."""
    if case is not None and case.settled is not None:
        raise Refused(Problem.REPORT_WAS_SETTLED)
    if load.is_theirs or load.of_message >= MOST_OF_A_MESSAGE:
        raise Refused(Problem.REPORT_IS_KNOWN)
    if load.waiting >= MOST_WAITING:
        raise Refused(Problem.REPORTS_WAIT, limit=MOST_WAITING)
    if load.in_an_hour >= MOST_IN_AN_HOUR:
        raise Refused(Problem.REPORTS_TOO_OFTEN)
    if case is None and load.cases >= MOST_CASES:
        raise Refused(Problem.REPORTS_FULL)
