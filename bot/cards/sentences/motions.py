"""What is said of motions that are chosen by name."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

MOTIONS: Sentences = {
    Problem.MOTION_MISSING: mark(
        "There is no motion `{name}` here: pick one that is offered while you type, or look at "
        "`/motions list`."
    ),
    Problem.MOTION_GONE: mark(
        "That motion has been removed from the library: look at `/motions list` for another one."
    ),
    Problem.ALREADY_GIVEN: mark(
        "That picture has a motion by now: its newest card is below. Send me another video to "
        "swap it."
    ),
    Problem.ONE_MOTION: mark("Choose one of my motions or give a video, one of the two."),
    Problem.MOTION_ELSEWHERE: mark(
        "The motion `{name}` belongs to another server, and can be used only there: choose another "
        "one from `/motions list`. If it lies in your tray, empty that first."
    ),
    Problem.MOTION_NAME_UNFIT: mark(
        "A motion's name has 1 to {most} letters: choose another name."
    ),
    Problem.MOTION_NAME_TAKEN: mark(
        "There is a motion `{name}` already: choose another name, or remove that one first."
    ),
    Problem.LIBRARY_FULL: mark(
        "The library is full, with {most} motions: remove one with `/library remove` first."
    ),
    Problem.LIBRARY_TOO_LARGE: mark(
        "The library's files may take {limit_mb} MB, and this one is too much: give a shorter "
        "video, or remove a motion with `/library remove` first."
    ),
    Problem.LIBRARY_BUSY: mark(
        "Another motion is being added here right now: please try again in a minute."
    ),
    Problem.LIBRARY_RESTRICTED: mark(
        "What stands in an age-restricted channel stays there, and the library is for the whole "
        "server: choose another video."
    ),
    Problem.NO_MOTION_TAKEN: mark(
        "There is no motion in your tray any more: take one from a message, with *Use as motion*."
    ),
    Problem.MOTION_NOT_OURS: mark(
        "`{name}` came with the bot, and stays as it is. Add a motion of your own by the same "
        "name, and yours is taken here."
    ),
}
