"""Bad input: a clear private sentence that says what to do, and nothing is charged."""

from pathlib import Path

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from tests import media_samples
from tests.e2e.stage import LONG_S, Stage, button, is_video, says


async def refused(
    stage: Stage,
    person: PersonClient,
    words: str,
    *,
    image: Path | None = None,
    video: Path | None = None,
) -> None:
    """The person alone reads these words, and the public reply is gone."""
    interaction = await stage.mimic(person, image=image, video=video)
    event = await person.wait_for(says(words))
    assert event["message"]["flags"] & 64, "the refusal was public"
    messages = await person.messages(stage.channels["general"])
    assert not [message for message in messages if message["flags"] & 128], "it still thinks"
    assert (await person.outcome(interaction))["state"] in {"replied", "deferred"}


async def test_bad_files(stage: Stage) -> None:
    await stage.bot()
    ada = await stage.person("ada")
    folder = stage.folder
    letter, text, sound, long, cut, bomb, still, picture = (
        folder / name
        for name in (
            "letter.mp4", "letter.txt", "sound.mp4", "long.mp4", "cut.mp4", "bomb.png",
            "still.mp4", "looks.mp4",
        )
    )  # fmt: skip
    letter.write_text("Dear video,\n" * 100)
    text.write_text("Dear bot,\n")
    picture.write_bytes(stage.picture.read_bytes())
    media_samples.make_audio_only(sound)
    media_samples.make_motion(long, duration_s=31.0, fps=4)
    media_samples.make_truncated(stage.motion, cut)
    media_samples.make_pixel_bomb(bomb)
    media_samples.make_picture(still, fmt="GIF")

    await refused(stage, ada, "swapped", image=stage.motion, video=stage.picture)
    await refused(stage, ada, "`letter.txt` is not a picture I can use", image=text)
    await refused(stage, ada, "There is no video in `letter.mp4`", video=letter)
    await refused(
        stage, ada, "`looks.mp4` is a still JPEG, and I need something that moves", video=picture
    )
    await refused(stage, ada, "no moving picture", video=sound)
    await refused(stage, ada, "31 seconds long and may be 30", video=long)
    await refused(stage, ada, "The video is damaged", video=cut)
    await refused(stage, ada, "too many", image=bomb)
    await refused(stage, ada, "`still.mp4` is a GIF that does not move", video=still)

    assert await stage.accepted() == 0
    assert stage.money() == []
    assert set(stage.states()) == {"failed"}
    assert not [path for path in (stage.data / "media").rglob("*") if path.is_file()]


async def test_no_credits_somebody_elses_job_and_an_unknown_one(stage: Stage) -> None:
    await stage.bot(ALLOWANCE_CREDITS="3")
    await stage.provider("POST", "pause")
    ada, ben = await stage.person("ada"), await stage.person("ben")
    general = stage.channels["general"]
    await stage.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await refused(stage, ada, "This costs 2 credits and you have 1. Your allowance renews <t:")

    [(job_id,)] = stage.rows("SELECT id FROM jobs WHERE state = 'rendering'")
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
    assert await stage.accepted() == 1


async def test_over_a_limit_jobs_wait_and_a_full_line_is_said(stage: Stage) -> None:
    await stage.bot(MAX_RUNNING_PER_PERSON="1", MAX_WAITING="1")
    await stage.provider("POST", "pause")
    ada, ben = await stage.person("ada"), await stage.person("ben")
    await stage.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await stage.mimic(ada)
    await stage.reaches("rendering", "queued")
    await ada.wait_for(says("### In line", "Starts when one of your videos"))
    outcome = await ben.outcome(await stage.mimic(ben))
    assert "The line is full" in text_of(outcome["message"])
    await stage.provider("POST", "resume")
    await ada.wait_for(is_video, LONG_S)
    await ada.wait_for(is_video, LONG_S)
    assert await stage.accepted() == 2
    await stage.reaches("delivered", "delivered")


async def test_a_wrong_key_is_unavailable_to_members_and_told_to_the_operator(
    stage: Stage,
) -> None:
    bot = await stage.bot(SEGMIND_API_KEY="SG_wrong")
    ada, ben = await stage.person("ada"), await stage.person("ben")
    await stage.mimic(ada)
    card = (await ada.wait_for(says("The video service is unavailable right now", "you can also")))[
        "message"
    ]
    assert stage.states() == ["queued"]
    outcome = await ben.outcome(await stage.mimic(ben))
    assert outcome["ephemeral"]
    assert "unavailable" in text_of(outcome["message"])
    assert "Check SEGMIND_API_KEY" in bot.log()
    assert "SG_wrong" not in bot.log()
    await ada.click(stage.channels["general"], int(card["id"]), button(card, "Cancel"))
    await ada.wait_for(says("### Cancelled"))
    assert stage.money() == ["hold", "release"]

    assert await bot.stop() == 0
    await stage.bot()
    await stage.mimic(ben)
    await ben.wait_for(is_video, LONG_S)


async def test_a_provider_that_does_not_answer(stage: Stage) -> None:
    await stage.bot(SEGMIND_API_URL="http://127.0.0.1:9/v2")
    ada = await stage.person("ada")
    await stage.mimic(ada)
    await ada.wait_for(says("The video service is unavailable right now"))
    assert stage.states() == ["queued"]
    assert stage.money() == ["hold"]
