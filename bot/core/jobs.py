"""A job: one request for one video, and the life it may lead."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from bot.core.people.languages import Language
from bot.core.uploads import Cut, Upload
from bot.errors import Fact, Problem

Quality = Literal["360p", "480p", "540p", "576p", "720p", "1080p"]
QUALITIES: tuple[Quality, ...] = get_args(Quality)
"""The shorter side in pixels, from coarse to fine; each model makes some of them."""

DEFAULT_QUALITY: Quality = "540p"
DEFAULT_MODEL = "pixverse-mimic"


class JobState(StrEnum):
    """Where a job is; the order is the order of a good life."""

    CHECKING = "checking"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RENDERING = "rendering"
    REVIEW = "review"
    FETCHING = "fetching"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = JobState
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    S.CHECKING: frozenset({S.QUEUED, S.FAILED, S.CANCELLED}),
    S.QUEUED: frozenset({S.SUBMITTING, S.FAILED, S.CANCELLED}),
    S.SUBMITTING: frozenset({S.RENDERING, S.QUEUED, S.FAILED, S.REVIEW}),
    S.RENDERING: frozenset({S.FETCHING, S.QUEUED, S.FAILED, S.REVIEW}),
    S.REVIEW: frozenset({S.RENDERING, S.QUEUED, S.FAILED}),
    S.FETCHING: frozenset({S.DELIVERING, S.FAILED, S.REVIEW}),
    S.DELIVERING: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}
ENDED = frozenset(state for state, after in TRANSITIONS.items() if not after)
RUNNING = frozenset({S.SUBMITTING, S.RENDERING, S.FETCHING})
"""Of these, a job that is in doubt takes no slot."""

WAITING = frozenset({S.CHECKING, S.QUEUED})
"""`review` and `delivering` count as neither running nor waiting."""

CANCELLABLE = frozenset({S.CHECKING, S.QUEUED})
"""The provider cannot be stopped and will bill: cancelling ends at the submit."""

GOES_UNSEEN_S = 120.0
"""Whoever has waited longer no longer looks at the reply, and its edit notifies nobody."""

FLEETING_S = 60.0
"""So long a channel shows a request that came to nothing by its requester's own hand."""

OFFER_LIFE_S = 24 * 3600.0
MENTION_LIFE_S, HALF_LIFE_S = 60.0, 900.0
"""An offer in a channel stands among other people's messages; a file may be looked for longer."""

MOVED_LIFE_S = 300.0
"""One that could not be shown there is a server's in its requester's direct messages."""

ASKED_LIFE_S, ASKED_SPARE_S = 300.0, 30.0
"""What asks something; of a command it ends while its reply can still be taken back."""

QUESTIONS = frozenset({Problem.MOTION_TOO_LONG, Problem.NOBODY_SEEN, Problem.DEAR})
"""What does not end a request: its requester is asked how it shall go on."""


class Source(StrEnum):
    """How a job was asked for."""

    SLASH = "slash"
    MESSAGE = "message"
    TRAY = "tray"


class Delivered(StrEnum):
    """How the end of a job was told: the route of its video, or of the notice that it has none.

    `KEPT`: only the status card says it, and `/jobs show`.
    """

    CHANNEL = "channel"
    REPLY = "reply"
    DIRECT = "direct"
    KEPT = "kept"


POSTED = frozenset({Delivered.CHANNEL, Delivered.DIRECT})
"""By a message of its own."""


class Outcome(StrEnum):
    """What a person decides about a job in review."""

    RAN = "ran"
    AGAIN = "again"
    GIVE_UP = "give-up"


LEADS_TO = {Outcome.RAN: S.RENDERING, Outcome.AGAIN: S.QUEUED, Outcome.GIVE_UP: S.FAILED}


@dataclass(frozen=True, slots=True)
class Card:
    """The status message of a job, in the job's channel, and how it can be edited.

    `token` edits it by interaction until `token_expires_at` (unix seconds); afterwards, and for
    cards that are ordinary messages, `message_id` does. `shown` is a state, and perhaps a note.
    """

    message_id: int | None = None
    token: str | None = field(default=None, repr=False)
    token_expires_at: float = 0.0
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What one run is made of: the model's slug, the links of picture and motion, the quality.

    `prompt` is its requester's, "" where they gave none.
    """

    model: str
    image_url: str
    video_url: str
    quality: str
    prompt: str = ""

    @property
    def wish(self) -> tuple[str, str | None, str]:
        """What they are to become: model, quality and prompt; as `Job.wish`."""
        return self.model, self.quality, self.prompt


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to the provider: saved with its exact inputs before it is sent.

    `submitted_at` (unix seconds) and `request_id` come with the provider's yes, `result_url` and
    `cost` (the provider's own credits; unknown is `None`) with the finished run.
    """

    id: int
    image_url: str
    video_url: str
    began_at: float
    request_id: str | None = None
    submitted_at: float | None = None
    result_url: str | None = None
    cost: float | None = None
    model: str = DEFAULT_MODEL
    quality: str = DEFAULT_QUALITY
    prompt: str = ""

    @property
    def inputs(self) -> RunInputs:
        """What was sent."""
        return RunInputs(self.model, self.image_url, self.video_url, self.quality, self.prompt)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a problem and its facts, worded in `bot.cards`."""

    problem: Problem
    facts: dict[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One row of `jobs`, as it was read; times are unix seconds.

    `server_id` is the server whose wallet pays and whose rules hold, 0 the wallet of direct
    messages; `is_direct` that it was asked for in a direct message, which a server may pay too.

    `model` is the slug of the one that makes it, and `prompt` what it is told. `quality` and
    `price` are unset until known; `duration_s` is the motion's. `revision` fences every change;
    `lease` names the run of the program whose submit is in flight. `completed_by_id` is the message
    that brought an offer's other file, or a newer one. `settled` is what a person decided when the
    job was last in review. `moved_from_id` is where an offer was asked for that could not be shown
    there: `channel_id` is then its requester's direct messages. `files_of` is the job whose files
    it is made of, as that job's look has left them, but for what is given in the place of one; if
    that is somebody else's, its files are kept until `files_until` at most, as theirs are.
    `failure` is why it failed or was cancelled; where it goes on, why its last run failed, so that
    it is tried again.

    `is_open`: its requester is to say first that, or how, it shall go on, because of a `question`
    if there is one. `promised` is what it may cost at most, by the answer. `cut` is what of its
    motion is wanted. `language` is what its requester was spoken to.

    `delivered` is how its end, or that it is in review, was told. `delivery_channel_id` and
    `delivery_message_id` say where that stands, or is being tried since `delivery_tried_at`;
    without a message it stands no longer. `remark` is what its maker says of the video, and
    `description` what `described_by` says that it shows; where that is nobody, it has come along
    with the files. `removed_by_id` is who has had it deleted: its post goes, and so does all that
    is kept of it.
    `announced` is `None` where that message pings its requester; else a direct message does in its
    place, and whether it has. `instead_of` is the model and quality that they prefer, where these
    were not open to them.
    """

    id: str
    revision: int
    state: JobState
    state_since: float
    source: Source
    origin_id: int
    server_id: int
    channel_id: int
    person_id: int
    created_at: float
    card: Card
    is_direct: bool = False
    moved_from_id: int | None = None
    files_of: str | None = None
    files_until: float | None = None
    completed_by_id: int | None = None
    subject: Upload | None = None
    motion: Upload | None = None
    model: str = DEFAULT_MODEL
    prompt: str = ""
    quality: Quality | None = None
    duration_s: float | None = None
    price: int | None = None
    upload_limit_bytes: int = 0
    queued_at: float | None = None
    lease: str | None = None
    attempt: Attempt | None = None
    failure: Failure | None = None
    delivered: Delivered | None = None
    delivery_channel_id: int | None = None
    delivery_message_id: int | None = None
    delivery_tried_at: float | None = None
    video_deleted_at: float | None = None
    settled: Outcome | None = None
    remark: str = ""
    description: str = ""
    described_by: int | None = None
    is_open: bool = False
    question: Failure | None = None
    promised: int | None = None
    cut: Cut | None = None
    announced: bool | None = None
    instead_of: tuple[str, Quality] | None = None
    removed_by_id: int | None = None
    language: Language = Language.ENGLISH

    @property
    def ended(self) -> bool:
        """No further change of state is possible."""
        return self.state in ENDED

    @property
    def is_free(self) -> bool:
        """Whether nothing is held for it, and no run of it is billed."""
        return self.price == 0

    @property
    def owes_notice(self) -> bool:
        """Its requester is yet to be told where it is, in a message that notifies them.

        That is owed for what came to nothing after it was queued, and not by its requester; for
        a video in a reply whose `delivery_channel_id` does not yet say that it is over; for one in
        a post that pings nobody; and once for each time that it enters review.
        """
        if self.state is JobState.REVIEW:
            return self.delivered is None
        if self.state is JobState.DELIVERED:
            is_unseen = self.delivery_channel_id != self.channel_id
            return self.announced is False or (self.delivered is Delivered.REPLY and is_unseen)
        was_begun = self.failure is not None and self.queued_at is not None
        return self.ended and was_begun and self.delivered is None

    @property
    def is_post_gone(self) -> bool:
        """Somebody has deleted the message that had its video."""
        is_posted = self.state is JobState.DELIVERED and self.delivered in POSTED
        return is_posted and self.delivery_message_id is None

    @property
    def is_in_doubt(self) -> bool:
        """Its submit went out and nobody waits for the answer any more: the history has to tell."""
        return self.state is JobState.SUBMITTING and self.lease is None

    @property
    def takes_a_slot(self) -> bool:
        """Whether it counts as running: one in doubt does not keep others waiting."""
        return self.state in RUNNING and not self.is_in_doubt

    @property
    def awaits_reply(self) -> bool:
        """The first reply to its interaction is on its way, or lost: it is known by no id yet."""
        is_begun = self.state is S.CHECKING and self.source is not Source.MESSAGE
        return is_begun and self.card.message_id is None

    @property
    def wish(self) -> tuple[str, str | None, str]:
        """What its files are to become: model, quality and prompt."""
        return self.model, self.quality, self.prompt

    @property
    def run_began_at(self) -> float | None:
        """Since when it has a run that is not done with, as far as it is known."""
        is_followed = self.state in {JobState.RENDERING, JobState.FETCHING}
        return self.attempt.submitted_at if is_followed and self.attempt else None

    @property
    def is_offer(self) -> bool:
        """It waits for a file, or for one of its buttons; nobody waits for it."""
        return self.state is JobState.CHECKING and self.is_open

    @property
    def was_offer(self) -> bool:
        """Whether its requester had, or has, to press a button before it was queued."""
        return self.is_open or self.promised is not None

    @property
    def awaits_choice(self) -> bool:
        """An offer whose files are good: its buttons say what can be had, and for how much."""
        return self.is_offer and (self.duration_s is not None or self.question is not None)

    @property
    def offer_ends_at(self) -> float:
        """When an offer that nobody takes is over; in a channel, so long after its last news."""
        if self.source is Source.TRAY:
            return self.card.token_expires_at - ASKED_SPARE_S
        if self.source is Source.SLASH:
            token_ends_at = self.card.token_expires_at - ASKED_SPARE_S
            return min(self.state_since + ASKED_LIFE_S, token_ends_at)
        if self.is_direct:
            return self.created_at + OFFER_LIFE_S
        if self.moved_from_id is not None:
            return self.created_at + MOVED_LIFE_S
        if None in {self.subject, self.motion}:
            return self.state_since + HALF_LIFE_S
        is_asked = self.question is not None or self.cut is not None
        return self.state_since + (ASKED_LIFE_S if is_asked else MENTION_LIFE_S)

    @property
    def is_shown_directly(self) -> bool:
        """Whether its card stands in its requester's direct messages, wherever it was asked for."""
        return self.is_direct or self.moved_from_id is not None

    @property
    def is_taken_back(self) -> bool:
        """Whether nothing is to be seen any more of an offer in a channel that nobody took."""
        goes = self.was_offer and not (self.is_direct and self.source is Source.MESSAGE)
        was_let_go = self.state is JobState.CANCELLED and self.queued_at is None
        return goes and was_let_go and self.failure is None

    @property
    def is_fleeting(self) -> bool:
        """Whether a channel shows only for `FLEETING_S` how it ended: its requester knows it.

        What is refused to a command is told privately, and to nobody else.
        """
        is_told_by_card = self.failure is None or self.source is Source.MESSAGE
        was_begun = self.failure is not None and self.queued_at is not None
        is_over = self.ended and self.state is not JobState.DELIVERED
        goes = is_over and is_told_by_card and not was_begun and not self.is_taken_back
        return goes and not self.is_shown_directly

    @property
    def is_spoiler(self) -> bool:
        """Whether the video is to be veiled, as one of the files that it is made of was."""
        return any(file is not None and file.is_spoiler for file in (self.subject, self.motion))

    @property
    def card_is_above_its_files(self) -> bool:
        """A plain message's card, as it was last saved, is older than the newest file's message."""
        card, newest = self.card.message_id, self.completed_by_id
        return card is not None and newest is not None and card < newest


def goes_unseen(job: Job, at: float) -> bool:
    """Whether a reply that gets its video now is one that its requester no longer looks at."""
    return not job.is_direct and at - job.created_at > GOES_UNSEEN_S


def may_change(leaves: JobState, enters: JobState) -> bool:
    """Whether the life of a job has this step."""
    return enters in TRANSITIONS[leaves]
