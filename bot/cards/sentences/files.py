"""What is wrong with a file that was given, and what to do about it."""

from collections.abc import Mapping

from bot.errors import Problem

FILES: Mapping[Problem, str] = {
    Problem.NOTHING_GIVEN: (
        "Give a picture (`image`), and a `video` or one of my motions (`motion`): `/motions list` "
        "shows these."
    ),
    Problem.IMAGE_MISSING: "The picture is missing: give it as `image` or its link as `image_url`.",
    Problem.VIDEO_MISSING: (
        "The video is missing: give it as `video` or its link as `video_url`, or pick a `motion`."
    ),
    Problem.SWAPPED: (
        "The picture and the video are swapped: give the picture as `image` and the video "
        "as `video`."
    ),
    Problem.NOT_AN_IMAGE: "`{name}` is not a picture I can use: give JPEG, PNG, WebP or HEIC.",
    Problem.VIDEO_AS_IMAGE: (
        "`{name}` is a video, and I need a picture: give a JPEG, PNG, WebP or HEIC, such as one of "
        "its frames."
    ),
    Problem.ANIMATED_IMAGE: "The picture is animated: give a still one, such as one of its frames.",
    Problem.IMAGE_TOO_LARGE: (
        "The picture has {size_mb} MB and may have {limit_mb} MB: give a smaller one."
    ),
    Problem.IMAGE_TOO_MANY_PIXELS: (
        "The picture has {width} × {height} pixels, {size_mp} million, which is too many: it may "
        "have {limit_mp} million. Scale it down and try again."
    ),
    Problem.IMAGE_TOO_SMALL: (
        "The picture has only {width} × {height} pixels, too few to show somebody who moves: give "
        "one of at least {limit_pixels} on each side."
    ),
    Problem.NOT_A_VIDEO: "There is no video in `{name}`: give a video or a GIF that plays.",
    Problem.GIF_AS_VIDEO: "`{name}` is a GIF that does not move: give a video, or a GIF that does.",
    Problem.PICTURE_AS_VIDEO: (
        "`{name}` is a still {kind}, and I need something that moves: give a video or a GIF."
    ),
    Problem.VIDEO_WRONG_FORMAT: (
        "`{name}` is a video of a kind I cannot use: save it as mp4 or mov and try again."
    ),
    Problem.NO_VIDEO_STREAM: "The video file holds no moving picture, only sound or nothing.",
    Problem.VIDEO_TOO_LONG: (
        "The video is {duration_s} seconds long and may be {limit_s}: cut it and try again."
    ),
    Problem.MOTION_TOO_LONG: (
        "The video is {duration_s} seconds long, and I take {most_s:g} at most: choose a part of "
        "it."
    ),
    Problem.CUT_BEYOND: (
        "The video is over after {duration_s} seconds, and that part would begin at {start_s}: "
        "choose an earlier start."
    ),
    Problem.CUT_TOO_LONG: (
        "That part is {length_s} seconds long and may be {most_s:g}: choose a shorter length."
    ),
    Problem.CUT_TOO_SHORT: (
        "That part is {length_s} seconds long and must be {least_s:g} at least: choose more."
    ),
    Problem.SECONDS_UNCLEAR: (
        "I cannot read “{said}” as a time: write seconds, such as `12`, or `1:05`."
    ),
    Problem.VIDEO_TOO_LARGE: (
        "The video has {size_mb} MB and may have {limit_mb} MB: cut it or save it smaller."
    ),
    Problem.VIDEO_TOO_MANY_PIXELS: (
        "The video has {width} × {height} pixels, {size_mp} million, which is too many: it may "
        "have {limit_mp} million. Save it smaller and try again."
    ),
    Problem.DAMAGED_IMAGE: "The picture is damaged and cannot be opened: export it anew.",
    Problem.IMAGE_CUT_SHORT: (
        "The end of the picture is missing, as after a download that broke off: save it anew and "
        "try again."
    ),
    Problem.DAMAGED_VIDEO: "The video is damaged and cannot be played: export it anew.",
    Problem.NO_ROOM: (
        "There is no room for your files right now, and the operator knows: please try again later."
    ),
    Problem.MADE_ROOM: (
        "I had to make room for other files, and yours had waited longest, so I let them go."
    ),
    Problem.TOO_HARD_TO_READ: (
        "That file takes too much time or memory to open: save it smaller and try again."
    ),
    Problem.DOWNLOAD_FAILED: "Discord did not hand me the {what}: please try again.",
    Problem.NOBODY_SEEN: (
        "I see nobody {where}. Animals and drawings often work. If not, you get your credits back."
    ),
    Problem.FILES_GONE: "I no longer have these files: send them again, with `/mimic` or to me.",
}
