"""Every error of ours, in one tree.

    MarionetteError
    ├── SettingsError                 a setting is missing or wrong: one sentence that names it
    ├── StoreError                    the database cannot be used: one sentence
    │   ├── StaleJob                  a job was not in the state it should leave
    │   └── CannotSave                the disk is full, read-only or failing, or another holds it
    ├── LedgerError                   an entry would break the journal's rules; nothing was written
    ├── Refused                       by us, nothing is spent; carries a Problem and its facts
    │   └── PaidOtherwise             … and what of it can be paid instead
    ├── ProviderError                 the provider's API did not do what was asked
    │   ├── NotAccepted               a submit that provably made no job; safe to send again
    │   │   ├── ProviderBusy          429, or the number of too many at once: it passes
    │   │   ├── AccountRefused        nothing works until the operator acts
    │   │   │   ├── KeyRejected       401, 403: the key
    │   │   │   └── OutOfCredits      402, or a refusal in words about the balance: it is spent
    │   │   └── ModelMissing          404, 405, 410, moved: no such model, or not at this address
    │   ├── InputsRejected            the provider will never take these inputs
    │   ├── SubmitInDoubt             the reply to a submit was lost: a job may exist
    │   ├── RequestUnknown            404 to a GET: unknown, not known yet, or past its hour
    │   └── ProviderUnavailable       a GET or upload failed in a way that passes; try again
    ├── DownloadError                 bytes could not be fetched
    │   └── DownloadRefused           … and never will be: address, size or scheme
    ├── DeliveryError                 Discord did not take a post or an edit
    └── MembersUnknown                Discord does not tell just now who is a member

Errors carry facts. The sentence that a person reads is made in `bot.cards`, once.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class Problem(StrEnum):
    """Why a request was refused or a job failed; stored with the job, worded in `bot.cards`.

    The comment behind each names its facts.
    """

    NOTHING_GIVEN = "nothing_given"
    IMAGE_MISSING = "image_missing"
    VIDEO_MISSING = "video_missing"
    IMAGE_TWICE = "image_twice"
    VIDEO_TWICE = "video_twice"
    SWAPPED = "swapped"
    NOT_AN_IMAGE = "not_an_image"  # name
    VIDEO_AS_IMAGE = "video_as_image"  # name
    NEITHER = "neither"  # name
    ANIMATED_IMAGE = "animated_image"
    IMAGE_TOO_LARGE = "image_too_large"  # size_bytes, limit_bytes
    IMAGE_TOO_SMALL = "image_too_small"  # width, height, limit_pixels: of the shorter side
    IMAGE_TOO_MANY_PIXELS = "image_too_many_pixels"  # width, height, limit_pixels
    NOT_A_VIDEO = "not_a_video"  # name
    GIF_AS_VIDEO = "gif_as_video"  # name
    PICTURE_AS_VIDEO = "picture_as_video"  # name, kind: its own name, or "picture"
    VIDEO_WRONG_FORMAT = "video_wrong_format"  # name
    NO_VIDEO_STREAM = "no_video_stream"
    VIDEO_TOO_LONG = "video_too_long"  # duration_s, limit_s
    MOTION_TOO_LONG = "motion_too_long"  # duration_s, most_s: a part of it can be taken
    MOTION_MISSING = "motion_missing"  # name
    MOTION_GONE = "motion_gone"
    ALREADY_GIVEN = "already_given"
    ONE_MOTION = "one_motion"
    MOTION_ELSEWHERE = "motion_elsewhere"  # name
    MOTION_NAME_UNFIT = "motion_name_unfit"  # most
    MOTION_NAME_TAKEN = "motion_name_taken"  # name
    LIBRARY_FULL = "library_full"  # most
    LIBRARY_TOO_LARGE = "library_too_large"  # limit_bytes
    LIBRARY_BUSY = "library_busy"
    LIBRARY_RESTRICTED = "library_restricted"
    NO_MOTION_TAKEN = "no_motion_taken"
    MOTION_NOT_OURS = "motion_not_ours"  # name
    CUT_BEYOND = "cut_beyond"  # start_s, duration_s
    CUT_TOO_LONG = "cut_too_long"  # length_s, most_s
    CUT_TOO_SHORT = "cut_too_short"  # length_s, least_s
    SECONDS_UNCLEAR = "seconds_unclear"  # said
    VIDEO_TOO_LARGE = "video_too_large"  # size_bytes, limit_bytes
    VIDEO_TOO_MANY_PIXELS = "video_too_many_pixels"  # width, height, limit_pixels
    DAMAGED_IMAGE = "damaged_image"
    IMAGE_CUT_SHORT = "image_cut_short"
    DAMAGED_VIDEO = "damaged_video"
    NO_ROOM = "no_room"
    MADE_ROOM = "made_room"
    OUT_OF_BOUNDS = "out_of_bounds"  # least, most
    TOO_HARD_TO_READ = "too_hard_to_read"  # the decoder met its time or memory bound
    DOWNLOAD_FAILED = "download_failed"  # what: "picture" or "video"
    LINK_UNCLEAR = "link_unclear"  # what, and with the next five
    LINK_FAILED = "link_failed"
    LINK_TO_PAGE = "link_to_page"
    LINK_TOO_LARGE = "link_too_large"  # limit_bytes
    MESSAGE_UNSEEN = "message_unseen"
    MESSAGE_WITHOUT = "message_without"
    LINKS_TOO_OFTEN = "links_too_often"
    NO_PICTURE_THERE = "no_picture_there"
    NO_MOTION_THERE = "no_motion_there"
    KEPT_PRIVATE = "kept_private"
    AGES_MIXED = "ages_mixed"
    VIDEO_UNKNOWN = "video_unknown"
    CHOICES_OVER = "choices_over"
    TRAY_CHANGED = "tray_changed"
    TRAY_TOO_OFTEN = "tray_too_often"
    TAKEN_GONE = "taken_gone"  # what
    NO_CREDITS = "no_credits"  # price, left, renews_at (unix s)
    NOTHING_LEFT = "nothing_left"  # allowance, renews_at
    FILES_GONE = "files_gone"
    NOBODY_SEEN = "nobody_seen"  # where: "picture", "video" or "both"
    DEAR = "dear"  # price
    BEING_MADE = "being_made"  # job, and with the next
    NOT_BEGUN_YET = "not_begun_yet"
    BEGUN_JUST_NOW = "begun_just_now"
    PRICE_HAS_RISEN = "price_has_risen"  # price
    NOT_AT_ITS_POST = "not_at_its_post"
    FILES_ELSEWHERE = "files_elsewhere"
    FILES_AGES_APART = "files_ages_apart"
    GIVER_UNSEEN = "giver_unseen"
    SENT_BEFORE = "sent_before"  # until (unix s), and with the next
    SENT_MANY = "sent_many"
    DIRECT_MESSAGES_CLOSED = "direct_messages_closed"
    LOST_ON_THE_WAY = "lost_on_the_way"
    NO_DRAFTS_LEFT = "no_drafts_left"  # limit, renews_at
    NO_ALLOWANCE = "no_allowance"
    TOO_EXPENSIVE = "too_expensive"  # price, most
    BUDGET_SPENT = "budget_spent"  # budget, renews_at
    BUDGET_TOO_LOW = "budget_too_low"  # price, left, renews_at
    OVER_BUDGET = "over_budget"  # price, budget
    SERVER_CAP_SPENT = "server_cap_spent"  # budget, renews_at
    SERVER_CAP_TOO_LOW = "server_cap_too_low"  # price, left, renews_at
    OVER_SERVER_CAP = "over_server_cap"  # price, budget
    PERSON_CAP_SPENT = "person_cap_spent"  # budget, renews_at
    PERSON_CAP_TOO_LOW = "person_cap_too_low"  # price, left, renews_at
    OVER_PERSON_CAP = "over_person_cap"  # price, budget
    PAUSED = "paused"  # reason
    PAUSED_HERE = "paused_here"  # reason
    NOT_PAUSED = "not_paused"
    QUEUE_FULL = "queue_full"  # limit
    TOO_MANY_WAITING = "too_many_waiting"  # limit
    SERVER_NOT_ALLOWED = "server_not_allowed"
    STRANGER = "stranger"
    PICTURE_WAITS = "picture_waits"
    NOT_HEEDED = "not_heeded"  # until (unix s)
    TWIN = "twin"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_REJECTED = "provider_rejected"  # reason, as the provider words it: for the operator
    GENERATION_FAILED = "generation_failed"  # reason, likewise, and with the next five
    SUBJECT_NOT_FOUND = "subject_not_found"
    MOTION_NOT_FOUND = "motion_not_found"
    MODERATED = "moderated"
    PROVIDER_BUSY = "provider_busy"
    REQUEST_FAULTY = "request_faulty"
    INTERRUPTED = "interrupted"
    NOT_FOUND_OUT_YET = "not_found_out_yet"
    MAY_HAVE_RUN = "may_have_run"
    UNKNOWN_JOB = "unknown_job"  # job
    NOT_YOUR_JOB = "not_your_job"
    NOT_YOURS_TO_DESCRIBE = "not_yours_to_describe"
    DESCRIBED_BY_MODERATOR = "described_by_moderator"
    TOO_LATE_TO_CANCEL = "too_late_to_cancel"  # job, and with the next two
    STILL_IN_DOUBT = "still_in_doubt"
    NOT_IN_DOUBT = "not_in_doubt"
    ALREADY_STARTED = "already_started"
    ALREADY_ENDED = "already_ended"
    NOT_READY = "not_ready"
    NO_VIDEO_KEPT = "no_video_kept"
    CANNOT_SAVE = "cannot_save"
    BUSY = "busy"
    TOO_OFTEN = "too_often"
    GIVEN_UP = "given_up"
    GIVEN_UP_BY_REQUESTER = "given_up_by_requester"
    NO_JOB_HERE = "no_job_here"  # job
    NOT_IN_REVIEW = "not_in_review"  # job, state
    SETTLED_BEFORE = "settled_before"  # job, state
    SETTLED_ITSELF = "settled_itself"  # job, state
    REASON_MISSING = "reason_missing"
    RUN_ID_MISSING = "run_id_missing"
    RUN_ID_NEEDLESS = "run_id_needless"
    RUN_CLAIMED = "run_claimed"  # request_id
    RUN_KNOWN = "run_known"  # job, request_id
    RUN_UNKNOWN = "run_unknown"  # request_id
    RUN_OF_OTHER_INPUTS = "run_of_other_inputs"  # request_id
    HISTORY_UNREADABLE = "history_unreadable"
    BLOCKED = "blocked"  # until (unix s), reason
    BLOCKED_FOR_GOOD = "blocked_for_good"  # reason
    BLOCKED_EVERYWHERE = "blocked_everywhere"  # until (unix s), reason
    BLOCKED_EVERYWHERE_FOR_GOOD = "blocked_everywhere_for_good"  # reason
    WRONG_CHANNEL = "wrong_channel"  # channels: mentions
    QUALITY_NOT_ALLOWED = "quality_not_allowed"  # quality, allowed
    NO_QUALITY = "no_quality"
    NO_PROMPT = "no_prompt"  # model
    PROMPT_TOO_LONG = "prompt_too_long"  # most
    MODEL_DOWN = "model_down"  # model, others
    MOTION_LENGTH = "motion_length"  # model, duration_s, least_s, most_s
    QUALITY_UNKNOWN = "quality_unknown"  # model, quality, makes
    MODEL_NOT_OFFERED = "model_not_offered"  # model, offered
    MODEL_NOT_ALLOWED = "model_not_allowed"  # model, allowed
    TOO_MANY_WAITING_HERE = "too_many_waiting_here"  # limit
    NO_SERVER_BUDGET = "no_server_budget"
    SERVER_BUDGET_SPENT = "server_budget_spent"  # budget, renews_at
    SERVER_BUDGET_TOO_LOW = "server_budget_too_low"  # price, left, renews_at
    OVER_SERVER_BUDGET = "over_server_budget"  # price, budget
    LEFT_PAYER = "left_payer"  # server
    PAYER_REFUSES = "payer_refuses"  # server
    LEFT_SERVER = "left_server"  # server
    TIMED_OUT = "timed_out"  # server, until (unix s)
    MEMBERSHIP_UNKNOWN = "membership_unknown"
    CANCELLED_BY_MODERATOR = "cancelled_by_moderator"
    CANCELLED_BY_OPERATOR = "cancelled_by_operator"
    SENT_OFF_ALREADY = "sent_off_already"  # job
    ENDED_ALREADY = "ended_already"  # job
    NOT_CHARGED = "not_charged"  # job
    REFUNDED_ALREADY = "refunded_already"  # job
    NOTHING_TO_REVOKE = "nothing_to_revoke"
    NOT_BLOCKED = "not_blocked"
    NOBODY_HERE = "nobody_here"
    IS_A_BOT = "is_a_bot"
    UNTIL_UNCLEAR = "until_unclear"  # until
    UNTIL_PAST = "until_past"  # until (unix s)
    NOT_FINISHED = "not_finished"  # job
    REMOVED_BEFORE = "removed_before"  # by (a person)
    NOT_YOURS_TO_DELETE = "not_yours_to_delete"
    NOTHING_TO_REPORT = "nothing_to_report"
    NOBODY_TO_REPORT_TO = "nobody_to_report_to"
    NO_WAY_TO_MODERATORS = "no_way_to_moderators"
    NOT_A_REPORTER = "not_a_reporter"
    REPORT_IS_KNOWN = "report_is_known"
    REPORT_WAS_SETTLED = "report_was_settled"
    REPORTS_WAIT = "reports_wait"  # limit
    REPORTS_TOO_OFTEN = "reports_too_often"
    REPORTS_FULL = "reports_full"
    NO_REPORT_HERE = "no_report_here"
    REPORT_SETTLED_BEFORE = "report_settled_before"  # by (a person), how: "removed" or "dismissed"
    REPORT_SETTLED_BY_YOU = "report_settled_by_you"  # how
    REPORT_IS_OVER = "report_is_over"
    CANNOT_DELETE_THERE = "cannot_delete_there"  # channels: a mention, lacks: a permission
    MAY_NOT_DELETE_THERE = "may_not_delete_there"  # channels: a mention, lacks
    CONFIRMATION_GONE = "confirmation_gone"
    NOT_YOURS_TO_PRESS = "not_yours_to_press"
    CARD_IS_OVER = "card_is_over"
    NOT_A_MODERATOR = "not_a_moderator"
    GRANTED_CHANGED = "granted_changed"
    RULES_CHANGED = "rules_changed"
    PERIOD_OF_A_BUDGET = "period_of_a_budget"
    CANNOT_POST_THERE = "cannot_post_there"  # channels: a mention
    NOT_OF_THIS_SERVER = "not_of_this_server"
    NO_QUALITY_LEFT = "no_quality_left"
    NO_MODEL_LEFT = "no_model_left"
    COMMAND_UNKNOWN = "command_unknown"
    CONTROL_UNKNOWN = "control_unknown"


Fact = str | int | float | Sequence[str]
"""A number, a name, a word of a fixed set, or some of which one can be chosen."""


class MarionetteError(Exception):
    """The root of the tree."""


class SettingsError(MarionetteError):
    """A setting is missing or wrong; the message is one sentence that names the variable."""


class StoreError(MarionetteError):
    """The database cannot be used; the message is one sentence."""


class StaleJob(StoreError):
    """A job was not in the state (or revision) that a change should leave; nothing was changed."""


class CannotSave(StoreError):
    """The disk is full, read-only or failing, or another program holds the database: it may pass.

    What was to be saved was not; the message is one sentence.
    """


class LedgerError(MarionetteError):
    """An entry would break the journal's rules; nothing was written."""


class Refused(MarionetteError):
    """We do not do this, and nothing was spent."""

    def __init__(self, problem: Problem, **facts: Fact) -> None:
        super().__init__(problem.value, facts)
        self.problem = problem
        self.facts = facts


class PaidOtherwise(Refused):
    """What was `wanted` cannot be paid, but other `ways` can: choices, each with its credits.

    The button of each `asks` for it about a job, or for so many `first_s` of its motion.
    """

    def __init__(
        self,
        refused: Refused,
        wanted: Any,
        ways: Mapping[Any, int],
        *,
        asks: str,
        job_id: str,
        first_s: float | None = None,
    ) -> None:
        super().__init__(refused.problem, **refused.facts)
        self.wanted = wanted
        self.ways = ways
        self.asks = asks
        self.job_id = job_id
        self.first_s = first_s


class ProviderError(MarionetteError):
    """The provider's API did not do what was asked; `status` is the HTTP status, if one came."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class NotAccepted(ProviderError):
    """A submit that provably made no job: the connection was never made, or 429."""


class ProviderBusy(NotAccepted):
    """429, or a refusal with the documented number of too many at once: no outage."""


class AccountRefused(NotAccepted):
    """The operator's account is refused, whatever is asked: also a GET or an upload may be."""


class KeyRejected(AccountRefused):
    """401 or 403: the key is missing, invalid, expired or not permitted."""


class OutOfCredits(AccountRefused):
    """402, or a refusal with words about an empty balance or a spend cap."""


class ModelMissing(NotAccepted):
    """404, 405, 410 or "moved" to a submit.

    `model` was withdrawn, or is not to be had at `address`.
    """

    def __init__(self, message: str, *, status: int, address: str, model: str) -> None:
        super().__init__(message, status=status)
        self.address = address
        self.model = model


class InputsRejected(ProviderError):
    """400, 422, or 406 about a parameter: sending it again cannot help."""


class SubmitInDoubt(ProviderError):
    """The reply to a submit was lost or meaningless: a billed job may exist."""


class RequestUnknown(ProviderError):
    """404 to a GET: the id is unknown, not known yet, or past its hour."""


class ProviderUnavailable(ProviderError):
    """A GET or an upload failed in a way that passes: 429, 5xx, a time-out, a reset."""


class DownloadError(MarionetteError):
    """Bytes could not be fetched this time: a status, a time-out, a short body."""


class DownloadRefused(DownloadError):
    """These bytes will never be fetched: a forbidden address or scheme, or too many of them."""

    def __init__(self, message: str, *, too_large: bool = False, is_page: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large
        self.is_page = is_page


class MembersUnknown(MarionetteError):
    """Discord does not tell just now whether somebody is a member of a server: it may pass."""


class DeliveryError(MarionetteError):
    """Discord did not take a post or an edit."""
