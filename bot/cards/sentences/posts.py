"""What is refused at a finished post."""

from bot.errors import Problem

POSTS: dict[Problem, str] = {
    Problem.NOT_YOURS_TO_DESCRIBE: (
        "You can say what this video shows only while you are a member of its server, and neither "
        "blocked nor timed out there. Its moderators can say it, too."
    ),
    Problem.DESCRIBED_BY_MODERATOR: (
        "A moderator has said what this video shows, so only moderators can change that now: ask "
        "one of them."
    ),
    Problem.BEING_MADE: "That is being made already, as job {job}: `/jobs show` shows how it goes.",
    Problem.NOT_BEGUN_YET: (
        "You have asked for this already, as job {job}: for one more, press again a little later, "
        "when that one is being made."
    ),
    Problem.PRICE_HAS_RISEN: (
        "This costs {price_text} by now, more than the button says, so nothing was started: "
        "`/mimic` makes it at the new price."
    ),
    Problem.NOT_AT_ITS_POST: (
        "This is somebody else's video: use the buttons below it, in its channel, or make your own "
        "with `/mimic`."
    ),
    Problem.SENT_BEFORE: "I have sent it to you already: look there, or ask again <t:{until}:R>.",
    Problem.SENT_MANY: "I have sent you many videos in an hour: ask again <t:{until}:R>.",
    Problem.DIRECT_MESSAGES_CLOSED: (
        "Discord does not let me write to you: open your direct messages (this server's menu, "
        "*Privacy Settings*), and press again."
    ),
}
