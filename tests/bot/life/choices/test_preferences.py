"""`/preferences`: each choice is saved and shown at once, and counts wherever nothing is named."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.moderators.deeds import choose, selects, settings
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

OFFERED: dict[str, dict[str, float]] = {"pixverse-mimic": {}, "p-video-animate": {}, "scail": {}}
DIRECTLY, ASK = "Tell me in a direct message", "Ask me first above"
ROW = "SELECT notify_directly, model, quality, ask_above, keep_private FROM preferences"


async def card_of(person: PersonClient, channel_id: int) -> Json:
    outcome = await person.outcome(await person.use(channel_id, "preferences"))
    assert outcome["ephemeral"]
    card: Json = outcome["message"]
    return card


async def press(person: PersonClient, channel_id: int, card: Json, label: str) -> Json:
    """What stands in the card's place afterwards."""
    pressed = await person.click(channel_id, int(card["id"]), button(card, label))
    message: Json = (await person.outcome(pressed))["message"]
    return message


async def fill_in(person: PersonClient, channel_id: int, card: Json, typed: str) -> Json:
    """What is answered to the form of the price above which to ask."""
    label = next(label for label in buttons_of(card) if ASK in label)
    opened = await person.click(channel_id, int(card["id"]), button(card, label))
    assert (await person.outcome(opened))["state"] == "modal"
    submitted = await person.submit(opened, {"credits": typed})
    message: Json = (await person.outcome(submitted))["message"]
    return message


async def like(life: Life, person: PersonClient, value: str) -> None:
    general = life.channel("general")
    await choose(person, general, await card_of(person, general), value)


def chosen(card: Json) -> list[str]:
    select, _ = selects(card["components"])
    return [option["label"] for option in select["options"] if option.get("default")]


async def test_each_change_is_saved_and_shown_at_once(life: Life) -> None:
    """In a server as in direct messages, on an old card, after a restart, and pressed twice."""
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    older, old = [await card_of(ada, general) for _ in range(2)]
    assert chosen(old) == ["The usual"]
    assert list(buttons_of(old)) == [
        "○ Tell me in a direct message when it is ready",
        "○ Keep others from using my pictures and videos",
        "○ Ask me first above…",
    ]
    for card in (old, older):
        told = await press(ada, general, card, f"○ {DIRECTLY}")
        assert f"✓ {DIRECTLY} when it is ready" in buttons_of(told)
    await life.stop()
    await life.start()
    told = await press(ada, general, older, "○ Keep others")
    assert [label[0] for label in buttons_of(told)] == ["✓", "✓", "○"]
    direct = await ada.open_dm()
    card = await card_of(ada, direct)
    assert chosen((await choose(ada, direct, card, "720p:pixverse-mimic"))["message"]) == ["720p"]
    assert "from 0 to 1000000" in text_of(await fill_in(ada, direct, card, "many"))
    told = await fill_in(ada, direct, card, " 20 ")
    assert "✓ Ask me first above 20 credits" in buttons_of(told)
    assert life.rows(ROW) == [(1, "pixverse-mimic", "720p", 20, 1)]
    ben = await life.person("ben")
    assert chosen(await card_of(ben, general)) == ["The usual"]
    told = await fill_in(ada, direct, told, "")
    told = await press(ada, direct, told, f"✓ {DIRECTLY}")
    await press(ada, direct, told, "✓ Keep others")
    await choose(ada, direct, told, "usual")
    assert life.rows(ROW) == []
    assert life.rows("SELECT * FROM actions") == []


async def test_what_somebody_likes_is_made_where_they_name_nothing(life: Life) -> None:
    await life.start(models=OFFERED)
    ada, general = await life.person("ada"), life.channel("general")
    files = {"image": life.picture, "video": life.motion}
    await like(life, ada, "576p:scail")
    named: list[dict[str, str]] = [
        {},
        {"quality": "480p"},
        {"model": "p-video-animate"},
        {"quality": "540p"},
    ]
    for options in named:
        await ada.use(general, "mimic", options, files)
    await life.until(lambda: len(life.states()) == 4)
    made = life.rows("SELECT model, quality, instead_of FROM jobs")
    assert sorted(made) == [
        ("p-video-animate", "720p", None),
        ("pixverse-mimic", "540p", None),
        ("scail", "480p", None),
        ("scail", "576p", None),
    ]


async def test_what_is_not_open_there_gives_way_and_that_is_said(life: Life) -> None:
    """To a command on the job's card, also after a restart; to a message on the price card."""
    await life.start(models=OFFERED)
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    await choose(ada, general, await settings(life, ada, "models"), "pixverse-mimic")
    await like(life, ben, "1080p:p-video-animate")
    direct = await ben.open_dm()
    await ben.send(direct, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert next(iter(buttons_of(card))) == "P-Video Animate 1080p · 2 credits"
    assert "**P-Video Animate 1080p** is what you like best" in text_of(card)
    await like(life, ben, "480p:scail")
    card = (await ben.wait_for(says("**SCAIL 480p** is what you like best")))["message"]
    life.provider.workshop.pause()
    await ben.use(general, "mimic", {}, {"image": life.picture, "video": life.motion})
    said = "your usual, SCAIL 480p, was not to be had"
    await ben.wait_for(says("learning to move", f"PixVerse Mimic 540p · {said}"))
    await life.stop()
    await life.start(models=OFFERED)
    life.provider.workshop.resume()
    await life.until(lambda: "delivered" in life.states(), step_s=1.0)
    await ben.wait_for(says("[Your video](", said))
    await ben.send(general, f"<@{life.world.bot_id}>", files=[life.picture, life.motion])
    await ben.wait_for(says("**SCAIL 480p**, your usual, is not to be had here."))


async def test_what_is_offered_no_more_is_said_on_an_old_card_and_a_new_one(life: Life) -> None:
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    await like(life, ada, "720p:pixverse-mimic")
    old = await card_of(ada, general)
    await life.stop()
    await life.start(models={"p-video-animate": {}})
    answer = await choose(ada, general, old, "360p:pixverse-mimic")
    assert "use the command again" in text_of(answer["message"])
    said = "PixVerse Mimic 720p, which you chose, is not offered any more: I make the usual."
    assert said in text_of(await card_of(ada, general))
    await ada.use(general, "mimic", {}, {"image": life.picture, "video": life.motion})
    await ada.wait_for(says("learning to move", "your usual, PixVerse Mimic 720p, was not to be"))
    assert life.rows("SELECT model FROM jobs") == [("p-video-animate",)]
