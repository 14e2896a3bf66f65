"""What only the operator can mend: told once when it begins, and once when it is over."""

from collections.abc import Callable, Iterable
from enum import StrEnum

import structlog

log = structlog.get_logger()


class Alarm(StrEnum):
    """A cause, as the log words it."""

    KEY = "the provider rejects the key"
    CREDITS = "the balance at the provider is spent"
    MODEL = "the provider does not have the model"
    FAULT = "the provider finds fault with how it is asked"
    REJECTIONS = "the provider turns several people down with the same words"
    COST = "a run cost more than its price implies"
    BILLED = "a run that failed was billed"
    DISK = "nothing can be saved"
    ROOM = "the files take nearly all the room that they may"
    LIBRARIES = "the servers' libraries of motions take nearly all the room that they may"
    DAMAGE = "the database is damaged, and the bot ends"
    BACKUP = "the database could not be backed up"
    ADDRESSES = "a host of Discord's or the provider's has an address that is not public"
    REFUSED = "Discord refuses much of what it is asked"
    CROWD = "people are turned away, since the bot cannot keep up"
    SESSIONS = "Discord lets the bot connect no more often today"
    SHARDS = "Discord lets the bot connect on more shards alone"
    TWIN = "another bot with this token is running"


ADVICE = {
    Alarm.KEY: "Check SEGMIND_API_KEY and what its plan permits, and restart; jobs wait meanwhile.",
    Alarm.CREDITS: "Buy credits at the provider, or raise its spend cap; jobs wait meanwhile.",
    Alarm.MODEL: (
        "Check SEGMIND_API_URL, and whether the provider still has this model; jobs wait meanwhile."
    ),
    Alarm.FAULT: (
        "Compare the reason with the provider's documentation, and look for a newer version of "
        "this program; nobody is charged for it."
    ),
    Alarm.REJECTIONS: (
        "If the reason is not about their files, look for a newer version of this program; nobody "
        "is charged for it."
    ),
    Alarm.COST: (
        "Look at the run in the provider's history, and whether its prices have changed; people "
        "pay for the length of their motion."
    ),
    Alarm.BILLED: (
        "Ask the provider why. Whoever asked was not charged, and budgets count its price; `quota "
        "block` stops somebody whose files always fail."
    ),
    Alarm.DISK: (
        "Free space in DATA_DIR, close what holds the database, or bring its server back; jobs "
        "wait meanwhile."
    ),
    Alarm.ROOM: (
        "Free space on the disk of DATA_DIR, raise MEDIA_LIMIT_GB, or lower KEEP_DAYS or "
        "KEEP_FILES_HOURS; what is kept for the buttons of videos goes first, then offers that "
        "nobody has taken, then the oldest posted videos, then new files are refused."
    ),
    Alarm.LIBRARIES: (
        "Raise MEDIA_LIMIT_GB, of which they may take a quarter, or delete the folders in "
        "DATA_DIR/motions of servers that the bot has left; small libraries still take more."
    ),
    Alarm.DAMAGE: (
        "Stop what starts it again, and restore the last backup as docs/operations.md says; what "
        "happened since then is known to the provider alone."
    ),
    Alarm.BACKUP: (
        "Free space where BACKUP_DIR is; of a damaged database, restore the last backup as "
        "docs/operations.md says."
    ),
    Alarm.ADDRESSES: (
        "If your VPN, container or filter answers so, put its range into DOWNLOAD_RANGES, which "
        "`python -m bot doctor` names; files from there cannot be fetched meanwhile."
    ),
    Alarm.REFUSED: (
        "Somebody has the bot answer where it may not write; mentions are left unanswered for some "
        "minutes. Let it leave such servers, or set ALLOWED_SERVERS."
    ),
    Alarm.CROWD: "Look at the machine's processors and disk; nobody is charged for it.",
    Alarm.SESSIONS: (
        "Look further up in the log why it has connected so often, and stop what restarts it; then "
        "wait: it connects by itself at the time told. Each further try could cost it its token."
    ),
    Alarm.SHARDS: (
        "Stop all `run` processes and start them with a larger number behind the / of --shards, as "
        "docs/operations.md says; jobs and posts go on meanwhile, but who "
        "writes in that shard's servers is not heard."
    ),
    Alarm.TWIN: (
        "Stop one of the two, then restart this one: until then it takes no requests and submits "
        "nothing. One token is for one running bot, whatever its DATA_DIR."
    ),
}


OF_THE_ACCOUNT = frozenset(
    {
        Alarm.KEY,
        Alarm.CREDITS,
        Alarm.MODEL,
        Alarm.FAULT,
        Alarm.REJECTIONS,
        Alarm.COST,
        Alarm.BILLED,
    }
)
"""What goes well at one source in any process of the bot goes well there in all."""


class Alarms:
    """Remembers which alarms the operator was told of.

    Several sources raise one alarm (submits and polls, the database and the files), and it is over
    when each that raised it has cleared it: one that works beside one that does not is no end. So
    it is with other processes of the bot: what one of them has told is not told again.
    """

    def __init__(self) -> None:
        self._sources: dict[Alarm, set[str]] = {}
        self._elsewhere: dict[str, frozenset[Alarm]] = {}
        self.on_change: list[Callable[[], None]] = []
        """Told when one is raised here, or is over here."""

        self.on_clear: list[Callable[[Alarm, str], None]] = []
        """Told what went well here, and at which source, that another process has raised."""

    @property
    def own(self) -> list[Alarm]:
        """Those that show here."""
        return list(self._sources)

    def raise_(self, alarm: Alarm, source: str, **facts: object) -> None:
        """It shows at this source, perhaps again; told once."""
        known, is_new_here = self.is_raised(alarm), alarm not in self._sources
        self._sources.setdefault(alarm, set()).add(source)
        (log.debug if known else log.error)(alarm.value, advice=ADVICE[alarm], **facts)
        if is_new_here:
            self._tell()

    def is_raised(self, alarm: Alarm) -> bool:
        """Whether it shows at any source, here or in another process."""
        return alarm in self._sources or self._is_raised_elsewhere(alarm)

    def clear(self, alarm: Alarm, source: str, *, is_heard: bool = False) -> None:
        """What it would have hindered went well at this source: here, or `is_heard`, elsewhere."""
        if alarm in OF_THE_ACCOUNT and not is_heard and self._is_raised_elsewhere(alarm):
            for told in self.on_clear:
                told(alarm, source)
        sources = self._sources.get(alarm)
        if sources is None:
            return
        sources.discard(source)
        if not sources:
            del self._sources[alarm]
            self._say_if_over(alarm)
            self._tell()

    def learn(self, process: str, names: Iterable[str], *, is_told: bool = False) -> None:
        """Another process names those that show there; none once it is gone.

        What is over by that it has told itself, where it could: else it `is_told` here.
        """
        before = self._elsewhere.pop(process, frozenset())
        if shown := frozenset(Alarm[name] for name in names if name in Alarm.__members__):
            self._elsewhere[process] = shown
        for alarm in before if is_told else ():
            self._say_if_over(alarm)

    def _is_raised_elsewhere(self, alarm: Alarm) -> bool:
        return any(alarm in each for each in self._elsewhere.values())

    def _say_if_over(self, alarm: Alarm) -> None:
        if not self.is_raised(alarm):
            log.info("a trouble is over", trouble=alarm.value)

    def _tell(self) -> None:
        for told in self.on_change:
            told()
