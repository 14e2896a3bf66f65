"""The files that a message shows, and which of them are a picture, or a video."""

import mimetypes
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import discord

from bot.accounts.links import given_link, message_behind
from bot.core.uploads import Upload
from bot.errors import Refused

Shown = discord.Message | discord.MessageSnapshot
File = tuple[str, Upload]
"""What Discord takes a file for ("video/mp4", or nothing), and the file."""

MOST_LINKS = 25
_LINK = re.compile(r"https?://[^\s<>|]+")


def files_in(message: discord.Message, *, is_motion: bool) -> list[Upload]:
    """The files of the kind that is needed; where there are none of it, those that may be one.

    Of a forward those that it shows; of a link alone what its preview shows.
    """
    shown = _shown(message)
    return _attached(shown, is_motion=is_motion) or _previews(shown, is_motion=is_motion)[:1]


def usable_in(message: discord.Message, *, is_motion: bool) -> list[Upload]:
    """The same of a message that somebody points at: also all its previews, and its links."""
    shown = _shown(message)
    return (
        _attached(shown, is_motion=is_motion)
        or _previews(shown, is_motion=is_motion)
        or _links(shown, is_motion=is_motion)
    )


def _shown(message: discord.Message) -> list[Shown]:
    return [message, *message.message_snapshots]


def _attached(shown: Sequence[Shown], *, is_motion: bool) -> list[Upload]:
    return _likeliest((file for each in shown for file in _files_of(each)), is_motion=is_motion)


def _previews(shown: Sequence[Shown], *, is_motion: bool) -> list[Upload]:
    return [
        file
        for each in shown
        for embed in each.embeds
        for file in _previewed(embed, is_motion=is_motion, is_spoiler=_hides(each))
    ]


def _links(shown: Sequence[Shown], *, is_motion: bool) -> list[Upload]:
    """What is linked, as far as its name tells what it is, or it leads to a message."""
    links = [(link, _hides(each)) for each in shown for link in _LINK.findall(each.content)]
    given = [file for link, hides in links[:MOST_LINKS] for file in _given(link, None, hides)]
    known = [file for file in given if file[0] or message_behind(file[1].url)]
    return _likeliest(known, is_motion=is_motion)


def _hides(shown: Shown) -> bool:
    """Whether something of its words is veiled: what, Discord does not say."""
    return shown.content.count("||") > 1


def _likeliest(files: Iterable[File], *, is_motion: bool) -> list[Upload]:
    """Those of the best rank, each once: what is attached may also be shown."""
    ranked = [(_rank(kind, is_motion=is_motion), file) for kind, file in files]
    best = min((rank for rank, _ in ranked if rank is not None), default=None)
    found = [file for rank, file in ranked if rank is not None and rank == best]
    return list({file.url.partition("?")[0]: file for file in reversed(found)}.values())[::-1]


def _rank(kind: str, *, is_motion: bool) -> int | None:
    """How likely it is what is needed, 0 first; a GIF may be either, and so may an unknown kind."""
    if kind.startswith("image/gif"):
        return 1
    if kind.startswith(("image/", "video/")):
        return 0 if kind.startswith("video/") is is_motion else None
    return 2 if not kind or kind.startswith("application/octet-stream") else None


def _files_of(shown: Shown) -> Iterator[File]:
    for each in shown.attachments:
        kind = each.content_type or _guess(each.filename)
        yield kind, Upload(each.url, each.filename, each.size, is_spoiler=each.is_spoiler())
    yield from _placed(shown.components)


def _placed(components: Sequence[object]) -> Iterator[File]:
    """What a message of components shows; its attachments Discord does not list."""
    for component in components:
        match component:
            case discord.Container():
                yield from _placed(component.children)
            case discord.MediaGalleryComponent():
                for item in component.items:
                    yield from _given(item.media.url, item.media.content_type, item.spoiler)
            case discord.FileComponent():
                media = component.media
                yield from _given(media.url, media.content_type, component.spoiler)


def _previewed(embed: discord.Embed, *, is_motion: bool, is_spoiler: bool) -> Iterator[Upload]:
    """Of a GIF picker's preview the video is the GIF; others' may be a page that plays one."""
    pictures = [embed.image.url, embed.thumbnail.url]
    for url in [embed.video.url, *pictures] if is_motion else pictures:
        for kind, upload in _given(url, None, is_spoiler):
            is_moving = kind.startswith(("video/", "image/gif"))
            is_picked = url == embed.video.url and embed.type == "gifv"
            if is_moving or is_picked or not is_motion:
                yield upload
                return


def _given(url: str | None, kind: str | None, is_spoiler: bool) -> Iterator[File]:
    """A file that somebody has named by its link: trusted like one that was given so."""
    try:
        upload = given_link(url or "", "")
    except Refused:
        return
    is_hidden = is_spoiler or upload.is_spoiler
    yield kind or _guess(upload.name), replace(upload, is_spoiler=is_hidden)


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or ""
