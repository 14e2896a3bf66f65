"""What is said of links that were given in a file's place."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, by_file
from bot.errors import Problem

LINKS: Sentences = {
    Problem.IMAGE_TWICE: mark(
        "You gave a picture and a link to one: leave out `image` or `image_url`, and ask again."
    ),
    Problem.VIDEO_TWICE: mark(
        "You gave several videos: keep one of `video`, `video_url` and `motion`, and try again."
    ),
    Problem.LINK_UNCLEAR: by_file(
        picture=mark(
            "What you gave for the picture is no link that I can follow: give one that begins "
            "with `https://`, or the file itself."
        ),
        video=mark(
            "What you gave for the video is no link that I can follow: give one that begins "
            "with `https://`, or the file itself."
        ),
    ),
    Problem.LINK_FAILED: by_file(
        picture=mark(
            "I could not get the picture from that link: it must begin with `https://`, hold "
            "no password and no port, and open soon for everybody, logged in or not. You can "
            "also save the picture and give the file itself."
        ),
        video=mark(
            "I could not get the video from that link: it must begin with `https://`, hold no "
            "password and no port, and open soon for everybody, logged in or not. You can also "
            "save the video and give the file itself."
        ),
    ),
    Problem.LINK_TO_PAGE: by_file(
        picture=mark(
            "That link leads to a page, and not to the picture itself: open it, right-click "
            "the picture, copy its address and give that, or save the picture and give the "
            "file itself."
        ),
        video=mark(
            "That link leads to a page, and not to the video itself: open it, right-click the "
            "video, copy its address and give that, or save the video and give the file itself."
        ),
    ),
    Problem.LINK_TOO_LARGE: by_file(
        picture=mark(
            "The picture behind that link has over {limit_mb} MB, more than it may have: give "
            "a smaller one."
        ),
        video=mark(
            "The video behind that link has over {limit_mb} MB, more than it may have: give a "
            "smaller one."
        ),
    ),
    Problem.LINKS_TOO_OFTEN: mark(
        "That is more links than I follow for one person in so short a time: ask again in some "
        "minutes, or give the files themselves."
    ),
    Problem.MESSAGE_UNSEEN: by_file(
        picture=mark(
            "I find no message behind that link that both of us can see here: save the picture "
            "and give the file itself."
        ),
        video=mark(
            "I find no message behind that link that both of us can see here: save the video "
            "and give the file itself."
        ),
    ),
    Problem.MESSAGE_WITHOUT: by_file(
        picture=mark(
            "Discord shows me no picture in that message: right-click the picture there, copy "
            "its link and give that, or save it and give the file itself."
        ),
        video=mark(
            "Discord shows me no video in that message: right-click the video there, copy its "
            "link and give that, or save it and give the file itself."
        ),
    ),
}
