"""What is said of a job in doubt and of one that was given up, and what can be pressed when."""

from dataclasses import replace

from discord import ui

from bot.cards import job as job_cards
from bot.cards.progress.fingerprints import fingerprint_of
from bot.cards.status_text import Outlook
from bot.core.jobs import Failure, JobState, Outcome
from bot.errors import Problem
from tests.bot.cards.test_cards import JOB, text_of

GIVEN_UP = Failure(Problem.GIVEN_UP_BY_REQUESTER)


def test_a_cancel_button_only_where_it_can_be_cancelled() -> None:
    for state in JobState:
        card = job_cards.status(replace(JOB, state=state, lease="a run"), Outlook())
        assert labels(card) == ["Cancel"] * (state is JobState.QUEUED), state


def test_a_job_in_doubt_says_by_when_it_is_known_and_can_be_given_up() -> None:
    job = replace(JOB, state=JobState.SUBMITTING)
    for card in (job_cards.status(job, Outlook()), job_cards.shown_again(job, Outlook())):
        assert "a quarter of an hour at most, once its records can be read" in text_of(card)
        assert labels(card) == ["Give up…"]
    text = text_of(job_cards.status(job, Outlook(known_by=2e9)))
    assert "until <t:2000000000:t> at the latest; what I do not know by then is to be" in text
    assert "8 credits reserved" in text
    in_private = job_cards.status(replace(job, server_id=0), Outlook(known_by=2e9))
    assert "is to be settled by the operator." in text_of(in_private)


def labels(view: ui.LayoutView) -> list[str | None]:
    return [item.label for item in view.walk_children() if isinstance(item, ui.Button)]


def test_what_a_card_in_doubt_says_shows_in_its_fingerprint() -> None:
    """However much has happened to the job before, as far as the column is wide."""
    job = replace(JOB, state=JobState.SUBMITTING, settled=Outcome.AGAIN, failure=GIVEN_UP)
    shown = [
        fingerprint_of(job, Outlook()),
        fingerprint_of(job, Outlook(known_by=1_795_000_080.0)),
        fingerprint_of(job, Outlook(known_by=1_795_000_140.0)),
        fingerprint_of(replace(job, lease="a run"), Outlook()),
    ]
    assert len(set(shown)) == 4
    assert max(map(len, shown)) <= 40
    assert all(one.startswith("submitting") for one in shown)


def test_a_requester_is_told_what_giving_up_means() -> None:
    asked = job_cards.asks_give_up(JOB).text
    assert "your 8 credits back **now**" in asked
    assert "you will not get it" in asked
    free = replace(JOB, price=0)
    shown = f"{job_cards.asks_give_up(free).text} {text_of(job_cards.given_up(free))}"
    assert "credit" not in shown
    failed = replace(JOB, state=JobState.FAILED, failure=GIVEN_UP)
    said = text_of(job_cards.status(failed, Outlook()))
    assert "You gave it up before the video service had said" in said
    assert "You were not charged." in said
    assert "8 credits given back" in said
