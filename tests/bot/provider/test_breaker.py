"""When the provider is left alone, and when one job is the culprit."""

from dataclasses import dataclass

from structlog.testing import capture_logs

from bot.alarms import Alarms, Trouble
from bot.errors import KeyRejected, NotAccepted, OutOfCredits
from bot.provider.breaker import Line, Patience, Throttle


@dataclass
class StoppedClock:
    """Time that stands still until a test moves it."""

    now: float = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_wave_of_failures_counts_once_and_the_next_wave_waits_longer() -> None:
    clock = StoppedClock()
    line = Line(clock)
    for _ in range(8):
        line.turned_away("job", NotAccepted("refused"))
    assert (line.left_s, line.is_broken, line.is_doubtful) == (5, True, True)
    clock.now += 5
    assert (line.left_s, line.is_broken, line.is_doubtful) == (0, True, True)
    line.is_silent("502")
    assert line.left_s == 10
    line.works()
    assert (line.left_s, line.is_broken, line.is_doubtful) == (0, False, False)


def test_too_many_requests_is_no_outage() -> None:
    line = Line(StoppedClock())
    line.turned_away("job", NotAccepted("slow down", status=429, retry_after_s=7))
    assert line.left_s == 7
    assert not line.is_broken
    assert not line.is_ailing


def test_a_wrong_key_is_tried_ever_more_rarely_but_at_least_each_ten_minutes() -> None:
    clock = StoppedClock()
    line = Line(clock)
    waits = []
    for _ in range(8):
        line.turned_away("job", KeyRejected("no", status=401))
        waits.append(line.left_s)
        clock.now += line.left_s
    assert waits[:4] == [60, 120, 240, 480]
    assert set(waits[4:]) == {600}


def test_refusals_are_about_one_jobs_inputs_when_others_come_through_between() -> None:
    line = Line(StoppedClock())
    error = KeyRejected("this picture", status=403)
    assert not line.is_about_inputs("bad", error)
    assert not line.is_about_inputs("bad", error)
    line.works()
    assert not line.is_about_inputs("bad", error)
    line.works()
    assert line.is_about_inputs("bad", error)
    assert not line.is_about_inputs("bad", NotAccepted("busy", status=429))
    line.forget("bad")
    assert not line.is_about_inputs("bad", error)


def test_patience_needs_both_time_and_tries() -> None:
    clock = StoppedClock()
    patience = Patience(clock, patience_s=60)
    clock.now += 3600
    patience.tried("job")
    clock.now += 3600
    patience.tried("job")
    assert not patience.is_spent("job")
    patience.tried("job")
    assert patience.is_spent("job")
    patience.forget("job")
    assert not patience.is_spent("job")


def test_each_further_lost_submit_is_dearer() -> None:
    clock = StoppedClock()
    line = Line(clock)
    waits = []
    for _ in range(6):
        line.in_doubt("502")
        waits.append(line.left_s)
        clock.now += line.left_s
    assert waits == [5, 60, 720, 3600, 3600, 3600]


def test_one_picture_that_is_not_taken_does_not_lock_everybody_out() -> None:
    line = Line(StoppedClock())
    line.turned_away("bad", KeyRejected("this picture", status=403))
    assert (line.is_broken, line.is_ailing) == (False, True)


def test_two_jobs_refused_are_the_account() -> None:
    clock = StoppedClock()
    line = Line(clock)
    line.turned_away("one", KeyRejected("not permitted", status=403))
    clock.now += line.left_s
    line.turned_away("two", KeyRejected("not permitted", status=403))
    assert line.is_broken


def test_an_empty_balance_is_known_at_once() -> None:
    line = Line(StoppedClock())
    line.turned_away("one", OutOfCredits("406: Insufficient credits", status=406))
    assert line.is_broken


def test_a_429_within_a_wave_does_not_hide_an_outage() -> None:
    line = Line(StoppedClock())
    for _ in range(2):
        line.in_doubt("502")
    line.turned_away("job", NotAccepted("slow down", status=429))
    assert line.is_broken


def test_an_empty_balance_is_never_one_jobs_fault() -> None:
    line = Line(StoppedClock())
    error = OutOfCredits("406: Insufficient credits", status=406)
    for _ in range(5):
        assert not line.is_about_inputs("unlucky", error)
        line.works()


def test_the_operator_is_told_once_and_once_that_it_is_over() -> None:
    clock = StoppedClock()
    with capture_logs() as logs:
        line = Line(clock)
        for job_id in ("one", "two", "three"):
            line.turned_away(job_id, KeyRejected("no", status=401))
            clock.now += line.left_s
        line.in_doubt("502")  # another trouble between does not end this one
        line.turned_away("one", KeyRejected("no", status=401))
        line.works()
        line.works()
        line.turned_away("one", OutOfCredits("406: Insufficient credits", status=406))
        line.turned_away("two", OutOfCredits("406: Insufficient credits", status=406))
    errors = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert errors == [Trouble.KEY, Trouble.CREDITS]
    over = [entry["trouble"] for entry in logs if entry["event"] == "a trouble is over"]
    assert over == [Trouble.KEY]


def test_a_door_that_works_beside_one_that_does_not_is_no_end() -> None:
    alarms = Alarms()
    with capture_logs() as logs:
        alarms.begins(Trouble.KEY, "submits")
        alarms.begins(Trouble.KEY, "polls")
        for _ in range(3):
            alarms.works(Trouble.KEY, "polls")
            alarms.begins(Trouble.KEY, "submits")
        assert not [entry for entry in logs if entry["event"] == "a trouble is over"]
        alarms.works(Trouble.KEY, "submits")
    assert [entry["log_level"] for entry in logs].count("error") == 1
    assert [entry["event"] for entry in logs].count("a trouble is over") == 1


def test_one_picture_that_is_refused_is_no_alarm() -> None:
    line = Line(StoppedClock())
    with capture_logs() as logs:
        line.turned_away("bad", KeyRejected("this picture", status=403))
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert not line.is_broken


def test_one_lost_answer_is_no_outage_and_two_are() -> None:
    line = Line(StoppedClock())
    line.in_doubt("reset")
    assert (line.is_broken, line.is_ailing, line.is_doubtful) == (False, True, True)
    line.is_silent("502")
    assert line.is_broken
    line.works()
    assert not line.is_broken


def test_polls_of_two_jobs_that_fail_are_an_outage_until_one_works() -> None:
    clock = StoppedClock()
    line = Line(clock)
    for _ in range(5):
        line.poll_failed("one")
    assert (line.is_broken, line.is_doubtful) == (False, True)
    line.poll_failed("two")
    assert (line.is_broken, line.is_ailing, line.left_s) == (True, True, 0)
    line.poll_works("one")
    assert not line.is_doubtful
    line.poll_failed("one")
    clock.now += 120
    line.poll_failed("two")
    assert not line.is_broken, "the one job has not been heard of for long"
    clock.now += 120
    assert not line.is_doubtful


def test_runs_that_cannot_be_asked_after_are_odd_once_the_provider_has_answered() -> None:
    """Else two of them would keep everybody out for as long as they last."""
    line = Line(StoppedClock())
    for job in ("one", "two"):
        line.poll_failed(job)
    assert line.is_broken
    line.answers()
    for job in ("one", "two", "three"):
        line.poll_failed(job)
    assert not line.is_broken


def test_an_odd_run_that_could_be_asked_after_counts_again() -> None:
    line = Line(StoppedClock())
    for job in ("one", "two"):
        line.poll_failed(job)
    line.answers()
    line.poll_works("one")
    line.poll_failed("one")
    line.poll_failed("three")
    assert line.is_broken


def test_a_429_stops_everything_and_submits_go_on_first() -> None:
    clock = StoppedClock()
    throttle = Throttle(clock, per_minute=60)
    throttle.too_many(30)
    throttle.too_many(None)
    assert throttle.closed_s == 30
    assert throttle.wait_s(submit=True) == throttle.wait_s() == 30
    clock.now += 30
    assert throttle.closed_s == throttle.wait_s(submit=True) == 0
    assert throttle.wait_s() > 0


def test_a_429_that_names_no_time_is_a_pause_all_the_same() -> None:
    throttle = Throttle(StoppedClock(), per_minute=60)
    throttle.too_many(None)
    assert throttle.wait_s(submit=True) == 10
