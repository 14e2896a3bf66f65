"""The moderators' cards: Discord takes each, each obstacle and line is worded, CSV is safe."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from discord import ui

from bot.cards import history as history_cards
from bot.cards import job as job_cards
from bot.cards import moderator as moderator_cards
from bot.cards import server_jobs
from bot.cards import standing as standing_cards
from bot.cards.obstacles import OBSTACLES
from bot.cards.offers.offer import offer
from bot.cards.paging import ID_PATTERN, LARGEST_ID, PagedList, PageRef, Turn
from bot.cards.parts import COMMANDS, Asked
from bot.cards.settings import overview as settings_cards
from bot.cards.status_text import Outlook
from bot.core.accounts import Eligibility, Page
from bot.core.actions import HISTORY_KINDS, ActionKind, HistoryLine, NearbyRun, Snapshot, Spender
from bot.core.admission import Ask, Block, Standing, obstacles
from bot.core.jobs import QUALITIES, Attempt, Failure, JobState
from bot.core.ledger import Balance, EntryKind, Period
from bot.core.models import MODELS
from bot.core.people.languages import Language
from bot.core.rules import RoleRules, ServerRules, rules_for
from bot.errors import Problem, Refused
from tests.bot.cards.facts import HOSTILE
from tests.bot.cards.test_cards import JOB, said_in, text_of
from tests.bot.store.test_jobs import LIMITS

AT = 1_795_000_000.0
BIG = 2**64 - 1
SETTINGS = "limits qualities models channels audit language direct-messages"
CHANGE_SETTINGS = ("quota allowance", *(f"settings {name}" for name in SETTINGS.split()))
PERSON = 7
STANDING = Standing(
    balance=Balance(10, 5, 2),
    budget_spent=3,
    running=1,
    running_of_person=1,
    running_here=1,
    waiting=1,
    waiting_of_person=1,
    waiting_here=1,
)
RULES = rules_for(LIMITS, 2, ServerRules())
LOOK = Eligibility(2, PERSON, True, RULES, STANDING, 2e9, 2e9, [], [JOB])
REVIEW = replace(
    JOB, state=JobState.REVIEW, server_id=BIG, attempt=Attempt(1, "i", "v", began_at=AT)
)
LINE = HistoryLine(AT, "hold", 2, PERSON, -8, JOB.id, 9, HOSTILE, {"until": None}, {"until": 2e9})


def lines() -> list[HistoryLine]:
    return [replace(LINE, kind=kind, actor_id=BIG, person_id=BIG) for kind in HISTORY_KINDS]


def all_cards() -> Iterator[tuple[str, ui.LayoutView]]:
    block = Block(2e9, HOSTILE)
    full = replace(
        LOOK,
        is_member=False,
        rules=replace(RULES, budget_credits=20, channels=frozenset(range(BIG - 30, BIG))),
        standing=replace(STANDING, block=block),
        obstacles=[Refused(problem, **FACTS.get(problem, {})) for problem in OBSTACLES],
        under_way=[JOB] * 25,
    )
    yield "fine", standing_cards.eligibility(LOOK)
    yield "full", standing_cards.eligibility(full)
    for turn in PagedList:
        page_ref = PageRef(turn, BIG, BIG, BIG, "cancelled", 99_999)
        listed = [
            server_jobs.Listed(replace(JOB, state=state, id=f"abcdefgh{number}"), True)
            for number, state in enumerate(JobState, 10)
        ]
        yield "jobs", server_jobs.jobs(page_ref, listed[: server_jobs.JOBS_PER_PAGE], has_next=True)
        yield "history", history_cards.history(page_ref, Page(lines()[:10], 0, 3))
        yield "rest", history_cards.history(page_ref, Page(lines()[10:], 0, 3))
        yield "changes", history_cards.history(page_ref, Page(changes(), 0, 3))
    rules = ServerRules(
        allowance_credits=10**6,
        budget_credits=10**6,
        period=Period.MONTH,
        max_running_per_person=10**4,
        max_waiting_per_person=10**4,
        channels=frozenset(range(BIG - 25, BIG)),
        audit_channel_id=BIG,
        roles={
            BIG - number: RoleRules(10**6, frozenset(QUALITIES), frozenset(MODELS))
            for number in range(settings_cards.SHOWN_ROLES * 2)
        },
    )
    for there_are in (frozenset(rules.roles), frozenset[int]()):
        here = settings_cards.Here(there_are, rules.channels, may_post=False, name=HOSTILE)
        token = COMMANDS.set(dict.fromkeys(CHANGE_SETTINGS, BIG))
        closed = replace(LIMITS, models=tuple(MODELS), allowed_servers=frozenset({1}))
        yield "settings", settings_cards.overview(rules, closed, here)
        COMMANDS.reset(token)
        yield "allowances", settings_cards.allowances(rules, LIMITS, there_are, 1)
    yield "question", moderator_cards.question(Asked("x", "Do it"), "0" * 16)
    yield (
        "block",
        moderator_cards.question(
            moderator_cards.asks_block(full, HOSTILE, 2e9, HOSTILE * 2), "0" * 16
        ),
    )
    for runs in (None, [], nearby(1), nearby(40)):
        yield "settling", server_jobs.settling(BIG, REVIEW, runs)
    yield "top", moderator_cards.top([Spender(BIG, 10**6, 10**6)] * 10, AT)


def nearby(count: int) -> list[NearbyRun]:
    """Runs as odd as they can be."""
    states = (*server_jobs.RUN_STATES, "UNKNOWN", None)
    return [
        NearbyRun(
            request_id=f"{number:0>100}",
            began_at=None if number == 0 else AT + 10 * (number - 20),
            state=states[number % len(states)],
            has_its_inputs=True,
            claimed_by=JOB.id if number == 1 else None,
        )
        for number in range(count)
    ]


def changes() -> list[HistoryLine]:
    """As long as a page of changes can be."""
    channels = [str(BIG - number) for number in range(25)]
    first: Snapshot = {"budget_credits": 10**6, "max_running_per_person": 10**4}
    second: Snapshot = first | {"channels": channels[::-1]}
    first["channels"] = channels
    none: Snapshot = dict.fromkeys(first)
    long = replace(LINE, kind=ActionKind.SETTINGS, actor_id=BIG, reason="x" * 300)
    return [
        replace(long, before=none if number % 2 else second, after=first) for number in range(10)
    ]


FACTS: dict[Problem, dict[str, str | int | float]] = {
    Problem.BLOCKED: {"until": 2e9, "reason": HOSTILE},
    Problem.TOO_MANY_WAITING: {"limit": 5},
    Problem.TOO_MANY_WAITING_HERE: {"limit": 5},
    Problem.QUEUE_FULL: {"limit": 200},
    Problem.NOTHING_LEFT: {"renews_at": 2e9},
    Problem.SERVER_BUDGET_SPENT: {"renews_at": 2e9},
    Problem.BUDGET_SPENT: {"renews_at": 2e9},
    Problem.SERVER_CAP_SPENT: {"budget": 9, "renews_at": 2e9},
    Problem.PERSON_CAP_SPENT: {"budget": 9, "renews_at": 2e9},
    Problem.BLOCKED_EVERYWHERE: {"until": 2e9},
    Problem.PAUSED: {"reason": HOSTILE},
    Problem.PAUSED_HERE: {"reason": HOSTILE},
}


@pytest.mark.parametrize("language", Language)
async def test_discord_would_take_every_card(language: Language) -> None:
    for name, view in said_in(language, all_cards()):
        assert view.is_finished(), f"discord.py would keep: {name}"
        assert view.total_children_count <= 40, name
        assert view.content_length() <= 4000, name
        ids = [item.custom_id for item in view.walk_children() if hasattr(item, "custom_id")]
        assert len(ids) == len(set(ids)), name
        assert all(len(custom_id) <= 100 for custom_id in ids), name
        for select in (item for item in view.walk_children() if isinstance(item, ui.Select)):
            assert 1 <= len(select.options) <= 25, name
            for option in select.options:
                assert len(option.value) <= 100, name
                assert 1 <= len(option.label) <= 100, name
                assert len(option.description or "") <= 100, name
        assert "@everyone" not in text_of(view)
        assert "evil" not in text_of(view) or "](" not in text_of(view)


def test_runs_are_told_apart_by_time_and_what_is_left_out_is_counted() -> None:
    view = server_jobs.settling(7, REVIEW, nearby(40))
    assert "shows 40 runs that this could be. The nearest 25 can be chosen; 15 more are left" in (
        text_of(view)
    )
    [select] = [item for item in view.walk_children() if isinstance(item, ui.Select)]
    assert [option.label for option in select.options[:2]] == [
        "At a time that the history does not tell",
        "2026-11-18 11:03:30 UTC · 3 min 10 s before it was sent off",
    ]
    assert select.options[20].label.endswith("UTC · 0 s after it was sent off")
    assert [option.description for option in select.options[:5]] == [
        f"{REVIEW.quality} · 7.3 s · {told}"
        for told in (
            "not begun yet",
            "still being made · the run that it has",
            "finished",
            "failed",
            "ended without a video",
        )
    ]
    unseen = [replace(run, request_id="x" * 101) for run in nearby(2)]
    assert "The nearest 0 can be chosen; 2 more are left out." in text_of(
        server_jobs.settling(7, REVIEW, unseen)
    )


@pytest.mark.parametrize("turn", Turn)
def test_a_page_is_found_again_from_its_id(turn: Turn) -> None:
    page_ref = PageRef(PagedList.PAST, BIG, BIG, LARGEST_ID, "cancelled", 99_999)
    found = re.fullmatch(ID_PATTERN, page_ref.custom_id(turn))
    assert found
    assert (PageRef.of(found), found["turn"]) == (page_ref, turn)


def test_every_filters_name_fits_its_id() -> None:
    for list_kind, names in (
        (PagedList.PAST, history_cards.FILTERS),
        (PagedList.JOBS, server_jobs.FILTERS),
    ):
        for name in names:
            assert len(PageRef(list_kind, BIG, BIG, BIG, name, 99_999).custom_id(Turn.BACK)) <= 100


def test_every_kind_of_line_and_every_state_is_in_one_filter_besides_all() -> None:
    kinds = [k for name, (_, some) in history_cards.FILTERS.items() if name != "all" for k in some]
    assert sorted(kinds) == sorted(HISTORY_KINDS)
    states = [s for name, (_, some) in server_jobs.FILTERS.items() if name != "all" for s in some]
    assert sorted(states) == sorted(JobState)


def test_the_first_line_says_yes_or_no_and_the_first_reason() -> None:
    yes = text_of(standing_cards.eligibility(LOOK)).split("\n")
    assert yes[0] == "### <@7> can ask for a video now"
    assert yes[1] == "**Credits**"
    spent = replace(STANDING, block=Block(2e9, "spam"), server_spent=9)
    rules = replace(RULES, budget_credits=9)
    found = list(obstacles(rules, spent, Ask(), AT))
    no = text_of(
        standing_cards.eligibility(replace(LOOK, standing=spent, rules=rules, obstacles=found))
    )
    assert no.split("\n")[:2] == [
        "### <@7> cannot ask for a video now",
        "They are blocked until <t:2000000000:F> (<t:2000000000:R>).",
    ]
    assert "This server’s budget is spent." in no
    left = text_of(standing_cards.eligibility(replace(LOOK, is_member=False)))
    assert "cannot ask for a video now\nThey are not a member of this server now." in left
    closed = replace(LOOK, rules=replace(RULES, qualities=frozenset()))
    assert "cannot ask for a video now\nNo quality is open" in text_of(
        standing_cards.eligibility(closed)
    )


def test_what_decides_is_all_there() -> None:
    rules = replace(
        RULES,
        allowance_role_id=11,
        budget_credits=20,
        channels=frozenset({12}),
        qualities=frozenset({"360p"}),
        max_running_here=1,
        max_waiting_here=3,
    )
    standing = replace(STANDING, server_spent=6, running_here=1)
    text = text_of(standing_cards.eligibility(replace(LOOK, rules=rules, standing=standing)))
    budget = RULES.daily_budget_credits
    for words in (
        f"**10** of {rules.allowance_credits} left of the daily allowance (from <@&11>)",
        "**5 bonus credits**",
        "**2** reserved",
        "In this server: **1** of at most 1 being made, **1** of at most 3 waiting.",
        "Their next one would wait for its turn.",
        f"`{JOB.id}` · In line",
        "Not blocked.",
        "This server’s daily budget: **14** of 20 left",
        f"The whole bot’s budget: **{budget - 3}** of {budget} left today",
        "asked for in <#12>.",
        "open to them: 360p.",
    ):
        assert words in text, words
    waits = replace(LOOK, standing=replace(STANDING, running_here=0))
    assert "In this server: **1** waiting." in text_of(standing_cards.eligibility(waits))


def test_every_line_is_worded() -> None:
    texts = {
        kind: history_cards.line_text(replace(LINE, kind=kind, reason="r"))
        for kind in HISTORY_KINDS
    }
    assert len(set(texts.values())) == len(HISTORY_KINDS) - 1  # settings and allowances read alike
    assert texts[ActionKind.BLOCK].endswith("<@9> blocked <@7> until <t:2000000000:f>: r")
    assert texts[EntryKind.REFUND].endswith("refunded to <@7> for `abcdefgh23` by <@9>: r")
    changed = replace(
        LINE,
        kind=ActionKind.ALLOWANCE,
        reason="",
        before={"role_id": 11, "allowance_credits": None, "period": "day"},
        after={"role_id": 11, "allowance_credits": 40, "period": "day"},
    )
    assert history_cards.line_text(changed).endswith(
        "<@9> changed <@&11>’s **Allowance**: none of its own → 40 credits a day"
    )
    operators = replace(LINE, kind=EntryKind.GRANT, actor_id=0, reason=None)
    assert history_cards.line_text(operators).endswith("bonus for <@7> from the operator")


def read(file: object) -> list[list[str]]:
    assert isinstance(file, io.BytesIO)
    return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\u200b=1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    table = history_cards.Table(10**6)
    assert table.take([replace(LINE, reason=cell)])
    header, row = read(table.file().fp)
    assert row[header.index("reason")] == f"'{cell}".replace("\t", " ")
    assert row[header.index("credits")] == "-8"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "reason",
    [
        "thanks;=cmd|'/C calc'!A0;",
        "thanks; +1",
        'thanks;"=1+1',
        'thanks;""@SUM(A1)',
        "thanks,＝1",
        "thanks|-1",
        "thanks\n=1+1",
        "thanks\r=1+1",
        "thanks\u2028=1+1",
        "thanks\t=1+1",
    ],
)
def test_no_cell_is_a_formula_wherever_it_is_split(reason: str, separator: str) -> None:
    """Not every spreadsheet splits at commas: which ones it takes is a matter of its language."""
    table = history_cards.Table(10**6)
    assert table.take([replace(LINE, credits=8, reason=reason)])
    file = table.file().fp
    assert isinstance(file, io.BytesIO)
    lines = re.split("[\r\n\u2028]+", file.read().decode("utf-8-sig"))
    found = [cell.strip(' "') for row in csv.reader(lines, delimiter=separator) for cell in row]
    assert "thanks" in str(found)
    assert not [cell for cell in found if cell and cell[0] in "=+-@＝"]


def test_a_table_that_is_too_large_has_the_newest_lines() -> None:
    many = [replace(LINE, reason=f"number {number}") for number in range(100)]
    table = history_cards.Table(2000)
    assert not table.take(many)
    count = table.count
    assert 0 < count < 100
    _, *rows = read(table.file().fp)
    assert [row[6] for row in rows] == [f"number {number}" for number in range(count)]
    assert f"The newest {count} of 100 lines." in text_of(history_cards.exported(count, 100))


@pytest.mark.parametrize(("allowed", "is_told"), [((), False), ((2, 3), False), ((3,), True)])
def test_a_server_that_is_not_open_is_told_so_wherever_its_rules_are(
    allowed: tuple[int, ...], is_told: bool
) -> None:
    limits = replace(LIMITS, allowed_servers=frozenset(allowed))
    here = settings_cards.Here(frozenset(), frozenset(), may_post=False, server_id=2)
    for card in (
        settings_cards.overview(ServerRules(), limits, here),
        settings_cards.allowances(ServerRules(), limits, frozenset(), 2),
    ):
        assert ("has not opened it for this server" in text_of(card)) is is_told


@pytest.mark.parametrize(("price", "is_refunded"), [(2, True), (0, False)])
def test_only_what_was_paid_was_refunded(price: int, is_refunded: bool) -> None:
    job = replace(JOB, state=JobState.DELIVERED, price=price)
    listed = [server_jobs.Listed(job, is_refundable=False)]
    shown = text_of(
        server_jobs.jobs(PageRef(PagedList.JOBS, 2, 9, 0, "all"), listed, has_next=False)
    )
    assert ("refunded" in shown) is is_refunded


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.QUEUED, JobState.REVIEW])
def test_what_the_provider_said_is_on_no_card_of_anybodys(state: JobState) -> None:
    said = "raw words of the provider"
    job = replace(JOB, state=state, failure=Failure(Problem.PROVIDER_REJECTED, {"reason": said}))
    page = PageRef(PagedList.JOBS, 2, 9, 0, "all")
    shown = [
        job_cards.status(job),
        job_cards.shown_again(job, Outlook()),
        offer(job, None),
        job_cards.job_list([job], 2e9),
        server_jobs.jobs(page, [server_jobs.Listed(job, is_refundable=False)], has_next=False),
        standing_cards.eligibility(replace(LOOK, under_way=[job])),
    ]
    assert not [card for card in shown if said in text_of(card)]
    assert said not in job_cards.job_line(job, 2e9)
