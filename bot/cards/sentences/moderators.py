"""What is said to who looks after people and a server’s rules."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

MODERATORS: Sentences = {
    Problem.OUT_OF_BOUNDS: mark("That must be a whole number from {least} to {most}."),
    Problem.NOT_PAUSED: mark("That is not paused, so nothing was changed."),
    Problem.NOTHING_TO_REVOKE: mark(
        "They have no bonus credits that could be taken. What is reserved stays with its job, and "
        "an allowance is changed with `/quota allowance`."
    ),
    Problem.NOT_BLOCKED: mark("They are not blocked here."),
    Problem.NOBODY_HERE: mark("They are not a member of this server and never used me here."),
    Problem.IS_A_BOT: mark("That is a bot: bots make no videos and have no credits."),
    Problem.UNTIL_UNCLEAR: mark(
        "I cannot read “{until}” as a time: write how long, such as `2h`, `3d` or `1w`, or when, "
        "such as `2030-12-24 18:00` (UTC) or `2030-12-24 18:00 +02:00`."
    ),
    Problem.UNTIL_PAST: mark("That is <t:{until}:F>, which is over: give a time that is to come."),
    Problem.CONFIRMATION_GONE: mark(
        "This was answered before, or too long ago. Nothing more was changed: give the command "
        "again if you still want it."
    ),
    Problem.NOT_YOURS_TO_PRESS: mark(
        "This button is for the moderator who asked, in their server."
    ),
    Problem.CARD_IS_OVER: mark(
        "This card counts no longer: it is too old, or your roles here or what they allow have "
        "changed since. Nothing was changed; ask for it again."
    ),
    Problem.NOT_A_MODERATOR: mark(
        "Only moderators can do this: you need *Timeout Members*, or to have just used `/moderate`."
    ),
    Problem.GRANTED_CHANGED: mark(
        "They have {has} bonus credits by now, so nothing was changed: give the command again if "
        "you still want it."
    ),
    Problem.RULES_CHANGED: mark("Others changed the rules since, so nothing was done: ask again."),
    Problem.PERIOD_OF_A_BUDGET: mark(
        "This server's budget renews with the period, so nothing was changed: only somebody with "
        "*Manage Server* can change it."
    ),
    Problem.CANNOT_POST_THERE: mark(
        "I may not post in {channels}, so nothing was changed: give me *View Channel* and *Send "
        "Messages* there, or choose another channel."
    ),
    Problem.NOT_OF_THIS_SERVER: mark(
        "That does not belong to this server, or is gone by now: nothing was changed."
    ),
    Problem.NO_QUALITY_LEFT: mark("One quality must stay open to everybody: nothing was changed."),
    Problem.NO_MODEL_LEFT: mark("One model must stay open to everybody: nothing was changed."),
}
