"""What is said of deleting and of reporting: to who does it, and to a server's moderators."""

from collections.abc import Mapping, Sequence

import discord
from discord import ui

from bot.cards.parts import AMBER, GREY, Asked, say, view, words
from bot.cards.wording import clean, credits_text
from bot.core.jobs import Job
from bot.core.people.reports import Case, Report, Settled, Why

DISCORD = "https://discord.com/channels"

WHY: Mapping[Why, str] = {
    Why.PERSON: "It shows somebody who does not want that",
    Why.UNKIND: "It is mean to somebody",
    Why.EXPLICIT: "It is sexual, bloody or shocking",
    Why.TAKEN: "It is somebody else’s work",
    Why.SPAM: "It is spam, or a trick",
    Why.OTHER: "Something else",
}
"""What somebody may choose from."""

SHOWN = 5
"""So many of a message's reports are shown one by one; a card has 4,000 characters."""

SAID_LIMIT_CHARS = 300

ACTION_PATTERN = r"marionette-report:(?P<deed>look|remove|dismiss):(?P<message>[0-9]{1,19})"
"""It names the reported message: a case's number may be another one's in another database."""

SETTLED: Mapping[Settled, str] = {
    Settled.REMOVED: "Removed by <@{by}> <t:{at:.0f}:R>.",
    Settled.DISMISSED: "Dismissed by <@{by}> <t:{at:.0f}:R>.",
    Settled.GONE: "The message was deleted <t:{at:.0f}:R>.",
    Settled.EXPIRED: "Nobody has decided about it in time.",
}


def custom_id(deed: str, case: Case) -> str:
    """The id of a report's button; see `ACTION_PATTERN`."""
    return f"marionette-report:{deed}:{case.reported.message_id}"


def for_the_record(newest: Sequence[Report]) -> str:
    """Why it was reported, as it is kept with what is decided: in nobody's own words."""
    said = dict.fromkeys(WHY[report.why] for report in reversed(newest))
    return f"Reported: {'; '.join(said)}"


def asks_delete(job: Job, reason: str = "") -> Asked:
    """Before a video is deleted, by who asked for it or (with a reason) by a moderator."""
    whose = f"<@{job.person_id}>’s" if reason else "your"
    paid = f" The {credits_text(job.price)} that it cost stay spent." if job.price else ""
    why = f" Reason: {clean(reason)}" if reason else ""
    text = (
        f"Delete {whose} video `{job.id}`? Its post goes, and all that I keep of it: the video and "
        f"the files that it was made of. Nobody can bring it back.{paid}{why}"
    )
    return Asked(text, "Delete it")


def deleted(is_gone: bool | None) -> ui.LayoutView:
    """A video was deleted; its post too, or (`None`) it will be."""
    match is_gone:
        case True:
            return say("Deleted: the post, and all that I kept of it.")
        case None:
            return say(
                "Deleted. Discord does not answer just now: the post goes as soon as it does."
            )
        case _:
            return say(
                "All that I kept of it is deleted. Discord does not let me delete the post, since "
                "I cannot see its channel any more: a moderator can delete it by hand.",
                AMBER,
            )


def thanks() -> ui.LayoutView:
    """To whoever has reported something."""
    return say("Thank you: the moderators will look at it. Nobody else learns that it was you.")


def dismissed() -> ui.LayoutView:
    """A moderator has dismissed a report."""
    return say("Dismissed: the message stays.")


def asks_remove(case: Case) -> Asked:
    """Before a reported message is removed."""
    link, whose = link_to(case), f"<@{case.reported.author_id}>"
    if case.reported.job_id is None:
        return Asked(f"Delete {link} of {whose}? Nobody can bring it back.", "Delete it")
    text = (
        f"Delete {whose}’s video ({link})? The post goes, and all that I keep of it. What it cost "
        "stays spent. Nobody can bring it back."
    )
    return Asked(text, "Delete it")


def removed(is_gone: bool | None) -> ui.LayoutView:
    """A reported message was removed."""
    match is_gone:
        case True:
            return say("Removed.")
        case None:
            return say("Discord does not answer just now: the message goes as soon as it does.")
        case _:
            return say(f"Discord does not let me delete the message: {BY_HAND}", AMBER)


BY_HAND = "please delete it by hand. I lack *View Channel* or *Manage Messages* there."


def link_to(case: Case) -> str:
    """The reported message."""
    return (
        f"{DISCORD}/{case.reported.server_id}/{case.reported.channel_id}/{case.reported.message_id}"
    )


def discreet(case: Case, channel_id: int) -> ui.LayoutView:
    """What everybody in this channel may read, where moderators have none of their own."""
    where = " in this channel" if channel_id == case.reported.channel_id else ""
    look: ui.Button[ui.LayoutView] = ui.Button(
        label="For moderators…", custom_id=custom_id("look", case)
    )
    return view(
        words(f"Something{where} was reported, and the moderators will look at it."),
        ui.ActionRow(look),
        colour=GREY,
    )


def card(case: Case, newest: Sequence[Report]) -> ui.LayoutView:
    """What moderators are told of a reported message, and what they can do about it.

    Its mentions are to be sent so that they ping nobody.
    """
    what = "video" if case.reported.job_id else "message"
    job_id = case.reported.job_id
    more = case.count - len(newest)
    people = "1 person" if case.count == 1 else f"{case.count} people"
    told = words(
        f"### A {what} was reported",
        f"**Posted {'for' if job_id else 'by'}**: <@{case.reported.author_id}>",
        f"**Where**: <#{case.reported.channel_id}>",
        f"**Video**: `{job_id}`" if job_id else None,
        *map(_line, newest),
        f"and {more} more" if more > 0 else None,
        _outcome(case),
        f"-# Reported by {people} · <t:{case.opened_at:.0f}:R>",
    )
    buttons: list[ui.Button[ui.LayoutView]] = []
    if case.settled in {None, Settled.DISMISSED, Settled.EXPIRED} or case.stays:
        buttons.append(ui.Button(label="Go to it", url=link_to(case)))
    if case.settled is None:
        buttons += [
            ui.Button(
                label="Remove…",
                style=discord.ButtonStyle.danger,
                custom_id=custom_id("remove", case),
            ),
            ui.Button(label="Dismiss", custom_id=custom_id("dismiss", case)),
        ]
    rows = [ui.ActionRow(*buttons)] if buttons else []
    return view(told, *rows, colour=GREY if case.settled else AMBER)


def _line(report: Report) -> str:
    said = f" · {clean(report.said, SAID_LIMIT_CHARS)}" if report.said else ""
    return f"**<@{report.reporter_id}>**: {WHY[report.why]}{said}"


def _outcome(case: Case) -> str | None:
    if case.settled is None:
        return None
    told = SETTLED[case.settled].format(by=case.settled_by_id, at=case.settled_at or 0.0)
    return f"{told} It still stands: {BY_HAND}" if case.stays else told
