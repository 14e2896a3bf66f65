"""A job that only a person can settle: a moderator in Discord, or the operator beside the bot."""

import pytest

from bot.console.jobs import jobs
from bot.console.usage import parser
from bot.errors import Problem, Refused
from sandbox.clients.person import PersonClient, PersonError
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.jobs.test_doubt import doubt
from tests.bot.life.moderators.desk import Desk
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

AGAIN, GIVE_UP, RAN = "again", "give-up", "ran"
NOWHERE = "https://nowhere.example/never-sent.jpg"


async def in_review(life: Life, *, accepted: bool) -> str:
    """A job in review; where it was accepted, the run's request id, which nobody has found."""
    await doubt(life, accepted=accepted)
    # As if it had been sent later than its row says: so the bot does not find it by itself.
    life.advance(1000)
    await life.alter("UPDATE attempts SET began_at = ?", life.clock.time())
    await life.start()
    await life.reaches("review", step_s=30.0)
    await life.until(lambda: life.rows("SELECT card_shown FROM jobs") == [("review",)], step_s=1.0)
    return life.provider.accepted[0].request_id


async def decide(
    life: Life,
    person: PersonClient,
    outcome: str,
    *,
    job: str | None = None,
    run: str | None = None,
    channel: str = "general",
) -> str:
    """`/moderate resolve`, and a choice on its card; what the moderator alone reads."""
    at = Desk(life, person, channel)
    card = await at.use("moderate resolve", job=job or life.job_id())
    return await at.settle(card, outcome, run=run) if buttons_of(card) else text_of(card)


async def shows(life: Life, person: PersonClient, state: str, *words: str) -> str:
    """Wait until the job's card shows this state, and these words; its whole text."""
    query = "SELECT card_shown FROM jobs"
    await life.until(lambda: str(life.rows(query)[0][0]).startswith(state), step_s=1.0)
    return text_of((await person.wait_for(says(*words)))["message"])


async def test_what_did_not_run_is_tried_again_in_its_old_place(life: Life) -> None:
    await in_review(life, accepted=False)
    ada, dana = await life.person("ada"), await life.person("dana")
    assert "back in its place" in await decide(life, dana, AGAIN)
    await life.reaches("rendering", step_s=1.0)
    card = await shows(life, ada, "rendering", "learning to move", "nothing came of the first try")
    assert "2 credits reserved" in card
    assert life.money() == ["hold"]
    assert len(life.provider.accepted) == 2
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert life.money() == ["hold", "capture"]
    assert len(life.provider.accepted) == 2
    assert life.rows(
        "SELECT actor_id, action, reason, person_id FROM actions WHERE action != 'review'"
    ) == [(life.world.users["dana"].id, "resolve", "I asked them", life.world.users["ada"].id)]


async def test_a_new_try_does_not_hand_over_what_an_earlier_one_left(life: Life) -> None:
    """Killed between the fetching of a video in review and the note of it."""
    await in_review(life, accepted=False)
    left = life.folder / "data" / "media" / life.job_id() / "video.mp4"
    left.write_bytes(life.motion.read_bytes())
    await decide(life, await life.person("dana"), AGAIN)
    await life.reaches("rendering", step_s=1.0)
    assert not left.exists()


async def test_what_is_given_up_gives_its_credits_back(life: Life) -> None:
    await in_review(life, accepted=False)
    ada, dana = await life.person("ada"), await life.person("dana")
    assert "has the credits back" in await decide(life, dana, GIVE_UP)
    card = await shows(life, ada, "failed", "### That did not work", "given up")
    assert "You were not charged." in card
    assert life.states() == ["failed"]
    assert life.money() == ["hold", "release"]
    media = life.folder / "data" / "media"
    await life.until(lambda: not list(media.iterdir()))
    assert "it was settled before, and is failed now" in await decide(life, dana, GIVE_UP)


async def test_what_ran_takes_its_own_run(life: Life) -> None:
    request_id = await in_review(life, accepted=True)
    ada, dana = await life.person("ada"), await life.person("dana")
    assert "goes on" in await decide(life, dana, RAN, run=request_id)
    await shows(life, ada, "rendering", "learning to move", "did take it")
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]


async def settle(life: Life, outcome: str, reason: str, *more: str) -> str:
    """`jobs resolve`; what the operator reads."""
    typed = ["jobs", "resolve", life.job_id(), "--outcome", outcome, "--reason", reason, *more]
    return await jobs(parser().parse_args(typed), life.settings(), life.clock)


async def test_the_operator_can_give_it_no_other_run(life: Life) -> None:
    request_id = await in_review(life, accepted=True)
    [(image_url,)] = life.rows("SELECT image_url FROM attempts")
    for problem, url, outcome, given in (
        (Problem.RUN_ID_MISSING, image_url, RAN, []),
        (Problem.RUN_ID_NEEDLESS, image_url, AGAIN, ["--request-id", request_id]),
        (Problem.RUN_UNKNOWN, image_url, RAN, ["--request-id", "no-such-run"]),
        (Problem.RUN_OF_OTHER_INPUTS, NOWHERE, RAN, ["--request-id", request_id]),
    ):
        await life.alter("UPDATE attempts SET image_url = ?", url)
        with pytest.raises(Refused) as caught:
            await settle(life, outcome, "the invoice", *given)
        assert caught.value.problem is problem
    await life.alter("UPDATE attempts SET image_url = ?", image_url)
    assert life.states() == ["review"]
    assert life.rows("SELECT * FROM actions WHERE action != 'review'") == []
    await settle(life, RAN, "the invoice", "--request-id", f"`{request_id.upper()}`")
    assert life.states() == ["rendering"]


async def test_only_moderators_and_only_their_own_servers_jobs(life: Life) -> None:
    await in_review(life, accepted=False)
    ben, cleo = await life.person("ben"), await life.person("cleo")
    with pytest.raises(PersonError):
        await decide(life, ben, AGAIN)
    theirs = await decide(life, cleo, AGAIN, channel="lawn")
    nobodys = await decide(life, cleo, AGAIN, job="abcdefgh23", channel="lawn")
    assert theirs.replace(life.job_id(), "…") == nobodys.replace("abcdefgh23", "…")
    assert "There is no job" in theirs
    assert (
        await cleo.autocomplete(life.channel("lawn"), "moderate resolve", {"job": ""}, "job") == []
    )
    assert life.states() == ["review"]


async def test_the_jobs_in_review_are_offered(life: Life) -> None:
    await in_review(life, accepted=False)
    dana = await life.person("dana")
    for typed, found in (("", 1), (life.job_id()[:4].upper(), 1), ("ada", 1), ("zz", 0)):
        offered = await dana.autocomplete(
            life.channel("general"), "moderate resolve", {"job": typed}, "job"
        )
        assert len(offered) == found, typed
        for choice in offered:
            assert choice["value"] == life.job_id()
            assert choice["name"].startswith(f"{life.job_id()} · Ada · ")
            assert choice["name"].endswith(" min")


@pytest.mark.parametrize(
    ("outcome", "state"), [(AGAIN, "rendering"), (GIVE_UP, "failed"), (RAN, "rendering")]
)
async def test_a_running_bot_notices_what_the_operator_decides(
    life: Life, outcome: str, state: str
) -> None:
    request_id = await in_review(life, accepted=outcome == RAN)
    ada = await life.person("ada")
    began = life.clock.time()
    given = ["--request-id", request_id] if outcome == RAN else []
    assert life.job_id() in await settle(life, outcome, "the invoice", *given)
    words = "given up" if outcome == GIVE_UP else "It was looked into"
    await life.reaches(state, step_s=1.0)
    await shows(life, ada, state, words)
    assert life.clock.time() - began <= 90
    assert life.rows("SELECT actor_id, reason FROM actions WHERE action != 'review'") == [
        (0, "the invoice")
    ]
