"""Which of a message's files is its picture, and which its video."""

from typing import Any, cast

import discord
import pytest

from bot.accounts.message_files import files_in, usable_in

Json = dict[str, Any]
AUTHOR = {"id": "1", "username": "u", "discriminator": "0", "avatar": None}
CDN = "https://cdn.discordapp.com/attachments/1/2"


def attachment(name: str, kind: str | None = None) -> Json:
    body: Json = {"id": "5", "filename": name, "size": 9, "url": f"{CDN}/{name}", "proxy_url": ""}
    return body | ({"content_type": kind} if kind else {})


def media(name: str, kind: str | None = None) -> Json:
    return {"url": f"{CDN}/{name}", "proxy_url": "", "content_type": kind}


def gallery(*items: Json) -> Json:
    return {"type": 12, "items": list(items)}


def message(**told: Any) -> discord.Message:
    client = discord.Client(intents=discord.Intents.none())
    channel = discord.PartialMessageable(client._connection, 7)
    body: Json = {"id": "9", "channel_id": "7", "author": AUTHOR, "content": "", "type": 0}
    body |= {"attachments": [], "embeds": [], "components": [], "edited_timestamp": None}
    body |= {"pinned": False, "mention_everyone": False, "tts": False, "mentions": []}
    body |= {"timestamp": "2026-01-01T00:00:00+00:00"}
    data = cast("Any", body | told)
    return discord.Message(state=client._connection, channel=cast("Any", channel), data=data)


def names(found: discord.Message) -> tuple[list[str], list[str]]:
    """Of its pictures and of its videos."""
    pictures, videos = (files_in(found, is_motion=is_motion) for is_motion in (False, True))
    return [file.name for file in pictures], [file.name for file in videos]


@pytest.mark.parametrize(
    ("files", "pictures", "videos"),
    [
        (["a.jpg", "b.mp4", "c.png"], ["a.jpg", "c.png"], ["b.mp4"]),
        (["a.gif", "b.jpg"], ["b.jpg"], ["a.gif"]),
        (["a.gif"], ["a.gif"], ["a.gif"]),
        (["photo", "notes.txt"], ["photo"], ["photo"]),
        (["notes.txt", "song.mp3"], [], []),
        ([], [], []),
    ],
)
def test_files_are_taken_for_what_they_seem(
    files: list[str], pictures: list[str], videos: list[str]
) -> None:
    assert names(message(attachments=[attachment(name) for name in files])) == (pictures, videos)


def test_what_discord_says_counts_before_a_name() -> None:
    files = [attachment("a.bin", "image/webp"), attachment("b.jpg", "video/quicktime")]
    assert names(message(attachments=files)) == (["a.bin"], ["b.jpg"])


def test_a_forward_has_what_it_shows() -> None:
    inner: Json = {"attachments": [attachment("a.jpg")], "embeds": [], "content": "", "type": 0}
    inner |= {"timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "flags": 0}
    assert names(message(message_snapshots=[{"message": inner}])) == (["a.jpg"], [])


def test_a_message_of_components_has_what_they_show() -> None:
    """As the bot's own posts; Discord lists no attachments of such."""
    video = {"media": media("made.mp4", "video/mp4"), "spoiler": True}
    inside = {"type": 17, "components": [gallery(video), {"type": 10, "content": "x"}]}
    file = {"type": 13, "file": media("a.png")}
    found = message(components=[inside, file], flags=1 << 15)
    assert names(found) == (["a.png"], ["made.mp4"])
    [made] = files_in(found, is_motion=True)
    assert (made.is_spoiler, made.is_link) == (True, True)


def test_a_previews_picture_is_a_strangers_link() -> None:
    preview = {"type": "gifv", "image": {"url": "https://example.com/cat.jpg"},
               "video": {"url": "https://example.com/cat.mp4"}}  # fmt: skip
    found = message(embeds=[preview])
    assert names(found) == (["cat.jpg"], ["cat.mp4"])
    assert all(files_in(found, is_motion=is_motion)[0].is_link for is_motion in (False, True))
    assert names(message(embeds=[preview], attachments=[attachment("own.jpg")]))[0] == ["own.jpg"]
    assert names(message(embeds=[{"type": "rich", "image": {"url": "ftp://x/y"}}])) == ([], [])


def pointed_at(found: discord.Message) -> tuple[list[str], list[str]]:
    """What can be used of a message's pictures and of its videos, by their links."""
    both = (usable_in(found, is_motion=is_motion) for is_motion in (False, True))
    pictures, videos = ([file.url for file in files] for files in both)
    return pictures, videos


def test_of_a_gif_pickers_preview_the_gif_is_the_motion_and_of_a_players_page_nothing() -> None:
    tenor: Json = {"type": "gifv", "url": "https://tenor.com/view/x",
             "thumbnail": {"url": "https://media.tenor.com/x/still.png"},
             "video": {"url": "https://media.tenor.com/x/AAAPo"}}  # fmt: skip
    page: Json = {"type": "video", "thumbnail": {"url": "https://i.ytimg.com/vi/x/max.jpg"},
            "video": {"url": "https://www.youtube.com/embed/x"}}  # fmt: skip
    plain: Json = {"type": "image", "thumbnail": {"url": "https://example.com/dance.gif"}}
    assert pointed_at(message(embeds=[tenor, page, plain])) == (
        [tenor["thumbnail"]["url"], page["thumbnail"]["url"], plain["thumbnail"]["url"]],
        [tenor["video"]["url"], plain["thumbnail"]["url"]],
    )


def test_links_are_used_whose_names_say_what_they_are_or_that_lead_to_messages() -> None:
    at_message = "https://discord.com/channels/1/2/3"
    said = "<https://example.com/cat.jpg> https://example.com/a.mp4?x=1 https://example.com/news"
    found = message(content=said)
    assert pointed_at(found) == (
        ["https://example.com/cat.jpg"],
        ["https://example.com/a.mp4?x=1"],
    )
    assert all(
        file.is_spoiler for file in usable_in(message(content=f"||{said}||"), is_motion=True)
    )
    assert pointed_at(message(content=f"see {at_message}")) == ([at_message], [at_message])
    assert names(found) == ([], []), "by a link to it alone, a message is asked for what it shows"


def test_what_is_attached_and_shown_is_one_file() -> None:
    shown = gallery({"media": media("a.mp4", "video/mp4")})
    both = message(attachments=[attachment("a.mp4")], components=[shown], flags=1 << 15)
    [one] = usable_in(both, is_motion=True)
    assert (one.name, one.is_link) == ("a.mp4", False)
