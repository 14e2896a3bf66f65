"""A job in review tells its moderators, who settle it where they read it: with a run or without."""

import asyncio
import json
import re
import uuid
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.console.jobs import jobs
from bot.console.usage import parser
from sandbox.clients.person import Json
from sandbox.clients.transcript import text_of
from sandbox.discord.state.permissions import Permission
from sandbox.faults import answers
from sandbox.faults.injector import Rule, stalls
from tests.bot.life.delivery.test_audit_channel import has_told, listening, told
from tests.bot.life.jobs.test_doubt import doubt
from tests.bot.life.jobs.test_review import AGAIN, GIVE_UP, NOWHERE, RAN, in_review, settle
from tests.bot.life.members.test_payers import mimic_here, paid_by_studio
from tests.bot.life.moderators.deeds import selects, settings
from tests.bot.life.moderators.desk import Desk, actions, asks, copied, desk, labels
from tests.bot.life.provider.test_rate_limit import HISTORY
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

NO_MODERATOR = "Only moderators can do this"
NOT_YOURS = "This button is for the moderator who asked, in their server."
NONE_FREE = "shows no run that this could be"
TAKEN = "belongs to another job already, so nothing was changed"
CLAIM = (
    "INSERT INTO attempts (job_id, image_url, video_url, quality, began_at, request_id)"
    " SELECT job_id, image_url, video_url, quality, began_at, ? FROM attempts LIMIT 1"
)


async def post_of(life: Life) -> Json:
    """The audit post of the only job in review."""
    await has_told(life, "The settings were changed", "A video waits for a decision")
    dana = await life.person("dana")
    return (await dana.messages(life.channel("showroom")))[-1]


async def told_of(life: Life, *, accepted: bool) -> tuple[str, Json]:
    """A job in review of which an audit channel is told: its run, and the post."""
    await listening(life)
    await life.stop()
    request_id = await in_review(life, accepted=accepted)
    return request_id, await post_of(life)


async def opened(at: Desk, post: Json) -> Json:
    """What a press on *Settle* opens."""
    return await at.pressed(post, button(post, "Settle"))


async def says_now(at: Desk, post: Json) -> str:
    """What a press on *Settle* says."""
    return text_of(await opened(at, post))


def choices(card: Json) -> list[Json]:
    """The runs that can be chosen."""
    return [option for select in selects(card["components"]) for option in select["options"]]


async def reviews(life: Life, count: int = 1) -> list[str]:
    """Jobs in review that were sent the same, and the run of one of them: their ids."""
    await life.start()
    life.provider.workshop.pause()
    ada = await life.person("ada")
    for number in range(count):
        await asks(life, ada)
        await life.reaches(*["rendering"] * (number + 1), step_s=0.5)
    await life.stop()
    del life.provider.accepted[1:]
    life.advance(1000)  # the run began long before the submit: the bot does not find it by itself
    await life.alter("UPDATE jobs SET state = 'review'")
    [(image_url, video_url)] = life.rows("SELECT image_url, video_url FROM attempts LIMIT 1")
    await life.alter(
        "UPDATE attempts SET request_id = NULL, submitted_at = NULL, began_at = ?, image_url = ?, "
        "video_url = ?",
        life.clock.time(),
        image_url,
        video_url,
    )
    await life.start()
    return [row[0] for row in life.rows("SELECT id FROM jobs ORDER BY created_at")]


async def test_a_moderator_settles_it_from_its_post_also_after_a_restart(life: Life) -> None:
    request_id, post = await told_of(life, accepted=True)
    await life.stop()
    await life.start()
    dana = await desk(life, "dana", "showroom")
    card = await opened(dana, post)
    assert f"What became of `{life.job_id()}`?" in text_of(card)
    assert "shows 1 run that this could be." in text_of(card)
    [run] = choices(card)
    assert run["value"] == request_id
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC · 1\d min( \d+ s)? before it was sent off"
    assert re.fullmatch(when, run["label"])
    assert run["description"].startswith("360p · ")
    assert run["description"].endswith(" s · still being made")
    assert "has its run and goes on" in await dana.settle(card, RAN, run=request_id)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]
    job = life.job_id()
    assert await says_now(dana, post) == (
        f"`{job}` needs no decision any more: it was settled before, and is delivered now."
    )
    assert actions(life)[-1][:4] == ("dana", "resolve", "ada", "I asked them")


async def test_nobody_else_settles_it(life: Life) -> None:
    """Ben is a member, Cleo moderates another server, and Ada sees what Dana was shown."""
    _, post = await told_of(life, accepted=False)
    for name in ("ben", "cleo"):
        assert NO_MODERATOR in await says_now(await desk(life, name, "showroom"), post)
    there = await desk(life, "cleo", "lawn")
    here = f"There is no job `{life.job_id()}` here."
    assert await says_now(there, copied(life, post, "lawn")) == here
    card = await opened(await desk(life, "dana", "showroom"), post)
    ada, shown = await desk(life, "ada", "showroom"), copied(life, card, "showroom")
    assert labels(shown) == ["It did not run: try again…", "Give up…"]
    for label in labels(shown):
        assert await ada.press(shown, label) == NOT_YOURS
    assert life.states() == ["review"]
    assert [done[1] for done in actions(life)] == ["settings"]


async def test_who_may_use_the_command_may_press_as_long_as_its_cards(life: Life) -> None:
    """An admin may open `/moderate` to people without *Timeout Members*."""
    _, post = await told_of(life, accepted=False)
    dana = await desk(life, "dana", "showroom")
    role = next(role for role in life.world.guilds["studio"].roles if role.name == "Moderator")
    role.permissions &= ~int(Permission.MODERATE_MEMBERS)
    for command in life.world.commands.values():
        if command.body["name"] == "moderate":
            command.body["default_member_permissions"] = None
    await dana.use("moderate jobs")
    assert "What became of" in await says_now(dana, post)
    life.advance(16 * 60)
    assert NO_MODERATOR in await says_now(dana, post)


async def test_two_who_settle_it_at_once_settle_it_once(life: Life) -> None:
    _, post = await told_of(life, accepted=False)
    desks = [await desk(life, name, "showroom") for name in ("dana", "ada")]
    cards = [await opened(at, post) for at in desks]
    said = await asyncio.gather(
        *(at.settle(card, GIVE_UP) for at, card in zip(desks, cards, strict=True))
    )
    assert sum("is given up" in text for text in said) == 1
    assert sum("it was settled before, and is failed now" in text for text in said) == 1
    assert life.money() == ["hold", "release"]
    assert [done[1] for done in actions(life)] == ["settings", "resolve"]


async def test_a_run_that_another_job_takes_meanwhile_is_not_taken(life: Life) -> None:
    request_id, post = await told_of(life, accepted=True)
    dana = await desk(life, "dana", "showroom")
    card = await opened(dana, post)
    await life.alter(CLAIM, request_id)
    assert TAKEN in await dana.settle(card, RAN, run=request_id)
    assert life.states() == ["review"]
    anew = await opened(dana, post)
    assert NONE_FREE in text_of(anew)
    assert choices(anew) == []
    assert "back in its place" in await dana.settle(anew, AGAIN)


async def test_of_two_jobs_with_the_same_inputs_one_takes_the_run(life: Life) -> None:
    first, second = await reviews(life, 2)
    dana = await desk(life, "dana")
    cards = [await dana.use("moderate resolve", job=job) for job in (first, second)]
    [[run], [same]] = [choices(card) for card in cards]
    assert run["value"] == same["value"] == life.provider.accepted[0].request_id
    assert "has its run" in await dana.settle(cards[0], RAN, run=run["value"])
    assert TAKEN in await dana.settle(cards[1], RAN, run=run["value"])
    assert NONE_FREE in await dana.says("moderate resolve", job=second)
    await life.reaches("rendering", "review")


@pytest.mark.parametrize("is_silent", [True, False])
async def test_without_the_history_the_rest_can_be_decided(life: Life, is_silent: bool) -> None:
    [job] = await reviews(life)
    fault = stalls(life.never) if is_silent else answers.page(502)
    life.faults.add(Rule(fault, *HISTORY))
    dana = await desk(life, "dana")
    asked = asyncio.create_task(dana.use("moderate resolve", job=job))
    await life.until(asked.done, step_s=1.0)
    card = await asked
    assert "history cannot be read right now, so no run can be chosen" in text_of(card)
    assert choices(card) == []
    assert "is given up" in await dana.settle(card, GIVE_UP)
    assert life.states() == ["failed"]


async def test_a_pause_that_the_provider_wants_holds_for_moderators_too(life: Life) -> None:
    [job] = await reviews(life)
    dana = await desk(life, "dana")
    life.faults.add(Rule(answers.busy(retry_after_s=60), *HISTORY, times=1))
    for _ in range(2):  # the first one is told to pause
        assert "history cannot be read right now" in await dana.says("moderate resolve", job=job)
    assert life.faults.struck.total() == 1
    life.advance(61)
    assert "shows 1 run that this could be." in await dana.says("moderate resolve", job=job)


async def test_a_history_that_is_lost_meanwhile_changes_nothing(life: Life) -> None:
    [job] = await reviews(life)
    dana = await desk(life, "dana")
    card = await dana.use("moderate resolve", job=job)
    down = Rule(answers.page(502), "provider", "GET", f"{HISTORY[2]}/{{request_id}}")
    life.faults.add(down)
    [run] = choices(card)
    assert "cannot be read right now" in await dana.settle(card, RAN, run=run["value"])
    assert life.states() == ["review"]
    life.faults.rules.remove(down)
    assert "has its run" in await dana.settle(card, RAN, run=run["value"])


async def test_of_many_runs_the_nearest_can_be_chosen(life: Life) -> None:
    [job] = await reviews(life)
    [run] = life.provider.accepted
    life.provider.accepted.extend(
        replace(run, request_id=str(uuid.uuid4()), submitted_at=run.submitted_at - number)
        for number in range(1, 31)
    )
    card = await (await desk(life, "dana")).use("moderate resolve", job=job)
    assert "shows 31 runs that this could be. The nearest 25 can be chosen; 6 more are left" in (
        text_of(card)
    )
    nearest = [known.request_id for known in life.provider.accepted[:25]]
    assert [option["value"] for option in choices(card)] == nearest


async def test_a_job_that_has_its_run_can_take_that_one_again(life: Life) -> None:
    """The run of another job of the very same inputs is not offered."""
    [job] = await reviews(life)
    own = life.provider.accepted[0]
    life.provider.accepted.append(replace(own, request_id=str(uuid.uuid4())))
    await life.alter("UPDATE attempts SET request_id = ?, submitted_at = began_at", own.request_id)
    dana = await desk(life, "dana")
    card = await dana.use("moderate resolve", job=job)
    [run] = choices(card)
    assert run["value"] == own.request_id
    assert run["label"].endswith(" UTC · 0 s after it was sent off")
    assert run["description"].endswith(" · still being made · the run that it has")
    assert "has its run" in await dana.settle(card, RAN, run=own.request_id)


async def test_what_the_history_settles_by_itself_is_said(life: Life) -> None:
    await listening(life)
    await life.stop()
    habits = life.provider.faults.habits
    life.provider.faults.habits = habits.changed({"history_late_s": 3000.0})
    await doubt(life, accepted=True)
    await life.start()
    await life.reaches("review", step_s=30.0)
    post = await post_of(life)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=60.0)
    assert await says_now(await desk(life, "dana", "showroom"), post) == (
        f"`{life.job_id()}` needs no decision any more: the video service has told by itself what "
        "became of it, and it is delivered now."
    )


async def test_what_the_operator_settles_is_said(life: Life) -> None:
    _, post = await told_of(life, accepted=False)
    dana = await desk(life, "dana", "showroom")
    card = await opened(dana, post)
    await settle(life, GIVE_UP, "the invoice")
    over = "it was settled before, and is failed now"
    assert over in await says_now(dana, post)
    assert over in await dana.settle(card, AGAIN)
    assert life.money() == ["hold", "release"]


@pytest.mark.parametrize("is_paid", [True, False])
async def test_who_pays_for_direct_messages_settles_them(life: Life, is_paid: bool) -> None:
    if is_paid:
        ada, ben, direct = await paid_by_studio(life)
    else:
        await life.start()
        ada, ben = await life.person("ada"), await life.person("ben")
        direct = await ben.open_dm()
    await settings(life, ada, "audit", channel=str(life.channel("showroom")))
    life.provider.workshop.pause()
    await ben.outcome(await mimic_here(life, ben, direct))
    await life.reaches("rendering", step_s=0.5)
    await life.stop()
    await life.alter("UPDATE jobs SET state = 'submitting', lease = 'a run that is over'")
    await life.alter(
        "UPDATE attempts SET request_id = NULL, submitted_at = NULL, image_url = ?", NOWHERE
    )
    await life.start()
    await life.reaches("review", step_s=30.0)
    who = "the paying server's moderators" if is_paid else "the operator"
    await life.until(lambda: life.rows("SELECT card_shown FROM jobs") == [("review",)], step_s=1.0)
    await ben.wait_for(says(f"Waits for a decision by {who}", f"until it is settled by {who}."))
    dana = await desk(life, "dana", "showroom")
    if not is_paid:
        assert all("waits for a decision" not in text for text in told(life))
        here = f"There is no job `{life.job_id()}` here."
        assert await dana.says("moderate resolve", job=life.job_id()) == here
        await settle(life, GIVE_UP, "the invoice")
        return
    await life.until(lambda: "A video waits for a decision" in told(life)[-1])
    post = (await dana.person.messages(dana.channel_id))[-1]
    assert "is given up" in await dana.settle(await opened(dana, post), GIVE_UP)
    assert life.money()[-2:] == ["hold", "release"]


async def test_the_operator_sees_every_run_nearby(life: Life) -> None:
    """Also those of other inputs, and whose they are; moderators do not."""
    [job] = await reviews(life)
    ben = await life.person("ben")
    await asks(life, ben)
    await life.reaches("review", "rendering", step_s=0.5)
    [bens] = [row[0] for row in life.rows("SELECT id FROM jobs WHERE id != ?", job)]
    of_others = replace(life.provider.accepted[1], request_id=str(uuid.uuid4()))
    life.provider.accepted.append(of_others)
    free, taken, foreign = (run.request_id for run in life.provider.accepted)
    show = ["jobs", "show", job]
    shown = await jobs(parser().parse_args(show), life.settings(), life.clock)
    lines = [line.split() for line in shown.splitlines() if " UTC " in line]
    told_of_each = [next(line for line in lines if run in line) for run in (free, taken, foreign)]
    assert [line[-2:] for line in told_of_each] == [["yes", "-"], ["no", bens], ["no", "-"]]
    assert {line[-3] for line in told_of_each} == {"PROCESSING"}
    assert told_of_each[0][3].startswith("-1")
    wanted = parser().parse_args([*show, "--json"])
    document = json.loads(await jobs(wanted, life.settings(), life.clock))
    documents = {run["request_id"]: run for run in document["nearby_runs"]}
    assert list(documents) in ([taken, foreign, free], [foreign, taken, free])
    assert (documents[taken]["has_its_inputs"], documents[taken]["claimed_by"]) == (False, bens)
    assert (documents[free]["has_its_inputs"], documents[free]["claimed_by"]) == (True, None)
    card = await (await desk(life, "dana")).use("moderate resolve", job=job)
    assert [run["value"] for run in choices(card)] == [free]

    keyless = life.settings(segmind_api_key=SecretStr(""))
    said = await jobs(parser().parse_args(show), keyless, life.clock)
    assert "SEGMIND_API_KEY is not set" in said
    life.faults.add(Rule(answers.page(502), *HISTORY))
    said = await jobs(parser().parse_args(show), life.settings(), life.clock)
    assert "The provider's history cannot be read right now" in said
    document = json.loads(await jobs(wanted, life.settings(), life.clock))
    assert document["nearby_runs"] is None
