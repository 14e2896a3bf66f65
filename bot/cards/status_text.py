"""What a status card says of its job: its title, and the small print; its news: `progress/news`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.wording import (
    Within,
    clean,
    cost_text,
    credits_text,
    listed,
    model_text,
    part_text,
    seconds_text,
)
from bot.core.jobs import Delivered, Job, JobState
from bot.core.models import Choice
from bot.core.typed.job_ids import ID_ALPHABET, ID_LENGTH
from bot.core.uploads import Upload
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
TITLES: Mapping[JobState, str] = {
    JobState.CHECKING: mark("Looking at your files"),
    JobState.QUEUED: mark("In line"),
    JobState.SUBMITTING: mark("Sending it off"),
    JobState.RENDERING: mark("The picture is learning to move"),
    JobState.FETCHING: mark("Fetching the video"),
    JobState.DELIVERING: mark("Posting the video"),
    JobState.DELIVERED: mark("Done"),
    JobState.FAILED: mark("That did not work"),
    JobState.CANCELLED: mark("Cancelled"),
}


class Settler(Enum):
    """Who settles a job in review: whoever looks after the wallet that pays for it."""

    OPERATOR = auto()
    PAYING_SERVER = auto()
    SERVER = auto()


WAITS_FOR_DECISION: Mapping[Settler, str] = {
    Settler.OPERATOR: mark("Waits for a decision by the operator"),
    Settler.PAYING_SERVER: mark("Waits for a decision by the paying server's moderators"),
    Settler.SERVER: mark("Waits for a decision by the moderators"),
}


class _Waits(NamedTuple):
    """The title of an offer, by where its requester finds it."""

    directly: str
    in_channel: str
    somewhere: str


_WAITS_FOR_PICTURE = _Waits(
    mark("Waits for your picture in your direct messages"),
    mark("Waits for your picture in {channel}"),
    mark("Waits for your picture in a channel"),
)
_WAITS_FOR_VIDEO = _Waits(
    mark("Waits for your video in your direct messages"),
    mark("Waits for your video in {channel}"),
    mark("Waits for your video in a channel"),
)
_WAITS_FOR_WORD = _Waits(
    mark("Waits for you in your direct messages"),
    mark("Waits for you in {channel}"),
    mark("Waits for you in a channel"),
)


def how_to_send_more(job: Job) -> str:
    """How what an offer still lacks is sent, where it is not enough to send it."""
    if job.is_direct:
        return ""
    if job.moved_from_id is not None:
        channel = f"<#{job.moved_from_id}>"
        return f" {tr('Mention me with it in {channel}, where you asked.', channel=channel)}"
    return f" {tr('Reply to this with it, or mention me again.')}"


def title(job: Job, channel: str | None = None) -> str:
    """A few words on where a job is, and in which `channel` it waits for its requester."""
    if job.is_in_doubt:
        return tr("No answer yet")
    if job.is_offer:
        return _waits(job, channel)
    if job.removed_by_id is not None:
        return tr("Deleted")
    if job.state is JobState.RENDERING and job.is_shown_directly:
        return tr("Your picture is learning to move")
    if job.state is JobState.REVIEW:
        return tr(WAITS_FOR_DECISION[settler(job)])
    return tr(TITLES[job.state])


def _waits(job: Job, channel: str | None) -> str:
    if job.subject is None:
        waits = _WAITS_FOR_PICTURE
    else:
        waits = _WAITS_FOR_WORD if job.motion else _WAITS_FOR_VIDEO
    if job.is_direct:
        return tr(waits.directly)
    return tr(waits.in_channel, channel=channel) if channel else tr(waits.somewhere)


def settler(job: Job) -> Settler:
    """Who settles this one."""
    if not job.server_id:
        return Settler.OPERATOR
    return Settler.PAYING_SERVER if job.is_direct else Settler.SERVER


def link_to_post(job: Job) -> str:
    """Where a finished video stands in Discord."""
    if job.delivered is Delivered.DIRECT:
        return f"{DISCORD}/@me/{job.delivery_channel_id}/{job.delivery_message_id}"
    return link_to(job, job.delivery_message_id)


def link_to(job: Job, message_id: int | None) -> str:
    """A message in the channel in which a job was asked for; to the channel itself without one."""
    home = "@me" if job.is_direct else job.server_id
    return "/".join(map(str, filter(None, (DISCORD, home, job.channel_id, message_id))))


def facts(job: Job, left: str | None = None, *, names_motion: bool = True) -> str:
    """The small print of a status card, with what is `left` behind the price."""
    motion = motion_name(job) if names_motion else None
    parts = motion, length(job), chosen_from(job), sent_as(job), price_text(job), left
    return small_print(job, made_in(job), not_open(job), *parts, taken_from(job))


def small_print(job: Job, *parts: str | None) -> str:
    """These parts, and the id that `/jobs show` takes, by which `job_in_small_print` knows it."""
    return "-# " + " · ".join([*filter(None, parts), f"job `{job.id}`"])


def job_in_small_print(text: str) -> str | None:
    """Whose small print this is, in any language, for its end is the same in all of them.

    Nothing else on a card reads like it, whatever people write.
    """
    found = _SMALL_PRINT.fullmatch(text)
    return found["job"] if found else None


def made_of(job: Job, within: Within = "markdown") -> str:
    """What a job is to its requester: "me.jpg → dance.mp4"."""
    files = (job.subject, job.motion)
    return " → ".join(clean(file.name, NAME_CHARS, within) if file else "…" for file in files)


def made_in(job: Job) -> str | None:
    """By which model, and in which quality."""
    return f"{model_text(job.model)} {job.quality}" if job.quality else None


def not_open(job: Job) -> str | None:
    """Why it is not made as what its requester has chosen as their usual."""
    if job.instead_of is None:
        return None
    model, quality = job.instead_of
    usual = f"{model_text(model)} {quality}"
    return tr("your usual, {usual}, was not to be had", usual=usual)


def motion_name(job: Job) -> str | None:
    """Which motion of a library it follows; as in `chosen_from`, without what stands around ids."""
    if job.motion is None or not job.motion.motion_ref:
        return None
    return tr("motion {name}", name=_inert(job.motion.name))


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
    """Which files were taken of a message that has several, where its link was given."""
    told = []
    if (picture := job.subject) is not None and picture.among > 1:
        name, count = _inert(picture.name), picture.among
        told.append(tr("“{name}”, the first of {count} pictures", name=name, count=count))
    if (motion := job.motion) is not None and motion.among > 1:
        name, count = _inert(motion.name), motion.among
        told.append(tr("“{name}”, the first of {count} videos", name=name, count=count))
    return " · ".join(told) or None


def _inert(name: str) -> str:
    """A name in the small print, where it must hold none of what stands around the job's id."""
    return clean(name.replace("`", "´"), 40)


TAKEN_BY: Mapping[tuple[bool, bool], str] = {
    (True, False): mark("picture by {author}"),
    (False, True): mark("motion by {author}"),
    (True, True): mark("picture and motion by {author}"),
}
"""Whose message the picture, the motion or both were taken from."""


def taken_from(job: Job) -> str | None:
    """Whose messages its files were taken from, if they are not its requester's own, and by whom.

    Mentions: who reads along is to know, and whoever sends this pings nobody by it.
    """
    of = [_author_id(job.subject), _author_id(job.motion)]
    authors = dict.fromkeys(author for author in of if author not in {0, job.person_id})
    if not authors:
        return None
    told = [
        tr(TAKEN_BY[of[0] == author_id, of[1] == author_id], author=f"<@{author_id}>")
        for author_id in authors
    ]
    return listed([*told, tr("asked for by {person}", person=f"<@{job.person_id}>")])


def _author_id(upload: Upload | None) -> int:
    return upload.origin.author_id if upload and upload.origin else 0


MOVING = frozenset({"GIF", "WebP", "PNG"})
"""Pictures of these kinds are sent as they are, but for those that move."""


def sent_as(job: Job) -> str | None:
    """What the video service is given in place of what it would not take."""
    return listed([*filter(None, (_picture_sent_as(job), _video_sent_as(job)))]) or None


def _picture_sent_as(job: Job) -> str | None:
    if job.subject is None or job.subject.sent_size is None:
        return None
    given = job.subject.given_as
    if given in MOVING:
        return tr("first frame of the {kind}", kind=given)
    return tr("{given} sent as {sent}", given=given, sent=job.subject.sent_as)


def _video_sent_as(job: Job) -> str | None:
    if job.motion is None or job.motion.sent_size is None:
        return None
    width, height = job.motion.sent_size
    if not job.motion.given_as:
        return tr("video sent as {width} × {height}", width=width, height=height)
    return tr(
        "{given} sent as video, {width} × {height}",
        given=job.motion.given_as,
        width=width,
        height=height,
    )


def price_text(job: Job) -> str | None:
    """The price, and whether it is spent, reserved, or given back."""
    if job.price is None:
        return None
    if job.is_free:
        return cost_text(0)
    if job.state in {JobState.DELIVERING, JobState.DELIVERED}:
        return credits_text(job.price)
    if job.state in {JobState.FAILED, JobState.CANCELLED}:
        return tr_many("{count} credit given back", "{count} credits given back", job.price)
    return tr_many("{count} credit reserved", "{count} credits reserved", job.price)
