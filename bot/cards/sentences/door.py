"""What is said to who may not ask now, or not here."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

DOOR: Sentences = {
    Problem.PAUSED: mark(
        "My operator has paused me: I start nothing new for now. The reason given is: {reason}"
    ),
    Problem.PAUSED_HERE: mark(
        "My operator has paused me here: I start nothing new for now. The reason given is: {reason}"
    ),
    Problem.QUEUE_FULL: mark(
        "The line is full: {limit} requests are waiting. Please try again in some minutes."
    ),
    Problem.TOO_MANY_WAITING: mark(
        "You have {limit} waiting already, as many as anybody may. Wait for one to start, or "
        "cancel one with `/jobs cancel`."
    ),
    Problem.TOO_MANY_WAITING_HERE: mark(
        "You have {limit} waiting already, as many as this server allows. Wait for one to start, "
        "or cancel one with `/jobs cancel`."
    ),
    Problem.SERVER_NOT_ALLOWED: mark(
        "The operator of this bot has not opened it for this server: ask them to allow it."
    ),
    Problem.STRANGER: mark(
        "This bot answers direct messages only of members of the servers its operator has chosen."
    ),
    Problem.PICTURE_WAITS: mark(
        "I still have your picture. Send me a **video**, or choose a motion on its card above."
    ),
    Problem.NOT_HEEDED: mark(
        "I can make nothing of that: send me a picture and a video. I ignore everything else until "
        "<t:{until}:t> (<t:{until}:R>)."
    ),
    Problem.TOO_OFTEN: mark(
        "That is more than I look at in a minute, so I left it: send it again in a minute, or use "
        "`/mimic`."
    ),
    Problem.BUSY: mark(
        "So many people are asking right now that I could not take this in time. Nothing was "
        "charged: please try again in a moment."
    ),
    Problem.BLOCKED: mark(
        "You are blocked here until <t:{until}:f> (<t:{until}:R>). The reason given is: {reason}"
    ),
    Problem.BLOCKED_FOR_GOOD: mark(
        "You are blocked here for good, unless it is lifted. The reason given is: {reason}"
    ),
    Problem.BLOCKED_EVERYWHERE: mark(
        "My operator has blocked you until <t:{until}:f> (<t:{until}:R>). The reason given is: "
        "{reason}"
    ),
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: mark(
        "My operator has blocked you for good. The reason given is: {reason}"
    ),
    Problem.WRONG_CHANNEL: mark("In this server videos are made in {channels}: ask again there."),
    Problem.MEMBERSHIP_UNKNOWN: mark(
        "Discord does not tell me right now which servers you are in: please try again in a minute."
    ),
    Problem.COMMAND_UNKNOWN: mark(
        "Your Discord shows this command in an old form: reload it (Ctrl+R), and use it again."
    ),
    Problem.CONTROL_UNKNOWN: mark(
        "I do not know this button or form any more, so nothing was done: use the command again."
    ),
}
