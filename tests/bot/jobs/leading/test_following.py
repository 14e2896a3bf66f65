"""Who follows a job, and until when."""

import asyncio

import pytest

from bot.jobs.leading.following import LONGEST_LED_S, Following
from sandbox.clock import MovableClock

JOB = "a0b1c2d3e4"


class Elsewhere:
    """Another process may follow it, too."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.moved = False
        self.is_stopped = False

    def call(self, job_id: str) -> None:
        self.called.append(job_id)

    def looks(self, _: str) -> None:
        self.moved = False

    def leaves(self, _: str) -> bool:
        return not self.moved

    def forget(self, _: str) -> None:
        """Whatever has changed."""

    def take_no_more(self) -> None:
        self.is_stopped = True

    async def stop(self) -> None:
        assert self.is_stopped


class Looks:
    """Each look says when the next one is due; what is set then happens meanwhile."""

    def __init__(self, leading: Elsewhere, *waits_s: float | None) -> None:
        self.count = 0
        self.moves_at: int | None = None
        self._leading = leading
        self._waits_s = list(waits_s)

    async def __call__(self, _: str) -> float | None:
        self.count += 1
        if self.count == self.moves_at:
            self._leading.moved = True
        await asyncio.sleep(0)
        return self._waits_s.pop(0)


def following(looks: Looks, leading: Elsewhere) -> Following:
    async def pause() -> None:
        await asyncio.sleep(0)

    return Following(looks, pause, MovableClock(), leading)


async def has_begun(looks: Looks) -> None:
    """Wait for the first look."""
    while not looks.count:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_long_wait_is_left_and_a_short_one_is_not() -> None:
    leading = Elsewhere()
    looks = Looks(leading, 0.0, LONGEST_LED_S + 1)
    followed = following(looks, leading)
    assert await followed.follow(JOB) == pytest.approx(LONGEST_LED_S + 1, abs=1.0)
    assert (looks.count, list(followed.led)) == (2, [])


async def test_what_changes_during_a_look_is_looked_at_again_before_it_is_left() -> None:
    leading = Elsewhere()
    looks = Looks(leading, 3600.0, None)
    looks.moves_at = 1
    assert await following(looks, leading).follow(JOB) is None
    assert looks.count == 2


async def test_one_that_is_followed_nowhere_here_is_called_for() -> None:
    leading = Elsewhere()
    following(Looks(leading), leading).wake(JOB)
    assert leading.called == [JOB]


async def test_who_lets_go_ends_after_its_look_and_the_next_begins_then() -> None:
    leading = Elsewhere()
    looks = Looks(leading, 30.0, None)
    followed = following(looks, leading)
    first = asyncio.create_task(followed.follow(JOB))
    await has_begun(looks)
    second = asyncio.create_task(followed.follow(JOB))
    followed.let_go()
    assert (await first, await second) == (0.0, None)
    assert looks.count == 2


async def test_a_stop_hands_on_what_is_not_over() -> None:
    leading = Elsewhere()
    looks = Looks(leading, 30.0)
    followed = following(looks, leading)
    led = asyncio.create_task(followed.follow(JOB))
    await has_begun(looks)
    await followed.stop()
    assert await led == 0.0
    assert await followed.follow(JOB) == 0.0


async def test_one_whose_card_is_behind_is_not_left() -> None:
    leading = Elsewhere()
    looks = Looks(leading, None)
    busy = [True, True, False]

    async def pause() -> None:
        await asyncio.sleep(0)

    clock = MovableClock()
    followed = Following(looks, pause, clock, leading, lambda _: busy.pop(0))
    led = asyncio.create_task(followed.follow(JOB))
    while busy:
        assert not led.done()
        await asyncio.sleep(0)
        clock.advance(1.0)
    assert await led is None
    assert looks.count == 1
