"""Files: links that expire, fresh ones on every fetch, sizes of pictures."""

from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.cdn import content_type
from sandbox.discord.state.dimensions import dimensions
from sandbox.discord.state.world import World
from tests.media_samples import make_audio_only, make_motion, make_picture
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
    assert dimensions(None, picture.read_bytes()) == (64, 48)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.webp", "image/webp"),
        ("a.MP4", "video/mp4"),
        ("a.mov", "video/quicktime"),
        ("a.webm", "video/webm"),
        ("a.mkv", "video/x-matroska"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a", None),
    ],
)
def test_kinds_come_from_names(name: str, kind: str | None) -> None:
    assert content_type(name) == kind


@pytest.mark.parametrize("container", ["mp4", "mov", "webm"])
def test_video_sizes(tmp_path: Path, container: str) -> None:
    video = make_motion(tmp_path / "v", size=(160, 96), duration_s=0.2, container=container)
    assert dimensions(content_type(f"a.{container}"), video.read_bytes()) == (160, 96)


def test_anything_else_has_no_size(tmp_path: Path) -> None:
    assert dimensions("text/plain; charset=utf-8", b"hello") is None
    assert dimensions("image/jpeg", b"\xff\xd8\xff") is None
    assert dimensions("video/mp4", b"not really a video") is None
    video = make_motion(tmp_path / "v.mp4", duration_s=0.2).read_bytes()
    assert dimensions("video/mp4", video.replace(b"avc1", b"zzzz")) is None
    sound = make_audio_only(tmp_path / "a.mp4")
    assert dimensions("video/mp4", sound.read_bytes()) is None


async def test_a_video_shows_its_size_where_it_is_attached_and_in_a_gallery(
    rest: Rest, world: World, tmp_path: Path
) -> None:
    video = make_motion(tmp_path / "v.mp4", size=(160, 96), duration_s=0.2).read_bytes()
    path = f"/channels/{world.channels['general'].id}/messages"
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://v.mp4"}}]}
    body = {"flags": 1 << 15, "components": [gallery]}
    made = (await rest("POST", path, body, files={"v.mp4": video})).body
    [attachment] = made["attachments"]
    assert (attachment["width"], attachment["height"]) == (160, 96)
    media = made["components"][0]["items"][0]["media"]
    assert (media["width"], media["height"], media["content_type"]) == (160, 96, "video/mp4")


@pytest.mark.parametrize(
    ("asked", "status", "given", "data"),
    [
        ("bytes=0-", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=4-2", 200, None, b"0123456789"),
        ("bytes=0-1,3-4", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
    ],
)
async def test_parts_of_a_file(
    rest: Rest, world: World, asked: str, status: int, given: str | None, data: bytes
) -> None:
    link = await uploaded(rest, world, "a.bin", b"0123456789")
    async with rest.session.get(link, headers={"Range": asked}) as response:
        assert (response.status, response.headers.get("Content-Range")) == (status, given)
        assert response.headers["Accept-Ranges"] == "bytes"
        assert await response.read() == data
    conditional = {"Range": asked, "If-Range": '"x"'}
    async with rest.session.get(link, headers=conditional) as response:
        assert (response.status, await response.read()) == (200, b"0123456789")


async def test_what_people_upload_cannot_run(rest: Rest, world: World) -> None:
    link = await uploaded(rest, world, "page.html", b"<script>alert(1)</script>")
    for headers in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=99-"}):
        async with rest.session.get(link, headers=headers) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            policy = response.headers["Content-Security-Policy"]
            assert policy.startswith("sandbox; default-src 'none';")


async def test_a_video_may_play_where_it_is_opened(rest: Rest, world: World) -> None:
    link = await uploaded(rest, world, "dance.mp4", b"<script>alert(1)</script>")
    async with rest.session.get(link) as response:
        assert response.headers["Content-Type"] == "video/mp4"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")


async def uploaded(rest: Rest, world: World, name: str, data: bytes) -> str:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, files={name: data})).body
    link: str = made["attachments"][0]["url"]
    return link
