"""When the provider is left alone, and when one job is the culprit."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import KeyRejected, ModelMissing, NotAccepted, OutOfCredits, ProviderBusy
from bot.provider.breaker import CircuitBreaker
from bot.provider.breakers import Breakers
from tests.bot.stopped_clock import StoppedClock

ADA, BEN, CLEO = 1, 2, 3


def test_a_wave_of_failures_counts_once_and_the_next_wave_waits_longer() -> None:
    clock = StoppedClock()
    breaker = CircuitBreaker(clock)
    for _ in range(8):
        breaker.record_rejection(ADA, NotAccepted("refused"))
    assert (breaker.cooldown_s, breaker.is_tripped, breaker.is_degraded) == (5, True, True)
    clock.now += 5
    assert (breaker.cooldown_s, breaker.is_tripped, breaker.is_degraded) == (0, True, True)
    breaker.record_probe_failure("502")
    assert breaker.cooldown_s == 10
    breaker.record_success(BEN)
    assert (breaker.cooldown_s, breaker.is_tripped, breaker.is_degraded) == (0, False, False)


def test_too_many_requests_is_no_outage() -> None:
    breaker = CircuitBreaker(StoppedClock())
    breaker.record_rejection(ADA, ProviderBusy("slow down", status=429, retry_after_s=7))
    assert breaker.cooldown_s == 7
    assert not breaker.is_tripped
    assert not breaker.is_unavailable


def test_too_many_at_once_is_no_outage_either_whatever_the_number() -> None:
    breaker = CircuitBreaker(clock := StoppedClock())
    with capture_logs() as logs:
        for _ in range(3):
            breaker.record_rejection(ADA, ProviderBusy("too many at once", status=400))
            clock.now += breaker.cooldown_s
    assert not breaker.is_tripped
    assert not breaker.is_unavailable
    assert "MAX_RUNNING" in logs[0]["advice"]


def test_a_wrong_key_is_tried_ever_more_rarely_but_at_least_each_ten_minutes() -> None:
    clock = StoppedClock()
    breaker = CircuitBreaker(clock)
    waits = []
    for _ in range(8):
        breaker.record_rejection(ADA, KeyRejected("no", status=401))
        waits.append(breaker.cooldown_s)
        clock.now += breaker.cooldown_s
    assert waits[:4] == [60, 120, 240, 480]
    assert set(waits[4:]) == {600}


def test_refusals_are_about_one_jobs_inputs_when_others_come_through_between() -> None:
    breaker = CircuitBreaker(StoppedClock())
    error = KeyRejected("this picture", status=403)
    assert not breaker.is_poison("bad", error)
    assert not breaker.is_poison("bad", error)
    breaker.record_success(BEN)
    assert not breaker.is_poison("bad", error)
    breaker.record_success(BEN)
    assert breaker.is_poison("bad", error)
    assert not breaker.is_poison("bad", ProviderBusy("busy", status=429))
    breaker.forget("bad")
    assert not breaker.is_poison("bad", error)


def test_each_further_lost_submit_is_dearer() -> None:
    clock = StoppedClock()
    breaker = CircuitBreaker(clock)
    waits = []
    for person_id in range(7):
        breaker.record_lost_submit(person_id, "502")
        waits.append(breaker.submit_wait_s)
        assert breaker.cooldown_s == 5, "a free question may be asked before"
        clock.now += breaker.submit_wait_s
    assert waits == [5, 60, 60, 60, 60, 300, 300]


def test_somebodys_further_lost_submits_say_no_more_than_their_first() -> None:
    clock = StoppedClock()
    breaker = CircuitBreaker(clock)
    waits = []
    for person_id in (1, 1, 1, 2, 1, 2):
        breaker.record_lost_submit(person_id, "502")
        waits.append(breaker.submit_wait_s)
        clock.now += breaker.submit_wait_s
    assert waits == [5, 5, 5, 60, 60, 60]
    for person_id in range(3, 9):
        breaker.record_lost_submit(person_id, "502")
        clock.now += breaker.submit_wait_s
    breaker.record_lost_submit(1, "502")
    assert breaker.submit_wait_s == 60
    breaker.record_success(BEN)
    breaker.record_lost_submit(1, "502")
    assert breaker.submit_wait_s == 5


def test_whoever_fails_is_suspected_for_an_hour_or_until_theirs_comes_through() -> None:
    breaker = CircuitBreaker(clock := StoppedClock())
    breaker.record_rejection(ADA, KeyRejected("this picture", status=403))
    breaker.record_lost_submit(CLEO, "502")
    breaker.record_rejection(BEN, KeyRejected("no", status=401))
    assert set(breaker.suspects) == {ADA, CLEO}, "a wrong key is nobody's fault"
    breaker.record_success(BEN)
    assert (set(breaker.suspects), set(breaker.served)) == ({ADA, CLEO}, {BEN})
    breaker.record_success(ADA)
    assert set(breaker.suspects) == {CLEO}
    breaker.record_lost_submit(BEN, "502")
    assert (set(breaker.suspects), set(breaker.served)) == ({CLEO, BEN}, {ADA})
    clock.now += 3600
    assert not breaker.suspects


def test_one_picture_that_is_not_taken_does_not_lock_everybody_out() -> None:
    breaker = CircuitBreaker(StoppedClock())
    breaker.record_rejection(ADA, KeyRejected("this picture", status=403))
    assert (breaker.is_tripped, breaker.is_unavailable) == (False, True)


def test_one_persons_files_are_never_an_outage_and_others_wait_for_seconds() -> None:
    breaker = CircuitBreaker(clock := StoppedClock())
    for refused in (*rejections(),) * 3:
        rest_s = breaker.record_rejection(ADA, refused)
        assert (breaker.is_tripped, breaker.cooldown_s <= 30) == (False, True)
        clock.now += breaker.cooldown_s
    assert rest_s == 600, "their own job is tried ever more rarely"


@pytest.mark.parametrize("at", range(4))
def test_two_people_refused_are_the_account(at: int) -> None:
    breaker = CircuitBreaker(clock := StoppedClock())
    breaker.record_rejection(ADA, rejections()[at])
    clock.now += breaker.cooldown_s
    breaker.record_rejection(BEN, rejections()[at])
    assert breaker.is_tripped
    assert breaker.is_open
    clock.now += breaker.cooldown_s
    breaker.record_probe_success()
    assert not breaker.is_open, "whoever comes now may be the try"


def rejections() -> list[NotAccepted]:
    """What may be about one person's files."""
    spent = OutOfCredits("The image shows a payment card", status=400)
    return [KeyRejected("403", status=403), missing(404), missing(410), spent]


def test_many_at_once_of_a_number_that_is_not_429_may_be_one_jobs_fault() -> None:
    breaker = CircuitBreaker(StoppedClock())
    busy = ProviderBusy("500044", status=400)
    for _ in range(2):
        assert not breaker.is_poison("bad", busy)
        breaker.record_success(BEN)
    assert breaker.is_poison("bad", busy)


def test_an_empty_balance_is_known_at_once() -> None:
    breaker = CircuitBreaker(StoppedClock())
    with capture_logs() as logs:
        breaker.record_rejection(ADA, OutOfCredits("402: Payment required", status=402))
    assert breaker.is_tripped
    assert [log["event"] for log in logs if log["log_level"] == "error"] == [Alarm.CREDITS]
    assert not breaker.is_poison("one", OutOfCredits("no credits", status=402))


def test_a_model_that_has_moved_stops_the_line_at_once() -> None:
    breaker = CircuitBreaker(StoppedClock())
    breaker.record_rejection(ADA, missing(308))
    assert (breaker.is_tripped, breaker.cooldown_s) == (True, 60)


def test_the_operator_hears_of_the_second_rejection_in_a_row() -> None:
    breaker = CircuitBreaker(clock := StoppedClock())
    with capture_logs() as logs:
        breaker.record_rejection(ADA, missing(404))
        assert [log["log_level"] for log in logs] == ["warning"]
        clock.now += breaker.cooldown_s
        breaker.record_rejection(ADA, missing(404))
    told = logs[1]
    assert (told["event"], told["address"], told["model"]) == (Alarm.MODEL, "https://a/v2/m", "m")
    with capture_logs() as logs:
        breaker.record_success(BEN)
    assert {"event": "a trouble is over", "trouble": Alarm.MODEL, "log_level": "info"} in logs


@pytest.mark.parametrize("status", [404, 405, 410])
def test_one_job_that_alone_does_not_find_the_model_ends_in_time(status: int) -> None:
    """Perhaps the provider means its picture; the others must not be stopped for ever."""
    breaker = CircuitBreaker(StoppedClock())
    assert not breaker.is_poison("bad", missing(status))
    breaker.record_success(BEN)
    assert not breaker.is_poison("bad", missing(status))
    breaker.record_success(BEN)
    assert breaker.is_poison("bad", missing(status))


def missing(status: int) -> ModelMissing:
    """No such model."""
    return ModelMissing(f"{status}", status=status, address="https://a/v2/m", model="m")


def test_a_429_within_a_wave_does_not_hide_an_outage() -> None:
    breaker = CircuitBreaker(StoppedClock())
    for person_id in (ADA, BEN):
        breaker.record_lost_submit(person_id, "502")
    breaker.record_rejection(ADA, ProviderBusy("slow down", status=429))
    assert breaker.is_tripped


def test_an_empty_balance_is_never_one_jobs_fault() -> None:
    breaker = CircuitBreaker(StoppedClock())
    error = OutOfCredits("402: Insufficient credits", status=402)
    for _ in range(5):
        assert not breaker.is_poison("unlucky", error)
        breaker.record_success(BEN)


def test_the_operator_is_told_once_and_once_that_it_is_over() -> None:
    clock = StoppedClock()
    with capture_logs() as logs:
        breaker = CircuitBreaker(clock)
        for person_id in (ADA, BEN, CLEO):
            breaker.record_rejection(person_id, KeyRejected("no", status=401))
            clock.now += breaker.cooldown_s
        breaker.record_lost_submit(1, "502")  # another trouble between does not end this one
        breaker.record_rejection(ADA, KeyRejected("no", status=401))
        breaker.record_success(BEN)
        breaker.record_success(BEN)
        breaker.record_rejection(ADA, OutOfCredits("406: Insufficient credits", status=406))
        breaker.record_rejection(BEN, OutOfCredits("406: Insufficient credits", status=406))
    errors = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert errors == [Alarm.KEY, Alarm.CREDITS]
    over = [entry["trouble"] for entry in logs if entry["event"] == "a trouble is over"]
    assert over == [Alarm.KEY]


def test_a_door_that_works_beside_one_that_does_not_is_no_end() -> None:
    alarms = Alarms()
    with capture_logs() as logs:
        alarms.raise_(Alarm.KEY, "submits")
        alarms.raise_(Alarm.KEY, "polls")
        for _ in range(3):
            alarms.clear(Alarm.KEY, "polls")
            alarms.raise_(Alarm.KEY, "submits")
        assert not [entry for entry in logs if entry["event"] == "a trouble is over"]
        alarms.clear(Alarm.KEY, "submits")
    assert [entry["log_level"] for entry in logs].count("error") == 1
    assert [entry["event"] for entry in logs].count("a trouble is over") == 1


def test_one_picture_that_is_refused_is_no_alarm() -> None:
    breaker = CircuitBreaker(StoppedClock())
    with capture_logs() as logs:
        breaker.record_rejection(ADA, KeyRejected("this picture", status=403))
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert not breaker.is_tripped


def test_one_lost_answer_is_no_outage_and_two_are() -> None:
    breaker = CircuitBreaker(StoppedClock())
    breaker.record_lost_submit(1, "reset")
    assert (breaker.is_tripped, breaker.is_unavailable, breaker.is_degraded) == (False, True, True)
    breaker.record_probe_failure("502")
    assert breaker.is_tripped
    breaker.record_success(BEN)
    assert not breaker.is_tripped


def test_polls_of_two_jobs_that_fail_are_an_outage_until_one_works() -> None:
    clock = StoppedClock()
    breaker = CircuitBreaker(clock)
    for _ in range(5):
        breaker.record_poll_failure("one")
    assert (breaker.is_tripped, breaker.is_degraded) == (False, True)
    breaker.record_poll_failure("two")
    assert (breaker.is_tripped, breaker.is_unavailable, breaker.cooldown_s) == (True, True, 0)
    breaker.record_poll_success("one")
    assert not breaker.is_degraded
    breaker.record_poll_failure("one")
    clock.now += 120
    breaker.record_poll_failure("two")
    assert not breaker.is_tripped, "the one job has not been heard of for long"
    clock.now += 120
    assert not breaker.is_degraded


def test_runs_that_cannot_be_asked_after_are_odd_once_the_provider_has_answered() -> None:
    """Else two of them would keep everybody out for as long as they last."""
    breaker = CircuitBreaker(StoppedClock())
    for job in ("one", "two"):
        breaker.record_poll_failure(job)
    assert breaker.is_tripped
    breaker.record_probe_success()
    for job in ("one", "two", "three"):
        breaker.record_poll_failure(job)
    assert not breaker.is_tripped


def test_an_odd_run_that_could_be_asked_after_counts_again() -> None:
    breaker = CircuitBreaker(StoppedClock())
    for job in ("one", "two"):
        breaker.record_poll_failure(job)
    breaker.record_probe_success()
    breaker.record_poll_success("one")
    breaker.record_poll_failure("one")
    breaker.record_poll_failure("three")
    assert breaker.is_tripped


def test_what_is_refused_to_the_account_stops_every_model_and_a_missing_one_itself() -> None:
    breakers = Breakers(StoppedClock())
    first, second = breakers.of("scail"), breakers.of("wan-animate")
    free = breakers.of("draft")
    for person in (1, 2):
        missing = ModelMissing("gone", status=404, address="a", model="scail")
        breakers.record_rejection("scail", person, missing)
    assert first.is_tripped
    assert not second.is_degraded
    breakers.record_rejection("wan-animate", 3, KeyRejected("no", status=401))
    assert second.is_tripped
    assert breakers.of("pixverse-mimic").is_degraded is False, "it finds out by itself"
    assert set(breakers.degraded) == {"scail", "wan-animate"}
    assert not free.is_degraded, "it is another provider's"
