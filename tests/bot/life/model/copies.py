"""Events upon copies of jobs that somebody has read a while ago."""

from collections.abc import Callable, Coroutine
from typing import Any

from bot.core.jobs import DEFAULT_MODEL, Delivered, Failure, Job, Outcome
from bot.core.models import Choice
from bot.core.uploads import Cut, Upload
from bot.errors import Problem
from bot.store.store import Store
from tests.bot.life.model.decisions import resolves
from tests.bot.life.model.reference import Reference
from tests.bot.life.model.told import Told

Event = Callable[[Store, Job, float], Coroutine[Any, Any, object]]


def _resolve(outcome: Outcome) -> Event:
    def event(store: Store, job: Job, at: float) -> Coroutine[Any, Any, object]:
        run = ("a run of nobody's", at) if outcome is Outcome.RAN else None
        return store.resolve(job, outcome, run=run, actor_id=1, reason="late", at=at)

    return event


EVENTS: dict[str, Event] = {
    "add": lambda store, job, at: store.add_to_offer(
        job, int(at), at=at, subject=Upload("u", "u", 1)
    ),
    "checked": lambda store, job, at: store.offer_checked(job, 1.0, at=at),
    "admit": lambda store, job, at: store.admit(
        job, quality="360p", duration_s=1.0, price=1, at=at
    ),
    "ask": lambda store, job, at: store.ask(job, Failure(Problem.MOTION_TOO_LONG), at),
    "cut named": lambda store, job, at: store.cut_named(job, Cut(1.0), at),
    "answered": lambda store, job, at: store.answered(
        job, choice=Choice(DEFAULT_MODEL, "360p"), promised=1, at=at
    ),
    "fail": lambda store, job, at: store.fail(job, Failure(Problem.INTERRUPTED), at),
    "cancel": lambda store, job, at: store.cancel(job, at),
    "submit": lambda store, job, at: store.submit(
        job, image_url="i", video_url="v", lease="late", at=at
    ),
    "answer lost": lambda store, job, at: store.answer_lost(job),
    "given up": lambda store, job, at: store.give_up(job, at),
    "accepted": lambda store, job, at: store.accepted(job, "a run of nobody's", at, at),
    "not accepted": lambda store, job, at: store.not_accepted(job, at),
    "try again": lambda store, job, at: store.try_again(job, Failure(Problem.PROVIDER_BUSY), at),
    "doubt": lambda store, job, at: store.doubt(job, at),
    "resumed": lambda store, job, at: store.resumed(job, at),
    "rendered": lambda store, job, at: store.rendered(job, "http://x/v.mp4", None, at),
    "fetched": lambda store, job, at: store.fetched(job, at),
    "delivered": lambda store, job, at: store.delivered(job, Delivered.KEPT, None, at),
    "posting": lambda store, job, at: store.delivery_begins(job, 5, at),
    "noticed": lambda store, job, at: store.notice_given(job, Delivered.KEPT, None),
    "replying": lambda store, job, at: store.reply_begins(job, 5),
    "again": _resolve(Outcome.AGAIN),
    "ran": _resolve(Outcome.RAN),
    "give up": _resolve(Outcome.GIVE_UP),
}
HARMLESS = {
    "fail": ("checking", "queued", "submitting", "rendering", "review", "fetching"),
    "cancel": ("checking", "queued"),
    "doubt": ("submitting", "rendering", "fetching"),
    "again": ("review",),
    "give up": ("review",),
}
"""What may also happen to a job that is as it was seen, and in which states."""


def happens(event: str, model: Reference, job: Told) -> None:
    """The same in the model."""
    match event:
        case "fail":
            model.fails(job)
        case "cancel":
            model.cancels(job)
        case "doubt":
            model.doubts(job)
        case "again":
            resolves(model, job, "again", None)
        case "give up":
            resolves(model, job, "give-up", None)
