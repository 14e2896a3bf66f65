"""Two answers to a row of messages that nothing can be made of."""

import pytest

from bot.errors import Problem, Refused
from bot.services.small_talk import QUIET_S, SmallTalk
from tests.bot.stopped_clock import StoppedClock

ADA, BEN, CLEO = 1, 2, 3


def test_the_second_of_a_row_is_the_last_that_is_answered() -> None:
    clock = StoppedClock()
    talk = SmallTalk(clock)
    assert talk.deserves_answer(ADA)
    clock.now += 5
    with pytest.raises(Refused) as told:
        talk.deserves_answer(ADA)
    assert (told.value.problem, told.value.facts) == (
        Problem.NOT_HEEDED,
        {"until": clock.now + QUIET_S},
    )
    assert not any(talk.deserves_answer(ADA) for _ in range(300))
    assert talk.deserves_answer(BEN), "nobody else is meant"
    clock.now += QUIET_S - 1
    assert not talk.deserves_answer(ADA), "it has been told until when"
    clock.now += 1
    assert talk.deserves_answer(ADA)


def test_who_comes_back_much_later_begins_a_row() -> None:
    clock = StoppedClock()
    talk = SmallTalk(clock)
    for _ in range(3):
        assert talk.deserves_answer(ADA)
        clock.now += QUIET_S


def test_where_others_read_along_each_thing_is_told_once_in_a_row() -> None:
    clock = StoppedClock()
    talk = SmallTalk(clock)
    assert talk.is_news(ADA, "hint")
    assert not any(talk.is_news(ADA, "hint") for _ in range(300))
    assert talk.is_news(ADA, "blocked")
    assert talk.is_news(BEN, "hint")
    assert talk.deserves_answer(ADA), "direct messages are another matter"
    clock.now += QUIET_S
    assert talk.is_news(ADA, "hint")


def test_not_everybody_is_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.small_talk.MOST_ROWS", 2)
    talk = SmallTalk(StoppedClock())
    for person_id in (ADA, BEN, CLEO):
        assert talk.deserves_answer(person_id)
    assert talk.deserves_answer(ADA), "who has been longest ago is forgotten first"
    with pytest.raises(Refused):
        talk.deserves_answer(CLEO)
