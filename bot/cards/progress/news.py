"""What there is to say of a job now: when it comes, why it waits, how it ended."""

from collections.abc import Mapping

from bot.cards.languages.speech import mark, tr
from bot.cards.refusals import sentence
from bot.cards.status_text import (
    Outlook,
    Settler,
    link_to_post,
    made_in,
    not_open,
    settler,
    small_print,
)
from bot.cards.wording import credits_text, model_text, seconds_text, usually
from bot.core.jobs import Delivered, Job, JobState, Outcome, Source

NOT_KNOWN_BY: Mapping[Settler, str] = {
    Settler.OPERATOR: mark(
        "The video service did not answer. I am finding out whether it has your request, until "
        "<t:{known_by:.0f}:t> at the latest; what I do not know by then is to be settled by the "
        "operator."
    ),
    Settler.PAYING_SERVER: mark(
        "The video service did not answer. I am finding out whether it has your request, until "
        "<t:{known_by:.0f}:t> at the latest; what I do not know by then is to be settled by the "
        "paying server's moderators."
    ),
    Settler.SERVER: mark(
        "The video service did not answer. I am finding out whether it has your request, until "
        "<t:{known_by:.0f}:t> at the latest; what I do not know by then is to be settled by the "
        "moderators."
    ),
}
"""Of a job in doubt."""

NOT_HANDED_OVER: Mapping[Settler, str] = {
    Settler.OPERATOR: mark(
        "The video service has not handed this video over yet. It is asked again each hour; your "
        "credits stay reserved until it has, or it is settled by the operator."
    ),
    Settler.PAYING_SERVER: mark(
        "The video service has not handed this video over yet. It is asked again each hour; your "
        "credits stay reserved until it has, or it is settled by the paying server's moderators."
    ),
    Settler.SERVER: mark(
        "The video service has not handed this video over yet. It is asked again each hour; your "
        "credits stay reserved until it has, or it is settled by the moderators."
    ),
}
"""Of a job in review that has its run."""

NOT_CERTAIN: Mapping[Settler, str] = {
    Settler.OPERATOR: mark(
        "It is not certain whether the video service took this request, and asking again could "
        "cost twice. Your credits stay reserved until it is settled by the operator."
    ),
    Settler.PAYING_SERVER: mark(
        "It is not certain whether the video service took this request, and asking again could "
        "cost twice. Your credits stay reserved until it is settled by the paying server's "
        "moderators."
    ),
    Settler.SERVER: mark(
        "It is not certain whether the video service took this request, and asking again could "
        "cost twice. Your credits stay reserved until it is settled by the moderators."
    ),
}
"""Of a job in review that has none, as far as is known."""

STANDS: Mapping[tuple[bool, bool], str] = {
    (False, False): mark("[Your video]({link}) is ready"),
    (False, True): mark("[Your video]({link}) is ready in your direct messages"),
    (True, False): mark("[Your draft]({link}) is ready"),
    (True, True): mark("[Your draft]({link}) is ready in your direct messages"),
}
"""In the small print: whether it is free, and whether it stands in direct messages."""

KeptAs = tuple[str, str]
"""How it is said that only `/jobs show` has a video: without its end, and with `{kept_until}`."""

VIDEO_GONE: KeptAs = (
    mark("Your video was posted, and the post was deleted: `/jobs show` has it."),
    mark(
        "Your video was posted, and the post was deleted: `/jobs show` has it until "
        "<t:{kept_until:.0f}:f>."
    ),
)
DRAFT_GONE: KeptAs = (
    mark("Your draft was posted, and the post was deleted: `/jobs show` has it."),
    mark(
        "Your draft was posted, and the post was deleted: `/jobs show` has it until "
        "<t:{kept_until:.0f}:f>."
    ),
)
NOT_POSTED: KeptAs = (
    mark("Your video is ready, but it could not be posted here: `/jobs show` has it."),
    mark(
        "Your video is ready, but it could not be posted here: `/jobs show` has it until "
        "<t:{kept_until:.0f}:f>."
    ),
)


def latest(job: Job, outlook: Outlook) -> str | None:
    """What there is to say of a job now: when it comes, why it waits, how it ended."""
    match job.state:
        case JobState.QUEUED:
            return _in_line(job, outlook)
        case JobState.SUBMITTING if job.is_in_doubt:
            return _in_doubt(job, outlook)
        case JobState.SUBMITTING | JobState.RENDERING | JobState.FETCHING | JobState.DELIVERING:
            return _with_settled(job, _progress(job, outlook))
        case JobState.REVIEW if job.attempt and job.attempt.request_id:
            return tr(NOT_HANDED_OVER[settler(job)])
        case JobState.REVIEW:
            return tr(NOT_CERTAIN[settler(job)])
        case JobState.DELIVERED:
            return _where(job, outlook)
        case JobState.FAILED | JobState.CANCELLED if job.failure:
            return _came_to_nothing(job)
        case JobState.CANCELLED if job.was_offer and job.queued_at is None:
            return tr("Nothing was started, and nothing spent.")
        case JobState.CANCELLED:
            return tr("You were not charged.")
        case _:
            return tr("Asked <t:{asked_at:.0f}:R>", asked_at=job.created_at)


def _in_line(job: Job, outlook: Outlook) -> str:
    keeps_place = tr("Your request keeps its place and goes on by itself; you can also cancel it.")
    if held := outlook.held_back:
        return f"{sentence(held.problem, held.facts)} {keeps_place}"
    if outlook.unavailable:
        return f"{_unavailable(job, outlook)} {keeps_place}"
    asked = tr("Asked <t:{asked_at:.0f}:R>.", asked_at=job.created_at)
    turn = _turn(outlook)
    return _with_settled(job, f"{turn} {asked}" if turn else asked)


def _unavailable(job: Job, outlook: Outlook) -> str:
    if outlook.instead is None:
        return tr("The video service is unavailable right now.")
    (model, quality), cost = outlook.instead
    return tr(
        "{model} is unavailable right now; {other} would do it in {quality} for {credits}, if you "
        "cancel this one and ask again.",
        model=model_text(job.model),
        other=model_text(model),
        quality=quality,
        credits=credits_text(cost),
    )


def _turn(outlook: Outlook) -> str | None:
    if outlook.waits_for_own:
        return tr("Starts when one of your videos that are being made is done.")
    if outlook.place is None or outlook.place_as_of is None:
        return None
    return tr(
        "Number {place} in line at <t:{as_of:.0f}:t>.",
        place=outlook.place,
        as_of=outlook.place_as_of,
    )


def _in_doubt(job: Job, outlook: Outlook) -> str:
    """By when it is known, as far as that can be said."""
    if outlook.known_by is None:
        known = tr(
            "The video service did not answer. I am finding out whether it has your request: that "
            "takes a quarter of an hour at most, once its records can be read."
        )
    else:
        known = tr(NOT_KNOWN_BY[settler(job)], known_by=outlook.known_by)
    return f"{known} {tr('Your credits stay reserved meanwhile, unless you give it up.')}"


def _progress(job: Job, outlook: Outlook) -> str:
    """Since when it is made, and how long that takes; it counts on in the reader's client."""
    began_at = job.attempt.submitted_at or job.attempt.began_at if job.attempt else job.created_at
    if job.state is JobState.FETCHING:
        how_far = tr("It is made, and on its way to me")
    elif job.state is JobState.DELIVERING:
        how_far = tr("It is made, and about to be posted")
    elif outlook.is_late:
        how_far = tr("This takes longer than usual")
    elif outlook.usual_s is None:
        return tr("Started <t:{began_at:.0f}:R>", began_at=began_at)
    else:
        how_far = usually(outlook.usual_s)
    return f"{how_far} · {tr('started <t:{began_at:.0f}:R>', began_at=began_at)}"


def _with_settled(job: Job, said: str) -> str:
    """Below it, what was found out while the job was in review, or that it is tried again."""
    match job.settled:
        case Outcome.RAN:
            found = tr("It was looked into: the video service did take it, so it goes on.")
        case Outcome.AGAIN:
            found = tr("It was looked into: nothing came of the first try, so it is tried again.")
        case _ if job.failure:
            found = tr("That came to nothing and cost nothing, so it is tried again by itself.")
        case _:
            return said
    return f"{said}\n{found}"


def _came_to_nothing(job: Job) -> str:
    assert job.failure is not None
    said = [sentence(job.failure.problem, job.failure.facts), tr("You were not charged.")]
    was_draft = job.source is Source.MESSAGE and job.queued_at is None
    if job.state is JobState.FAILED and was_draft:
        said.append(tr("To try again, send both the picture and the video."))
    return " ".join(said)


def _where(job: Job, outlook: Outlook) -> str:
    if job.removed_by_id == job.person_id:
        return tr("This video was deleted by who asked for it, and nothing of it is kept.")
    if job.removed_by_id is not None:
        return tr("This video was deleted by a moderator, and nothing of it is kept.")
    took = tr("It took {took}.", took=_took(job))
    match job.delivered:
        case Delivered.CHANNEL if job.delivery_message_id:
            return f"{tr('[Your video]({link}) is ready.', link=link_to_post(job))} {took}"
        case Delivered.DIRECT if job.delivery_message_id:
            ready = tr(
                "[Your video]({link}) is ready in your direct messages.", link=link_to_post(job)
            )
            return f"{ready} {took}"
        case Delivered.CHANNEL | Delivered.DIRECT:
            return _kept(VIDEO_GONE, outlook)
        case Delivered.REPLY:
            return f"{tr('Your video is ready.')} {took}"
        case _:
            return _kept(NOT_POSTED, outlook)


def _took(job: Job) -> str:
    """How long a finished video was waited for: not what its offer waited for its requester."""
    began = job.queued_at if job.was_offer else None
    return seconds_text(float(round(job.state_since - (began or job.created_at))))


def _kept(said: KeptAs, outlook: Outlook) -> str:
    without_end, with_end = said
    if not outlook.kept_until:
        return tr(without_end)
    return tr(with_end, kept_until=outlook.kept_until)


def posted(job: Job, outlook: Outlook) -> list[str]:
    """What is left of a status card once the video has a message of its own."""
    if job.removed_by_id == job.person_id:
        return [small_print(job, tr("This video was deleted by who asked for it"))]
    if job.removed_by_id is not None:
        return [small_print(job, tr("This video was deleted by a moderator"))]
    if job.is_post_gone:
        gone = _kept(DRAFT_GONE if job.is_free else VIDEO_GONE, outlook)
        return [f"-# {gone}", small_print(job, made_in(job))]
    stands = STANDS[job.is_free, job.delivered is Delivered.DIRECT]
    took = tr("it took {took}", took=_took(job))
    return [small_print(job, tr(stands, link=link_to_post(job)), took, made_in(job), not_open(job))]
