"""What people decide about jobs and credits, as it is remembered: who, when, why, before, after."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.ledger import EntryKind

OPERATOR = 0
"""The actor of whoever has the machine: the command line names no Discord user."""

EVERYWHERE = -1
"""In the place of a server's id: what the operator has decided about the whole bot."""

Snapshot = dict[str, str | int | float | bool | list[str] | None]


class ActionKind(StrEnum):
    """What was done; `review` is what the bot itself puts before people to decide."""

    REVIEW = "review"
    RESOLVE = "resolve"
    GRANT = "grant"
    REVOKE = "revoke"
    REFUND = "refund"
    REPAIR = "repair"
    SET = "set"
    CANCEL = "cancel"
    DESCRIBE = "describe"
    REMOVE = "remove"
    DISMISS = "dismiss"
    BLOCK = "block"
    UNBLOCK = "unblock"
    ALLOWANCE = "allowance"
    SETTINGS = "settings"
    PAUSE = "pause"
    RESUME = "resume"
    LIBRARY = "library"


IN_THE_JOURNAL = frozenset({ActionKind.GRANT, ActionKind.REVOKE, ActionKind.SET, ActionKind.REFUND})
"""Those of which the journal has an entry too."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of `actions`; `at` in unix seconds, `server_id` 0 is direct messages, and
    `EVERYWHERE` the whole bot.

    `person_id` is whom it concerns, `before` and `after` what it changed: a job's state and run,
    or a wallet's credits.
    """

    at: float
    actor_id: int
    server_id: int
    action: ActionKind
    reason: str
    job_id: str | None = None
    person_id: int | None = None
    before: Snapshot | None = None
    after: Snapshot | None = None


CREDIT_KINDS: frozenset[str] = frozenset(EntryKind)
"""The kinds of lines that the journal has."""

HISTORY_KINDS: tuple[str, ...] = (
    *EntryKind,
    *(kind for kind in ActionKind if kind not in IN_THE_JOURNAL | {ActionKind.REVIEW}),
)
"""All kinds of lines; what waits for a decision is none yet."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened: an entry of the journal, or an action that is not in it.

    `kind` is one of `HISTORY_KINDS`; `credits` what it added to what can be spent (a hold takes
    away); `actor_id` whoever decided it, 0 for the operator. Where lines are by video, a hold's has
    the kind of its settlement.
    """

    at: float
    kind: str
    server_id: int
    person_id: int | None
    credits: int | None
    job_id: str | None
    actor_id: int | None
    reason: str | None
    before: Snapshot | None = None
    after: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Spender:
    """What somebody's videos took, and how many they were."""

    person_id: int
    credits: int
    videos: int


@dataclass(frozen=True, slots=True)
class NearbyRun:
    """A run that the provider's history has from around a job's submit.

    `began_at` (unix seconds) and `state`, in the provider's word, are `None` where it does not say.
    `has_its_inputs`: it was made of exactly the job's files and in its quality; `claimed_by` is the
    job that has it.
    """

    request_id: str
    began_at: float | None
    state: str | None
    has_its_inputs: bool
    claimed_by: str | None
