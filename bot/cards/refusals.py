"""Every sentence that tells why something was refused or failed, and what to do about it."""

from collections.abc import Mapping

from bot.cards.sentences.files import FILES
from bot.cards.sentences.links import LINKS
from bot.cards.sentences.motions import MOTIONS
from bot.cards.sentences.posts import POSTS
from bot.cards.sentences.reports import REPORTS
from bot.cards.sentences.trays import TRAYS
from bot.cards.wording import told
from bot.errors import Problem

SENTENCES: dict[Problem, str] = {
    **FILES,
    **LINKS,
    **MOTIONS,
    **POSTS,
    **REPORTS,
    **TRAYS,
    Problem.OUT_OF_BOUNDS: "That must be a whole number from {least} to {most}.",
    Problem.NO_CREDITS: (
        "This costs {price_text} and you have {left}. Your allowance renews <t:{renews_at}:R>."
        "{shorter} {giver} can give you more."
    ),
    Problem.NOTHING_LEFT: (
        "You have no credits left here. Your allowance{in_all} renews <t:{renews_at}:R>; "
        "`/credits` shows it. {giver} can give you more."
    ),
    Problem.NO_DRAFTS_LEFT: (
        "You have made all of your {limit} free drafts of today: there are new ones "
        "<t:{renews_at}:R>."
    ),
    Problem.NO_ALLOWANCE: (
        "You have no credits here, and no allowance that would bring new ones. "
        "{giver} can give you some."
    ),
    Problem.DEAR: "This costs **{price_text}**. You wanted to be asked before so much is spent.",
    Problem.TOO_EXPENSIVE: (
        "This costs {price_text}, and you can have no more than {most} here at once. A shorter "
        "video costs less. {giver} can give you more."
    ),
    Problem.BUDGET_TOO_LOW: (
        "This costs {price_text}, and of today's budget for everybody {left} are left. It renews "
        "<t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_BUDGET: (
        "This costs {price_text}, more than a whole day's budget for everybody, {budget}: give a "
        "shorter video or choose a lower quality."
    ),
    Problem.BUDGET_SPENT: (
        "Today's budget for everybody{in_all} is spent. It renews <t:{renews_at}:R>: please come "
        "back then."
    ),
    Problem.SERVER_CAP_SPENT: (
        "What this server may use in a day{in_all} is spent. It renews <t:{renews_at}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: (
        "This costs {price_text}, and of what this server may use in a day {left} are "
        "left. It renews <t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_SERVER_CAP: (
        "This costs {price_text}, more than this server may use in a day, {budget}: "
        "give a shorter video or choose a lower quality."
    ),
    Problem.PERSON_CAP_SPENT: (
        "What one person may use in a day, all servers together{in_all} is spent. It renews "
        "<t:{renews_at}:R>."
    ),
    Problem.PERSON_CAP_TOO_LOW: (
        "This costs {price_text}, and of what one person may use in a day, all servers "
        "together, {left} are left. It renews <t:{renews_at}:R>; a shorter video or a "
        "lower quality costs less."
    ),
    Problem.OVER_PERSON_CAP: (
        "This costs {price_text}, more than one person may use in a day, {budget}: "
        "give a shorter video or choose a lower quality."
    ),
    Problem.PAUSED: (
        "My operator has paused me: I start nothing new for now. The reason given is: {reason}"
    ),
    Problem.PAUSED_HERE: (
        "My operator has paused me here: I start nothing new for now. The reason given is: {reason}"
    ),
    Problem.NOT_PAUSED: "That is not paused, so nothing was changed.",
    Problem.QUEUE_FULL: (
        "The line is full: {limit} requests are waiting. Please try again in some minutes."
    ),
    Problem.TOO_MANY_WAITING: (
        "You have {limit} waiting already, as many as anybody may. Wait for one to start, or "
        "cancel one with `/jobs cancel`."
    ),
    Problem.SERVER_NOT_ALLOWED: (
        "The operator of this bot has not opened it for this server: ask them to allow it."
    ),
    Problem.STRANGER: (
        "This bot answers direct messages only of members of the servers its operator has chosen."
    ),
    Problem.PICTURE_WAITS: (
        "I still have your picture. Send me a **video**, or choose a motion on its card above."
    ),
    Problem.NOT_HEEDED: (
        "I can make nothing of that: send me a picture and a video. I ignore everything else until "
        "<t:{until}:t> (<t:{until}:R>)."
    ),
    Problem.TWIN: (
        "I am running twice by mistake, and start nothing new until my operator stops one of me."
    ),
    Problem.PROVIDER_DOWN: ("The video service is unavailable right now. Please try again later."),
    Problem.PROVIDER_REJECTED: (
        "The video service does not take these files: save the picture as JPEG and the video as "
        "mp4 anew, or give others."
    ),
    Problem.GENERATION_FAILED: (
        "The video service could not make this video, and I do not know why. You can ask once "
        "more; otherwise another picture or video may work: one person, in full view."
    ),
    Problem.SUBJECT_NOT_FOUND: (
        "The video service found nobody in the picture whom it could bring to life: give one that "
        "shows one person or animal, in full view and on a calm background."
    ),
    Problem.MOTION_NOT_FOUND: (
        "The video service found nobody in the video whose moves it could take: give one that "
        "shows one person, in full view."
    ),
    Problem.MODERATED: (
        "The video service's automatic check did not let this through. That can happen to harmless "
        "files too: another picture or video may work."
    ),
    Problem.PROVIDER_BUSY: (
        "The video service had too much to do to make this video: please ask again in some minutes."
    ),
    Problem.REQUEST_FAULTY: (
        "It is no fault of yours: the video service did not understand how I asked, and my "
        "operator has been told. Please try again another day."
    ),
    Problem.INTERRUPTED: "The bot was interrupted before it could look at your files: ask again.",
    Problem.NOT_FOUND_OUT_YET: "I was restarted, and cannot tell yet whether it was made before.",
    Problem.MAY_HAVE_RUN: "It may have been made before my restart; nobody can tell: ask anew.",
    Problem.UNKNOWN_JOB: "There is no job `{job}`: `/jobs list` shows yours.",
    Problem.NOT_YOUR_JOB: "That job is somebody else's: `/jobs list` shows yours.",
    Problem.TOO_LATE_TO_CANCEL: (
        "It is too late to cancel `{job}`: the video service has it, cannot be stopped, and "
        "bills it. The video comes when it is ready."
    ),
    Problem.STILL_IN_DOUBT: (
        "The video service has not said yet whether it has `{job}`: `/jobs show` tells by when I "
        "know, and lets you give it up."
    ),
    Problem.NOT_IN_DOUBT: (
        "Nothing was given up: `{job}` has gone on meanwhile. `/jobs show` tells where it is."
    ),
    Problem.ALREADY_STARTED: "`{job}` is under way already: `/jobs show` tells where it is.",
    Problem.NOT_READY: "Your files are still being looked at: press the button in a moment.",
    Problem.ALREADY_ENDED: "`{job}` has ended already: `/jobs show` tells how.",
    Problem.NO_VIDEO_KEPT: "The video of `{job}` is no longer kept.",
    Problem.CANNOT_SAVE: (
        "I cannot save anything right now, and my operator has been told. Please try again later."
    ),
    Problem.TOO_OFTEN: (
        "That is more than I look at in a minute, so I left it: send it again in a minute, or use "
        "`/mimic`."
    ),
    Problem.BUSY: (
        "So many people are asking right now that I could not take this in time. Nothing was "
        "charged: please try again in a moment."
    ),
    Problem.GIVEN_UP: (
        "It could not be found out what became of this video, so it was given up: ask again if "
        "you still want it."
    ),
    Problem.GIVEN_UP_BY_REQUESTER: (
        "You gave it up before the video service had said whether it makes this video: ask again "
        "if you still want it."
    ),
    Problem.NEITHER: (
        "`{name}` is neither a picture nor a video: send a JPEG, PNG, WebP or HEIC, and a video or "
        "an animated GIF."
    ),
    Problem.NO_JOB_HERE: "There is no job `{job}` here.",
    Problem.NOT_IN_REVIEW: "`{job}` needs no decision: it is {state}.",
    Problem.SETTLED_BEFORE: (
        "`{job}` needs no decision any more: it was settled before, and is {state} now."
    ),
    Problem.SETTLED_ITSELF: (
        "`{job}` needs no decision any more: the video service has told by itself what became of "
        "it, and it is {state} now."
    ),
    Problem.REASON_MISSING: "Give a reason: it is kept with the decision.",
    Problem.RUN_ID_MISSING: (
        "Give the run that it is to take with `--request-id`: `jobs show` lists those that may be "
        "it."
    ),
    Problem.RUN_ID_NEEDLESS: (
        "A run goes only with the decision that it ran: leave `--request-id` out, or decide that."
    ),
    Problem.RUN_CLAIMED: (
        "The run `{request_id}` belongs to another job already, so nothing was changed: look anew "
        "which are free."
    ),
    Problem.RUN_KNOWN: "`{job}` has its run, `{request_id}`, and can take no other.",
    Problem.RUN_UNKNOWN: (
        "The video service's history knows no run `{request_id}`: check the id. A new run can "
        "take some minutes to show."
    ),
    Problem.RUN_OF_OTHER_INPUTS: (
        "The run `{request_id}` was made from other files or in another quality: it is not this "
        "job's."
    ),
    Problem.BLOCKED: (
        "You are blocked here until <t:{until}:f> (<t:{until}:R>). The reason given is: {reason}"
    ),
    Problem.BLOCKED_FOR_GOOD: (
        "You are blocked here for good, unless it is lifted. The reason given is: {reason}"
    ),
    Problem.BLOCKED_EVERYWHERE: (
        "My operator has blocked you until <t:{until}:f> (<t:{until}:R>). The reason given is: "
        "{reason}"
    ),
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: (
        "My operator has blocked you for good. The reason given is: {reason}"
    ),
    Problem.WRONG_CHANNEL: "In this server videos are made in {channels}: ask again there.",
    Problem.QUALITY_NOT_ALLOWED: "{quality} is not open to you in this server: choose {allowed}.",
    Problem.NO_PROMPT: "{model} takes no prompt: leave it out, or choose another model.",
    Problem.PROMPT_TOO_LONG: "The prompt is too long: say it in {most} characters at most.",
    Problem.MODEL_DOWN: (
        "{model} is unavailable right now: choose {others}, or try again in some minutes."
    ),
    Problem.MOTION_LENGTH: (
        "{model} takes videos of {least_s:g} to {most_s:g} seconds, and yours has {duration_s}: "
        "give another one, or choose another model."
    ),
    Problem.QUALITY_UNKNOWN: "{model} does not make {quality}: choose {makes}.",
    Problem.MODEL_NOT_OFFERED: "{model} is not offered: choose {offered}.",
    Problem.MODEL_NOT_ALLOWED: "{model} is not open to you in this server: choose {allowed}.",
    Problem.NO_QUALITY: (
        "In this server videos are for certain roles, and you have none of them: ask its "
        "moderators."
    ),
    Problem.TOO_MANY_WAITING_HERE: (
        "You have {limit} waiting already, as many as this server allows. Wait for one to start, "
        "or cancel one with `/jobs cancel`."
    ),
    Problem.NO_SERVER_BUDGET: (
        "This server's budget for videos is set to nothing, so none are made here for now."
    ),
    Problem.SERVER_BUDGET_SPENT: (
        "This server's budget for videos{in_all} is spent. It renews <t:{renews_at}:R>: please "
        "come back then."
    ),
    Problem.SERVER_BUDGET_TOO_LOW: (
        "This costs {price_text}, and of this server's budget {left} are left. It renews "
        "<t:{renews_at}:R>; a shorter video or a lower quality costs less."
    ),
    Problem.OVER_SERVER_BUDGET: (
        "This costs {price_text}, more than this server's whole budget of {budget}: give a shorter "
        "video or choose a lower quality."
    ),
    Problem.LEFT_PAYER: (
        "You have chosen {server} to pay for your direct messages, but you are not a member there "
        "now: choose again with `/credits`."
    ),
    Problem.PAYER_REFUSES: (
        "{server} does not pay for direct messages now: choose again with `/credits`."
    ),
    Problem.LEFT_SERVER: (
        "I do not find you among the members of {server} now, so your credits there cannot pay."
    ),
    Problem.TIMED_OUT: (
        "You are timed out in {server} until <t:{until}:f> (<t:{until}:R>): until then your "
        "credits there pay for nothing."
    ),
    Problem.MEMBERSHIP_UNKNOWN: (
        "Discord does not tell me right now which servers you are in: please try again in a minute."
    ),
    Problem.CANCELLED_BY_MODERATOR: "A moderator has cancelled it.",
    Problem.CANCELLED_BY_OPERATOR: "The operator of this bot has cancelled it.",
    Problem.SENT_OFF_ALREADY: (
        "It is too late to cancel `{job}`: the video service has it, cannot be stopped, and "
        "bills it."
    ),
    Problem.ENDED_ALREADY: "`{job}` has ended already.",
    Problem.NOT_CHARGED: "Nothing was charged for `{job}`, so there is nothing to refund.",
    Problem.REFUNDED_ALREADY: "`{job}` was refunded before.",
    Problem.NOTHING_TO_REVOKE: (
        "They have no bonus credits that could be taken. What is reserved stays with its job, and "
        "an allowance is changed with `/quota allowance`."
    ),
    Problem.NOT_BLOCKED: "They are not blocked here.",
    Problem.NOBODY_HERE: "They are not a member of this server and never used me here.",
    Problem.IS_A_BOT: "That is a bot: bots make no videos and have no credits.",
    Problem.UNTIL_UNCLEAR: (
        "I cannot read “{until}” as a time: write how long, such as `2h`, `3d` or `1w`, or when, "
        "such as `2030-12-24 18:00` (UTC) or `2030-12-24 18:00 +02:00`."
    ),
    Problem.UNTIL_PAST: "That is <t:{until}:F>, which is over: give a time that is to come.",
    Problem.CONFIRMATION_GONE: (
        "This was answered before, or too long ago. Nothing more was changed: give the command "
        "again if you still want it."
    ),
    Problem.NOT_YOURS_TO_PRESS: "This button is for the moderator who asked, in their server.",
    Problem.CARD_IS_OVER: (
        "This card counts no longer: it is too old, or your roles here or what they allow have "
        "changed since. Nothing was changed; ask for it again."
    ),
    Problem.NOT_A_MODERATOR: (
        "Only moderators can do this: you need *Timeout Members*, or to have just used `/moderate`."
    ),
    Problem.GRANTED_CHANGED: (
        "They have {has} bonus credits by now, so nothing was changed: give the command again if "
        "you still want it."
    ),
    Problem.RULES_CHANGED: "Others changed the rules since, so nothing was done: ask again.",
    Problem.PERIOD_OF_A_BUDGET: (
        "This server's budget renews with the period, so nothing was changed: only somebody with "
        "*Manage Server* can change it."
    ),
    Problem.CANNOT_POST_THERE: (
        "I may not post in {channels}, so nothing was changed: give me *View Channel* and *Send "
        "Messages* there, or choose another channel."
    ),
    Problem.NOT_OF_THIS_SERVER: (
        "That does not belong to this server, or is gone by now: nothing was changed."
    ),
    Problem.NO_QUALITY_LEFT: "One quality must stay open to everybody: nothing was changed.",
    Problem.NO_MODEL_LEFT: "One model must stay open to everybody: nothing was changed.",
    Problem.COMMAND_UNKNOWN: (
        "Your Discord shows this command in an old form: reload it (Ctrl+R), and use it again."
    ),
    Problem.CONTROL_UNKNOWN: (
        "I do not know this button or form any more, so nothing was done: use the command again."
    ),
    Problem.HISTORY_UNREADABLE: (
        "The video service's history cannot be read right now, so nothing was changed. Please "
        "try again later."
    ),
}


def sentence(problem: Problem, facts: Mapping[str, object]) -> str:
    """The sentence for a problem; facts come from strangers and are made harmless."""
    return SENTENCES[problem].format_map(told(facts))
