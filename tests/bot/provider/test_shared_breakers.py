"""Circuit breakers of several processes: what one has seen, all act upon."""

from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import KeyRejected, NotAccepted, Problem
from bot.provider.breakers import ELDER_IS_GONE_S, Breakers
from bot.provider.rejections import PEOPLE_OF_ONE_TROUBLE, RejectionsOfEach
from tests.bot.between import Wire, peers
from tests.bot.stopped_clock import StoppedClock

ADA, BEN, CLEO = 1, 2, 3
MODEL = "pixverse-mimic"


def three() -> tuple[StoppedClock, Wire, list[Breakers]]:
    """Three processes, of which the first is the elder."""
    clock, wire = StoppedClock(), Wire()
    each = [Breakers(clock, Alarms(), peers(wire, is_elder=not number)) for number in range(3)]
    return clock, wire, each


def state(breakers: Breakers) -> tuple[object, ...]:
    one = breakers.of(MODEL)
    suspects, served = set(one.suspects), set(one.served)
    known = one.is_tripped, one.is_degraded, one.is_half_open, one.is_open, one.is_second_try
    return *known, one.cooldown_s, one.submit_wait_s, suspects, served


def test_all_go_through_an_outage_together_and_one_log_tells_of_it() -> None:
    clock, _, each = three()
    with capture_logs() as logs:
        first, second, third = (one.of(MODEL) for one in each)
        first.record_lost_submit(ADA, "502")
        assert [one.of(MODEL).is_tripped for one in each] == [False] * 3
        clock.now += 5
        second.record_lost_submit(BEN, "502")
        assert len({repr(state(one)) for one in each}) == 1
        assert third.is_open
        clock.now += third.submit_wait_s
        third.record_probe_failure("502")
        assert first.cooldown_s == third.cooldown_s > 5
        clock.now += first.cooldown_s
        first.record_probe_success()
        assert [one.of(MODEL).is_open for one in each] == [False] * 3
        second.record_success(CLEO)
        assert len({repr(state(one)) for one in each}) == 1
        assert not third.is_degraded
        assert set(third.suspects) == {ADA, BEN}
        assert third.outages_over == 1
    told = [log["event"] for log in logs]
    assert told.count("a submit is in doubt") == 2
    assert told.count("the provider takes requests again") == 1


def test_what_changes_nothing_is_not_told() -> None:
    _, wire, each = three()
    one = each[1].of(MODEL)
    one.record_success(ADA)
    wire.told.clear()
    for _ in range(20):
        one.record_success(ADA)
        one.record_poll_success("one")
        each[1].forget("one")
    assert not wire.told


def test_an_outage_in_which_all_polls_fail_is_told_in_few_words() -> None:
    clock, wire, each = three()
    for _ in range(30):
        for number, breakers in enumerate(each):
            for run in range(20):
                breakers.of(MODEL).record_poll_failure(f"{number}-{run}")
        assert all(breakers.of(MODEL).polls_fail for breakers in each)
        clock.now += 10
    assert len(wire.told) <= 3 * 2 * 5
    each[2].of(MODEL).record_poll_success("2-1")
    assert not any(breakers.of(MODEL).polls_fail for breakers in each)


def test_one_of_them_asks_whether_it_is_over_and_another_if_that_one_does_not() -> None:
    clock, _, each = three()
    for person in (ADA, BEN):
        each[1].of(MODEL).record_lost_submit(person, "502")
    clock.now += each[0].of(MODEL).cooldown_s
    assert [breakers.to_probe for breakers in each] == [[MODEL], [], []]
    each[0].of(MODEL).record_probe_failure("502")
    assert not each[0].to_probe
    clock.now += each[0].of(MODEL).cooldown_s + ELDER_IS_GONE_S
    assert [breakers.to_probe for breakers in each] == [[MODEL]] * 3


def test_who_comes_or_has_missed_something_learns_how_it_is() -> None:
    clock, wire, each = three()
    for person in (ADA, BEN):
        each[0].of(MODEL).record_lost_submit(person, "502")
    clock.now += 3
    newcomer = Breakers(clock, Alarms(), late := peers(wire))
    late.ask()
    assert repr(state(newcomer)) == repr(state(each[0]))
    end = wire.ends[1]
    end.leave()
    each[0].of(MODEL).record_probe_failure("502")
    for _ in range(9):
        clock.now += 60
        each[0].of(MODEL).record_probe_failure("502")
    wire.ends.append(end)
    assert each[1].of(MODEL).cooldown_s == 0
    for missed in end.on_missed:
        missed()
    assert each[1].of(MODEL).cooldown_s == each[0].of(MODEL).cooldown_s > 0


def test_a_poison_job_is_known_wherever_it_is_tried_next() -> None:
    _, _, each = three()
    error = NotAccepted("this picture", status=403)
    for number in (0, 1):
        assert not each[number].of(MODEL).is_poison("bad", error)
        each[2].of(MODEL).record_success(BEN)
    assert each[2].of(MODEL).is_poison("bad", error)
    each[2].forget("bad")
    assert not each[0].of(MODEL).is_poison("bad", error)


def test_what_the_account_is_refused_stops_all_and_is_over_for_all() -> None:
    clock, wire = StoppedClock(), Wire()
    alarms = [Alarms() for _ in range(2)]
    one, other = (Breakers(clock, each, peers(wire)) for each in alarms)
    one.record_rejection(MODEL, ADA, KeyRejected("no", status=401))
    assert (other.of(MODEL).is_tripped, alarms[0].is_raised(Alarm.KEY)) == (True, True)
    assert not alarms[1].is_raised(Alarm.KEY), "it is told where it was seen"
    other.of(MODEL).record_success(BEN)
    assert not one.of(MODEL).is_tripped
    assert not alarms[0].is_raised(Alarm.KEY)


def test_the_same_words_to_three_people_in_three_processes_are_an_alarm() -> None:
    wire, alarms = Wire(), [Alarms() for _ in range(PEOPLE_OF_ONE_TROUBLE)]
    each = [RejectionsOfEach(one, "submits", wire.join()) for one in alarms]
    polls = RejectionsOfEach(Alarms(), "polls", wire.join())
    for person, rejections in enumerate(each):
        rejections.of(MODEL).record(person, "400: nobody 12345678", Problem.GENERATION_FAILED)
    raised = [one.is_raised(Alarm.REJECTIONS) for one in alarms]
    assert raised == [False, False, True]
    polls.of(MODEL).record(9, "400: nobody 12345678", Problem.GENERATION_FAILED)
    polls.of(MODEL).record_success()
    assert alarms[-1].is_raised(Alarm.REJECTIONS), "polls are another source"
    wire.told.clear()
    for _ in range(3):
        each[0].of(MODEL).record_success()
    assert wire.told == ["taken"]
    each[1].of(MODEL).record(7, "400: nobody", Problem.GENERATION_FAILED)
    assert not alarms[1].is_raised(Alarm.REJECTIONS)
