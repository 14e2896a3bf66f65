"""What a file is, its bytes tell, whatever it is called; and what is sent is what is paid for."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from sandbox.clients.transcript import text_of
from tests.bot.life.world import Life
from tests.e2e.stage import button, says
from tests.heic import make_heic
from tests.media_samples import make_films, make_motion, make_picture


def named(path: Path, name: str) -> Path:
    """A copy that is called otherwise."""
    return Path(shutil.copy(path, path.with_name(name)))


@pytest.mark.parametrize(
    ("picture", "motion"),
    [("photo.jpg_large", "dance.m4a"), ("photo", "dance"), ("photo.mp3", "dance.jpg")],
)
async def test_mimic_takes_files_by_their_bytes(life: Life, picture: str, motion: str) -> None:
    await life.start()
    ada = await life.person("ada")
    files = {"image": named(life.picture, picture), "video": named(life.motion, motion)}
    await ada.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
    await life.reaches("rendering")


@pytest.mark.parametrize("name", ["notes.txt", "notes.pdf", "photos.zip"])
async def test_what_is_surely_something_else_is_refused_at_sight(life: Life, name: str) -> None:
    await life.start()
    ada = await life.person("ada")
    files = {"image": named(life.picture, name), "video": life.motion}
    outcome = await ada.outcome(await ada.use(life.channel("general"), "mimic", {}, files))
    assert outcome["ephemeral"]
    assert f"`{name}` is not a picture I can use" in text_of(outcome["message"])
    assert life.states() == []


@pytest.mark.parametrize(
    "names", [["photo", "dance"], ["dance", "photo"], ["dance.jpg", "photo.mp4"]]
)
async def test_two_files_of_no_known_kind_are_sorted_by_their_bytes(
    life: Life, names: list[str]
) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    made = {"photo": life.picture, "dance": life.motion}
    await ben.send(channel, files=[named(made[name.split(".")[0]], name) for name in names])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await ben.click(channel, int(card["id"]), button(card, "360p"))
    await life.reaches("rendering")
    [job] = life.provider.accepted
    assert _stem(job.inputs.video_url) == "dance", "of the picture the bytes are sent"
    assert [Path(name).stem for (name,) in life.rows("SELECT subject ->> 'name' FROM jobs")] == [
        "photo"
    ]


async def test_files_of_no_known_kind_may_come_one_after_the_other(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[named(life.motion, "dance")])
    await ben.wait_for(says("Got the motion. Now send me the **picture**"))
    await ben.send(channel, files=[named(life.picture, "photo")])
    await ben.wait_for(says("Shall I make"))
    assert life.states() == ["checking"]


async def test_what_is_good_of_an_offer_is_kept(life: Life) -> None:
    """A picture, a wrong picture, a video, a wrong video, and at last another, longer one."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    tiny = make_picture(life.folder / "tiny.png", fmt="PNG", size=(20, 30))
    letter = life.folder / "letter.mp4"
    letter.write_text("Dear bot,\n" * 50)
    longer = make_motion(life.folder / "longer.mp4", duration_s=4)
    for file, said in (
        (life.picture, "Got your picture. Now send me the **video**"),
        (tiny, "only 20 × 30 pixels"),
        (life.motion, "2 s of motion"),
        (letter, "There is no video in `letter.mp4`"),
        (longer, "4 s of motion"),
    ):
        await ben.send(channel, files=[file])
        life.advance(5)
        card = (await ben.wait_for(says(said)))["message"]
    assert "still here" not in text_of(card)
    assert life.picture.name in str(card)
    assert life.states() == ["checking"]
    await ben.click(channel, int(card["id"]), button(card, "360p"))
    await life.reaches("rendering")
    assert life.rows("SELECT duration_s, failure FROM jobs") == [(4.0, None)]


async def test_with_a_wrong_file_instead_of_a_good_one_the_offer_still_stands(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    await ben.wait_for(says("2 s of motion"))
    letter = life.folder / "letter.mp4"
    letter.write_text("Dear bot,\n" * 50)
    await ben.send(channel, files=[letter])
    life.advance(5)
    await ben.wait_for(says("The rest of what you sent is still here."))
    again = says("The rest of what you sent is still here.", "2 s of motion")
    await life.until(lambda: any(map(again, ben.events)), step_s=0.5)
    card = next(event["message"] for event in ben.events if again(event))
    await ben.click(channel, int(card["id"]), button(card, "Never mind"))
    ended = says("Nothing was started, and nothing spent.")
    await life.until(lambda: any(map(ended, ben.events)), step_s=0.5)


async def test_a_larger_motion_is_scaled_down_and_sent_by_the_bot(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    large = make_films(life.folder / "large.mp4", ((2560, 1440), 0.5), ((64, 64), 9.0))
    files = {"image": life.picture, "video": large}
    await ada.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
    card = await ada.wait_for(says("learning to move"))
    assert "video sent as 1920 × 1080" in text_of(card["message"])
    assert life.rows("SELECT duration_s, price FROM jobs") == [(0.5, 1)]
    [job] = life.provider.accepted
    assert (job.inputs.image_url or "").startswith(life.discord.api_url.rsplit("/", 2)[0])
    assert job.inputs.video_url.startswith(life.provider.upload_url.rsplit("/", 2)[0])


async def test_an_offer_tells_what_is_sent(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    large = make_films(life.folder / "large.mp4", ((1280, 2560), 0.5))
    await ben.send(await ben.open_dm(), files=[life.picture, large])
    card = await ben.wait_for(says("Shall I make"))
    assert "0.5 s of motion, video sent as 960 × 1920." in text_of(card["message"])


async def test_a_gif_that_moves_is_a_motion(life: Life) -> None:
    """By either way of giving it; nothing is left out of what is said of it."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    gif = make_picture(life.folder / "dance.gif", fmt="GIF", animated=True)
    files = {"image": life.picture, "video": gif}
    await ada.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
    card = await ada.wait_for(says("learning to move"))
    assert "GIF sent as video, 320 × 480" in text_of(card["message"])
    [job] = life.provider.accepted
    assert job.inputs.video_url.startswith(life.provider.upload_url.rsplit("/", 2)[0])
    channel = await ben.open_dm()
    await ben.send(channel, files=[gif])
    await ben.wait_for(says("Got the motion. Now send me the **picture**"))
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Shall I make", "0.2 s of motion, GIF sent as video, 320 × 480"))
    await ben.send(channel, files=[gif, life.picture])
    await ben.wait_for(says("Shall I make", "0.2 s of motion, GIF sent as video, 320 × 480"))
    assert life.rows("SELECT duration_s, price FROM jobs WHERE price > 0") == [(0.2, 1)]


async def test_a_gif_that_comes_after_its_picture_is_the_motion(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Got your picture"))
    gif = make_picture(life.folder / "dance.gif", fmt="GIF", animated=True)
    await ben.send(channel, files=[gif])
    await ben.wait_for(says("Shall I make", "GIF sent as video"))


async def test_nothing_is_written_anew_for_a_picture_that_is_refused(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    files = {
        "image": make_picture(life.folder / "tiny.png", fmt="PNG", size=(20, 30)),
        "video": make_motion(life.folder / "dance.webm", container="webm", duration_s=1),
    }
    await ada.use(life.channel("general"), "mimic", {}, files)
    await ada.wait_for(says("only 20 × 30 pixels"))
    await life.reaches("failed")
    assert life.money() == []


async def test_a_heic_is_uploaded_as_a_jpeg(life: Life) -> None:
    """What is sent is what was made of it, also of an offer; its link would be of another file."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    with Image.open(life.picture) as picture:
        heic = make_heic(life.folder / "IMG_1234.HEIC", picture, tile=(128, 128))
    await ben.send(channel, files=[heic, life.motion])
    card = (await ben.wait_for(says("Shall I make", "2 s of motion, HEIC sent as JPEG")))["message"]
    await ben.click(channel, int(card["id"]), button(card, "360p"))
    await life.reaches("rendering")
    [job] = life.provider.accepted
    assert (job.inputs.image_url or "").startswith(life.provider.upload_url.rsplit("/", 2)[0])
    assert job.inputs.video_url.startswith(life.discord.api_url.rsplit("/", 2)[0])


async def test_of_a_gif_with_a_video_the_first_frame_is_the_picture(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    gif = make_picture(life.folder / "moving.gif", fmt="GIF", animated=True)
    files = {"image": gif, "video": life.motion}
    await ada.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
    card = await ada.wait_for(says("learning to move"))
    assert "first frame of the GIF" in text_of(card["message"])


async def test_a_picture_that_was_drawn_anew_is_fetched_again_for_another_motion(
    life: Life,
) -> None:
    """What lies there is no longer what was given, whichever file comes next."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    bmp = make_picture(life.folder / "photo.bmp", fmt="BMP")
    await ben.send(channel, files=[bmp, life.motion])
    await ben.wait_for(says("Shall I make", "2 s of motion, BMP sent as JPEG"))
    longer = make_motion(life.folder / "longer.mp4", duration_s=4)
    await ben.send(channel, files=[longer])
    life.advance(5)
    card = (await ben.wait_for(says("Shall I make", "4 s of motion, BMP sent as JPEG")))["message"]
    await ben.click(channel, int(card["id"]), button(card, "360p"))
    await life.reaches("rendering")
    [job] = life.provider.accepted
    assert (job.inputs.image_url or "").startswith(life.provider.upload_url.rsplit("/", 2)[0])


def _stem(link: str | None) -> str:
    return Path((link or "").split("?")[0]).stem
