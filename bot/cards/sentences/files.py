"""What is wrong with a file that was given, and what to do about it."""

from bot.cards.languages.speech import mark
from bot.cards.sentences.variants import Sentences, Variants, by_file
from bot.errors import Problem

FILES: Sentences = {
    Problem.NOTHING_GIVEN: mark(
        "Give a picture (`image`), and a `video` or one of my motions (`motion`): `/motions list` "
        "shows these."
    ),
    Problem.IMAGE_MISSING: mark(
        "The picture is missing: give it as `image` or its link as `image_url`."
    ),
    Problem.VIDEO_MISSING: mark(
        "The video is missing: give it as `video` or its link as `video_url`, or pick a `motion`."
    ),
    Problem.SWAPPED: mark(
        "The picture and the video are swapped: give the picture as `image` and the video "
        "as `video`."
    ),
    Problem.NOT_AN_IMAGE: mark(
        "`{name}` is not a picture I can use: give JPEG, PNG, WebP or HEIC."
    ),
    Problem.VIDEO_AS_IMAGE: mark(
        "`{name}` is a video, and I need a picture: give a JPEG, PNG, WebP or HEIC, such as one of "
        "its frames."
    ),
    Problem.NEITHER: mark(
        "`{name}` is neither a picture nor a video: send a JPEG, PNG, WebP or HEIC, and a video or "
        "an animated GIF."
    ),
    Problem.ANIMATED_IMAGE: mark(
        "The picture is animated: give a still one, such as one of its frames."
    ),
    Problem.IMAGE_TOO_LARGE: mark(
        "The picture has {size_mb} MB and may have {limit_mb} MB: give a smaller one."
    ),
    Problem.IMAGE_TOO_MANY_PIXELS: mark(
        "The picture has {width} × {height} pixels, {size_mp} million, which is too many: it may "
        "have {limit_mp} million. Scale it down and try again."
    ),
    Problem.IMAGE_TOO_SMALL: mark(
        "The picture has only {width} × {height} pixels, too few to show somebody who moves: give "
        "one of at least {limit_pixels} on each side."
    ),
    Problem.NOT_A_VIDEO: mark("There is no video in `{name}`: give a video or a GIF that plays."),
    Problem.GIF_AS_VIDEO: mark(
        "`{name}` is a GIF that does not move: give a video, or a GIF that does."
    ),
    Problem.PICTURE_AS_VIDEO: Variants(
        "kind",
        {
            "picture": mark(
                "`{name}` is a still picture, and I need something that moves: give a video or a "
                "GIF."
            )
        },
        otherwise=mark(
            "`{name}` is a still {kind}, and I need something that moves: give a video or a GIF."
        ),
    ),
    Problem.VIDEO_WRONG_FORMAT: mark(
        "`{name}` is a video of a kind I cannot use: save it as mp4 or mov and try again."
    ),
    Problem.NO_VIDEO_STREAM: mark("The video file holds no moving picture, only sound or nothing."),
    Problem.VIDEO_TOO_LONG: mark(
        "The video is {duration_s} seconds long and may be {limit_s}: cut it and try again."
    ),
    Problem.MOTION_TOO_LONG: mark(
        "The video is {duration_s} seconds long, and I take {most_s} at most: choose a part of it."
    ),
    Problem.CUT_BEYOND: mark(
        "The video is over after {duration_s} seconds, and that part would begin at {start_s}: "
        "choose an earlier start."
    ),
    Problem.CUT_TOO_LONG: mark(
        "That part is {length_s} seconds long and may be {most_s}: choose a shorter length."
    ),
    Problem.CUT_TOO_SHORT: mark(
        "That part is {length_s} seconds long and must be {least_s} at least: choose more."
    ),
    Problem.SECONDS_UNCLEAR: mark(
        "I cannot read “{said}” as a time: write seconds, such as `12`, or `1:05`."
    ),
    Problem.VIDEO_TOO_LARGE: mark(
        "The video has {size_mb} MB and may have {limit_mb} MB: cut it or save it smaller."
    ),
    Problem.VIDEO_TOO_MANY_PIXELS: mark(
        "The video has {width} × {height} pixels, {size_mp} million, which is too many: it may "
        "have {limit_mp} million. Save it smaller and try again."
    ),
    Problem.DAMAGED_IMAGE: mark("The picture is damaged and cannot be opened: export it anew."),
    Problem.IMAGE_CUT_SHORT: mark(
        "The end of the picture is missing, as after a download that broke off: save it anew and "
        "try again."
    ),
    Problem.DAMAGED_VIDEO: mark("The video is damaged and cannot be played: export it anew."),
    Problem.NO_ROOM: mark(
        "There is no room for your files right now, and the operator knows: please try again later."
    ),
    Problem.MADE_ROOM: mark(
        "I had to make room for other files, and yours had waited longest, so I let them go."
    ),
    Problem.TOO_HARD_TO_READ: mark(
        "That file takes too much time or memory to open: save it smaller and try again."
    ),
    Problem.DOWNLOAD_FAILED: by_file(
        picture=mark("Discord did not hand me the image: please try again."),
        video=mark("Discord did not hand me the video: please try again."),
    ),
    Problem.NOBODY_SEEN: Variants(
        "where",
        {
            "picture": mark(
                "I see nobody in the picture. Animals and drawings often work. If not, you get "
                "your credits back."
            ),
            "video": mark(
                "I see nobody in the video. Animals and drawings often work. If not, you get your "
                "credits back."
            ),
        },
        otherwise=mark(
            "I see nobody in the picture or in the video. Animals and drawings often work. If "
            "not, you get your credits back."
        ),
    ),
    Problem.FILES_GONE: mark(
        "I no longer have these files: send them again, with `/mimic` or to me."
    ),
}
