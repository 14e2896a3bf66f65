"""What is kept, or called, in English is read in everybody's own language."""

import re
from dataclasses import replace

import pytest

from bot.cards import audit as audit_cards
from bot.cards import history as history_cards
from bot.cards import status_text
from bot.cards.languages.speech import catalogue, speaking
from bot.cards.posts.reports import for_the_record, reason_text
from bot.cards.refusals import sentence
from bot.core.actions import Action, ActionKind
from bot.core.people.languages import Language
from bot.core.people.reports import Report, Why
from bot.errors import Problem
from tests.bot.cards.test_cards import JOB, text_of
from tests.bot.cards.test_moderator_cards import AT, LINE, PERSON, read


def test_a_model_whose_name_is_a_word_is_called_so_in_each_language() -> None:
    facts = {"model": "Draft", "others": ["SCAIL", "Draft"]}
    with speaking(Language.GERMAN):
        told = sentence(Problem.MODEL_DOWN, facts)
        assert status_text.made_in(replace(JOB, model="draft")) == "Entwurf 540p"
    assert told.count("Entwurf") == 2
    assert "Draft" not in told
    assert "SCAIL oder Entwurf" in told


def test_why_it_was_reported_is_read_in_ones_language_and_kept_in_english() -> None:
    kept = for_the_record([Report(5, AT, Why.SPAM), Report(6, AT, Why.UNKIND)])
    assert kept == "Reported: It is mean to somebody; It is spam, or a trick"
    told = "Gemeldet: Es ist gemein zu jemandem; Es ist Spam oder ein Trick"
    line = replace(LINE, kind=ActionKind.DISMISS, reason=kept)
    done = Action(AT, 9, 2, ActionKind.DISMISS, kept, person_id=PERSON)
    with speaking(Language.GERMAN):
        assert history_cards.line_text(line).endswith(f": {told}")
        assert f"**Grund**: {told}\n" in text_of(audit_cards.action(1, done))
        assert reason_text("Reported: it annoys me") == "Reported: it annoys me"
        table = history_cards.Table(9999)
        table.take([line])
    assert kept in str(read(table.file().fp))


@pytest.mark.parametrize("language", Language)
def test_a_reason_that_a_card_carries_is_what_follows_its_first_colon(language: Language) -> None:
    assert re.fullmatch(r"-# [^:]+:\s*{reason}", catalogue(language).gettext("-# Reason: {reason}"))
