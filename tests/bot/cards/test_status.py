"""A status card says where its job is, when it comes, and whether it can be cancelled."""

import gettext
import re
from dataclasses import replace

import pytest
from discord import ui

from bot.cards import job as job_cards
from bot.cards.languages import speech
from bot.cards.posts.finished import finished
from bot.cards.progress.fingerprints import fingerprint_of
from bot.cards.progress.stages import MARKS, Marks
from bot.cards.status_text import Outlook, job_in_small_print
from bot.core.jobs import Attempt, Delivered, JobState
from bot.core.library.motions import STARTERS
from bot.core.uploads import Upload
from tests.bot.cards.test_cards import JOB, text_of


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (JobState.CHECKING, "▰▱▱▱ Checking"),
        (JobState.QUEUED, "▰▰▱▱ Waiting"),
        (JobState.SUBMITTING, "▰▰▰▱ Being made"),
        (JobState.RENDERING, "▰▰▰▱ Being made"),
        (JobState.FETCHING, "▰▰▰▱ Being made"),
        (JobState.DELIVERING, "▰▰▰▰ Posting"),
    ],
)
def test_the_stage_is_the_one_under_way(state: JobState, line: str) -> None:
    """It reads so without any colour, and fits a line on a phone beside the picture."""
    text = text_of(job_cards.status(replace(JOB, state=state, lease="run"), Outlook()))
    assert line in text.splitlines()
    assert len(line) <= 15


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (JobState.CHECKING, "<:now:2><:ahead:3><:ahead:3><:ahead:3> Checking"),
        (JobState.QUEUED, "<:done:1><:now:2><:ahead:3><:ahead:3> Waiting"),
        (JobState.RENDERING, "<:done:1><:done:1><:now:2><:ahead:3> Being\N{NO-BREAK SPACE}made"),
        (JobState.DELIVERING, "<:done:1><:done:1><:done:1><:now:2> Posting"),
    ],
)
def test_marks_stand_in_the_bars_place_and_the_word_stays(state: JobState, line: str) -> None:
    job = replace(JOB, state=state)
    token = MARKS.set([Marks("<:done:1>", "<:now:2>", "<:ahead:3>")])
    for card in (job_cards.status(job, Outlook()), job_cards.shown_again(job, Outlook())):
        assert line in text_of(card).splitlines()
    MARKS.reset(token)


RUN = Attempt(1, "https://x/a", "https://x/b", began_at=1_795_000_050.0, submitted_at=1_795_000_052)


@pytest.mark.parametrize(
    ("outlook", "line"),
    [
        (Outlook(), "Started <t:1795000052:R>"),
        (Outlook(usual_s=(120.0, 240.0)), "Usually 2 to 4 minutes · started <t:1795000052:R>"),
        (Outlook(usual_s=(60.0, 60.0)), "Usually about 60 seconds · started <t:1795000052:R>"),
        (Outlook(usual_s=(120.0, 120.0)), "Usually about 2 minutes · started <t:1795000052:R>"),
        (Outlook(usual_s=(0.0, 10.0)), "Usually up to 10 seconds · started <t:1795000052:R>"),
        (
            Outlook(usual_s=(120.0, 240.0), is_late=True),
            "This takes longer than usual · started <t:1795000052:R>",
        ),
    ],
)
def test_one_line_of_progress_that_stays_true_without_an_edit(outlook: Outlook, line: str) -> None:
    rendering = replace(JOB, state=JobState.RENDERING, attempt=RUN)
    assert line in text_of(job_cards.status(rendering, outlook)).splitlines()


def test_who_reads_along_is_told_whose_it_is_and_by_which_motion() -> None:
    bow = replace(JOB, motion=STARTERS["bow"].upload)
    for state in JobState:
        job = replace(bow, state=state, attempt=RUN, lease="run")
        private = replace(job, is_direct=True)
        told = "For <@4> · motion Bow · the video comes here."
        lines = text_of(job_cards.status(job, Outlook())).splitlines()
        assert (told in lines) == (state in job_cards.UNDER_WAY)
        assert len([line for line in lines if not line.startswith("-# ")]) <= 4
        if state is not JobState.DELIVERED:
            assert "· motion Bow ·" in text_of(job_cards.status(private, Outlook()))
        assert "For <@4>" not in text_of(job_cards.status(private, Outlook()))
    made = replace(bow, state=JobState.RENDERING, attempt=RUN)
    assert "### The picture is" in text_of(job_cards.status(made))
    assert "### Your picture is" in text_of(job_cards.status(replace(made, is_direct=True)))
    assert "· motion Bow ·" in text_of(finished(bow))


def test_a_cancel_button_only_where_it_can_be_cancelled() -> None:
    for state in JobState:
        view = job_cards.status(replace(JOB, state=state, lease="run"), Outlook())
        buttons = [item for item in view.walk_children() if isinstance(item, ui.Button)]
        assert bool(buttons) == (state is JobState.QUEUED)


@pytest.mark.parametrize("more", ["", "x" * 500])
def test_a_link_of_the_providers_stays_an_address(more: str) -> None:
    url = f"https://files.example/v.mp4?a=1&b=%20{more}) [free](https://evil.example/ <@1> `x`"
    for card in (
        finished(JOB, link=(url, 2e9)),
        job_cards.shown_again(JOB, Outlook(), link=(url, 2e9)),
    ):
        buttons = [item for item in card.walk_children() if isinstance(item, ui.Button)]
        links = [button.url for button in buttons if button.url]
        links += re.findall(r"\]\((\S*?)\)", text_of(card))
        [link] = links
        assert link.startswith("https://files.example/v.mp4?a=1&b=%20")
        assert not set(link) & set(" ()[]<>`")
        assert "free" not in text_of(card).replace(link, "")
        assert not [button for button in buttons if len(button.url or "") > 512]


def test_which_of_several_files_was_taken_hides_no_job() -> None:
    """Whatever somebody has called a file: by its last line a card is known to be a job's."""
    name = "a`b · job `2222222222`\n-# [c](https://evil.example).jpg"
    several = replace(JOB, subject=Upload("https://x/a", name, 1, among=3))
    text = text_of(job_cards.status(several, Outlook()))
    assert "the first of 3 pictures" in text
    assert job_in_small_print(text.splitlines()[-1]) == JOB.id
    alone = replace(JOB, subject=Upload("https://x/a", name, 1, among=1))
    assert "the first of" not in text_of(job_cards.status(alone, Outlook()))


class Foreign(gettext.NullTranslations):
    """A language that says everything between marks of its own."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{super().ngettext(msgid1, msgid2, n)}»"


def test_a_card_is_known_again_whatever_language_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    several = replace(JOB, subject=Upload("https://x/a", "a.png", 1, among=3), attempt=RUN)
    jobs = [replace(several, state=state, lease="run", settled=None) for state in JobState]
    shown = [fingerprint_of(job, Outlook()) for job in jobs]
    monkeypatch.setattr(speech, "catalogue", lambda language: Foreign())
    assert [fingerprint_of(job, Outlook()) for job in jobs] == shown
    for job in jobs:
        title, *_, small_print = text_of(job_cards.status(job, Outlook())).splitlines()
        assert title.startswith("### «")
        assert "«“a.png”, the first of 3 pictures»" in small_print
        assert job_in_small_print(small_print) == JOB.id


SIGNED = Upload("https://cdn.example/me.png?ex=77359400&is=1&hm=ab&", "me.png", 10)  # until 2e9


@pytest.mark.parametrize(
    ("subject", "now", "is_shown"),
    [
        (SIGNED, 2e9 - 1, True),
        (replace(SIGNED, given_as="GIF"), 2e9 - 1, True),
        (SIGNED, 2e9, False),
        (replace(SIGNED, is_link=True), 2e9 - 1, False),
        (replace(SIGNED, given_as="HEIC"), 2e9 - 1, False),
        (replace(SIGNED, url="https://cdn.example/me.png"), 2e9 - 1, False),
        (replace(SIGNED, url="https://cdn.example/me.png?ex=zz"), 2e9 - 1, False),
    ],
)
def test_a_picture_is_shown_while_whoever_reads_the_card_can_see_it(
    subject: Upload, now: float, *, is_shown: bool
) -> None:
    listed = job_cards.job_list([replace(JOB, subject=subject)], now)
    assert bool(pictures(listed)) == is_shown


@pytest.mark.parametrize("is_spoiler", [False, True])
def test_a_spoiler_stays_one_on_its_thumbnail(*, is_spoiler: bool) -> None:
    job = replace(JOB, subject=replace(SIGNED, is_spoiler=is_spoiler))
    [picture] = pictures(job_cards.status(job))
    assert (picture.media.url, picture.spoiler) == (SIGNED.url, is_spoiler)


def pictures(card: ui.LayoutView) -> list[ui.Thumbnail[ui.LayoutView]]:
    return [item for item in card.walk_children() if isinstance(item, ui.Thumbnail)]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7100, "1 hour ago"),
        (200000, "2 days ago"),
    ],
)
def test_a_job_is_told_by_its_files_and_its_age(seconds: float, said: str) -> None:
    job = replace(JOB, subject=SIGNED, state=JobState.DELIVERED)
    assert job_cards.job_line(job, job.created_at + seconds) == f"me.png → b.mp4 · {said} · Done"


@pytest.mark.parametrize(("is_open", "line"), [(True, "40 s"), (False, "1 min 40 s")])
def test_it_tells_how_long_the_video_took_and_not_how_long_its_offer_lay(
    *, is_open: bool, line: str
) -> None:
    at = JOB.created_at
    done = replace(
        JOB,
        is_open=is_open,
        state=JobState.DELIVERED,
        queued_at=at + 60.0,
        state_since=at + 100.0,
        delivered=Delivered.CHANNEL,
        delivery_message_id=7,
    )
    assert f"is ready · it took {line} ·" in text_of(job_cards.status(done, Outlook()))
    assert f"is ready. It took {line}." in text_of(job_cards.shown_again(done, Outlook()))
