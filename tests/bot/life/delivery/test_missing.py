"""A permission that the bot lacks is told once, to who can give it, until it was given."""

from bot.store.people.missing import GATHERED_S
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.choices.test_preferences import card_of
from tests.bot.life.moderators.deeds import settings
from tests.bot.life.world import Life
from tests.e2e.stage import says

LACK = "I need permissions in Studio"
DAY_S = 24 * 3600.0
INFORMED = "SELECT count(*) FROM informed_servers"
ROWS = "SELECT permission, told_at IS NOT NULL FROM missing_permissions ORDER BY permission"


async def told(life: Life, ada: PersonClient, title: str = LACK) -> list[str]:
    """What the owner was told by direct message, oldest first."""
    messages = await ada.messages(await ada.open_dm())
    return [text_of(seen) for seen in messages if title in text_of(seen)]


def where(life: Life, channel: str) -> str:
    return f"in <#{life.channel(channel)}>"


async def video(life: Life, person: PersonClient, channel: str) -> None:
    """One more is asked for there, and made."""
    before = len(life.states())
    await life.mimic(person, channel)
    await life.until(
        lambda: len(life.states()) > before and set(life.states()) == {"delivered"}, step_s=1.0
    )
    for _ in range(2):
        life.advance(GATHERED_S)
        await life.clock.until_quiet()


async def test_the_owner_is_told_once_and_a_day_is_one_message(life: Life) -> None:
    """Whatever else is refused that day, and over a restart; what is mended may be told anew."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await video(life, ben, "nofiles")
    assert life.rows(ROWS) == [("Attach Files", 1)]
    [first] = await told(life, ada)
    assert f"**Attach Files** {where(life, 'nofiles')}" in first
    await ben.wait_for(says("into my answer: in this channel I lack **Attach Files**"))
    await video(life, ben, "readonly")
    await life.stop()
    await life.start()
    await video(life, ben, "nofiles")
    assert life.rows(ROWS) == [("Attach Files", 1), ("Send Messages", 0)]
    assert len(await told(life, ada)) == 1
    life.advance(DAY_S)
    await life.until(lambda: life.rows(ROWS)[1][1] == 1, step_s=30.0)
    [_, second] = await told(life, ada)
    assert f"**Send Messages** {where(life, 'readonly')}" in second
    assert "Attach Files" not in second

    life.world.channels["nofiles"].overwrites.clear()
    await life.stop()
    await life.start()
    await life.until(lambda: life.rows(ROWS) == [("Send Messages", 1)], step_s=30.0)
    life.advance(3 * DAY_S)
    await video(life, ben, "nofiles")
    assert len(await told(life, ada)) == 2


async def test_an_audit_channel_is_told_while_it_takes_posts(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await settings(life, ada, "audit", channel=str(life.channel("showroom")))
    await video(life, ben, "hidden")
    [seen] = [
        one for one in map(text_of, await ada.messages(life.channel("showroom"))) if LACK in one
    ]
    assert f"**View Channel** {where(life, 'hidden')}" in seen
    assert not await told(life, ada)


async def test_nobody_who_can_be_told_is_asked_again_another_day(life: Life) -> None:
    life.world.users["ada"].blocks_dms = True
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await video(life, ben, "readonly")
    await life.until(lambda: life.rows(INFORMED) == [(1,)], step_s=30.0)
    asked = len(life.discord.requests)
    life.advance(3600.0)
    await life.clock.until_quiet()
    assert life.rows(ROWS) == [("Send Messages", 0)]
    assert len(life.discord.requests) == asked
    life.world.users["ada"].blocks_dms, life.world.users["ada"].locale = False, "de"
    await card_of(ada, life.channel("general"))  # by which Discord tells her language
    life.advance(DAY_S)
    await life.until(lambda: life.rows(ROWS) == [("Send Messages", 1)], step_s=30.0)
    assert len(await told(life, ada, "Ich brauche Berechtigungen auf Studio")) == 1
