"""`/settings` through Discord: who may, what is answered, what is kept, what it does."""

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.clients.transcript import text_of
from tests.bot.life.moderators.deeds import (
    actions,
    add_patrons,
    choose,
    forge,
    refused,
    selects,
    settings,
)
from tests.bot.life.world import Life
from tests.e2e.stage import says

COMMANDS = ("show", "limits", "channels", "qualities", "direct-messages", "audit")


@pytest.mark.parametrize("name", ["dana", "ben"])
async def test_neither_moderators_nor_members_are_offered_it(life: Life, name: str) -> None:
    await life.start()
    person = await life.person(name)
    offered = {command["name"] for command in await person.commands(life.channel("general"))}
    assert "mimic" in offered
    assert "settings" not in offered
    for command in COMMANDS:
        with pytest.raises(PersonError, match="There is no command"):
            await person.use(life.channel("general"), f"settings {command}", {})


async def test_a_server_that_the_operator_has_not_opened_is_told_so_first(life: Life) -> None:
    await life.start(allowed_servers=frozenset({life.world.guilds["garden"].id}))
    ada = await life.person("ada")
    assert "The operator of this bot has not opened it" in text_of(
        await settings(life, ada, "show")
    )


async def test_strangers_and_direct_messages_have_none(life: Life) -> None:
    await life.start()
    finn, ada = await life.person("finn"), await life.person("ada")
    with pytest.raises(PersonError, match="You see no channel"):
        await finn.use(life.channel("general"), "settings show")
    direct = await ada.open_dm()
    offered = {command["name"] for command in await ada.commands(direct)}
    menus = {"Make this move", "Use as motion"}
    assert offered == {"mimic", "motions", "jobs", "credits", "preferences", "tray"} | menus
    with pytest.raises(PersonError, match="There is no command"):
        await ada.use(direct, "settings show")


async def test_at_first_the_operators_defaults_hold(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    text = text_of(await settings(life, ada, "show"))
    assert "**Allowance**: 30 credits a day each (the operator’s default)" in text
    budget = "none of its own; all servers together have 300 credits a day · </settings limits"
    assert f"**Budget of the whole server**: {budget}" in text
    assert "**Made at once, per person**: 2 (the operator’s limit)" in text
    assert "**Waiting at once, per person**: 5 (the operator’s limit)" in text
    assert "**Qualities**: 360p, 540p, 720p, for everybody" in text
    assert "**Channels**: everywhere" in text
    assert "nobody’s credits here pay" in text
    assert "### Settings of Studio" in text
    assert "**Audit channel**: none · " in text
    number = next(one.id for one in life.world.commands.values() if one.body["name"] == "settings")
    assert f"none · </settings audit:{number}>" in text
    assert "**Reports**: a note in the channel itself; with an audit channel they go there" in text
    unset = text_of(await settings(life, ada, "audit"))
    assert unset == "Decisions are posted nowhere. Give `channel` to change that."
    assert actions(life) == []


async def test_limits_are_set_shown_and_taken_away(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    text = text_of(await settings(life, ada, "limits", budget=100, running=3, reason=" spring "))
    assert "**Budget of the whole server**: none of its own → 100 credits a day" in text
    assert "**Made at once, per person**: the operator’s limit → 3" in text
    assert "own limit of 2 made at once for a person is lower, and holds" in text
    assert actions(life) == [
        {
            "actor_id": ada.user_id,
            "server_id": life.world.guilds["studio"].id,
            "action": "settings",
            "reason": "spring",
            "before": {"budget_credits": None, "max_running_per_person": None, "period": "day"},
            "after": {"budget_credits": 100, "max_running_per_person": 3, "period": "day"},
        }
    ]
    shown = text_of(await settings(life, ada, "show"))
    assert "**Budget of the whole server**: 100 credits a day" in shown
    assert "3, but the operator’s limit of 2 is lower and holds" in shown
    again = text_of(await settings(life, ada, "limits", budget=100))
    assert "Nothing was changed" in again
    assert len(actions(life)) == 1
    text = text_of(await settings(life, ada, "limits", budget=0, running=0))
    assert "100 credits a day → none of its own" in text
    assert "3 → the operator’s limit" in text
    assert actions(life)[-1]["after"] == {
        "budget_credits": None,
        "max_running_per_person": None,
        "period": "day",
    }
    assert "Give `budget`" in text_of(await settings(life, ada, "limits"))


async def test_channels_are_chosen_on_a_card_and_their_threads_count(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    general, showroom = life.channel("general"), life.channel("showroom")
    card = await settings(life, ada, "channels", reason="keep it *tidy*")
    assert "Now: everywhere." in text_of(card)
    outcome = await choose(ada, general, card, showroom)
    assert f"**Channels**: everywhere → <#{showroom}>" in text_of(outcome["message"])
    assert outcome["message"]["id"] == card["id"]
    [select] = selects(outcome["message"]["components"])
    assert [default["id"] for default in select["default_values"]] == [str(showroom)]
    [action] = actions(life)
    assert (action["actor_id"], action["reason"]) == (ada.user_id, "keep it *tidy*")
    assert (action["before"], action["after"]) == ({"channels": []}, {"channels": [str(showroom)]})

    assert f"videos are made in <#{showroom}>" in await refused(life, ben)
    life.world.start_thread("sketches", life.world.channels["showroom"], ben.user_id)
    life.world.start_thread("chatter", life.world.channels["general"], ben.user_id)
    assert "videos are made in" in await refused(life, ben, "chatter")
    await life.mimic(ben, "sketches")
    await life.reaches("rendering")
    await life.reaches("delivered", step_s=5.0)
    assert len(await life.posts(ben, life.channel("sketches"))) == 1

    outcome = await choose(ada, general, outcome["message"])
    assert f"<#{showroom}> → everywhere" in text_of(outcome["message"])
    assert actions(life)[-1]["after"] == {"channels": []}
    await life.mimic(ben)
    await life.reaches("delivered", "rendering")


async def test_a_channel_of_another_server_typed_by_hand_is_refused(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    general = life.channel("general")
    card = await settings(life, ada, "channels")
    said = await forge(life, "ada", general, card, life.channel("lawn"))
    assert "does not belong to this server" in said
    said = await forge(life, "ben", general, card, life.channel("showroom"))
    assert "for the moderator who asked" in said
    assert actions(life) == []


async def test_a_deleted_channel_is_named_as_such(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    general, showroom = life.channel("general"), life.channel("showroom")
    await choose(ada, general, await settings(life, ada, "channels"), general, showroom)
    await settings(life, ada, "audit", channel=str(showroom))
    life.world.delete_channel(life.world.channels["showroom"])
    await says_in_show(life, ada, f"a deleted channel (`{showroom}`): nothing is posted")
    card = await settings(life, ada, "channels")
    assert f"Now: <#{general}>, a deleted channel (`{showroom}`)." in text_of(card)


async def says_in_show(life: Life, ada: PersonClient, words: str) -> None:
    """The event takes a moment to come to the bot."""
    for _ in range(50):
        if words in text_of(text := await settings(life, ada, "show")):
            return
    raise AssertionError(text_of(text))


async def test_qualities_for_everybody_and_for_a_role(life: Life) -> None:
    patron = add_patrons(life, "cleo")
    await life.start()
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    general = life.channel("general")
    card = await settings(life, ada, "qualities")
    with pytest.raises(PersonError, match="Choose 1 to 3"):
        await choose(ada, general, card)
    assert "must stay open to everybody" in await forge(life, "ada", general, card)
    assert actions(life) == []
    outcome = await choose(ada, general, card, "540p")
    assert "all that there are → 540p" in text_of(outcome["message"])
    said = await refused(life, ben)
    assert "360p is not open to you in this server: choose 540p." in said

    card = await settings(life, ada, "qualities", role=str(patron), reason="thanks")
    assert "Everybody may use 540p; the role adds to that." in text_of(card)
    outcome = await choose(ada, general, card, "360p")
    assert "**Qualities**: nothing more → 360p" in text_of(outcome["message"])
    last = actions(life)[-1]
    assert (last["reason"], last["before"]) == ("thanks", {"role_id": patron, "qualities": []})
    assert last["after"] == {"role_id": patron, "qualities": ["360p"]}
    assert f"<@&{patron}>: also 360p" in text_of(await settings(life, ada, "show"))
    await life.mimic(cleo)
    await life.reaches("rendering")
    assert "choose 540p" in await refused(life, ben)

    life.world.delete_role(life.world.guilds["studio"], patron)
    await says_in_show(life, ada, "1 deleted role gave more; that counts no longer.")
    assert "choose 540p" in await refused(life, cleo)
    said = await forge(life, "ada", general, outcome["message"], "720p")
    assert "is gone by now" in said
    assert len(actions(life)) == 2


async def test_everyone_is_no_role_of_its_own(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    everyone = life.world.guilds["studio"].id
    card = await settings(life, ada, "qualities", role=str(everyone))
    assert "Which qualities may everybody use?" in text_of(card)


async def test_a_deleted_roles_allowance_falls_back(life: Life) -> None:
    patron = add_patrons(life, "ben")
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await settings(life, ada, "limits", budget=200)  # so that the server has a row
    await life.alter(
        "INSERT INTO roles VALUES (?, ?, 90, '[]', '[]')", life.world.guilds["studio"].id, patron
    )
    general = life.channel("general")
    outcome = await ben.outcome(await ben.use(general, "credits"))
    assert "You can spend 90 credits" in text_of(outcome["message"])
    assert f"<@&{patron}>: 90 credits a day" in text_of(await settings(life, ada, "show"))
    life.world.delete_role(life.world.guilds["studio"], patron)
    await says_in_show(life, ada, "1 deleted role gave more; that counts no longer.")
    outcome = await ben.outcome(await ben.use(general, "credits"))
    assert "You can spend 30 credits" in text_of(outcome["message"])


async def test_direct_messages_are_allowed_and_not(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    text = text_of(await settings(life, ada, "direct-messages", allowed=True))
    assert "**Pays for members’ direct messages**: no → yes" in text
    assert "may let their credits here pay" in text_of(await settings(life, ada, "show"))
    text = text_of(await settings(life, ada, "direct-messages", allowed=False))
    assert "yes → no" in text
    assert [action["after"] for action in actions(life)] == [
        {"direct_use": True},
        {"direct_use": False},
    ]


@pytest.mark.parametrize("channel", ["readonly", "hidden"])
async def test_no_audit_channel_where_the_bot_may_not_post(life: Life, channel: str) -> None:
    await life.start()
    ada = await life.person("ada")
    there = life.channel(channel)
    text = text_of(await settings(life, ada, "audit", channel=str(there)))
    assert f"I may not post in <#{there}>, so nothing was changed" in text
    assert actions(life) == []


async def test_caps_and_budget_hold_and_say_which(life: Life) -> None:
    await life.start()
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    life.provider.workshop.pause()
    await settings(life, ada, "limits", budget=5, running=1, waiting=1)
    await life.mimic(ben)
    await life.reaches("rendering")
    await life.mimic(ben)  # over a running limit it is taken, and waits
    await ben.wait_for(says("Starts when one of your videos that are being made is done."))
    assert life.states() == ["rendering", "queued"]
    assert "You have 1 waiting already, as many as this server allows." in await refused(life, ben)
    await life.mimic(cleo)
    await cleo.wait_for(says("this server's budget has 1 left. It renews <t:"))
    await life.reaches("rendering", "queued", "failed")
    await settings(life, ada, "limits", budget=4)
    said = await refused(life, cleo)
    assert "This server's budget for videos, 4 credits, is spent. It renews <t:" in said
    await settings(life, ada, "limits", budget=1)
    life.advance(24 * 3600)
    await life.mimic(cleo)
    await cleo.wait_for(says("more than this server's whole budget of 1"))
