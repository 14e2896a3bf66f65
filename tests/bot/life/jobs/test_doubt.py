"""A submit whose reply was lost: found in the history, or settled by a person, never sent again."""

from sandbox.clients.transcript import text_of
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says


async def doubt(life: Life, *, accepted: bool) -> None:
    """Leave a job as a kill between its saved intent and the provider's reply would.

    Its run, if the provider took it, is at work and does not end by itself.
    """
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.until(lambda: life.provider.accepted[0].has_files)
    await life.stop()
    await life.alter("UPDATE jobs SET state = 'submitting', lease = 'a run that is over'")
    await life.alter("UPDATE attempts SET request_id = NULL, submitted_at = NULL")
    if not accepted:
        await life.alter("UPDATE attempts SET image_url = 'https://nowhere.example/never-sent.jpg'")


async def test_it_is_found_in_the_history_and_goes_on(life: Life) -> None:
    await doubt(life, accepted=True)
    ada = await life.person("ada")
    life.provider.workshop.resume()
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]


async def test_what_cannot_be_settled_waits_for_a_person_with_its_credits_held(life: Life) -> None:
    await doubt(life, accepted=False)
    ada = await life.person("ada")
    began = life.clock.time()
    await life.start()
    await life.until(lambda: history_reads(life) >= 3, step_s=5.0)
    assert life.states() == ["submitting"]
    await life.reaches("review", step_s=30.0)
    assert life.clock.time() - began >= 15 * 60
    card = (await ada.wait_for(says("Waits for a decision by the moderators")))["message"]
    assert "stay reserved" in text_of(card)
    assert life.money() == ["hold"]
    assert len(life.provider.accepted) == 1


async def test_a_job_in_review_goes_on_once_the_history_knows_it(life: Life) -> None:
    habits = life.provider.faults.habits
    life.provider.faults.habits = habits.changed({"history_late_s": 3000.0})
    await doubt(life, accepted=True)
    ada = await life.person("ada")
    await life.start()
    await life.reaches("review", step_s=30.0)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=60.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]


async def test_a_row_that_another_job_has_claimed_is_not_taken(life: Life) -> None:
    await doubt(life, accepted=True)
    [(request_id,)] = [(job.request_id,) for job in life.provider.accepted]
    await life.alter(
        "INSERT INTO attempts (job_id, image_url, video_url, quality, began_at, request_id)"
        " SELECT job_id, 'i', 'v', quality, began_at, ? FROM attempts",
        request_id,
    )
    await life.start()
    await life.reaches("review", step_s=30.0)
    assert len(life.provider.accepted) == 1


def lost_reads(life: Life) -> int:
    """How often it has asked where no history is."""
    return sum("nobody-answers-here" in seen.path for seen in life.provider.requests)


def history_reads(life: Life) -> int:
    """How often the bot has looked into the history."""
    return sum("request-history" in seen.path for seen in life.provider.requests)


async def test_a_history_that_cannot_be_read_is_no_proof(life: Life) -> None:
    """The bot was away for hours, and the provider's history is down when it comes back."""
    await doubt(life, accepted=True)
    life.provider.workshop.resume()
    life.advance(5 * 3600)
    await life.start(segmind_history_url=f"{life.provider.files_url}/nobody-answers-here")
    began = life.clock.time()
    await life.until(lambda: lost_reads(life) >= 6, step_s=600.0)
    assert life.clock.time() - began > 15 * 60
    assert life.states() == ["submitting"]
    await life.stop()
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert len(life.provider.accepted) == 1
