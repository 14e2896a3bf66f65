"""Every card in every state is one that Discord takes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import discord
import pytest
from discord import ui

from bot.cards import job as job_cards
from bot.cards import parts
from bot.cards.languages.speech import speaking
from bot.cards.members import wallet as wallet_cards
from bot.cards.offers import cheaper
from bot.cards.offers.offer import explanation, offer
from bot.cards.parts import COMMANDS, words
from bot.cards.posts import more as more_cards
from bot.cards.posts import reports as report_cards
from bot.cards.posts.finished import finished
from bot.cards.posts.more import Possible
from bot.cards.refusals import sentence
from bot.cards.status_text import Outlook
from bot.core import admission
from bot.core.accounts import Payer, Terms, Wallet
from bot.core.actions import CREDIT_KINDS, HistoryLine
from bot.core.jobs import (
    LEADS_TO,
    Attempt,
    Card,
    Delivered,
    Failure,
    Job,
    JobState,
    Outcome,
    Source,
)
from bot.core.ledger import Balance
from bot.core.models import Choice, prices
from bot.core.people.languages import Language
from bot.core.people.reports import Case, Report, Reported, Settled, Why
from bot.core.rules import ServerRules, rules_for
from bot.core.uploads import Upload
from bot.errors import PaidOtherwise, Problem, Refused
from bot.settings import Settings
from tests.bot.cards.facts import FACTS, HOSTILE, OF_THE_PROVIDER
from tests.bot.core.test_admission import IDLE
from tests.bot.store.test_jobs import LIMITS

JOB = Job(
    id="abcdefgh23",
    revision=1,
    state=JobState.QUEUED,
    state_since=1_795_000_100.0,
    source=Source.SLASH,
    origin_id=1,
    server_id=2,
    channel_id=3,
    person_id=4,
    created_at=1_795_000_000.0,
    card=Card(message_id=5),
    subject=Upload("https://cdn.example/a.png", HOSTILE, 10),
    motion=Upload("https://cdn.example/b.mp4", "b.mp4", 10),
    quality="540p",
    duration_s=7.3,
    price=8,
)
PRICES = prices(10.0, Settings(_env_file=None).rates())
OFFER = replace(
    JOB,
    state=JobState.CHECKING,
    source=Source.MESSAGE,
    is_open=True,
    is_direct=True,
    quality=None,
    price=None,
)
TERMS = Terms(payer=HOSTILE, credits=30, prices=PRICES, beyond={})


def wallets() -> Iterator[Wallet]:
    rules = rules_for(LIMITS, 0, ServerRules())
    own = Wallet(
        rules=rules,
        balance=Balance(1, 2, 3),
        spendable=2,
        budgets=[],
        renews_at=2e9,
        prices=PRICES,
        under_way=[JOB] * 25,
        last=[HistoryLine(2e9, kind, 0, 7, 5, JOB.id, 9, "because") for kind in CREDIT_KINDS],
        jobs={},
        payers=[Payer(number, "x" * 100) for number in range(1, 40)],
    )
    yield own
    yield replace(
        own, payer=Payer(99, "A server"), unusable=Refused(Problem.LEFT_PAYER, server="A")
    )
    seen = replace(JOB, subject=Upload("https://x/a.png?ex=77359401", HOSTILE, 10))
    yield replace(own, jobs={JOB.id: seen})
    capped = replace(
        rules,
        server_id=1,
        budget_credits=2,
        daily_person_cap_credits=1,
        daily_server_cap_credits=9,
    )
    yield replace(own, rules=capped, budgets=list(admission.budgets(capped, IDLE, 2e9)))


def said_in(
    language: Language, cards: Iterable[tuple[str, ui.LayoutView]]
) -> Iterator[tuple[str, ui.LayoutView]]:
    """These, drawn in a language."""
    with speaking(language):
        yield from [*cards]


def all_cards() -> Iterator[tuple[str, ui.LayoutView]]:
    for state in JobState:
        job = replace(JOB, state=state)
        if state is JobState.FAILED:
            job = replace(job, failure=Failure(Problem.GENERATION_FAILED, {"reason": HOSTILE}))
        for outlook in (
            Outlook(),
            Outlook(place=3),
            Outlook(usual_s=(120.0, 240.0)),
            Outlook(unavailable=True),
            Outlook(waits_for_own=True),
            Outlook(known_by=2e9),
            Outlook(usual_s=(120.0, 240.0), is_late=True),
        ):
            yield f"{state} {outlook}", job_cards.status(job, outlook)
        yield f"{state} again", job_cards.shown_again(job, Outlook(), link=("https://x", 2e9))
    for how in Delivered:
        job = replace(JOB, state=JobState.DELIVERED, delivered=how, delivery_message_id=9)
        yield f"delivered {how}", job_cards.status(job, Outlook())
        yield f"shown {how}", job_cards.shown_again(job, Outlook(), has_file=True)
    for job in (OFFER, replace(OFFER, subject=None), replace(OFFER, motion=None)):
        for is_direct in (True, False):
            asked = replace(job, is_direct=is_direct)
            yield "offer", offer(asked, None)
            yield "priced offer", offer(asked, TERMS)
    remakes = {Choice(JOB.model, "540p"): 8, Choice("kling-2.6-pro-motion-control", "720p"): 13}
    for job in (JOB, replace(JOB, price=0), replace(JOB, subject=None, description=HOSTILE)):
        yield "post", finished(job, remakes=remakes)
        yield "linked post", finished(job, link=("https://files.example/v.mp4", 2e9))
        yield "described", more_cards.described(job, is_shown=True)
    for again in (None, (Choice(JOB.model, "540p"), 8)):
        yield "more", more_cards.more(JOB, Possible(again, 2e9, is_own=True, may_describe=True))
    yield "copy", more_cards.copied(JOB, link=("https://files.example/v.mp4", 2e9))
    yield "copy sent", more_cards.copy_sent()
    yield "no jobs", job_cards.job_list([], 2e9)
    yield "jobs", job_cards.job_list([replace(JOB, state=state) for state in JobState], 1e9)
    seen = replace(JOB, subject=Upload("https://x/a.png?ex=77359400", HOSTILE, 10))
    yield "ten jobs with their pictures", job_cards.job_list([seen] * 10, 1e9)
    yield "given up", job_cards.given_up(JOB)
    yield "explanation", explanation(PRICES)
    yield "reminder", job_cards.reminder()
    yield "hint", job_cards.hint()
    for outcome in Outcome:
        settled = replace(JOB, state=LEADS_TO[outcome], settled=outcome)
        yield f"resolved {outcome}", job_cards.resolved(settled)
        yield f"settled {outcome}", job_cards.status(settled, Outlook())
    yield from removal_cards()
    for wallet in wallets():
        yield "wallet", wallet_cards.wallet(wallet, 2e9)
    yield from refusals()


def refusals() -> Iterator[tuple[str, ui.LayoutView]]:
    for wanted, asks in ((Choice("scail", "720p"), "make"), (Choice(JOB.model, "540p"), "tray")):
        dear = Refused(Problem.NO_CREDITS, **FACTS[Problem.NO_CREDITS])
        ways = dict(list(PRICES.items())[:3])
        told = PaidOtherwise(dear, wanted, ways, asks=asks, job_id=JOB.id, first_s=10.0)
        yield "paid otherwise", cheaper.refusal(told)
    for problem in Problem:
        yield f"refusal {problem}", parts.refusal(problem, FACTS.get(problem, {}))


def removal_cards() -> Iterator[tuple[str, ui.LayoutView]]:
    removed = replace(JOB, state=JobState.DELIVERED, removed_by_id=9)
    yield "removed", job_cards.shown_again(removed, Outlook())
    case = Case(8, Reported(1, 2, JOB.id, 4, JOB.id), 2e9, 1, 7)  # type: ignore[arg-type]
    said = Report(5, 2e9, Why.PERSON, HOSTILE * 20)
    for settled in (None, *Settled):
        of = replace(case, settled=settled, settled_by_id=6, settled_at=2e9, stays=True)
        yield f"reported {settled}", report_cards.card(of, [said] * report_cards.SHOWN)
    yield "discreet", report_cards.discreet(case, 0)
    for is_gone in (True, False, None):
        yield f"deleted {is_gone}", report_cards.deleted(is_gone)
        yield f"report removed {is_gone}", report_cards.removed(is_gone)


@pytest.mark.parametrize("language", Language)
async def test_discord_would_take_every_card(language: Language) -> None:
    for name, view in said_in(language, all_cards()):
        assert view.is_finished(), f"discord.py would keep: {name}"
        assert view.total_children_count <= 40, name
        assert view.content_length() <= 4000, name
        for item in view.walk_children():
            if isinstance(item, ui.Button):
                assert item.url or (item.custom_id or "").split(":")[2] == JOB.id, name
                assert len(item.custom_id or "") <= 100, name
                assert 1 <= len(item.label or "") <= 80, name
            if isinstance(item, ui.MediaGallery):
                assert 1 <= len(item.items) <= 10, name
                assert all(len(shown.description or "") <= 1024 for shown in item.items), name


@pytest.mark.parametrize("problem", OF_THE_PROVIDER)
def test_what_the_provider_says_is_not_shown_in_public(problem: Problem) -> None:
    failure = Failure(problem, {"reason": "The provider answered 404: raw words"})
    job = replace(JOB, state=JobState.FAILED, failure=failure)
    text = text_of(job_cards.status(job, Outlook()))
    assert "404" not in text
    assert "raw words" not in text
    assert sentence(problem, {}) in text, "also without a reason, as older jobs may have none"


def test_not_charged_is_said_only_where_nothing_was_captured() -> None:
    for state in JobState:
        job = replace(JOB, state=state, failure=Failure(Problem.INTERRUPTED))
        said = "not charged" in text_of(job_cards.status(job, Outlook()))
        assert said == (state in {JobState.FAILED, JobState.CANCELLED}), state


@pytest.mark.parametrize("request_id", [None, "run-1"])
@pytest.mark.parametrize(
    ("server_id", "is_direct", "who"),
    [
        (2, False, "the moderators"),
        (2, True, "the paying server's moderators"),
        (0, True, "the operator"),
    ],
)
def test_who_settles_a_review_has_one_name_in_a_card(
    server_id: int, is_direct: bool, who: str, request_id: str | None
) -> None:
    review = replace(
        JOB,
        state=JobState.REVIEW,
        server_id=server_id,
        is_direct=is_direct,
        attempt=Attempt(1, "i", "v", 1_795_000_000.0, request_id),
    )
    title, *rest = text_of(job_cards.status(review, Outlook())).split("\n")
    assert title == f"### Waits for a decision by {who}"
    assert f"settled by {who}." in "\n".join(rest)
    long = replace(review, motion=Upload("https://x/b.mp4", "b" * 50, 10))
    assert len(job_cards.job_line(long, 2e9)) == 100
    assert job_cards.job_line(long, 2e9).endswith("…")


def text_of(view: ui.LayoutView) -> str:
    return "\n".join(
        item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)
    )


def test_the_post_shows_the_file_it_carries() -> None:
    gallery = next(
        item for item in finished(JOB).walk_children() if isinstance(item, ui.MediaGallery)
    )
    assert isinstance(gallery.items[0].media, discord.UnfurledMediaItem)
    assert gallery.items[0].media.url == f"attachment://marionette-{JOB.id}.mp4"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("spam", "given is: spam."),
        ("spam!", "given is: spam!"),
        ("Spam.", "given is: Spam."),
    ],
)
def test_somebody_elses_reason_ends_like_a_sentence(reason: str, told: str) -> None:
    assert sentence(Problem.BLOCKED_FOR_GOOD, {"reason": reason}).endswith(told)


def test_a_list_does_not_look_as_if_a_cancelled_job_had_cost_something() -> None:
    text = text_of(job_cards.job_list([replace(JOB, state=JobState.CANCELLED)], 2e9))
    assert "540p · 8 credits given back" in text


def test_a_list_tells_of_where_it_is_and_what_waits_there() -> None:
    waits = replace(OFFER, is_direct=False, motion=None)
    here = text_of(job_cards.job_list([waits], 2e9, server="St_udio"))
    assert here.startswith("### Your newest jobs in St\\_udio\n")
    assert "Waits for your video in <#3>" in here
    assert here.endswith("`/jobs list` in a direct message to me shows those from there.")
    assert text_of(job_cards.job_list([waits], 2e9)).startswith("### Your newest jobs here\n")
    direct = text_of(job_cards.job_list([OFFER], 2e9, is_direct=True))
    assert direct.startswith("### Your newest jobs\n")
    assert "Waits for you in your direct messages" in direct
    assert "`/jobs list`" not in direct
    assert "`/jobs list`" in text_of(job_cards.job_list([], 2e9))
    assert "Waits for your video in a channel" in job_cards.job_line(waits, 2e9)


def test_posts_can_be_told_apart() -> None:
    assert "540p · 7.3 s · job `abcdefgh23`" in text_of(finished(JOB))


def test_an_offer_that_failed_says_what_to_send_again() -> None:
    failure = Failure(Problem.DAMAGED_VIDEO, {})
    offer = replace(JOB, state=JobState.FAILED, source=Source.MESSAGE, failure=failure)
    assert "send both the picture and the video" in text_of(job_cards.status(offer, Outlook()))


def test_a_command_can_be_clicked_once_its_id_is_known() -> None:
    said = "Look at `/jobs show`, `/credits` or `/no-such`."
    assert words(said).content == said
    token = COMMANDS.set({"jobs show": 7, "credits": 8})
    assert words(said).content == "Look at </jobs show:7>, </credits:8> or `/no-such`."
    COMMANDS.reset(token)
