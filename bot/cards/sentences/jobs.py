"""What is said of a job that cannot be had, cancelled, settled or refunded."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

JOBS: Sentences = {
    Problem.UNKNOWN_JOB: mark("There is no job `{job}`: `/jobs list` shows yours."),
    Problem.NOT_YOUR_JOB: mark("That job is somebody else's: `/jobs list` shows yours."),
    Problem.NO_JOB_HERE: mark("There is no job `{job}` here."),
    Problem.TOO_LATE_TO_CANCEL: mark(
        "It is too late to cancel `{job}`: the video service has it, cannot be stopped, and "
        "bills it. The video comes when it is ready."
    ),
    Problem.STILL_IN_DOUBT: mark(
        "The video service has not said yet whether it has `{job}`: `/jobs show` tells by when I "
        "know, and lets you give it up."
    ),
    Problem.NOT_IN_DOUBT: mark(
        "Nothing was given up: `{job}` has gone on meanwhile. `/jobs show` tells where it is."
    ),
    Problem.ALREADY_STARTED: mark("`{job}` is under way already: `/jobs show` tells where it is."),
    Problem.NOT_READY: mark("Your files are still being looked at: press the button in a moment."),
    Problem.ALREADY_ENDED: mark("`{job}` has ended already: `/jobs show` tells how."),
    Problem.NO_VIDEO_KEPT: mark("The video of `{job}` is no longer kept."),
    Problem.CANCELLED_BY_MODERATOR: mark("A moderator has cancelled it."),
    Problem.CANCELLED_BY_OPERATOR: mark("The operator of this bot has cancelled it."),
    Problem.SENT_OFF_ALREADY: mark(
        "It is too late to cancel `{job}`: the video service has it, cannot be stopped, and "
        "bills it."
    ),
    Problem.ENDED_ALREADY: mark("`{job}` has ended already."),
    Problem.NOT_CHARGED: mark("Nothing was charged for `{job}`, so there is nothing to refund."),
    Problem.REFUNDED_ALREADY: mark("`{job}` was refunded before."),
    Problem.NOT_IN_REVIEW: mark("`{job}` needs no decision: it is {state}."),
    Problem.SETTLED_BEFORE: mark(
        "`{job}` needs no decision any more: it was settled before, and is {state} now."
    ),
    Problem.SETTLED_ITSELF: mark(
        "`{job}` needs no decision any more: the video service has told by itself what became of "
        "it, and it is {state} now."
    ),
    Problem.REASON_MISSING: mark("Give a reason: it is kept with the decision."),
    Problem.RUN_ID_MISSING: mark(
        "Give the run that it is to take with `--request-id`: `jobs show` lists those that may be "
        "it."
    ),
    Problem.RUN_ID_NEEDLESS: mark(
        "A run goes only with the decision that it ran: leave `--request-id` out, or decide that."
    ),
    Problem.RUN_CLAIMED: mark(
        "The run `{request_id}` belongs to another job already, so nothing was changed: look anew "
        "which are free."
    ),
    Problem.RUN_KNOWN: mark("`{job}` has its run, `{request_id}`, and can take no other."),
    Problem.RUN_UNKNOWN: mark(
        "The video service's history knows no run `{request_id}`: check the id. A new run can "
        "take some minutes to show."
    ),
    Problem.RUN_OF_OTHER_INPUTS: mark(
        "The run `{request_id}` was made from other files or in another quality: it is not this "
        "job's."
    ),
}
