"""A confirmation counts once, for who was asked, where they were asked, and not for ever."""

import pytest

from cogs.shared.confirmations import MOST_OF_ONE
from sandbox.clients.person import Json, PersonError
from sandbox.clients.transcript import text_of
from sandbox.discord.schema.parts import walk
from sandbox.discord.state.permissions import Permission
from tests.bot.life.moderators.desk import Desk, actions, asks, copied, desk, yes
from tests.bot.life.world import Life
from tests.e2e.stage import button

NOT_YOURS = "This button is for the moderator who asked, in their server."
OVER = "This card counts no longer"
GONE = "This was answered before, or too long ago."


async def asked(life: Life) -> tuple[Desk, Json]:
    """Dana is asked whether she means to block Ben."""
    await life.start()
    dana = await desk(life, "dana")
    ben = str(life.world.users["ben"].id)
    question = await dana.use("quota block", member=ben, reason="spam")
    assert text_of(question).startswith(f"Block <@{ben}> **for good**, until somebody lifts it?")
    return dana, question


async def waiting(life: Life) -> None:
    """One of Ben's jobs is being made, and one waits."""
    life.provider.workshop.pause()
    ben = await life.person("ben")
    for states in (["rendering"], ["rendering", "queued"]):
        await asks(life, ben)
        await life.reaches(*states, step_s=0.5)


def is_blocked(life: Life) -> bool:
    return bool(life.rows("SELECT * FROM blocks"))


async def test_nobody_else_can_press_it_and_it_stays_for_who_was_asked(life: Life) -> None:
    dana, question = await asked(life)
    ada = await desk(life, "ada")
    with pytest.raises(PersonError):
        await ada.press(question, yes(question))
    for label in (yes(question), "Never mind"):
        assert await ada.press(copied(life, question, "general"), label) == NOT_YOURS
    assert not is_blocked(life)
    assert "is blocked" in await dana.press(question, yes(question))
    assert is_blocked(life)


async def test_it_does_not_count_in_another_server(life: Life) -> None:
    """Cleo moderates the garden, and is a member of the studio."""
    await life.start()
    life.world.guilds["studio"].members[life.world.users["cleo"].id].role_ids.append(
        life.world.guilds["studio"].roles[-1].id
    )
    here, there = await desk(life, "cleo"), await desk(life, "cleo", "lawn")
    ben = str(life.world.users["ben"].id)
    question = await here.use("quota block", member=ben, reason="spam")
    assert await there.press(copied(life, question, "lawn"), yes(question)) == NOT_YOURS
    assert not is_blocked(life)
    assert actions(life) == []
    assert "is blocked" in await here.press(question, yes(question))


async def test_pressed_twice_at_once_it_is_done_once(life: Life) -> None:
    dana, question = await asked(life)
    does = button(question, yes(question))
    presses = [await dana.click(question, does) for _ in range(3)]
    said = [text_of((await dana.person.outcome(press))["message"] or {}) for press in presses]
    assert sum(GONE in text for text in said) == 2
    await life.until(lambda: is_blocked(life))
    assert [action[1] for action in actions(life)] == ["block"]


async def test_what_was_answered_with_no_cannot_be_confirmed_afterwards(life: Life) -> None:
    dana, question = await asked(life)
    before = copied(life, question, "general")
    assert await dana.press(question, "Never mind") == "Nothing was changed."
    outcome = await dana.person.outcome(await dana.click(before, button(before, yes(before))))
    assert GONE in text_of(outcome["message"])
    assert actions(life) == []


async def test_after_a_restart_nothing_is_done(life: Life) -> None:
    dana, question = await asked(life)
    await life.stop()
    await life.start()
    assert GONE in await dana.press(question, yes(question))
    assert actions(life) == []


async def test_after_ten_minutes_nothing_is_done(life: Life) -> None:
    dana, question = await asked(life)
    life.advance(601)
    assert GONE in await dana.press(question, yes(question))
    assert actions(life) == []


async def test_what_can_no_longer_be_done_is_said_in_the_questions_place(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    ben = {"member": str(life.world.users["ben"].id), "credits": 5, "reason": "r"}
    await dana.says("quota grant", **ben)
    first = await dana.use("quota revoke", **ben)
    second = await dana.use("quota revoke", **ben)
    assert "Took 5 credits" in await dana.press(first, yes(first))
    assert "no bonus credits that could be taken" in await dana.press(second, yes(second))
    assert [action[1] for action in actions(life)] == ["grant", "revoke"]


async def test_nobody_goes_on_with_a_role_that_is_gone(life: Life) -> None:
    """Neither with a question, nor with a card, nor with the form that it has opened."""
    await life.start(max_running=1)
    dana = await desk(life, "dana")
    await waiting(life)
    ben = str(life.world.users["ben"].id)
    question = await dana.use("quota grant", member=ben, credits=900, reason="a gift")
    jobs = await dana.use("moderate jobs")
    opened = await dana.click(jobs, button(jobs, "Cancel…"))
    assert (await dana.person.outcome(opened))["state"] == "modal"
    life.world.guilds["studio"].members[dana.person.user_id].role_ids.clear()
    assert OVER in await dana.press(question, yes(question))
    assert OVER in await dana.press(jobs, "Refresh")
    assert OVER in await dana.press(jobs, "Cancel…")
    sent = await dana.person.submit(opened, {"reason": "mine"})
    assert OVER in text_of((await dana.person.outcome(sent))["message"])
    assert actions(life) == []


async def test_nobody_goes_on_with_a_role_that_allows_it_no_longer(life: Life) -> None:
    """The role is there still: what an admin has taken from it comes with the press."""
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    ben = str(life.world.users["ben"].id)
    blocks = await dana.use("quota block", member=ben, reason="spam")
    jobs = await dana.use("moderate jobs")
    await ada.says("settings limits", budget=50)
    budget = await ada.use("settings limits", budget=60)
    channels = await ada.use("settings channels")
    for role in life.world.guilds["studio"].roles:
        role.permissions &= ~int(
            Permission.MODERATE_MEMBERS | Permission.MANAGE_GUILD | Permission.ADMINISTRATOR
        )
    life.world.guilds["studio"].owner_id = life.world.users["eve"].id
    assert OVER in await dana.press(blocks, yes(blocks))
    assert OVER in await dana.press(jobs, "Refresh")
    assert OVER in await ada.press(budget, yes(budget))
    [select] = [part["custom_id"] for part in walk(channels["components"]) if part["type"] == 8]
    assert OVER in text_of(await ada.pressed(channels, select, [str(life.channel("general"))]))
    assert [action[1] for action in actions(life)] == ["settings"]


async def test_many_questions_elsewhere_push_nobodys_out(life: Life) -> None:
    dana, question = await asked(life)
    ada = await desk(life, "ada")
    await ada.confirmed("quota allowance", credits=12)
    first = await ada.use("quota default-allowance")
    for _ in range(MOST_OF_ONE):
        await ada.use("quota default-allowance")
    assert GONE in await ada.press(first, yes(first))
    assert "is blocked" in await dana.press(question, yes(question))


async def test_cards_with_buttons_are_of_use_for_a_quarter_of_an_hour(life: Life) -> None:
    """Discord looks at permissions when a command is used, and never at its card."""
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    past = await dana.use("quota history")
    jobs = await dana.use("moderate jobs")
    channels = await ada.use("settings channels")
    life.advance(14 * 60.0)
    assert "What happened here" in await dana.press(past, "Refresh")
    life.advance(61.0)
    for card in (past, jobs):
        assert OVER in await dana.press(card, "Refresh")
    [select] = [part["custom_id"] for part in walk(channels["components"]) if part["type"] == 8]
    chosen = await ada.pressed(channels, select, [str(life.channel("general"))])
    assert OVER in text_of(chosen)
    assert actions(life) == []
