"""A job in doubt: nobody else waits for it, its requester may give it up, and budgets remember."""

from bot.store.database import Database
from bot.store.store import Store
from engine.api.faults import Mode
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_doubt import doubt
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.jobs.test_review import GIVE_UP, decide, in_review
from tests.bot.life.moderators.desk import Desk, yes
from tests.bot.life.operator.test_doctor import examine
from tests.bot.life.provider.test_provider import posts, with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import button, is_video, says

DAY_S = 24 * 3600.0


async def in_doubt(life: Life, *, accepted: bool = False, **settings: object) -> PersonClient:
    """The answer to Ada's submit is lost, and her card says so."""
    life.faults.add(Rule(answers.page(502, after=accepted), *SUBMIT, times=1))
    await life.start(**settings)
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: "doubt" in shown(life), step_s=1.0)
    return ada


def shown(life: Life) -> str:
    """What the first job's card shows."""
    return str(life.rows("SELECT card_shown FROM jobs ORDER BY created_at")[0][0])


def counted_on(life: Life) -> list[int]:
    """The credits of jobs that were given up and may yet be billed."""
    return [row[0] for row in life.rows("SELECT credits FROM unproven")]


async def asked(life: Life, person: PersonClient, channel_id: int | None = None) -> Json:
    """The question that *Give up* is answered with, privately."""
    place = channel_id or life.channel("general")
    card = await doubted_card(person, place)
    outcome = await person.outcome(
        await person.click(place, int(card["id"]), button(card, "Give up"))
    )
    assert outcome["ephemeral"]
    message: Json = outcome["message"]
    return message


async def doubted_card(person: PersonClient, channel_id: int) -> Json:
    """The first card that says that a job is in doubt."""
    cards = await person.messages(channel_id)
    return next(card for card in cards if "### No answer yet" in text_of(card))


async def gives_up(life: Life, person: PersonClient, channel_id: int | None = None) -> str:
    """Press the button and confirm; what is said then."""
    desk = Desk(life, person, "general")
    desk.channel_id = channel_id or desk.channel_id
    return await desk.press(await asked(life, person, channel_id), "Give it up")


# --- nobody else waits for it -------------------------------------------------------------------


async def test_two_other_jobs_start_once_the_provider_is_back(life: Life) -> None:
    """It is down for half a minute; the doubt lasts for a quarter of an hour."""
    await life.start(max_running=3, max_running_per_person=2)
    life.provider.faults.set(Mode.DOWN)
    life.provider.workshop.pause()
    ada = await life.person("ada")
    for states in (["submitting"], ["submitting", "queued"], ["submitting", "queued", "queued"]):
        await ada.outcome(await life.mimic(ada))
        await life.reaches(*states)
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began >= 30, step_s=1.0)
    assert life.states() == ["submitting", "queued", "queued"]
    life.provider.faults.set(Mode.WELL)
    await life.reaches("submitting", "rendering", "rendering", step_s=1.0)
    assert life.clock.time() - began < 120
    assert life.money() == ["hold"] * 3
    life.provider.workshop.resume()
    await life.reaches("submitting", "delivered", "delivered", step_s=1.0)
    await ada.wait_for(is_video)
    await life.reaches("review", "delivered", "delivered", step_s=30.0)
    assert life.clock.time() - began >= 15 * 60


async def test_of_one_person_no_more_come_to_be_in_doubt_than_may_run(life: Life) -> None:
    life.faults.add(Rule(answers.page(502), *SUBMIT, times=2))
    await life.start(max_running=4, max_running_per_person=2)
    life.provider.workshop.pause()
    ada, ben = await life.person("ada"), await life.person("ben")
    for count in (1, 2, 3):
        await ada.outcome(await life.mimic(ada))
        await life.reaches(*["submitting", "queued", "queued"][:count])
    await life.reaches("submitting", "submitting", "queued", step_s=1.0)
    own = "SELECT card_shown FROM jobs WHERE state = 'queued'"
    await life.until(lambda: life.rows(own) == [("queued:own",)], step_s=1.0)
    await passes(life, 60)  # a free question is answered, and new requests are taken in
    await ben.outcome(await life.mimic(ben))
    await life.reaches("submitting", "submitting", "queued", "rendering", step_s=1.0)
    assert posts(life) == 3
    await gives_up(life, ada)
    began = life.clock.time()
    await life.until(lambda: posts(life) == 4, step_s=1.0)
    assert life.clock.time() - began < 15, "it need not look by itself, each half minute"
    assert sorted(life.states()) == ["failed", "rendering", "rendering", "submitting"]


async def test_the_card_says_by_when_it_is_known_as_long_as_that_is_true(life: Life) -> None:
    await in_doubt(life)
    await life.until(lambda: shown(life) > "submitting:doubt1", step_s=1.0)
    known_by = 60 * int(shown(life).removeprefix("submitting:doubt"))
    assert 0 < known_by - life.clock.time() <= 16 * 60
    await life.stop()
    await life.start(segmind_history_url=f"{life.provider.files_url}/nobody-answers-here")
    await life.until(lambda: shown(life) == "submitting:doubt0", step_s=5.0)
    await life.stop()
    life.advance(3600)
    await life.start()
    began = life.clock.time()
    await life.until(lambda: shown(life) > "submitting:doubt1", step_s=1.0)
    known_by = 60 * int(shown(life).removeprefix("submitting:doubt"))
    await life.reaches("review", step_s=5.0)
    assert began + 15 * 60 <= life.clock.time() <= known_by + 15


# --- giving it up -------------------------------------------------------------------------------


async def test_credits_come_back_and_budgets_count_them_until_nothing_can_have_run(
    life: Life,
) -> None:
    life.noon()
    began = life.clock.time()
    ada = await in_doubt(life, daily_budget_credits=3)
    question = text_of(await asked(life, ada))
    assert "your 2 credits back **now**" in question
    assert "should it make the video after all, you will not get it" in question
    assert (life.states(), counted_on(life)) == (["submitting"], [])
    assert "is given up, and you have your 2 credits back" in await gives_up(life, ada)
    await life.reaches("failed")
    await ada.wait_for(says("You gave it up before the video service had said"))
    assert (life.money(), counted_on(life)) == (["hold", "release"], [2])
    assert life.rows("SELECT * FROM actions") == []
    used = await ada.use(life.channel("general"), "credits")
    assert "**30** of 30 left of your allowance" in text_of((await ada.outcome(used))["message"])

    await life.mimic(ada)
    await ada.wait_for(says("today's budget for everybody has 1 left"))
    await life.until(lambda: counted_on(life) == [], step_s=20.0)
    assert 15 * 60 <= life.clock.time() - began <= 20 * 60
    await ada.outcome(await life.mimic(ada))
    await life.reaches("failed", "failed", "delivered", step_s=2.0)
    assert posts(life) == 2
    assert await life.posts(ada, life.channel("general"))


async def test_a_run_that_appears_is_noted_and_delivered_to_nobody(life: Life) -> None:
    life.noon()
    with_habits(life, history_late_s=600.0)
    ada = await in_doubt(life, accepted=True)
    await gives_up(life, ada)
    [run] = life.provider.accepted
    await life.until(
        lambda: life.rows("SELECT request_id FROM attempts") == [(run.request_id,)], step_s=20.0
    )
    [(cost,)] = life.rows("SELECT cost FROM attempts")
    assert cost > 0
    assert (life.states(), life.money(), counted_on(life)) == (["failed"], ["hold", "release"], [2])
    assert await life.posts(ada, life.channel("general")) == []
    said, code = await examine(life)
    assert code == 0, said
    life.advance(DAY_S)
    await life.stop()
    await life.start()
    assert counted_on(life) == [2]
    assert posts(life) == 1


async def test_a_run_that_failed_for_nothing_frees_the_budget(life: Life) -> None:
    life.provider.faults.set(Mode.FAILING)
    with_habits(life, history_late_s=120.0)
    ada = await in_doubt(life, accepted=True)
    await gives_up(life, ada)
    await life.until(lambda: counted_on(life) == [], step_s=20.0)
    [(request_id, cost)] = life.rows("SELECT request_id, cost FROM attempts")
    assert (request_id, cost) == (life.provider.accepted[0].request_id, 0.0)
    said, code = await examine(life)
    assert code == 0, said


async def test_the_proof_is_a_quarter_of_an_hour_of_one_run_of_the_program(life: Life) -> None:
    """Killed meanwhile, and with a history that cannot be read at first, it begins anew."""
    ada = await in_doubt(life)
    await gives_up(life, ada)
    await passes(life, 600)
    await life.stop()
    await life.start()
    life.provider.faults.set(Mode.DOWN)
    await passes(life, 1800)
    life.provider.faults.set(Mode.WELL)
    began = life.clock.time()
    await passes(life, 800)
    assert counted_on(life) == [2]
    await life.until(lambda: counted_on(life) == [], step_s=20.0)
    assert life.clock.time() - began >= 15 * 60
    assert life.states() == ["failed"]


async def passes(life: Life, seconds: float) -> None:
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began >= seconds, step_s=20.0)


async def test_what_the_history_finds_first_is_not_given_up(life: Life) -> None:
    with_habits(life, history_late_s=300.0)
    life.provider.workshop.pause()
    ada = await in_doubt(life, accepted=True)
    question = await asked(life, ada)
    await life.reaches("rendering", step_s=5.0)
    said = await Desk(life, ada, "general").press(question, yes(question))
    assert said.startswith(f"Nothing was given up: `{life.job_id()}` has gone on meanwhile. ")
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert (life.money(), counted_on(life)) == (["hold", "capture"], [])


async def test_a_question_does_not_outlive_the_bot_and_nothing_was_done(life: Life) -> None:
    ada = await in_doubt(life)
    question = await asked(life, ada)
    await life.stop()
    await life.start()
    said = await Desk(life, ada, "general").press(question, yes(question))
    assert "Nothing more was changed" in said
    assert (life.states(), life.money()) == (["submitting"], ["hold"])
    assert "is given up" in await gives_up(life, ada)


async def test_nobody_elses_and_told_where_one_looks(life: Life) -> None:
    ada = await in_doubt(life)
    ben, general = await life.person("ben"), life.channel("general")
    card = await doubted_card(ada, general)
    pressed = await ben.click(general, int(card["id"]), button(card, "Give up"))
    assert "somebody else's" in text_of((await ben.outcome(pressed))["message"])
    job = {"job": life.job_id()}
    refused = await ada.outcome(await ada.use(general, "jobs cancel", job))
    assert "> tells by when I know" in text_of(refused["message"])
    again = await ada.outcome(await ada.use(general, "jobs show", job))
    assert list(buttons_of(again["message"])) == ["Give up…"]
    assert life.states() == ["submitting"]


async def test_in_direct_messages_as_well(life: Life) -> None:
    life.faults.add(Rule(answers.page(502), *SUBMIT, times=1))
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "360p")))
    await life.until(lambda: "doubt" in shown(life), step_s=1.0)
    assert "is given up" in await gives_up(life, ben, channel)
    await life.reaches("failed")
    assert life.rows("SELECT server_id, credits FROM unproven") == [(0, 2)]


async def test_what_a_moderator_gives_up_counts_until_nothing_can_have_run(life: Life) -> None:
    await in_review(life, accepted=False)
    assert "has the credits back" in await decide(life, await life.person("dana"), GIVE_UP)
    assert (life.money(), counted_on(life)) == (["hold", "release"], [2])
    began = life.clock.time()
    await life.until(lambda: counted_on(life) == [], step_s=20.0)
    assert life.clock.time() - began >= 15 * 60


async def test_the_doctor_leaves_such_a_run_to_the_bot_for_two_days(life: Life) -> None:
    await doubt(life, accepted=True)
    settings = life.settings()
    async with await Database.open(settings.database) as database:
        store = Store(database, settings.operator_limits())
        job = await store.read.job(life.job_id())
        assert job is not None
        await store.give_up(await store.answer_lost(job), life.clock.time())
    said, code = await examine(life)
    assert code == 0, said
    life.advance(2 * DAY_S + 60)
    said, code = await examine(life)
    assert code == 1
    assert f"it is a lost submit of job {life.job_id()}, which is failed" in said
