"""Bad input: a clear private sentence that says what to do, and nothing is charged."""

from pathlib import Path

from pydantic import HttpUrl, SecretStr
from structlog.testing import capture_logs

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from tests import media_samples
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


async def refused(
    life: Life,
    person: PersonClient,
    words: str,
    *,
    image: Path | None = None,
    video: Path | None = None,
) -> None:
    """The person alone reads these words, and the public reply is gone."""
    files = {"image": image or life.picture, "video": video or life.motion}
    interaction = await person.use(life.channel("general"), "mimic", {"quality": "360p"}, files)
    event = await person.wait_for(says(words))
    assert event["message"]["flags"] & 64, "the refusal was public"
    messages = await person.messages(life.channel("general"))
    assert not [message for message in messages if message["flags"] & 128], "it still thinks"
    assert (await person.outcome(interaction))["state"] in {"replied", "deferred"}


async def test_bad_files(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    folder = life.folder
    letter, text, sound, long, cut, bomb, still, picture = (
        folder / name
        for name in (
            "letter.mp4", "letter.txt", "sound.mp4", "long.mp4", "cut.mp4", "bomb.png",
            "still.mp4", "looks.mp4",
        )
    )  # fmt: skip
    letter.write_text("Dear video,\n" * 100)
    text.write_text("Dear bot,\n")
    picture.write_bytes(life.picture.read_bytes())
    media_samples.make_audio_only(sound)
    media_samples.make_motion(long, duration_s=601.0, fps=1, size=(64, 64))
    media_samples.make_truncated(life.motion, cut)
    media_samples.make_pixel_bomb(bomb)
    media_samples.make_picture(still, fmt="GIF")

    await refused(life, ada, "swapped", image=life.motion, video=life.picture)
    await refused(life, ada, "`letter.txt` is not a picture I can use", image=text)
    await refused(life, ada, "There is no video in `letter.mp4`", video=letter)
    await refused(
        life, ada, "`looks.mp4` is a still JPEG, and I need something that moves", video=picture
    )
    await refused(life, ada, "no moving picture", video=sound)
    await refused(life, ada, "601 seconds long and may be 600", video=long)
    await refused(life, ada, "The video is damaged", video=cut)
    await refused(life, ada, "too many", image=bomb)
    await refused(life, ada, "`still.mp4` is a GIF that does not move", video=still)

    assert not life.provider.accepted
    assert life.money() == []
    assert set(life.states()) == {"failed"}
    assert not [path for path in (life.folder / "data" / "media").rglob("*") if path.is_file()]


async def test_no_credits_somebody_elses_job_and_an_unknown_one(life: Life) -> None:
    await life.start(allowance_credits=3)
    life.provider.workshop.pause()
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await refused(life, ada, "This costs 2 credits and you have 1. Your allowance renews <t:")

    [(job_id,)] = life.rows("SELECT id FROM jobs WHERE state = 'rendering'")
    for person, job, words in (
        (ben, job_id, "That job is somebody else's"),
        (ada, "nothing", "There is no job `nothing`"),
        (ada, job_id, "It is too late to cancel"),
    ):
        outcome = await person.outcome(await person.use(general, "jobs cancel", {"job": job}))
        assert outcome["ephemeral"]
        assert words in text_of(outcome["message"])
    outcome = await ben.outcome(await ben.use(general, "jobs show", {"job": job_id}))
    assert "somebody else's" in text_of(outcome["message"])
    outcome = await ada.outcome(await ada.use(general, "jobs list"))
    assert job_id in text_of(outcome["message"])
    assert len(life.provider.accepted) == 1


async def test_over_a_limit_jobs_wait_and_a_full_line_is_said(life: Life) -> None:
    await life.start(max_running_per_person=1, max_waiting=1)
    life.provider.workshop.pause()
    ada, ben = await life.person("ada"), await life.person("ben")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ada)
    await life.reaches("rendering", "queued")
    await ada.wait_for(says("### In line", "Starts when one of your videos"))
    outcome = await ben.outcome(await life.mimic(ben))
    assert "The line is full" in text_of(outcome["message"])
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert len(life.provider.accepted) == 2


async def test_a_wrong_key_is_unavailable_to_members_and_told_to_the_operator(life: Life) -> None:
    with capture_logs() as logs:
        await life.start(segmind_api_key=SecretStr("SG_wrong"))
        ada, ben = await life.person("ada"), await life.person("ben")
        await ada.outcome(await life.mimic(ada))
        down = says("The video service is unavailable right now", "you can also")
        card = (await ada.wait_for(down))["message"]
        assert life.states() == ["queued"]
        outcome = await ben.outcome(await life.mimic(ben))
        assert outcome["ephemeral"]
        assert "unavailable" in text_of(outcome["message"])
        await ada.click(life.channel("general"), int(card["id"]), button(card, "Cancel"))
        await ada.wait_for(says("### Cancelled"))
        assert life.money() == ["hold", "release"]
        await life.stop()
    assert "Check SEGMIND_API_KEY" in str(logs)
    assert "SG_wrong" not in str(logs)
    await life.start()
    await life.mimic(ben)
    await life.reaches("cancelled", "delivered", step_s=1.0)


async def test_a_provider_that_does_not_answer(life: Life) -> None:
    await life.start(segmind_api_url=HttpUrl("http://127.0.0.1:9/v2"))
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("The video service is unavailable right now"))
    assert life.states() == ["queued"]
    assert life.money() == ["hold"]
