"""`/quota` as members, moderators, admins and strangers have it, and what is remembered of it."""

import re

import pytest

from sandbox.clients.person import PersonError
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Role
from sandbox.discord.state.seed import STUDIO_ID
from tests.bot.life.moderators.desk import actions, asks, desk, yes
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

DANCERS_ID = STUDIO_ID + 3
COMMANDS: dict[str, dict[str, object]] = {
    "quota show": {},
    "quota grant": {"credits": 5, "reason": "r"},
    "quota revoke": {"credits": 5, "reason": "r"},
    "quota set": {"credits": 5, "reason": "r"},
    "quota history": {},
    "quota block": {"reason": "r"},
    "quota unblock": {},
}


def who(life: Life, name: str) -> int:
    return life.world.users[name].id


async def test_only_moderators_are_offered_it_and_only_in_their_server(life: Life) -> None:
    """Discord's clients do not offer it to others; the sandbox refuses as Discord would."""
    await life.start()
    general, lawn, den = (life.channel(name) for name in ("general", "lawn", "den"))
    dana, ben, ada = [await life.person(name) for name in ("dana", "ben", "ada")]
    finn = await life.person("finn")
    for person, channel, may in (
        (dana, general, True),
        (ada, general, True),
        (finn, den, True),
        (ben, general, False),
        (ada, lawn, False),
    ):
        offered = {command["name"] for command in await person.commands(channel)}
        assert ({"quota", "moderate"} <= offered) is may
        assert ({"quota", "moderate"} & offered == set()) is not may
    target = {"member": str(who(life, "eve"))}
    for command, options in COMMANDS.items():
        with pytest.raises(PersonError, match="There is no command"):
            await ben.use(general, command, options | target)
        with pytest.raises(PersonError):
            await finn.use(general, command, options | target)
        with pytest.raises(PersonError, match="There is no command"):
            await dana.use(await dana.open_dm(), command, options | target)
    for command in ("quota top", "quota allowance", "quota default-allowance", "moderate jobs"):
        with pytest.raises(PersonError, match="There is no command"):
            await ben.use(general, command, {"credits": 1} if command == "quota allowance" else {})
    assert actions(life) == []


async def test_granted_credits_are_given_taken_and_set(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    ben = {"member": str(who(life, "ben"))}
    said = await dana.says("quota grant", **ben, credits=30, reason="won the contest")
    assert said == f"Gave <@{ben['member']}> 30 credits: they have 30 bonus credits now."
    asked = await dana.use("quota revoke", **ben, credits=20, reason="a mistake")
    assert text_of(asked) == (
        f"Take **20 of <@{ben['member']}>’s 30** bonus credits away? Reason: a mistake"
    )
    assert len(actions(life)) == 1
    assert "Took 20 credits" in await dana.press(asked, yes(asked))
    assert "has 25 bonus credits now; before it was 10" in await dana.says(
        "quota set", **ben, credits=25, reason="a round sum"
    )
    lower = await dana.confirmed("quota set", **ben, credits=5, reason="too round")
    assert "has 5 bonus credits now; before it was 25" in lower
    assert "Nothing was changed" in await dana.says("quota set", **ben, credits=5, reason="again")
    said = await dana.says(
        "quota revoke", **(ben | {"member": str(who(life, "eve"))}), credits=1, reason="r"
    )
    assert "no bonus credits that could be taken" in said
    assert actions(life) == [
        ("dana", "grant", "ben", "won the contest", {"granted": 0}, {"granted": 30}),
        ("dana", "revoke", "ben", "a mistake", {"granted": 30}, {"granted": 10}),
        ("dana", "set", "ben", "a round sum", {"granted": 10}, {"granted": 25}),
        ("dana", "set", "ben", "too round", {"granted": 25}, {"granted": 5}),
    ]


async def test_many_credits_are_asked_about_first_and_an_admin_may_too(life: Life) -> None:
    await life.start()
    ada = await desk(life, "ada")
    ben = {"member": str(who(life, "ben"))}
    asked = await ada.use("quota grant", **ben, credits=101, reason="a zero too many")
    assert text_of(asked).startswith(f"Give <@{ben['member']}> **101 bonus credits**?")
    assert await ada.press(asked, "Never mind") == "Nothing was changed."
    assert actions(life) == []
    higher = await ada.use("quota set", **ben, credits=150, reason="much")
    assert "**from 0 to 150**?" in text_of(higher)
    assert "Gave" in await ada.says("quota grant", **ben, credits=100, reason="just enough")
    assert [action[:2] for action in actions(life)] == [("ada", "grant")]


async def test_a_confirmed_question_does_what_it_said_or_nothing(life: Life) -> None:
    """Another moderator may have been faster."""
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    ben = {"member": str(who(life, "ben"))}
    await ada.says("quota grant", **ben, credits=10, reason="first")
    takes = await dana.use("quota revoke", **ben, credits=50, reason="all of it")
    assert "all of" in text_of(takes)
    lowers = await dana.use("quota set", **ben, credits=5, reason="less")
    await ada.says("quota grant", **ben, credits=40, reason="second")
    assert "They have 50 bonus credits by now" in await dana.press(lowers, yes(lowers))
    assert "Took 10 credits" in await dana.press(takes, yes(takes))
    assert life.rows("SELECT granted FROM wallets WHERE granted > 0") == [(40,)]


async def test_who_may_not_change_the_budget_may_not_change_its_period(life: Life) -> None:
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    await ada.says("settings limits", budget=100)
    said = await dana.says("quota allowance", credits=30, period="month")
    assert "only somebody with *Manage Server* can change it" in said
    assert "Everybody has 31 credits" in await dana.says("quota allowance", credits=31)
    asked = await ada.use("quota allowance", credits=31, period="month")
    assert "its budget then renew **each month**" in text_of(asked)
    assert "31 credits a month" in await ada.press(asked, yes(asked))


async def test_what_was_asked_under_other_rules_is_not_done(life: Life) -> None:
    """A budget that came meanwhile renews as its admin has seen it, whoever had asked before."""
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    life.world.guilds["studio"].roles.append(Role(DANCERS_ID, "Dancers", 0, 1))
    roles = {"role": str(DANCERS_ID)}
    asked = [
        await dana.use("quota allowance", credits=30, period="month"),
        await dana.use("quota allowance", **roles, credits=30, period="month"),
    ]
    await ada.says("settings limits", budget=50)
    asked += [
        await dana.use("quota allowance", credits=0),
        await ada.use("settings limits", budget=60),
    ]
    await ada.says("settings direct-messages", allowed=True)
    for at, question in zip((dana, dana, dana, ada), asked, strict=True):
        assert "Others changed the rules since, so nothing was done" in await at.press(
            question, yes(question)
        )
    assert life.rows("SELECT period, budget_credits, allowance_credits FROM servers") == [
        ("day", 50, None)
    ]
    assert life.rows("SELECT * FROM roles") == []


async def test_all_allowances_are_listed_for_who_sets_them(life: Life) -> None:
    life.world.guilds["studio"].roles.append(Role(DANCERS_ID, "Dancers", 0, 1))
    await life.start()
    dana = await desk(life, "dana")
    await dana.confirmed("quota allowance", credits=5)
    said = await dana.says("quota allowance", credits=4, role=str(DANCERS_ID))
    assert "which adds nothing: everybody has 5" in said
    await dana.says("quota allowance", credits=40, role=str(DANCERS_ID))
    shown = await dana.says("quota allowances")
    assert "**Allowance**: 5 credits a day each" in shown
    assert f"<@&{DANCERS_ID}>: 40 credits a day" in shown


async def test_a_reason_of_nothing_is_no_reason(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    ben = {"member": str(who(life, "ben"))}
    for command in ("quota grant", "quota set"):
        for nothing in ("  ", "\u200b", "\u202e"):
            assert "Give a reason" in await dana.says(command, **ben, credits=5, reason=nothing)
    assert "Give a reason" in await dana.says("quota block", **ben, reason=" ")
    assert actions(life) == []


async def test_bots_and_people_nobody_knows_are_refused(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    for name, words in (("bot", "That is a bot"), ("finn", "never used me here")):
        for command, options in COMMANDS.items():
            said = await dana.says(command, member=str(who(life, name)), **options)
            assert words in said, (command, said)
    assert actions(life) == []


async def test_an_allowance_for_everybody_and_for_a_role(life: Life) -> None:
    studio = life.world.guilds["studio"]
    studio.roles.append(Role(DANCERS_ID, "Dancers", 0, 1))
    studio.members[who(life, "ben")].role_ids.append(DANCERS_ID)
    await life.start()
    dana = await desk(life, "dana")
    shrinks = await dana.use("quota allowance", credits=12)
    assert text_of(shrinks) == "Give everybody **12 credits** each day instead of 30?"
    assert "Everybody has 12 credits a day now" in await dana.press(shrinks, yes(shrinks))
    grows = await dana.use("quota allowance", credits=113)
    assert text_of(grows) == "Give everybody **113 credits** each day instead of 12?"
    role = {"role": str(DANCERS_ID)}
    said = await dana.says("quota allowance", credits=40, **role)
    assert f"Members with <@&{DANCERS_ID}> have 40 credits a day now" in said
    asked = await dana.use("quota allowance", credits=12, period="week")
    assert "renew **each week** instead of each day" in text_of(asked)
    assert "Everybody has 12 credits a week now" in await dana.press(asked, yes(asked))
    everyone = await dana.says("quota allowance", credits=13, role=str(STUDIO_ID))
    assert "Everybody has 13 credits a week now" in everyone
    shown = await dana.says("quota show", member=str(who(life, "ben")))
    assert f"**40** of 40 left of the weekly allowance (from <@&{DANCERS_ID}>)" in shown
    shown = await dana.says("quota show", member=str(who(life, "eve")))
    assert "**13** of 13 left of the weekly allowance (everybody’s)" in shown
    assert "no allowance of its own now" in await dana.confirmed(
        "quota allowance", credits=0, **role
    )
    assert "Nobody has an allowance" in await dana.confirmed("quota allowance", credits=0)
    shown = await dana.says("quota show", member=str(who(life, "ben")))
    assert "cannot ask for a video now\nThey have no credits and no allowance" in shown
    assert [(action[1], action[4], action[5]) for action in actions(life)] == [
        ("allowance", {"allowance_credits": None}, {"allowance_credits": 12}),
        (
            "allowance",
            {"role_id": DANCERS_ID, "allowance_credits": None},
            {"role_id": DANCERS_ID, "allowance_credits": 40},
        ),
        (
            "allowance",
            {"allowance_credits": 12, "period": "day"},
            {"allowance_credits": 12, "period": "week"},
        ),
        ("allowance", {"allowance_credits": 12}, {"allowance_credits": 13}),
        (
            "allowance",
            {"role_id": DANCERS_ID, "allowance_credits": 40},
            {"role_id": DANCERS_ID, "allowance_credits": None},
        ),
        ("allowance", {"allowance_credits": 13}, {"allowance_credits": 0}),
    ]


async def test_an_allowance_is_left_to_the_operator_again(life: Life) -> None:
    await life.start(allowance_credits=31)
    dana = await desk(life, "dana")
    said = await dana.says("quota default-allowance")
    assert said == (
        "The operator’s usual allowance of 31 credits holds here already. Nothing was changed."
    )
    await dana.confirmed("quota allowance", credits=12)
    asked = await dana.use("quota default-allowance")
    assert "the operator’s usual allowance** of 31 credits" in text_of(asked)
    assert "Everybody has 31 credits a day now" in await dana.press(asked, yes(asked))
    assert "(the operator’s default)" in await (await desk(life, "ada")).says("settings show")
    assert [action[5] for action in actions(life)] == [
        {"allowance_credits": 12},
        {"allowance_credits": None},
    ]


async def test_a_block_cancels_what_waits_and_is_told_to_the_blocked(life: Life) -> None:
    await life.start(max_running=1)
    life.provider.workshop.pause()
    dana, eve = await desk(life, "dana"), await life.person("eve")
    ben = await life.person("ben")
    await asks(life, eve)
    await life.reaches("rendering", step_s=0.5)
    await asks(life, ben)
    await life.reaches("rendering", "queued", step_s=0.5)
    target = {"member": str(ben.user_id)}
    begun = life.clock.time()
    asked = await dana.use("quota block", **target, until="3 days", reason="spam")
    [ends_at] = re.findall(rf"Block <@{ben.user_id}> until \*\*<t:(\d+)", text_of(asked))
    assert 0 <= int(ends_at) - int(begun) - 3 * 86400 <= life.clock.time() - begun + 1
    assert "cancels 1 waiting job of theirs" in text_of(asked)
    assert life.states() == ["rendering", "queued"]
    assert "Cancelled 1 waiting job" in await dana.press(asked, yes(asked))
    assert life.states() == ["rendering", "cancelled"]
    assert life.money() == ["hold", "hold", "release"]
    life.advance(4)
    card = await ben.wait_for(says("### Cancelled", "A moderator has cancelled it"))
    assert "You were not charged." in text_of(card["message"])
    refused = await ben.outcome(await life.mimic(ben))
    assert "You are blocked here until <t:" in text_of(refused["message"])
    assert "The reason given is: spam." in text_of(refused["message"])
    shown = await dana.says("quota show", **target)
    assert f"### <@{ben.user_id}> cannot ask for a video now\nThey are blocked until <t:" in shown
    assert "spam" in shown
    again = await dana.use("quota block", **target, reason="for good")
    assert "takes the place of the block they have" in text_of(again)
    assert "blocked **for good**" in await dana.press(again, yes(again))
    assert "may ask for videos here again" in await dana.says("quota unblock", **target)
    assert "They are not blocked here" in await dana.says("quota unblock", **target)
    shown = await dana.says("quota show", **target)
    assert f"### <@{ben.user_id}> can ask for a video now" in shown
    deeds = [(action[1], action[2], action[3]) for action in actions(life)]
    assert deeds == [
        ("block", "ben", "spam"),
        ("cancel", "ben", "spam"),
        ("block", "ben", "for good"),
        ("unblock", "ben", ""),
    ]
    first, _, second, lifted = actions(life)
    assert first[4] == {"blocked": False, "until": None}
    assert first[5]["blocked"]
    assert second[4] == first[5]
    assert lifted[5] == {"blocked": False, "until": None}


async def test_a_block_leaves_an_offer_to_its_button(life: Life) -> None:
    """Nobody but its requester has seen it, and nothing is held for it."""
    await life.start()
    dana, ada, ben = await desk(life, "dana"), await desk(life, "ada"), await life.person("ben")
    await ada.says("settings direct-messages", allowed=True)
    await dana.says("quota grant", member=str(ben.user_id), credits=5, reason="a wallet")
    await life.alter("INSERT INTO payers VALUES (?, ?)", ben.user_id, STUDIO_ID)
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    said = await dana.confirmed("quota block", member=str(ben.user_id), reason="spam")
    assert "ancelled" not in said
    assert life.states() == ["checking"]
    pressed = await ben.click(channel, int(card["id"]), button(card, "360p"))
    assert "You are blocked here" in text_of((await ben.outcome(pressed))["message"])
    assert life.money() == ["grant"]


async def test_the_end_of_a_block_is_offered_and_read(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    offered = await dana.offers("quota block", "until")
    assert [choice["value"] for choice in offered] == [
        "1 hour", "1 day", "3 days", "1 week", "4 weeks",
    ]  # fmt: skip
    assert all(choice["name"].endswith(" UTC") for choice in offered)
    [typed] = await dana.offers("quota block", "until", "2130-12-24 18:00 +02:00")
    assert typed["name"] == "2130-12-24 18:00 +02:00 · until Sun 2130-12-24 16:00 UTC"
    assert await dana.offers("quota block", "until", "nonsense") == []
    ben = {"member": str(who(life, "ben")), "reason": "r"}
    asked = await dana.says("quota block", **ben, until="2130-12-24 18:00 +02:00")
    assert "until **<t:5080032000:F>**" in asked
    assert "I cannot read “soon” as a time" in await dana.says("quota block", **ben, until="soon")
    assert "which is over" in await dana.says("quota block", **ben, until="2020-01-01")
    short = await dana.use("quota block", **ben, until="5m")
    life.advance(6 * 60)
    assert "which is over" in await dana.press(short, yes(short))
    assert actions(life) == []


async def test_a_member_who_left_and_came_back(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    ben_id = who(life, "ben")
    ben = {"member": str(ben_id)}
    await dana.says("quota grant", **ben, credits=7, reason="before they left")
    home = life.world.guilds["studio"].members
    member = home.pop(ben_id)
    shown = await dana.says("quota show", **ben)
    assert "cannot ask for a video now\nThey are not a member of this server now." in shown
    assert "**7 bonus credits**" in shown
    assert "8 bonus credits now" in await dana.says(
        "quota grant", **ben, credits=1, reason="while away"
    )
    assert "is blocked **for good**" in await dana.confirmed(
        "quota block", **ben, reason="and stay"
    )
    home[ben_id] = member
    shown = await dana.says("quota show", **ben)
    assert "not a member" not in shown
    assert "They are blocked" in shown
    assert "**8 bonus credits**" in shown
    person = await life.person("ben")
    refused = await person.outcome(await life.mimic(person))
    assert "You are blocked here for good" in text_of(refused["message"])


async def test_who_spent_most(life: Life) -> None:
    life.noon()
    await life.start()
    dana = await desk(life, "dana")
    assert "Nobody has spent anything here since" in await dana.says("quota top")
    ada, ben = await life.person("ada"), await life.person("ben")
    await asks(life, ada)
    await life.reaches("delivered", step_s=1.0)
    await asks(life, ada)
    await life.reaches("delivered", "delivered", step_s=1.0)
    await asks(life, ben)
    await life.reaches("delivered", "delivered", "delivered", step_s=1.0)
    said = await dana.says("quota top")
    assert f"1. <@{ada.user_id}> · **4 credits** · 2 videos" in said
    assert f"2. <@{ben.user_id}> · **2 credits** · 1 video" in said
    elsewhere = await desk(life, "cleo", "lawn")
    assert "Nobody has spent anything here" in await elsewhere.says("quota top")
