"""The bot was off for three days: tokens, links, results and offers have all expired meanwhile."""

from sandbox.clients.person import PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Rule, late
from tests.bot.life.jobs.test_doubt import history_reads
from tests.bot.life.jobs.test_points import POST
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

AWAY_S = 3 * 24 * 3600.0
HOUR_S = 3600.0


async def three_days_off(life: Life) -> None:
    """Runs under way end an hour after the bot; nobody looks."""
    await life.stop()
    life.provider.workshop.resume()
    life.advance(HOUR_S)
    await life.until(lambda: all(job.ended_at for job in life.provider.accepted))
    life.advance(AWAY_S)
    await life.start(max_running=2)


async def test_what_ran_and_what_waited_are_delivered(life: Life) -> None:
    """One rendered past its hour; one lost its submit's answer; one waited, its links are dead."""
    await life.start(max_running=2)
    people = [await life.person(name) for name in ("ada", "ben", "cleo")]
    life.provider.workshop.pause()
    for count, person in enumerate(people, 1):
        await person.outcome(await life.mimic(person))
        await life.reaches(*["rendering", "rendering", "queued"][:count])
    card = (await people[0].wait_for(says("learning to move", to=people[0].user_id)))["message"]
    in_doubt = life.provider.accepted[1].request_id
    await life.stop()
    await life.alter(
        "UPDATE jobs SET state = 'submitting', lease = 'a run that is over' WHERE attempt_id ="
        " (SELECT id FROM attempts WHERE request_id = ?)",
        in_doubt,
    )
    await life.alter("UPDATE attempts SET request_id = NULL WHERE request_id = ?", in_doubt)
    await three_days_off(life)
    await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert (posts(life), len(life.provider.accepted)) == (3, 3)
    assert "/assets/" in (life.provider.accepted[2].inputs.image_url or "")
    assert sorted(life.money()) == ["capture"] * 3 + ["hold"] * 3
    for name in ("ada", "ben", "cleo"):
        [mine] = await posts_for(life, people[0], name)
        assert mine["attachments"]
    done = (await people[0].wait_for(says("[Your video](", to=people[0].user_id)))["message"]
    assert done["id"] == card["id"], "edited by its id: the token is long dead"


async def posts_for(life: Life, ada: PersonClient, name: str) -> list[dict[str, object]]:
    """The finished posts that mention somebody."""
    person = life.world.users[name].id
    found = await life.posts(ada, life.channel("general"))
    return [post for post in found if post["mentions"][0]["id"] == str(person)]


async def test_a_post_that_was_under_way_stands_once(life: Life) -> None:
    """It was posted, and the bot was gone before it heard of it; the nonce is long forgotten."""
    heard = life.never
    life.faults.add(Rule(late(heard, after=True), *POST, times=1))
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.until(lambda: bool(life.faults.struck), step_s=1.0)
    await life.until(lambda: any(map(is_video, ada.events)))
    await three_days_off(life)
    await life.reaches("delivered", step_s=1.0)
    assert len(await life.posts(ada, life.channel("general"))) == 1
    assert life.money() == ["hold", "capture"]


async def test_a_request_whose_files_were_not_fetched_is_told_directly(life: Life) -> None:
    """The links have expired, and the reply can no longer be edited."""
    life.faults.add(Rule(late(life.never), "cdn", times=1))
    await life.start()
    ada = await life.person("ada")
    outcome = await ada.outcome(await life.mimic(ada))
    assert outcome["state"] == "deferred"
    await life.until(lambda: life.faults.struck.total() == 1)
    await three_days_off(life)
    await life.reaches("failed", step_s=1.0)
    told = (await ada.wait_for(says("did not hand me the image")))["message"]
    assert int(told["channel_id"]) == await ada.open_dm()
    assert life.money() == []


async def test_an_offer_is_over_and_says_so(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    await ben.send(await ben.open_dm(), files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await three_days_off(life)
    await life.reaches("cancelled", step_s=1.0)
    assert (await ben.wait_for(says("### Cancelled")))["message"]["id"] == card["id"]
    assert life.money() == []


async def test_a_job_in_review_still_waits_for_a_person(life: Life) -> None:
    life.faults.add(Rule(answers.page(502), "provider", "POST", "/v2/{model}", times=1))
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("review", step_s=30.0)
    before = history_reads(life)
    await three_days_off(life)
    await life.until(lambda: history_reads(life) > before)
    assert life.states() == ["review"]
    assert (posts(life), life.money()) == (1, ["hold"])


async def test_a_video_that_ended_while_discord_was_away_too(life: Life) -> None:
    """The bot is back before Discord is: nothing is given up, and nothing bought again."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    down = Rule(answers.text(503), *POST)
    life.faults.add(down)
    await three_days_off(life)
    await life.reaches("delivering", step_s=1.0)
    life.advance(HOUR_S)
    life.faults.rules.remove(down)
    await life.reaches("delivered", step_s=10.0)
    assert len(await life.posts(ada, life.channel("general"))) == 1
    assert posts(life) == 1
