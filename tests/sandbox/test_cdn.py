"""Files: links that expire, fresh ones on every fetch, sizes of pictures."""

from pathlib import Path

import pytest

from sandbox.discord import World
from sandbox.discord.cdn import content_type, picture_size
from sandbox.person import PersonClient, PersonError
from tests.media_samples import make_picture
from tests.sandbox.raw import Rest


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_bytes(b"hello")
    return path


async def test_links_end_after_a_day_and_are_renewed_by_a_fetch(
    rest: Rest, ada: PersonClient, world: World, note: Path
) -> None:
    channel = await ada.open_dm()
    sent = await ada.send(channel, files=[note])
    link = sent["attachments"][0]["url"]
    assert await rest.fetch(link) == (200, b"hello")
    world.clock.advance(24 * 3600 + 1)
    assert await rest.fetch(link) == (404, b"This content is no longer available.")
    with pytest.raises(PersonError, match="no longer available"):
        await ada.download(link)
    again = await rest("GET", f"/channels/{channel}/messages/{sent['id']}")
    assert await rest.fetch(again.body["attachments"][0]["url"]) == (200, b"hello")


async def test_signatures_are_checked(rest: Rest, ada: PersonClient, note: Path) -> None:
    sent = await ada.send(await ada.open_dm(), files=[note])
    link = sent["attachments"][0]["url"]
    assert (await rest.fetch(link.replace("ex=", "ex=f")))[0] == 404
    assert (await rest.fetch(link.partition("?")[0]))[0] == 404
    assert (await rest.fetch(link.replace("note.txt", "other.txt")))[0] == 404


async def test_files_of_a_deleted_message_are_gone(rest: Rest, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, files={"a.txt": b"a"})).body
    await rest("DELETE", f"{path}/{made['id']}")
    assert (await rest.fetch(made["attachments"][0]["url"]))[0] == 404


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "GIF", "WEBP"])
def test_picture_sizes(tmp_path: Path, fmt: str) -> None:
    picture = make_picture(tmp_path / "p", size=(64, 48), fmt=fmt)
    assert picture_size(picture.read_bytes()) == (64, 48)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.webp", "image/webp"),
        ("a.MP4", "video/mp4"),
        ("a.mkv", "video/x-matroska"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a", None),
    ],
)
def test_kinds_come_from_names(name: str, kind: str | None) -> None:
    assert content_type(name) == kind


def test_anything_else_has_no_size() -> None:
    assert picture_size(b"hello") is None
    assert picture_size(b"\xff\xd8\xff") is None
