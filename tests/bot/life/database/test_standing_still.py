"""A process that stood still has decided what others may have done by now."""

import pytest

from bot import clock
from tests.bot.databases import only_postgres
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

pytestmark = only_postgres


def drawn(life: Life) -> int:
    """How often a message was made or changed, but for answers that somebody waits for."""
    return sum(
        each.method in {"POST", "PATCH"} and "/messages" in each.path
        for each in life.discord.requests
    )


async def test_it_shows_nothing_of_that_and_goes_on_with_what_is_so_now(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    before = drawn(life)
    with monkeypatch.context() as standing_still:
        standing_still.setattr(clock, "STOOD_STILL_S", 0.0)
        life.provider.workshop.resume()
        await life.reaches("delivering", step_s=1.0)
        for _ in range(20):
            life.advance(1.0)
            await life.clock.until_quiet()
        assert (life.states(), drawn(life)) == (["delivering"], before)
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
