"""What a status card says of its job: its title, the news, and the small print."""

import re
from dataclasses import dataclass

from bot.cards.refusals import sentence
from bot.cards.wording import Within, clean, credits_text, part_text, seconds_text, usually
from bot.core.jobs import Delivered, Job, JobState, Outcome, Source
from bot.core.models import MODELS, Choice
from bot.core.typed.job_ids import ID_ALPHABET, ID_LENGTH
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a status card says besides its job.

    `place` in the line is from 1, as of `place_as_of`; times are unix seconds; runs like its own
    last between `usual_s`, and it `is_late` once it has lasted longer;
    `held_back` is why it may not be sent off, `unavailable` is its model (`instead` would do it for
    so many credits), `waits_for_own` that the person's other videos must be done first, and
    `known_by` when at the latest it is known whether the provider has a job in doubt, `None` while
    nobody can say. A finished video is kept here until `kept_until`.
    """

    place: int | None = None
    place_as_of: float | None = None
    usual_s: tuple[float, float] | None = None
    is_late: bool = False
    held_back: Refused | None = None
    unavailable: bool = False
    instead: tuple[Choice, int] | None = None
    waits_for_own: bool = False
    known_by: float | None = None
    kept_until: float | None = None


_SMALL_PRINT = re.compile(rf"-# (?:[^`\n]* · )?job `(?P<job>[{ID_ALPHABET}]{{{ID_LENGTH}}})`")
NAME_CHARS = 26
"""Two of them, a title and a time fit a choice of 100 characters."""

DISCORD = "https://discord.com/channels"
KEEPS_PLACE = "Your request keeps its place and goes on by itself; you can also cancel it."
TITLES = {
    JobState.CHECKING: "Looking at your files",
    JobState.QUEUED: "In line",
    JobState.SUBMITTING: "Sending it off",
    JobState.RENDERING: "The picture is learning to move",
    JobState.REVIEW: "Waits for a decision",
    JobState.FETCHING: "Fetching the video",
    JobState.DELIVERING: "Posting the video",
    JobState.DELIVERED: "Done",
    JobState.FAILED: "That did not work",
    JobState.CANCELLED: "Cancelled",
}


def how_to_send_more(job: Job) -> str:
    """How what an offer still lacks is sent, where it is not enough to send it."""
    if job.is_direct:
        return ""
    if job.moved_from_id is not None:
        return f" Mention me with it in <#{job.moved_from_id}>, where you asked."
    return " Reply to this with it, or mention me again."


def title(job: Job, channel: str = "a channel") -> str:
    """A few words on where a job is, and in which `channel` it waits for its requester."""
    if job.is_in_doubt:
        return "No answer yet"
    if job.is_offer:
        what = "your picture" if job.subject is None else "you" if job.motion else "your video"
        return f"Waits for {what} in {'your direct messages' if job.is_direct else channel}"
    if job.removed_by_id is not None:
        return "Deleted"
    if job.state is JobState.RENDERING and job.is_shown_directly:
        return "Your picture is learning to move"
    whose = f" by {_settler(job)}" if job.state is JobState.REVIEW else ""
    return TITLES[job.state] + whose


def latest(job: Job, outlook: Outlook) -> str | None:
    """What there is to say of a job now: when it comes, why it waits, how it ended."""
    asked = f"Asked <t:{job.created_at:.0f}:R>"
    match job.state:
        case JobState.QUEUED:
            return _in_line(job, outlook)
        case JobState.SUBMITTING if job.is_in_doubt:
            return (
                "The video service did not answer. I am finding out whether it has your "
                f"request{_known(job, outlook)} Your credits stay reserved meanwhile, unless you "
                "give it up."
            )
        case JobState.SUBMITTING | JobState.RENDERING | JobState.FETCHING | JobState.DELIVERING:
            return f"{_progress(job, outlook)}{_settled(job)}"
        case JobState.REVIEW if job.attempt and job.attempt.request_id:
            return (
                "The video service has not handed this video over yet. It is asked again each "
                "hour; your credits stay reserved until it has, or it is settled by "
                f"{_settler(job)}."
            )
        case JobState.REVIEW:
            return (
                "It is not certain whether the video service took this request, and asking again "
                "could cost twice. Your credits stay reserved until it is settled by "
                f"{_settler(job)}."
            )
        case JobState.DELIVERED:
            return _where(job, outlook)
        case JobState.FAILED if job.failure:
            why = sentence(job.failure.problem, job.failure.facts)
            was_draft = job.source is Source.MESSAGE and job.queued_at is None
            again = " To try again, send both the picture and the video." if was_draft else ""
            return f"{why} You were not charged.{again}"
        case JobState.CANCELLED if job.failure:
            return f"{sentence(job.failure.problem, job.failure.facts)} You were not charged."
        case JobState.CANCELLED if job.was_offer and job.queued_at is None:
            return "Nothing was started, and nothing spent."
        case JobState.CANCELLED:
            return "You were not charged."
        case _:
            return asked


def _in_line(job: Job, outlook: Outlook) -> str:
    if outlook.held_back:
        return f"{sentence(outlook.held_back.problem, outlook.held_back.facts)} {KEEPS_PLACE}"
    if outlook.unavailable:
        return f"{_unavailable(job, outlook)} {KEEPS_PLACE}"
    return f"{_turn(outlook)}Asked <t:{job.created_at:.0f}:R>.{_settled(job)}"


def _unavailable(job: Job, outlook: Outlook) -> str:
    if outlook.instead is None:
        return "The video service is unavailable right now."
    (model, quality), cost = outlook.instead
    return (
        f"{MODELS[job.model].name} is unavailable right now; {MODELS[model].name} would do it in "
        f"{quality} for {credits_text(cost)}, if you cancel this one and ask again."
    )


def _turn(outlook: Outlook) -> str:
    if outlook.waits_for_own:
        return "Starts when one of your videos that are being made is done. "
    if outlook.place is None or outlook.place_as_of is None:
        return ""
    return f"Number {outlook.place} in line at <t:{outlook.place_as_of:.0f}:t>. "


def _known(job: Job, outlook: Outlook) -> str:
    """By when, as far as that can be said."""
    if outlook.known_by is None:
        return ": that takes a quarter of an hour at most, once its records can be read."
    return (
        f", until <t:{outlook.known_by:.0f}:t> at the latest; what I do not know by then is to be "
        f"settled by {_settler(job)}."
    )


def _progress(job: Job, outlook: Outlook) -> str:
    """Since when it is made, and how long that takes; it counts on in the reader's client."""
    began_at = job.attempt.submitted_at or job.attempt.began_at if job.attempt else job.created_at
    started = f"started <t:{began_at:.0f}:R>"
    if job.state is JobState.FETCHING:
        return f"It is made, and on its way to me · {started}"
    if job.state is JobState.DELIVERING:
        return f"It is made, and about to be posted · {started}"
    if outlook.is_late:
        return f"This takes longer than usual · {started}"
    if outlook.usual_s is None:
        return f"{started[0].upper()}{started[1:]}"
    how_long = usually(outlook.usual_s)
    return f"{how_long[0].upper()}{how_long[1:]} · {started}"


def _settler(job: Job) -> str:
    """Who settles a job in review: whoever looks after the wallet that pays for it."""
    if not job.server_id:
        return "the operator"
    return "the paying server's moderators" if job.is_direct else "the moderators"


def _settled(job: Job) -> str:
    """What was found out while the job was in review, or that it is tried again."""
    match job.settled:
        case Outcome.RAN:
            return "\nIt was looked into: the video service did take it, so it goes on."
        case Outcome.AGAIN:
            return "\nIt was looked into: nothing came of the first try, so it is tried again."
        case _ if job.failure:
            return "\nThat came to nothing and cost nothing, so it is tried again by itself."
        case _:
            return ""


def _where(job: Job, outlook: Outlook) -> str:
    if job.removed_by_id is not None:
        return f"{_remover(job)}, and nothing of it is kept."
    took = f" It took {_took(job)}."
    match job.delivered:
        case Delivered.CHANNEL | Delivered.DIRECT if job.delivery_message_id:
            private = " in your direct messages" if job.delivered is Delivered.DIRECT else ""
            return f"[Your video]({link_to_post(job)}) is ready{private}.{took}"
        case Delivered.CHANNEL | Delivered.DIRECT:
            return f"Your video was posted, and the post was deleted: {_shown_by(outlook)}"
        case Delivered.REPLY:
            return f"Your video is ready.{took}"
        case _:
            return f"Your video is ready, but it could not be posted here: {_shown_by(outlook)}"


def _took(job: Job) -> str:
    """How long a finished video was waited for: not what its offer waited for its requester."""
    began = job.queued_at if job.was_offer else None
    return seconds_text(float(round(job.state_since - (began or job.created_at))))


def posted(job: Job, outlook: Outlook) -> list[str]:
    """What is left of a status card once the video has a message of its own."""
    what = "draft" if job.is_free else "video"
    if job.removed_by_id is not None:
        return [small_print(job, _remover(job))]
    if job.is_post_gone:
        gone = f"Your {what} was posted, and the post was deleted: {_shown_by(outlook)}"
        return [f"-# {gone}", small_print(job, made_in(job))]
    where = " in your direct messages" if job.delivered is Delivered.DIRECT else ""
    took = f"it took {_took(job)}"
    stands = f"[Your {what}]({link_to_post(job)}) is ready{where}"
    return [small_print(job, stands, took, made_in(job), not_open(job))]


def _remover(job: Job) -> str:
    is_own = job.removed_by_id == job.person_id
    return f"This video was deleted by {'who asked for it' if is_own else 'a moderator'}"


def link_to_post(job: Job) -> str:
    """Where a finished video stands in Discord."""
    if job.delivered is Delivered.DIRECT:
        return f"{DISCORD}/@me/{job.delivery_channel_id}/{job.delivery_message_id}"
    return link_to(job, job.delivery_message_id)


def link_to(job: Job, message_id: int | None) -> str:
    """A message in the channel in which a job was asked for; to the channel itself without one."""
    home = "@me" if job.is_direct else job.server_id
    return "/".join(map(str, filter(None, (DISCORD, home, job.channel_id, message_id))))


def _shown_by(outlook: Outlook) -> str:
    until = f" until <t:{outlook.kept_until:.0f}:f>" if outlook.kept_until else ""
    return f"`/jobs show` has it{until}."


def facts(job: Job, left: str | None = None, *, names_motion: bool = True) -> str:
    """The small print of a status card, with what is `left` behind the price."""
    motion = motion_name(job) if names_motion else None
    parts = motion, length(job), chosen_from(job), sent_as(job), price_text(job), left
    return small_print(job, made_in(job), not_open(job), *parts, taken_from(job))


def small_print(job: Job, *parts: str | None) -> str:
    """These parts, and the id that `/jobs show` takes."""
    return "-# " + " · ".join([*filter(None, parts), f"job `{job.id}`"])


def job_in_small_print(text: str) -> str | None:
    """Whose small print this is; nothing else on a card reads like it, whatever people write."""
    found = _SMALL_PRINT.fullmatch(text)
    return found["job"] if found else None


def made_of(job: Job, within: Within = "markdown") -> str:
    """What a job is to its requester: "me.jpg → dance.mp4"."""
    files = (job.subject, job.motion)
    return " → ".join(clean(file.name, NAME_CHARS, within) if file else "…" for file in files)


def made_in(job: Job) -> str | None:
    """By which model, and in which quality."""
    return f"{MODELS[job.model].name} {job.quality}" if job.quality else None


def not_open(job: Job) -> str | None:
    """Why it is not made as what its requester has chosen as their usual."""
    if job.instead_of is None:
        return None
    model, quality = job.instead_of
    name = MODELS[model].name if model in MODELS else model
    return f"your usual, {name} {quality}, was not to be had"


def motion_name(job: Job) -> str | None:
    """Which motion of a library it follows; as in `chosen_from`, without what stands around ids."""
    if job.motion is None or not job.motion.motion_ref:
        return None
    return f"motion {clean(job.motion.name.replace('`', '´'), 40)}"


def length(job: Job) -> str | None:
    """How long the motion is, once it is known; of a part of one also which."""
    if job.cut and is_cut(job):
        seconds = job.duration_s or job.cut.length_s
        return part_text(job.cut.start_s, seconds) if seconds else None
    return seconds_text(job.duration_s) if job.duration_s else None


def is_cut(job: Job) -> bool:
    """Whether only a part of its motion is sent."""
    return bool(job.cut and job.motion and job.motion.whole_s)


def chosen_from(job: Job) -> str | None:
    """Which files were taken of a message that has several, where its link was given.

    A name must hold none of what stands around the job's id.
    """
    uploads = {"pictures": job.subject, "videos": job.motion}
    told = [
        f"“{clean(upload.name.replace('`', '´'), 40)}”, the first of {upload.among} {kind}"
        for kind, upload in uploads.items()
        if upload is not None and upload.among > 1
    ]
    return " · ".join(told) or None


def taken_from(job: Job) -> str | None:
    """Whose messages its files were taken from, if they are not its requester's own, and by whom.

    Mentions: who reads along is to know, and whoever sends this pings nobody by it.
    """
    uploads = {"picture": job.subject, "motion": job.motion}
    whose: dict[int, list[str]] = {}
    for what, upload in uploads.items():
        author_id = upload.origin.author_id if upload and upload.origin else 0
        if author_id not in {0, job.person_id}:
            whose.setdefault(author_id, []).append(what)
    told = [f"{' and '.join(what)} by <@{author_id}>" for author_id, what in whose.items()]
    return ", ".join([*told, f"asked for by <@{job.person_id}>"]) if told else None


MOVING = frozenset({"GIF", "WebP", "PNG"})
"""Pictures of these kinds are sent as they are, but for those that move."""


def sent_as(job: Job) -> str | None:
    """What the video service is given in place of what it would not take."""
    return ", ".join(filter(None, (_picture_sent_as(job), _video_sent_as(job)))) or None


def _picture_sent_as(job: Job) -> str | None:
    if job.subject is None or job.subject.sent_size is None:
        return None
    if job.subject.given_as in MOVING:
        return f"first frame of the {job.subject.given_as}"
    return f"{job.subject.given_as} sent as {job.subject.sent_as}"


def _video_sent_as(job: Job) -> str | None:
    if job.motion is None or job.motion.sent_size is None:
        return None
    width, height = job.motion.sent_size
    given = job.motion.given_as
    return (
        f"{given} sent as video, {width} × {height}"
        if given
        else f"video sent as {width} × {height}"
    )


def price_text(job: Job) -> str | None:
    """The price, and whether it is spent, reserved, or given back."""
    if job.price is None:
        return None
    if job.is_free:
        return "free"
    if job.state in {JobState.DELIVERING, JobState.DELIVERED}:
        return credits_text(job.price)
    after = "given back" if job.state in {JobState.FAILED, JobState.CANCELLED} else "reserved"
    return f"{credits_text(job.price)} {after}"
