"""What is said where something cannot be deleted, or not reported."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, Variants
from bot.errors import Problem

REPORTS: Sentences = {
    Problem.NOT_FINISHED: mark("`{job}` has no finished video that could be deleted."),
    Problem.REMOVED_BEFORE: mark("<@{by}> has deleted this video already."),
    Problem.NOT_YOURS_TO_DELETE: mark(
        "Only who asked for a video, and this server's moderators, can delete it. If it should not "
        "be here, press **Report…**."
    ),
    Problem.NOTHING_TO_REPORT: mark(
        "This message has no picture, no video and no link: what else is wrong with it, tell the "
        "moderators yourself."
    ),
    Problem.NOBODY_TO_REPORT_TO: mark(
        "There are no moderators in direct messages, and nobody but you sees what I post here. If "
        "something in a server should not be there, report it there."
    ),
    Problem.NO_WAY_TO_MODERATORS: mark(
        "I cannot reach the moderators from this channel: please tell them yourself."
    ),
    Problem.NOT_A_REPORTER: mark(
        "You are blocked here, so I pass on nothing of yours: please tell the moderators yourself."
    ),
    Problem.REPORT_IS_KNOWN: mark("The moderators know of this already, and will look at it."),
    Problem.REPORT_WAS_SETTLED: mark(
        "The moderators have looked at this already, and have decided."
    ),
    Problem.REPORTS_WAIT: mark(
        "{limit} of your reports wait for the moderators: let them look at these first. If it is "
        "urgent, tell them yourself."
    ),
    Problem.REPORTS_TOO_OFTEN: mark(
        "That is more than I pass on for one person in an hour. If it is urgent, tell the "
        "moderators yourself."
    ),
    Problem.REPORTS_FULL: mark(
        "The moderators have so many reports to look at that I pass on no more for now: please "
        "tell them yourself."
    ),
    Problem.NO_REPORT_HERE: mark("This report is over and forgotten."),
    Problem.REPORT_SETTLED_BEFORE: Variants(
        "how",
        {"dismissed": mark("<@{by}> was faster: it is dismissed already.")},
        otherwise=mark("<@{by}> was faster: it is removed already."),
    ),
    Problem.REPORT_SETTLED_BY_YOU: Variants(
        "how",
        {"dismissed": mark("You have dismissed it already.")},
        otherwise=mark("You have removed it already."),
    ),
    Problem.REPORT_IS_OVER: mark(
        "There is nothing left to decide: the message is gone, or it was old."
    ),
    Problem.CANNOT_DELETE_THERE: mark(
        "I may not delete messages in {channels}, so nothing was changed. Give me *{lacks}* there, "
        "or delete it yourself and press **Dismiss**."
    ),
    Problem.MAY_NOT_DELETE_THERE: mark(
        "To delete what others wrote in {channels}, you need *{lacks}* there, so nothing was "
        "changed. Ask a moderator who has it to press **Remove…**."
    ),
}
