"""What is said of motions that are chosen by name."""

from collections.abc import Mapping

from bot.errors import Problem

MOTIONS: Mapping[Problem, str] = {
    Problem.MOTION_MISSING: (
        "There is no motion `{name}` here: pick one that is offered while you type, or look at "
        "`/motions list`."
    ),
    Problem.MOTION_GONE: (
        "That motion has been removed from the library: look at `/motions list` for another one."
    ),
    Problem.ALREADY_GIVEN: (
        "That picture has a motion by now: its newest card is below. Send me another video to "
        "swap it."
    ),
    Problem.ONE_MOTION: "Choose one of my motions or give a video, one of the two.",
    Problem.MOTION_ELSEWHERE: (
        "The motion `{name}` belongs to another server, and can be used only there: choose another "
        "one from `/motions list`. If it lies in your tray, empty that first."
    ),
    Problem.MOTION_NAME_UNFIT: "A motion's name has 1 to {most} letters: choose another name.",
    Problem.MOTION_NAME_TAKEN: (
        "There is a motion `{name}` already: choose another name, or remove that one first."
    ),
    Problem.LIBRARY_FULL: (
        "The library is full, with {most} motions: remove one with `/library remove` first."
    ),
    Problem.LIBRARY_TOO_LARGE: (
        "The library's files may take {limit_mb} MB, and this one is too much: give a shorter "
        "video, or remove a motion with `/library remove` first."
    ),
    Problem.LIBRARY_BUSY: (
        "Another motion is being added here right now: please try again in a minute."
    ),
    Problem.LIBRARY_RESTRICTED: (
        "What stands in an age-restricted channel stays there, and the library is for the whole "
        "server: choose another video."
    ),
    Problem.NO_MOTION_TAKEN: (
        "There is no motion in your tray any more: take one from a message, with *Use as motion*."
    ),
    Problem.MOTION_NOT_OURS: (
        "`{name}` came with the bot, and stays as it is. Add a motion of your own by the same "
        "name, and yours is taken here."
    ),
}
