"""What is said of deleting and of reporting: to who does it, and to a server's moderators."""

from collections.abc import Mapping, Sequence

import discord
from discord import ui

from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.parts import AMBER, GREY, Asked, say, view, words
from bot.cards.wording import clean
from bot.core.jobs import Job
from bot.core.people.reports import Case, Report, Settled, Why

DISCORD = "https://discord.com/channels"

WHY: Mapping[Why, str] = {
    Why.PERSON: mark("It shows somebody who does not want that"),
    Why.UNKIND: mark("It is mean to somebody"),
    Why.EXPLICIT: mark("It is sexual, bloody or shocking"),
    Why.TAKEN: mark("It is somebody else’s work"),
    Why.SPAM: mark("It is spam, or a trick"),
    Why.OTHER: mark("Something else"),
}
"""What somebody may choose from."""

REPORTED = "Reported: "
SHOWN = 5
"""So many of a message's reports are shown one by one; a card has 4,000 characters."""

SAID_LIMIT_CHARS = 300

ACTION_PATTERN = r"marionette-report:(?P<deed>look|remove|dismiss):(?P<message>[0-9]{1,19})"
"""It names the reported message: a case's number may be another one's in another database."""

SETTLED: Mapping[Settled, str] = {
    Settled.REMOVED: mark("Removed by <@{by}> <t:{at:.0f}:R>."),
    Settled.DISMISSED: mark("Dismissed by <@{by}> <t:{at:.0f}:R>."),
    Settled.GONE: mark("The message was deleted <t:{at:.0f}:R>."),
    Settled.EXPIRED: mark("Nobody has decided about it in time."),
}


def custom_id(deed: str, case: Case) -> str:
    """The id of a report's button; see `ACTION_PATTERN`."""
    return f"marionette-report:{deed}:{case.reported.message_id}"


def for_the_record(newest: Sequence[Report]) -> str:
    """Why it was reported, as it is kept with what is decided: in nobody's own words.

    In English, for `reason_text`: others read it than whoever decides.
    """
    said = dict.fromkeys(WHY[report.why] for report in reversed(newest))
    return f"{REPORTED}{'; '.join(said)}"


def reason_text(kept: str) -> str:
    """A reason that is kept: as it was given, or, of `for_the_record`, in its reader's language."""
    said = kept.removeprefix(REPORTED).split("; ")
    if not kept.startswith(REPORTED) or not set(WHY.values()).issuperset(said):
        return kept
    return tr("Reported: {why}", why="; ".join(map(tr, said)))


def asks_delete(job: Job, reason: str = "") -> Asked:
    """Before a video is deleted, by who asked for it or (with a reason) by a moderator."""
    if reason:
        asked = tr(
            "Delete {person}’s video `{job}`? Its post goes, and all that I keep of it: the video "
            "and the files that it was made of. Nobody can bring it back.",
            person=f"<@{job.person_id}>",
            job=job.id,
        )
    else:
        asked = tr(
            "Delete your video `{job}`? Its post goes, and all that I keep of it: the video and "
            "the files that it was made of. Nobody can bring it back.",
            job=job.id,
        )
    said = [asked]
    if job.price:
        said.append(
            tr_many(
                "The {count} credit that it cost stays spent.",
                "The {count} credits that it cost stay spent.",
                job.price,
            )
        )
    if reason:
        said.append(tr("Reason: {reason}", reason=clean(reason)))
    return Asked(" ".join(said), tr("Delete it"))


def deleted(is_gone: bool | None) -> ui.LayoutView:
    """A video was deleted; its post too, or (`None`) it will be."""
    match is_gone:
        case True:
            return say(tr("Deleted: the post, and all that I kept of it."))
        case None:
            return say(
                tr("Deleted. Discord does not answer just now: the post goes as soon as it does.")
            )
        case _:
            told = tr(
                "All that I kept of it is deleted. Discord does not let me delete the post, since "
                "I cannot see its channel any more: a moderator can delete it by hand."
            )
            return say(told, AMBER)


def thanks() -> ui.LayoutView:
    """To whoever has reported something."""
    return say(tr("Thank you: the moderators will look at it. Nobody else learns that it was you."))


def dismissed() -> ui.LayoutView:
    """A moderator has dismissed a report."""
    return say(tr("Dismissed: the message stays."))


def asks_remove(case: Case) -> Asked:
    """Before a reported message is removed."""
    link, person = link_to(case), f"<@{case.reported.author_id}>"
    if case.reported.job_id is None:
        text = tr("Delete {link} of {person}? Nobody can bring it back.", link=link, person=person)
    else:
        text = tr(
            "Delete {person}’s video ({link})? The post goes, and all that I keep of it. What it "
            "cost stays spent. Nobody can bring it back.",
            person=person,
            link=link,
        )
    return Asked(text, tr("Delete it"))


def removed(is_gone: bool | None) -> ui.LayoutView:
    """A reported message was removed."""
    match is_gone:
        case True:
            return say(tr("Removed."))
        case None:
            return say(tr("Discord does not answer just now: the message goes as soon as it does."))
        case _:
            told = tr(
                "Discord does not let me delete the message: please delete it by hand. I lack "
                "*View Channel* or *Manage Messages* there."
            )
            return say(told, AMBER)


def link_to(case: Case) -> str:
    """The reported message."""
    return (
        f"{DISCORD}/{case.reported.server_id}/{case.reported.channel_id}/{case.reported.message_id}"
    )


def discreet(case: Case, channel_id: int) -> ui.LayoutView:
    """What everybody in this channel may read, where moderators have none of their own."""
    if channel_id == case.reported.channel_id:
        told = tr("Something in this channel was reported, and the moderators will look at it.")
    else:
        told = tr("Something was reported, and the moderators will look at it.")
    look: ui.Button[ui.LayoutView] = ui.Button(
        label=tr("For moderators…"), custom_id=custom_id("look", case)
    )
    return view(words(told), ui.ActionRow(look), colour=GREY)


def card(case: Case, newest: Sequence[Report]) -> ui.LayoutView:
    """What moderators are told of a reported message, and what they can do about it.

    Its mentions are to be sent so that they ping nobody.
    """
    more = case.count - len(newest)
    reporters = tr_many("Reported by {count} person", "Reported by {count} people", case.count)
    told = words(
        *_what(case),
        *map(_line, newest),
        tr("and {more} more", more=more) if more > 0 else None,
        _outcome(case),
        f"-# {reporters} · <t:{case.opened_at:.0f}:R>",
    )
    buttons: list[ui.Button[ui.LayoutView]] = []
    if case.settled in {None, Settled.DISMISSED, Settled.EXPIRED} or case.stays:
        buttons.append(ui.Button(label=tr("Go to it"), url=link_to(case)))
    if case.settled is None:
        buttons += [
            ui.Button(
                label=tr("Remove…"),
                style=discord.ButtonStyle.danger,
                custom_id=custom_id("remove", case),
            ),
            ui.Button(label=tr("Dismiss"), custom_id=custom_id("dismiss", case)),
        ]
    rows = [ui.ActionRow(*buttons)] if buttons else []
    return view(told, *rows, colour=GREY if case.settled else AMBER)


def _what(case: Case) -> list[str]:
    """Whose message it is, where, and of which job."""
    person, job_id = f"<@{case.reported.author_id}>", case.reported.job_id
    where = tr("**Where**: {channel}", channel=f"<#{case.reported.channel_id}>")
    if not job_id:
        title = tr("A message was reported")
        return [f"### {title}", tr("**Posted by**: {person}", person=person), where]
    return [
        f"### {tr('A video was reported')}",
        tr("**Posted for**: {person}", person=person),
        where,
        tr("**Video**: {job}", job=f"`{job_id}`"),
    ]


def _line(report: Report) -> str:
    said = f" · {clean(report.said, SAID_LIMIT_CHARS)}" if report.said else ""
    return f"**<@{report.reporter_id}>**: {tr(WHY[report.why])}{said}"


def _outcome(case: Case) -> str | None:
    if case.settled is None:
        return None
    told = tr(SETTLED[case.settled], by=case.settled_by_id, at=case.settled_at or 0.0)
    if not case.stays:
        return told
    by_hand = tr(
        "It still stands: please delete it by hand. I lack *View Channel* or *Manage Messages* "
        "there."
    )
    return f"{told} {by_hand}"
