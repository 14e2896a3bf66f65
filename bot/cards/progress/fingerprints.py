"""What a status card shows, as a short text: another one means that the card is stale."""

from zlib import crc32

from bot.cards.status_text import Outlook
from bot.core.accounts import Terms
from bot.core.jobs import Delivered, Job, JobState, Source
from bot.errors import Problem

HALT = "halt"
"""So begins the note in the fingerprint of a card that says that nobody's turn comes now."""

GONE = "gone"
"""So ends that of a card whose post was deleted, and of one that was itself."""

REMOVED = "removed"
"""So ends that of a card whose video was deleted with all that was kept of it."""


def fingerprint_of(job: Job, outlook: Outlook, terms: Terms | None = None) -> str:
    """What can change on a job's card, in at most 40 characters; it begins with the state.

    Of an offer's terms that is what its requester has and can pay, not how much others have spent.
    """
    if job.is_offer:
        files = [file.url.split("?")[0] if file else "" for file in (job.subject, job.motion)]
        asked = [job.failure, job.question, job.cut, *(terms.told if terms else [])]
        shown = "|".join(map(str, [*files, job.server_id, *asked]))
        return f"{job.state}:{crc32(shown.encode()):08x}:{job.duration_s or ''}"[:40]
    past = [] if job.ended else [job.settled, "again" if job.failure else None]
    told = job.delivered if job.ended else None
    notes = [told, *past, _note(job, outlook)]
    return ":".join([job.state, *(note for note in notes if note)])


def is_renewal(shown: str | None, fingerprint: str) -> bool:
    """Whether another place in the line is all that is new."""
    queued = f"{JobState.QUEUED}:"
    return fingerprint.startswith(queued) and (shown or "").startswith(queued)


def _note(job: Job, outlook: Outlook) -> str | None:
    match job.state:
        case JobState.QUEUED if held := outlook.held_back:
            return f"{HALT}{crc32(f'{held.problem}{held.facts}'.encode()):08x}"
        case JobState.QUEUED if outlook.unavailable:
            return f"{HALT}{crc32(str(outlook.instead).encode()):08x}" if outlook.instead else HALT
        case JobState.QUEUED:
            return "own" if outlook.waits_for_own else str(outlook.place)
        case JobState.SUBMITTING if job.is_in_doubt:
            return f"doubt{(outlook.known_by or 0) // 60:.0f}"
        case JobState.RENDERING if outlook.is_late:
            return "late"
        case JobState.DELIVERED if job.removed_by_id is not None:
            return REMOVED
        case JobState.DELIVERED if job.is_post_gone:
            return GONE
        case _:
            return None


def is_in_place(job: Job) -> bool:
    """Whether Discord or another message has already brought the card to where it should be."""
    if job.state is JobState.CHECKING and job.source is Source.SLASH and not job.was_offer:
        return True  # "thinking…"
    if job.failure and job.failure.problem is Problem.INTERRUPTED and job.card.message_id is None:
        return True  # there never was a reply: Discord itself has told them
    if job.state is JobState.DELIVERING and job.delivery_message_id is not None:
        return True  # perhaps it is the finished post by now, and the answer was lost
    if job.ended and job.failure and job.delivered in {Delivered.CHANNEL, Delivered.DIRECT}:
        return True  # its notice has taken the card's place
    return job.delivered is Delivered.REPLY
