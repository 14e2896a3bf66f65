"""What is refused at a finished post."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

POSTS: Sentences = {
    Problem.NOT_YOURS_TO_DESCRIBE: mark(
        "You can say what this video shows only while you are a member of its server, and neither "
        "blocked nor timed out there. Its moderators can say it, too."
    ),
    Problem.DESCRIBED_BY_MODERATOR: mark(
        "A moderator has said what this video shows, so only moderators can change that now: ask "
        "one of them."
    ),
    Problem.BEING_MADE: mark(
        "That is being made already, as job {job}: `/jobs show` shows how it goes."
    ),
    Problem.NOT_BEGUN_YET: mark(
        "I have your last one in hand (job {job}): for one more, press again once it is being made."
    ),
    Problem.BEGUN_JUST_NOW: mark(
        "I have just started that (job {job}). For one more, press again in ten seconds."
    ),
    Problem.PRICE_HAS_RISEN: mark(
        "This costs {price_text} by now, more than the button says, so nothing was started."
    ),
    Problem.NOT_AT_ITS_POST: mark(
        "This is somebody else's video: use the buttons below it, in its channel, or make your own "
        "with `/mimic`."
    ),
    Problem.FILES_ELSEWHERE: mark(
        "A file of this video is somebody else's, and can be used only in the server that it comes "
        "from: give `/jobs show` there, or use your own files with `/mimic`."
    ),
    Problem.FILES_AGES_APART: mark(
        "What comes from an age-restricted channel can be used only in such channels, and what "
        "comes from elsewhere only elsewhere: give `/jobs show` in a channel of the right kind, or "
        "use your own files with `/mimic`."
    ),
    Problem.GIVER_UNSEEN: mark(
        "A file of this video is somebody else's, and their post is gone or out of sight: use your "
        "own files with `/mimic`."
    ),
    Problem.SENT_BEFORE: mark(
        "I have sent it to you already, or have just tried to: look in your direct messages, or "
        "ask again <t:{until}:R>."
    ),
    Problem.SENT_MANY: mark("I have sent you many videos in an hour: ask again <t:{until}:R>."),
    Problem.DIRECT_MESSAGES_CLOSED: mark(
        "Discord does not let me write to you: open your direct messages (this server's menu, "
        "*Privacy Settings*), and press again in a minute."
    ),
    Problem.LOST_ON_THE_WAY: mark(
        "Discord does not answer me just now, so I could not send it: please press again in a "
        "minute."
    ),
}
