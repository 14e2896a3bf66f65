"""What is said of files that were to be taken from the chat."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, by_file
from bot.errors import Problem

TRAYS: Sentences = {
    Problem.NO_PICTURE_THERE: mark(
        "I see no picture in that message: choose one with a picture. Of a video take the moves, "
        "with *Use as motion*."
    ),
    Problem.NO_MOTION_THERE: mark(
        "I see no video and no GIF in that message: choose one that has one. A picture can be "
        "brought to move, with *Make this move*."
    ),
    Problem.KEPT_PRIVATE: mark(
        "Whoever wrote that message does not want their files to be used: please choose another "
        "one, or ask them."
    ),
    Problem.AGES_MIXED: mark(
        "What comes from an age-restricted channel can be used only in such channels, and what "
        "comes from elsewhere only elsewhere: go where your tray’s files come from and give "
        "`/tray` there, or take others."
    ),
    Problem.VIDEO_UNKNOWN: mark(
        "I cannot tell whose video that message of mine shows, so I take nothing from it: choose "
        "a message that somebody has posted, or give the file itself to `/mimic`."
    ),
    Problem.CHOICES_OVER: mark(
        "You have chosen since, or it was too long ago: open the menu of that message once more."
    ),
    Problem.TRAY_CHANGED: mark(
        "Your tray has changed since, or this was too long ago: `/tray` shows what is in it now."
    ),
    Problem.TRAY_TOO_OFTEN: mark(
        "I look at so many files only in a minute. Both are still here: `/tray` shows what they "
        "cost, in a minute."
    ),
    Problem.TAKEN_GONE: by_file(
        picture=mark(
            "I could not get the picture: the message that it was in may be gone. Take another one."
        ),
        video=mark(
            "I could not get the video: the message that it was in may be gone. Take another one."
        ),
    ),
}
