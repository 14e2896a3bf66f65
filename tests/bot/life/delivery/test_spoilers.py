"""What was given as a spoiler comes back as one, by whichever route, and after a restart."""

from pathlib import Path

import pytest

from sandbox.clients.person import Json, PersonClient
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import button, says

IS_SPOILER = 1 << 3


def galleries(message: Json) -> list[Json]:
    """The pictures and videos on a card."""
    [container] = message["components"]
    parts = [part for part in container["components"] if "items" in part]
    return [item for part in parts for item in part["items"]]


def is_veiled(message: Json) -> bool:
    """Whether a message's only video is a spoiler; both marks must say the same."""
    [item], [file] = galleries(message), message["attachments"]
    named = file["filename"].startswith("SPOILER_") and file.get("flags", 0) & IS_SPOILER
    assert item["media"]["attachment_id"] == file["id"]
    assert item["spoiler"] is bool(named)
    return bool(named)


def is_finished(event: Json) -> bool:
    """A message of the bot's with a file: as a post, in its reply, or shown again."""
    message = event.get("message")
    return bool(message and message["attachments"] and message["author"].get("bot"))


def veiled(path: Path) -> Path:
    return path.rename(path.with_name(f"SPOILER_{path.name}"))


async def rendering(
    life: Life, channel: str, image: Path, video: Path, name: str = "ada"
) -> PersonClient:
    """A job of these files that renders until the provider goes on."""
    await life.start()
    life.provider.workshop.pause()
    person = await life.person(name)
    files = {"image": image, "video": video}
    await person.use(life.channel(channel), "mimic", {"quality": "360p"}, files)
    await person.wait_for(says("learning to move"))
    return person


@pytest.mark.parametrize(
    ("channel", "after_s", "route"),
    [("general", 0.0, "channel"), ("readonly", 0.0, "reply"), ("readonly", TOKEN_LIFE_S, "direct")],
)
async def test_either_file_veils_the_video_on_each_route(
    life: Life, channel: str, after_s: float, route: str
) -> None:
    ada = await rendering(life, channel, life.picture, veiled(life.motion))
    life.advance(after_s)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT delivered FROM jobs") == [(route,)]
    assert is_veiled((await ada.wait_for(is_finished))["message"])


async def test_a_video_that_is_kept_is_shown_veiled(life: Life) -> None:
    eve = await rendering(life, "readonly", veiled(life.picture), life.motion, "eve")
    life.advance(TOKEN_LIFE_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT delivered FROM jobs") == [("kept",)]
    await eve.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    assert is_veiled((await eve.wait_for(is_finished))["message"])


async def test_marked_files_are_veiled_on_their_offer_and_after_a_restart(life: Life) -> None:
    """Their names do not tell: only the attachments' flag does."""
    await life.start()
    life.provider.workshop.pause()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture], spoiler=True)
    half = (await ben.wait_for(says("Now send me the **video**")))["message"]
    assert [item["spoiler"] for item in galleries(half)] == [True]
    await ben.send(channel, files=[life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert [item["spoiler"] for item in galleries(card)] == [True, False]
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "540p")))
    await life.reaches("rendering", step_s=0.5)
    await life.stop()
    life.provider.workshop.resume()
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert is_veiled((await ben.wait_for(is_finished))["message"])


async def test_a_forwarded_spoiler_is_one(life: Life) -> None:
    await life.start()
    ben, general = await life.person("ben"), life.channel("general")
    sent = await ben.send(general, files=[life.picture], spoiler=True)
    await ben.forward(general, int(sent["id"]), await ben.open_dm())
    card = (await ben.wait_for(says("Now send me the **video**")))["message"]
    assert [item["spoiler"] for item in galleries(card)] == [True]


async def test_what_was_shown_openly_is_not_veiled(life: Life) -> None:
    ada = await rendering(life, "general", life.picture, life.motion)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert not is_veiled((await ada.wait_for(is_finished))["message"])
