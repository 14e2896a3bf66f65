"""The files that a message shows, and which of them are a picture, or a video."""

import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import replace

import discord

from bot.accounts.links import given_link
from bot.core.uploads import Upload
from bot.errors import Refused

Shown = discord.Message | discord.MessageSnapshot
File = tuple[str, Upload]
"""What Discord takes a file for ("video/mp4", or nothing), and the file."""


def files_in(message: discord.Message, *, is_motion: bool) -> list[Upload]:
    """The files of the kind that is needed; where there are none of it, those that may be one.

    Of a forward those that it shows; of a link alone what its preview shows.
    """
    shown: list[Shown] = [message, *message.message_snapshots]
    files = [file for each in shown for file in _files_of(each)]
    ranks = [_rank(kind, is_motion=is_motion) for kind, _ in files]
    best = min((rank for rank in ranks if rank is not None), default=None)
    if best is not None:
        return [file for rank, (_, file) in zip(ranks, files, strict=True) if rank == best]
    previews = [embed for each in shown for embed in each.embeds]
    return [file for embed in previews for file in _previewed(embed, is_motion=is_motion)][:1]


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


def _previewed(embed: discord.Embed, *, is_motion: bool) -> Iterator[Upload]:
    media = [embed.video] if is_motion else [embed.image, embed.thumbnail]
    for each in media:
        for _, upload in _given(each.url, None, is_spoiler=False):
            yield upload


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
