"""What is said of links that were given in a file's place."""

from collections.abc import Mapping

from bot.errors import Problem

LINKS: Mapping[Problem, str] = {
    Problem.IMAGE_TWICE: (
        "You gave a picture and a link to one: leave out `image` or `image_url`, and ask again."
    ),
    Problem.VIDEO_TWICE: (
        "You gave several videos: keep one of `video`, `video_url` and `motion`, and try again."
    ),
    Problem.LINK_UNCLEAR: (
        "What you gave for the {what} is no link that I can follow: give one that begins with "
        "`https://`, or the file itself."
    ),
    Problem.LINK_FAILED: (
        "I could not get the {what} from that link: it must begin with `https://`, hold no "
        "password and no port, and open soon for everybody, logged in or not. You can also save "
        "the {what} and give the file itself."
    ),
    Problem.LINK_TO_PAGE: (
        "That link leads to a page, and not to the {what} itself: open it, right-click the "
        "{what}, copy its address and give that, or save the {what} and give the file itself."
    ),
    Problem.LINK_TOO_LARGE: (
        "The {what} behind that link has over {limit_mb} MB, more than it may have: give a "
        "smaller one."
    ),
    Problem.LINKS_TOO_OFTEN: (
        "That is more links than I follow for one person in so short a time: ask again in some "
        "minutes, or give the files themselves."
    ),
    Problem.MESSAGE_UNSEEN: (
        "I find no message behind that link that both of us can see here: save the {what} and "
        "give the file itself."
    ),
    Problem.MESSAGE_WITHOUT: (
        "Discord shows me no {what} in that message: right-click the {what} there, copy its link "
        "and give that, or save it and give the file itself."
    ),
}
