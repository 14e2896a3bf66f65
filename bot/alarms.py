"""What only the operator can mend: told once when it begins, and once when it is over."""

from enum import StrEnum

import structlog

log = structlog.get_logger()


class Trouble(StrEnum):
    """A cause, as the log words it."""

    KEY = "the provider rejects the key"
    CREDITS = "the balance at the provider is spent"
    DISK = "nothing can be saved"


ADVICE = {
    Trouble.KEY: "Check SEGMIND_API_KEY, and restart with a good one; jobs wait meanwhile.",
    Trouble.CREDITS: "Buy credits at the provider, or raise its spend cap; jobs wait meanwhile.",
    Trouble.DISK: "Free space in DATA_DIR, or close what holds the database; jobs wait meanwhile.",
}


class Alarms:
    """Remembers which troubles the operator was told of.

    A trouble shows at several doors (submits and polls, the database and the files), and is over
    when each door at which it showed has worked again: one that works beside one that does not
    is no end.
    """

    def __init__(self) -> None:
        self._doors: dict[Trouble, set[str]] = {}

    def begins(self, trouble: Trouble, door: str, **facts: object) -> None:
        """It shows here, perhaps again."""
        known = trouble in self._doors
        self._doors.setdefault(trouble, set()).add(door)
        (log.debug if known else log.error)(trouble.value, advice=ADVICE[trouble], **facts)

    def works(self, trouble: Trouble, door: str) -> None:
        """What it would have hindered went well here."""
        doors = self._doors.get(trouble)
        if doors is None:
            return
        doors.discard(door)
        if not doors:
            del self._doors[trouble]
            log.info("a trouble is over", trouble=trouble.value)
