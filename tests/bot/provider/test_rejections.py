"""When rejections are more than one person's affair."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import KeyRejected, ModelMissing, NotAccepted, OutOfCredits, Problem, ProviderBusy
from bot.provider.rejections import Rejections, alarm_of

GONE = ModelMissing("404", status=404, address="https://a/v2/m", model="m")


def raised(*rejected: tuple[int, str]) -> list[str]:
    """The alarms after these people were rejected with these words."""
    with capture_logs() as logs:
        rejections = Rejections(Alarms(), "submits")
        for person_id, said in rejected:
            rejections.record(person_id, said, Problem.PROVIDER_REJECTED)
    return [entry["event"] for entry in logs if entry["log_level"] == "error"]


def test_the_same_words_for_several_people_are_the_operators_matter_once() -> None:
    same = "The provider answered 406: unknown field quality"
    assert raised(*((person, same) for person in range(1, 6))) == [Alarm.REJECTIONS]


@pytest.mark.parametrize(
    "said",
    [
        "406: https://cdn.example/{}/a.png cannot be read",
        "406: request 2c7f59ea-13f1-402c-9353-915a2b5a212{} is not valid",
        "406: my-picture-{}.png is not valid",
    ],
)
def test_links_and_ids_make_no_other_words(said: str) -> None:
    assert raised(*((person, said.format(person)) for person in (1, 2, 3))) == [Alarm.REJECTIONS]


@pytest.mark.parametrize(
    "rejected",
    [
        [(1, "no"), (1, "no"), (1, "no"), (1, "no")],
        [(1, "no"), (2, "no")],
        [(1, "no"), (2, "no"), (2, "never"), (3, "no")],
        [(1, "code 400"), (2, "code 406"), (3, "code 422")],
    ],
)
def test_one_persons_files_or_other_words_are_no_alarm(rejected: list[tuple[int, str]]) -> None:
    assert raised(*rejected) == []


def test_whoever_comes_through_ends_it() -> None:
    with capture_logs() as logs:
        rejections = Rejections(Alarms(), "submits")
        for person_id in (1, 2):
            rejections.record(person_id, "no", Problem.GENERATION_FAILED)
        rejections.record_success()
        rejections.record(3, "no", Problem.GENERATION_FAILED)
        assert not logs
        for person_id in (1, 2):
            rejections.record(person_id, "no", Problem.GENERATION_FAILED)
        rejections.record_success()
    assert [entry["event"] for entry in logs] == [Alarm.REJECTIONS, "a trouble is over"]


def test_a_fault_of_ours_is_told_at_once() -> None:
    with capture_logs() as logs:
        rejections = Rejections(Alarms(), "polls")
        for _ in range(2):
            rejections.record(1, "400017: wrong parameter", Problem.REQUEST_FAULTY)
        rejections.record_success()
    told = [entry["event"] for entry in logs if entry["log_level"] != "debug"]
    assert told == [Alarm.FAULT, "a trouble is over"]


@pytest.mark.parametrize(
    ("error", "alarm"),
    [
        (KeyRejected("no", status=403), Alarm.KEY),
        (OutOfCredits("no", status=403), Alarm.CREDITS),
        (GONE, Alarm.MODEL),
        (ProviderBusy("busy", status=429), None),
    ],
)
def test_each_refusal_has_its_alarm(error: NotAccepted, alarm: Alarm | None) -> None:
    assert alarm_of(error) is alarm
