"""What people decide about jobs and credits, as it is remembered: who, when, why, before, after."""

from dataclasses import dataclass
from enum import StrEnum

OPERATOR = 0
"""The actor of whoever has the machine: the command line names no Discord user."""

Snapshot = dict[str, str | int | None]


class Deed(StrEnum):
    """What was done."""

    RESOLVE = "resolve"
    GRANT = "grant"
    REVOKE = "revoke"
    REFUND = "refund"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Action:
    """One row of `actions`; `at` in unix seconds, `server_id` 0 is direct messages.

    `person_id` is whom it concerns, `before` and `after` what it changed: a job's state and run,
    or a wallet's credits.
    """

    at: float
    actor_id: int
    server_id: int
    action: Deed
    reason: str
    job_id: str | None = None
    person_id: int | None = None
    before: Snapshot | None = None
    after: Snapshot | None = None
