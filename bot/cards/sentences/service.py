"""What is said where the video service, or the bot itself, does not do its part."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences
from bot.errors import Problem

SERVICE: Sentences = {
    Problem.TWIN: mark(
        "I am running twice by mistake, and start nothing new until my operator stops one of me."
    ),
    Problem.PROVIDER_DOWN: mark(
        "The video service is unavailable right now. Please try again later."
    ),
    Problem.PROVIDER_REJECTED: mark(
        "The video service does not take these files: save the picture as JPEG and the video as "
        "mp4 anew, or give others."
    ),
    Problem.GENERATION_FAILED: mark(
        "The video service could not make this video, and I do not know why. You can ask once "
        "more; otherwise another picture or video may work: one person, in full view."
    ),
    Problem.SUBJECT_NOT_FOUND: mark(
        "The video service found nobody in the picture whom it could bring to life: give one that "
        "shows one person or animal, in full view and on a calm background."
    ),
    Problem.MOTION_NOT_FOUND: mark(
        "The video service found nobody in the video whose moves it could take: give one that "
        "shows one person, in full view."
    ),
    Problem.MODERATED: mark(
        "The video service's automatic check did not let this through. That can happen to harmless "
        "files too: another picture or video may work."
    ),
    Problem.PROVIDER_BUSY: mark(
        "The video service had too much to do to make this video: please ask again in some minutes."
    ),
    Problem.REQUEST_FAULTY: mark(
        "It is no fault of yours: the video service did not understand how I asked, and my "
        "operator has been told. Please try again another day."
    ),
    Problem.INTERRUPTED: mark(
        "The bot was interrupted before it could look at your files: ask again."
    ),
    Problem.NOT_FOUND_OUT_YET: mark(
        "I was restarted, and cannot tell yet whether it was made before."
    ),
    Problem.MAY_HAVE_RUN: mark(
        "It may have been made before my restart; nobody can tell: ask anew."
    ),
    Problem.GIVEN_UP: mark(
        "It could not be found out what became of this video, so it was given up: ask again if "
        "you still want it."
    ),
    Problem.GIVEN_UP_BY_REQUESTER: mark(
        "You gave it up before the video service had said whether it makes this video: ask again "
        "if you still want it."
    ),
    Problem.CANNOT_SAVE: mark(
        "I cannot save anything right now, and my operator has been told. Please try again later."
    ),
    Problem.HISTORY_UNREADABLE: mark(
        "The video service's history cannot be read right now, so nothing was changed. Please "
        "try again later."
    ),
}
