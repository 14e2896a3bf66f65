"""The cards of one job: its status, the list of several; what all its buttons ask for.

Buttons carry only an action and the job's id, so that they outlive a restart.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import islice
from urllib.parse import quote

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.languages.speech import tr, tr_many
from bot.cards.parts import AMBER, BLURPLE, GREEN, GREY, RED, Asked, plain, say, view, words
from bot.cards.progress import news
from bot.cards.progress.stages import stages
from bot.cards.status_text import Outlook
from bot.cards.wording import ago, clean, listed
from bot.core.accounts import Terms
from bot.core.jobs import POSTED, Job, JobState, Outcome
from bot.core.models import Choice
from bot.core.typed.job_ids import ID_ALPHABET, ID_LENGTH
from bot.core.uploads import Upload


class Button(StrEnum):
    """What a button asks for; its `custom_id` is `marionette:<action>:<job id>`.

    To start one (a tray's by its own button), or to make one of another's files,
    `:<quality>:<model>` follow, and then how many of the first seconds of its motion are taken, or,
    of another's files, how many credits it costs at most; an offer's has these behind a `c`.
    """

    CANCEL = "cancel"
    GIVE_UP = "give-up"
    START = "start"
    MAKE = "make"
    TAKE_FIRST = "first"
    NAME_PART = "part"
    START_TRAY = "tray"
    DETAILS = "details"
    MORE = "more"
    PICTURE = "picture"
    MOTION = "motion"
    SEND = "send"
    DESCRIBE = "describe"
    DELETE = "delete"
    REPORT = "report"


BUTTONS_IN_A_ROW = 5
MOST_DESCRIPTION_CHARS = 1024
"""Discord's limit for what describes a video."""

MOST_NAME_CHARS, MOST_KIND_CHARS = 200, 5
_FILE_NAME = re.compile(rf"(?:SPOILER_)?marionette-(?P<job>[{ID_ALPHABET}]{{{ID_LENGTH}}})\.mp4")
LINK_BUTTON_LIMIT_CHARS = 512
"""Discord's limit; a longer link stands in the text."""

IN_AN_ADDRESS = "%/:=&?#+,;@!$*~"
"""What may stand there beside letters, digits and `-._`, and ends no link of Discord's markdown."""

SHOWN_AS_THEY_ARE = frozenset({"", *status_text.MOVING})
"""Pictures that Discord shows, by what they were given as."""

COLOURS = {
    JobState.DELIVERED: GREEN,
    JobState.FAILED: RED,
    JobState.CANCELLED: GREY,
    JobState.REVIEW: AMBER,
}

UNDER_WAY = frozenset(
    {
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.RENDERING,
        JobState.FETCHING,
        JobState.DELIVERING,
    }
)


def _colour(job: Job) -> int:
    return COLOURS.get(job.state, BLURPLE) if job.removed_by_id is None else GREY


def custom_id(
    button: Button,
    job_id: str,
    choice: Choice | None = None,
    number: float | None = None,
    *,
    at_most: int | None = None,
) -> str:
    """The id of a button; see `Button`."""
    chosen = (choice.quality, choice.model) if choice else ()
    last = () if number is None else (f"{number:.0f}",)
    most = () if at_most is None else (f"c{at_most}",)
    return ":".join(("marionette", button.value, job_id, *chosen, *last, *most))


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


def button(label: str, asks: Button, job: Job) -> ui.Button[ui.LayoutView]:
    """A button that asks for something about a job."""
    return ui.Button(label=label, custom_id=custom_id(asks, job.id))


def file_name(job: Job) -> str:
    """What the finished video is called where it is attached; Discord veils it by its name, too."""
    return f"{'SPOILER_' if job.is_spoiler else ''}marionette-{job.id}.mp4"


def job_in_file_name(name: str) -> str | None:
    """Whose `file_name` this is, if it is one."""
    found = _FILE_NAME.fullmatch(name)
    return found["job"] if found else None


def alt_text(job: Job) -> str:
    """What the video shows, for who cannot see it, in plain text of 1 to 1024 characters."""
    if job.description:
        return clean(job.description, MOST_DESCRIPTION_CHARS, "plain")
    picture, motion = _bare_name(job.subject), _bare_name(job.motion)
    if picture and motion:
        return tr("A video of {picture} moving like {motion}", picture=picture, motion=motion)
    if picture:
        return tr("A video of {picture} moving like the video", picture=picture)
    if motion:
        return tr("A video of the picture moving like {motion}", motion=motion)
    return tr("A video of the picture moving like the video")


def _bare_name(upload: Upload | None) -> str:
    """What a file is called, without its kind, and without what only says that it is veiled."""
    name = upload.name.removeprefix("SPOILER_") if upload else ""
    name = name.replace("_", " ")  # which Discord writes for a space
    stem, dot, kind = name.rpartition(".")
    return clean(stem if dot and len(kind) <= MOST_KIND_CHARS else name, MOST_NAME_CHARS, "plain")


def video(job: Job) -> ui.MediaGallery[ui.LayoutView]:
    """The finished video, which is attached as `file_name`."""
    return ui.MediaGallery(
        discord.MediaGalleryItem(
            f"attachment://{file_name(job)}", description=alt_text(job), spoiler=job.is_spoiler
        )
    )


def status(job: Job, outlook: Outlook | None = None, terms: Terms | None = None) -> ui.LayoutView:
    """The status card of a job past its offer; once there is a post, one line that leads to it.

    With `terms` it says what its requester has left, for them alone.
    """
    outlook = outlook or Outlook()
    if job.state is JobState.DELIVERED and job.delivered in POSTED:
        return plain(*news.posted(job, outlook))
    whose = _for_whom(job)
    lines = (
        f"### {status_text.title(job)}",
        stages(job),
        news.latest(job, outlook),
        whose,
    )
    left = None
    if terms is not None:
        left = tr_many("{count} credit left", "{count} credits left", terms.credits)
    texts = words(*lines), words(status_text.facts(job, left, names_motion=whose is None))
    items: list[ui.Item[ui.LayoutView]] = (
        [*texts] if job.ended else with_picture(job, job.state_since, *texts)
    )
    if job.state is JobState.QUEUED:
        items.append(ui.ActionRow(button(tr("Cancel"), Button.CANCEL, job)))
    elif job.is_in_doubt:
        items.append(ui.ActionRow(button(tr("Give up…"), Button.GIVE_UP, job)))
    return view(*items, colour=_colour(job))


def _for_whom(job: Job) -> str | None:
    """Where others read along: whose video is under way, by which motion, and where it comes.

    Whoever sends this pings nobody by it.
    """
    if job.is_shown_directly or job.state not in UNDER_WAY or job.is_in_doubt:
        return None
    for_whom = tr("For {person}", person=f"<@{job.person_id}>")
    parts = for_whom, status_text.motion_name(job), tr("the video comes here.")
    return " · ".join(filter(None, parts))


def rows_of(buttons: Iterable[ui.Button[ui.LayoutView]]) -> list[ui.Item[ui.LayoutView]]:
    """As many rows as they need."""
    left = iter(buttons)
    rows = iter(lambda: list(islice(left, BUTTONS_IN_A_ROW)), [])
    return [ui.ActionRow(*row) for row in rows]


def download(url: str, ends_at: float) -> tuple[str, list[ui.Button[ui.LayoutView]]]:
    """How a video is had by the provider's link, whose words are its own: they stay an address."""
    inert = quote(url, safe=IN_AN_ADDRESS)
    if len(inert) > LINK_BUTTON_LIMIT_CHARS:
        linked = tr(
            "[Download it]({link}) before <t:{ends_at:.0f}:f> (<t:{ends_at:.0f}:R>).",
            link=inert,
            ends_at=ends_at,
        )
        return linked, []
    said = tr("Download it before <t:{ends_at:.0f}:f> (<t:{ends_at:.0f}:R>).", ends_at=ends_at)
    return said, [ui.Button(label=tr("Download"), url=inert)]


def shown_again(
    job: Job,
    outlook: Outlook,
    *,
    has_file: bool = False,
    link: tuple[str, float] | None = None,
    buttons: Iterable[ui.Button[ui.LayoutView]] = (),
) -> ui.LayoutView:
    """What `/jobs show` answers: the card, and the video as an attached file or as a link.

    A finished one's has the `buttons` of its post.
    """
    items: list[ui.Item[ui.LayoutView]] = [
        words(
            f"### {status_text.title(job)}",
            stages(job),
            news.latest(job, outlook),
        ),
        words(status_text.facts(job)),
    ]
    if has_file:
        items.append(video(job))
    elif link is not None:
        said, leads = download(*link)
        items.append(words(said))
        buttons = (*leads, *buttons)
    elif job.state is JobState.DELIVERED and job.removed_by_id is None:
        items.append(words(tr("The video itself is no longer kept.")))
    if job.state in {JobState.CHECKING, JobState.QUEUED}:
        items.append(ui.ActionRow(button(tr("Cancel"), Button.CANCEL, job)))
    elif job.is_in_doubt:
        items.append(ui.ActionRow(button(tr("Give up…"), Button.GIVE_UP, job)))
    elif job.state is JobState.DELIVERED and job.removed_by_id is None:
        buttons = (*buttons, button(tr("Delete…"), Button.DELETE, job))
    return view(*items, *rows_of(buttons), colour=_colour(job))


def job_list(
    jobs: Sequence[Job], now: float, *, server: str | None = None, is_direct: bool = False
) -> ui.LayoutView:
    """Somebody's newest jobs, each with its picture as long as Discord shows it; `now` in unix
    seconds. `server` is what the one is called in which they ask, if that is known."""
    elsewhere = (
        "" if is_direct else tr("`/jobs list` in a direct message to me shows those from there.")
    )
    if not jobs:
        none = tr("You have no jobs here yet. `/mimic` makes the first one.")
        return say(f"{none}\n-# {elsewhere}" if elsewhere else none)
    if is_direct:
        heading = tr("Your newest jobs")
    elif server:
        heading = tr("Your newest jobs in {server}", server=clean(server))
    else:
        heading = tr("Your newest jobs here")
    items = (item for job in jobs for item in with_picture(job, now, words(*_listed(job))))
    more = f"{tr('`/jobs show` tells more about one.')} {elsewhere}".rstrip()
    return view(words(f"### {heading}"), *items, words(f"-# {more}"))


def _listed(job: Job) -> tuple[str, str]:
    title = status_text.title(job, f"<#{job.channel_id}>")
    facts = title, job.quality, status_text.price_text(job)
    made_of = status_text.made_of(job)
    return f"**{made_of}** · <t:{job.created_at:.0f}:R>", status_text.small_print(job, *facts)


def with_picture(
    job: Job, now: float, *texts: ui.TextDisplay[ui.LayoutView]
) -> list[ui.Item[ui.LayoutView]]:
    """These, with a job's picture beside them where whoever reads them can see it.

    A thumbnail takes no video. A spoiler stays one.
    """
    subject = job.subject if job.removed_by_id is None else None
    if subject is None or subject.given_as not in SHOWN_AS_THEY_ARE or subject.link_ends_at <= now:
        return [*texts]
    picture: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
        subject.url, description=tr("The picture that is to move"), spoiler=subject.is_spoiler
    )
    return [ui.Section(*texts, accessory=picture)]


def job_line(job: Job, now: float) -> str:
    """A job as a choice to pick from, in plain text of at most 100 characters."""
    made_of, asked = status_text.made_of(job, "plain"), ago(now - job.created_at)
    return clean(f"{made_of} · {asked} · {status_text.title(job)}", 100, "plain")


def asks_give_up(job: Job) -> Asked:
    """Before a requester gives up a job in doubt."""
    yes = tr("Give it up")
    if job.is_free:
        text = tr(
            "Give up `{job}`? It is not known whether it is being made: should it be, you will not "
            "get it.",
            job=job.id,
        )
        return Asked(text, yes)
    text = tr_many(
        "Give up `{job}`? You have your {count} credit back **now**. It is not known whether the "
        "video service has your request: should it make the video after all, you will not get it.",
        "Give up `{job}`? You have your {count} credits back **now**. It is not known whether the "
        "video service has your request: should it make the video after all, you will not get it.",
        job.price or 0,
        job=job.id,
    )
    return Asked(text, yes)


def given_up(job: Job) -> ui.LayoutView:
    """A requester gave up a job in doubt."""
    if job.is_free:
        return say(tr("`{job}` is given up.", job=job.id), GREEN)
    text = tr_many(
        "`{job}` is given up, and you have your {count} credit back.",
        "`{job}` is given up, and you have your {count} credits back.",
        job.price or 0,
        job=job.id,
    )
    return say(text, GREEN)


def resolved(job: Job) -> ui.LayoutView:
    """What became of a job that a moderator has settled."""
    match job.settled:
        case Outcome.RAN:
            said = tr(
                "`{job}` has its run and goes on: its video comes when it is there.", job=job.id
            )
        case Outcome.AGAIN:
            said = tr(
                "`{job}` is back in its place in the line and is tried again; its credits stay "
                "reserved.",
                job=job.id,
            )
        case _:
            said = tr(
                "`{job}` is given up, and {person} has the credits back.",
                job=job.id,
                person=f"<@{job.person_id}>",
            )
    return say(said, GREEN)


def left_out(names: Sequence[str]) -> ui.LayoutView:
    """A message held more than one picture and one video."""
    files = listed([f"`{clean(name, 80, 'code')}`" for name in names[:10]])
    said = tr("I take one picture and one video at a time, and left out {files}.", files=files)
    return say(said, AMBER)


def reminder() -> ui.LayoutView:
    """How direct messages work, for somebody who has been told in full."""
    told = tr(
        "Send me a **picture** and a **video**: I show you the price first. `/credits` shows what "
        "you have, `/jobs list` your videos."
    )
    return say(told)


def hint() -> ui.LayoutView:
    """How a mention becomes a request, for somebody who gave no files."""
    told = tr(
        "Mention me in a message with a **picture** and a **video** attached, or with a picture "
        "alone: then you choose one of my motions. I show you the price first. `/mimic` takes them "
        "too."
    )
    return say(told)
