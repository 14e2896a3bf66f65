"""The cards of one job: its status, the offer before it starts, its finished post, its list.

Buttons carry only an action and the job's id, so that they outlive a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from urllib.parse import quote

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.parts import AMBER, BLURPLE, GREEN, GREY, RED, say, view, words
from bot.cards.refusals import sentence
from bot.cards.status_text import Outlook
from bot.cards.wording import clean, credits_text, listed
from bot.core.accounts import Terms
from bot.core.jobs import DEFAULT_QUALITY, Job, JobState, Outcome, Quality
from bot.errors import Problem


class Button(StrEnum):
    """What a button asks for; its `custom_id` is `marionette:<action>:<job id>[:<quality>]`."""

    CANCEL = "cancel"
    GIVE_UP = "give-up"
    START = "start"
    DETAILS = "details"


LINK_BUTTON_LIMIT_CHARS = 512
"""Discord's limit; a longer link stands in the text."""

IN_AN_ADDRESS = "%/:=&?#+,;@!$*~"
"""What may stand there beside letters, digits and `-._`, and ends no link of Discord's markdown."""

COLOURS = {
    JobState.DELIVERED: GREEN,
    JobState.FAILED: RED,
    JobState.CANCELLED: GREY,
    JobState.REVIEW: AMBER,
}


def custom_id(button: Button, job_id: str, quality: Quality | None = None) -> str:
    """The id of a button; see `Button`."""
    return ":".join(filter(None, ("marionette", button.value, job_id, quality)))


def job_of(custom_id: str) -> str | None:
    """The job that a button of a card leads to."""
    match custom_id.split(":"):
        case ["marionette", _, job_id, *_]:
            return job_id
        case _:
            return None


def answer_to(message_id: int) -> str:
    """The nonce of whatever answers a message: it is answered once, by whichever bot is first."""
    return f"card-{message_id}"


def _button(label: str, button: Button, job: Job) -> ui.Button[ui.LayoutView]:
    return ui.Button(label=label, custom_id=custom_id(button, job.id))


def file_name(job: Job) -> str:
    """What the finished video is called where it is attached; Discord veils it by its name, too."""
    return f"{'SPOILER_' if job.is_spoiler else ''}marionette-{job.id}.mp4"


def _video(job: Job) -> ui.MediaGallery[ui.LayoutView]:
    return ui.MediaGallery(
        discord.MediaGalleryItem(f"attachment://{file_name(job)}", spoiler=job.is_spoiler)
    )


def status(job: Job, outlook: Outlook | None = None) -> ui.LayoutView:
    """The status card of a job past its offer."""
    outlook = outlook or Outlook()
    items: list[ui.Item[ui.LayoutView]] = [
        words(
            f"### {status_text.title(job)}",
            status_text.stages(job),
            status_text.latest(job, outlook),
        ),
        words(status_text.facts(job)),
    ]
    if job.state is JobState.QUEUED:
        items.append(ui.ActionRow(_button("Cancel", Button.CANCEL, job)))
    elif job.is_in_doubt:
        items.append(ui.ActionRow(_button("Give up…", Button.GIVE_UP, job)))
    return view(*items, colour=COLOURS.get(job.state, BLURPLE))


def offer(job: Job, terms: Terms | None) -> ui.LayoutView:
    """A plain message's request: its files, the price of each quality, and its buttons.

    Without terms it says what is still missing or being looked at.
    """
    given = [file for file in (job.subject, job.motion) if file]
    items: list[ui.Item[ui.LayoutView]] = []
    if job.failure:
        wrong = sentence(job.failure.problem, job.failure.facts)
        items.append(words(f"{wrong} The rest of what you sent is still here."))
    how = status_text.how_to_send_more(job)
    if job.subject is None:
        items.append(words(f"Got the motion. Now send me the **picture** that should move.{how}"))
    elif job.motion is None:
        items.append(
            words(
                f"Got your picture. Now send me the **video** whose motion it should follow.{how}"
            )
        )
    elif terms is None:
        items.append(words("Looking at your picture and your video…"))
    else:
        items.append(
            words(
                "### Shall I make this picture move like this video?",
                _lengths(job, terms.prices),
                _means(terms) if job.is_shown_directly else None,
                *_beyond(terms),
            )
        )
    gallery = ui.MediaGallery[ui.LayoutView]()
    for file in given:
        gallery.add_item(
            media=file.url,
            description=clean(file.name, 200, "plain"),
            spoiler=file.is_spoiler,
        )
    items.append(gallery)
    row = ui.ActionRow[ui.LayoutView]()
    if terms is not None and job.subject and job.motion:
        for quality in terms.prices:
            row.add_item(_start_button(job, quality, terms))
    row.add_item(_button("Never mind", Button.CANCEL, job))
    items.append(row)
    if not job.is_direct:
        ends = f"it goes away <t:{job.offer_ends_at:.0f}:R>."
        items.append(words(f"-# Only whoever asked can press this. Unused, {ends}"))
    return view(*items)


def _start_button(job: Job, quality: Quality, terms: Terms) -> ui.Button[ui.LayoutView]:
    is_usual = quality == DEFAULT_QUALITY
    return ui.Button(
        label=f"{quality} · {credits_text(terms.prices[quality])}",
        style=discord.ButtonStyle.primary if is_usual else discord.ButtonStyle.secondary,
        custom_id=custom_id(Button.START, job.id, quality),
        disabled=quality in terms.beyond,
    )


def _means(terms: Terms) -> str:
    has = f"You have **{credits_text(terms.credits)}**"
    if terms.payer is None:
        return f"{has}."
    return f"Your credits in {clean(terms.payer, 100)} pay for it. {has} there."


_TOO_LONG = "A shorter video costs less."
BEYOND: Mapping[Problem, str] = {
    Problem.NO_CREDITS: "more than you have. Your allowance renews <t:{renews_at:.0f}:R>.",
    Problem.TOO_EXPENSIVE: f"more than you can have at once. {_TOO_LONG}",
    Problem.NO_SERVER_BUDGET: "this server’s budget for videos is set to nothing.",
    Problem.SERVER_BUDGET_SPENT: "this server’s budget is spent. It renews <t:{renews_at:.0f}:R>.",
    Problem.SERVER_BUDGET_TOO_LOW: (
        "more than is left of this server’s budget. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_BUDGET: f"more than this server’s whole budget. {_TOO_LONG}",
    Problem.BUDGET_SPENT: (
        "today’s budget for everybody is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.BUDGET_TOO_LOW: (
        "more than is left of today’s budget for everybody. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_BUDGET: f"more than a whole day’s budget for everybody. {_TOO_LONG}",
    Problem.PERSON_CAP_SPENT: "you have used what one person may. It renews <t:{renews_at:.0f}:R>.",
    Problem.PERSON_CAP_TOO_LOW: (
        "more than is left of what one person may use. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_PERSON_CAP: f"more than one person may use in a day. {_TOO_LONG}",
    Problem.SERVER_CAP_SPENT: (
        "what this server may use in a day is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: (
        "more than is left of what this server may use in a day. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_CAP: f"more than this server may use in a day. {_TOO_LONG}",
    Problem.PAUSED: "my operator has paused me for now.",
    Problem.PAUSED_HERE: "my operator has paused me here for now.",
    Problem.BLOCKED: "you are blocked here until <t:{until:.0f}:f>.",
    Problem.BLOCKED_FOR_GOOD: "you are blocked here.",
    Problem.BLOCKED_EVERYWHERE: "my operator has blocked you until <t:{until:.0f}:f>.",
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: "my operator has blocked you.",
}
"""Why a price on an offer cannot be paid now, told behind the qualities that have it."""


def _beyond(terms: Terms) -> list[str]:
    """A line for each reason why some of it cannot be paid now, and when that changes."""
    reasons: dict[str, list[str]] = {}
    for quality, refused in terms.beyond.items():
        reason = BEYOND[refused.problem].format_map(refused.facts)
        reasons.setdefault(reason, []).append(f"**{quality}**")
    return [f"{listed(qualities)}: {reason}" for reason, qualities in reasons.items()]


GOOD_FOR: Mapping[Quality, str] = {
    "360p": "360p is a quick draft",
    "540p": "540p is the usual",
    "720p": "720p is for final renders",
}


def _lengths(job: Job, qualities: Iterable[Quality]) -> str:
    uses = ", ".join(GOOD_FOR[quality] for quality in qualities)
    motion = ", ".join(
        filter(None, (f"{status_text.length(job)} of motion", status_text.sent_as(job)))
    )
    return f"{motion}. {uses}."


def finished(job: Job, *, link: tuple[str, float] | None = None) -> ui.LayoutView:
    """The finished post: the attached video, or a link and the unix second at which it ends."""
    items: list[ui.Item[ui.LayoutView]] = [words(f"<@{job.person_id}>, your video is ready.")]
    buttons: list[ui.Button[ui.LayoutView]] = []
    if link is None:
        items.append(_video(job))
    else:
        said, buttons = _download(*link)
        items.append(words("It could not be attached here.", said))
    items.append(words(status_text.small_print(job, job.quality, status_text.length(job))))
    items.append(ui.ActionRow(*buttons, _button("Details", Button.DETAILS, job)))
    return view(*items, colour=GREEN)


def failed(job: Job) -> ui.LayoutView:
    """The notice that a job came to nothing: why, what to do, and that nothing was charged."""
    why = status_text.latest(job, Outlook())
    return view(
        words(
            f"### {status_text.title(job)}",
            f"<@{job.person_id}>, there is no video this time. {why}",
        ),
        words(status_text.facts(job)),
        ui.ActionRow(_button("Details", Button.DETAILS, job)),
        colour=COLOURS[job.state],
    )


def waits(job: Job) -> ui.LayoutView:
    """The notice that somebody has to decide about a job."""
    card = status_text.link_to(job, job.card.message_id)
    why = status_text.latest(job, Outlook())
    return view(
        words(
            f"### {status_text.title(job)}", f"<@{job.person_id}>, your video has to wait. {why}"
        ),
        words(status_text.facts(job)),
        ui.ActionRow(ui.Button[ui.LayoutView](label="Go to its card", url=card)),
        colour=COLOURS[job.state],
    )


def ready(job: Job) -> ui.LayoutView:
    """The notice that a reply, whose edit notifies nobody, has its video by now."""
    link = ui.Button[ui.LayoutView](label="Go to it", url=status_text.link_to_post(job))
    return view(
        words("### Your video is ready", "It stands where you asked for it."),
        words(status_text.small_print(job, job.quality, status_text.length(job))),
        ui.ActionRow(link),
        colour=GREEN,
    )


def _download(url: str, ends_at: float) -> tuple[str, list[ui.Button[ui.LayoutView]]]:
    """How a video is had by the provider's link, whose words are its own: they stay an address."""
    inert = quote(url, safe=IN_AN_ADDRESS)
    until = f"before <t:{ends_at:.0f}:f> (<t:{ends_at:.0f}:R>)."
    if len(inert) > LINK_BUTTON_LIMIT_CHARS:
        return f"[Download it]({inert}) {until}", []
    return f"Download it {until}", [ui.Button(label="Download", url=inert)]


def shown_again(
    job: Job, outlook: Outlook, *, has_file: bool = False, link: tuple[str, float] | None = None
) -> ui.LayoutView:
    """What `/jobs show` answers: the card, and the video as an attached file or as a link."""
    items: list[ui.Item[ui.LayoutView]] = [
        words(
            f"### {status_text.title(job)}",
            status_text.stages(job),
            status_text.latest(job, outlook),
        ),
        words(status_text.facts(job)),
    ]
    if has_file:
        items.append(_video(job))
    elif link is not None:
        said, buttons = _download(*link)
        items.append(words(said))
        if buttons:
            items.append(ui.ActionRow(*buttons))
    elif job.state is JobState.DELIVERED:
        items.append(words("The video itself is no longer kept."))
    if job.state in {JobState.CHECKING, JobState.QUEUED}:
        items.append(ui.ActionRow(_button("Cancel", Button.CANCEL, job)))
    elif job.is_in_doubt:
        items.append(ui.ActionRow(_button("Give up…", Button.GIVE_UP, job)))
    return view(*items, colour=COLOURS.get(job.state, BLURPLE))


def job_list(jobs: Sequence[Job]) -> ui.LayoutView:
    """Somebody's newest jobs, a line each."""
    if not jobs:
        return say("You have no jobs here yet. `/mimic` makes the first one.")
    lines = [
        f"`{job.id}` · **{status_text.title(job)}** · {_short_facts(job)}<t:{job.created_at:.0f}:R>"
        for job in jobs
    ]
    more = words("-# `/jobs show` tells more about one.")
    return view(words("### Your newest jobs", *lines), more)


def job_line(job: Job) -> str:
    """A job as a choice to pick from, in plain text of at most 100 characters."""
    return f"{job.id} · {status_text.title(job)} · {_short_facts(job)}".removesuffix(" · ")


def _short_facts(job: Job) -> str:
    return "".join(f"{part} · " for part in (job.quality, status_text.price_text(job)) if part)


def asks_give_up(job: Job) -> str:
    """Before a requester gives up a job in doubt."""
    return (
        f"Give up `{job.id}`? You have your {credits_text(job.price or 0)} back **now**. It is not "
        "known whether the video service has your request: should it make the video after all, "
        "you will not get it."
    )


def given_up(job: Job) -> ui.LayoutView:
    """A requester gave up a job in doubt."""
    back = credits_text(job.price or 0)
    return say(f"`{job.id}` is given up, and you have your {back} back.", GREEN)


def resolved(job: Job) -> ui.LayoutView:
    """What became of a job that a moderator has settled."""
    match job.settled:
        case Outcome.RAN:
            said = "has its run and goes on: its video comes when it is there."
        case Outcome.AGAIN:
            said = "is back in its place in the line and is tried again; its credits stay held."
        case _:
            said = f"is given up, and <@{job.person_id}> has the credits back."
    return say(f"`{job.id}` {said}", GREEN)


def left_out(names: Sequence[str]) -> ui.LayoutView:
    """A message held more than one picture and one video."""
    shown = ", ".join(f"`{clean(name, 80, 'code')}`" for name in names[:10])
    return say(f"I take one picture and one video at a time, and left out {shown}.", AMBER)


def reminder() -> ui.LayoutView:
    """How direct messages work, for somebody who has been told in full."""
    return say(
        "Send me a **picture** and a **video**: I show you the price first. `/credits` shows what "
        "you have, `/jobs list` your videos."
    )


def hint() -> ui.LayoutView:
    """How a mention becomes a request, for somebody who gave no files."""
    return say(
        "Mention me in a message with a **picture** and a **video** attached: I show you the price "
        "first. `/mimic` takes them too."
    )


def explanation(prices: Mapping[Quality, int]) -> ui.LayoutView:
    """How direct messages work; `prices` are for ten seconds of motion."""
    return view(
        words(
            "### I make a still picture move like a video",
            "Send me a **picture** and a **video** (or an animated GIF; up to 30 seconds), in one "
            "message or one after the other. I show you the price first, and nothing is spent "
            "until you press the button.",
            f"-# Ten seconds of motion cost {prices['540p']} credits at 540p. "
            "`/credits` shows what you have.",
        )
    )
