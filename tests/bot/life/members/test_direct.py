"""Plain direct messages, in the ways in which people send them."""

from sandbox.clients.person import PersonClient
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


async def in_a_server(life: Life) -> tuple[PersonClient, list[int]]:
    """Ben, and the messages in a server with a picture, a video, and both."""
    await life.start()
    ben = await life.person("ben")
    files = ([life.picture], [life.motion], [life.picture, life.motion])
    sent = [await ben.send(life.channel("general"), files=given) for given in files]
    return ben, [int(message["id"]) for message in sent]


async def test_a_forward_with_both_files_is_a_request(life: Life) -> None:
    ben, [_, _, both] = await in_a_server(life)
    channel = await ben.open_dm()
    await ben.forward(life.channel("general"), both, channel)
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    assert len(await ben.messages(channel)) == 3, "the forward, the card, the video"


async def test_half_may_be_forwarded_and_half_ones_own(life: Life) -> None:
    ben, [picture, *_] = await in_a_server(life)
    channel = await ben.open_dm()
    await ben.forward(life.channel("general"), picture, channel)
    await ben.wait_for(says("Now send me the **video**"))
    await ben.send(channel, files=[life.motion])
    await ben.wait_for(says("Shall I make"))


async def test_a_forward_of_a_forward_is_one_too(life: Life) -> None:
    ben, [_, video, _] = await in_a_server(life)
    channel, general = await ben.open_dm(), life.channel("general")
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    once = await ben.forward(general, video, general)
    await ben.forward(general, int(once["id"]), channel)
    await ben.wait_for(says("Shall I make"))
