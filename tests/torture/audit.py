"""What must be true in the end, from outside: the bot's database and the servers' own records."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from bot.cards.job import Button
from bot.cards.status_text import TITLES
from bot.core.jobs import JobState
from bot.jobs.submits import FREE_TRIES
from sandbox.discord.schema.parts import walk
from sandbox.discord.state.model import Flag, Message
from tests.torture.people import FLEETING, UNTOLD
from tests.torture.world import World, asks, text

Job = Mapping[str, Any]
ENDS = {"delivered", "failed", "cancelled"}
UNMADE = {"failed", "cancelled"}
IN_A_MESSAGE = {"channel", "reply", "direct"}
A_DAY_S = 23.9 * 3600
WHOLE = {"subject", "motion", "video.mp4", "smaller.mp4"}
NEUTRAL = "This request could not be taken."


class Audit:
    """`faults()` finds what is wrong, a sentence each, with the job's id in it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.jobs = world.rows("SELECT * FROM jobs ORDER BY created_at, id")
        self._attempts = world.rows("SELECT * FROM attempts")
        self._entries = world.rows("SELECT * FROM entries")
        self._messages = world.messages()
        self._accepted = [*world.provider.accepted, *world.engine.accepted]
        self._posts: defaultdict[str, list[Message]] = defaultdict(list)
        self._links: Counter[str] = Counter()
        for message in self._messages:
            for part in walk(message.components):
                found = re.fullmatch(
                    rf"marionette:(?:{Button.DETAILS}|{Button.MORE}):(\w+)",
                    part.get("custom_id", ""),
                )
                if found and message.visible_to is None:
                    self._posts[found[1]].append(message)
                if "url" in part:
                    self._links[part["url"].rpartition("/")[2]] += 1

    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        return [
            *self._of_ends(),
            *self._of_offers(),
            *self._of_presses(),
            *self._of_runs(),
            *self._of_posts(),
            *self._of_links(),
            *self._of_money(),
            *self._of_budgets(),
            *self._of_cards(),
            *self._of_what_hangs(),
            *files_left(self._world),
        ]

    @property
    def ends(self) -> Counter[str]:
        """Jobs by how they ended."""
        return Counter(_end(job) for job in self.jobs)

    @property
    def accepted(self) -> Counter[str]:
        """Accepted runs by model."""
        return Counter(run.inputs.model.slug for run in self._accepted)

    @property
    def posts(self) -> int:
        """How many finished posts can be seen."""
        made = [job["id"] for job in self.jobs if job["state"] == "delivered"]
        return sum(len(self._posts[job_id]) for job_id in made)

    @property
    def cut_off_looks(self) -> int:
        """Private answers to a look that a kill or a fault has left thinking."""
        return sum(1 for message in self._messages if _thinks(message) and not _is_reply(message))

    def _of_ends(self) -> Iterator[str]:
        for job in self.jobs:
            if job["state"] not in ENDS | {"review"}:
                yield f"{job['id']} is lost: it is still {job['state']}."
            if job["state"] == "review" and _is_free(job):
                yield f"{job['id']} is free, and waits for a person's decision."

    def _of_offers(self) -> Iterator[str]:
        """Whoever could have started or dropped their request did: none waited out its day."""
        for job in self.jobs:
            waited_s = job["state_since"] - job["created_at"]
            if job["source"] == "message" and job["queued_at"] is None and waited_s > A_DAY_S:
                yield f"{job['id']} was never offered to its requester."

    def _of_presses(self) -> Iterator[str]:
        """What somebody has made of a draft is not begun once more, however often it is pressed."""
        latest: dict[tuple[str, str, str, str], Job] = {}
        made_as = {job["id"]: (job["model"], job["quality"]) for job in self.jobs}
        for job in self.jobs:
            if made_as.get(job["files_of"]) == made_as[job["id"]]:
                continue  # the same again may be asked for once that has begun
            wish = job["files_of"], job["person_id"], job["model"], job["quality"]
            earlier = latest.get(wish)
            latest[wish] = job
            if job["files_of"] is None or earlier is None:
                continue
            if earlier["state"] not in ENDS or earlier["state_since"] > job["created_at"]:
                yield f"{job['id']} was begun while {earlier['id']} was made of the same draft."

    def _of_runs(self) -> Iterator[str]:
        """Each accepted run belongs to one attempt, and each job that needed one has one.

        A draft's may be lost, and is made anew then. What is made of one draft twice, one after the
        other, has the same inputs: there the claim tells whose it is.
        """
        by_inputs: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        claims: defaultdict[str, list[str]] = defaultdict(list)
        for attempt in self._attempts:
            names = ("model", "image_url", "video_url", "quality")
            by_inputs[tuple(attempt[name] for name in names)].add(attempt["job_id"])
            claims[attempt["request_id"]].append(attempt["job_id"])
        runs: Counter[str] = Counter()
        for run in self._accepted:
            model, inputs, claimed = run.inputs.model, run.inputs, claims[run.request_id]
            able = by_inputs[model.slug, inputs.image_url or "", inputs.video_url, inputs.quality]
            if not able.intersection(claimed) and (claimed or not able):
                yield f"The accepted run {run.request_id} is nobody's, and claimed by {claimed}."
                continue
            job_id = claimed[0] if claimed else min(able)
            runs[job_id] += run.error is None  # one that failed cost nothing
            if len(claimed) != 1 and not (model.is_draft and not claimed):
                yield f"{job_id}: its run {run.request_id} is claimed {len(claimed)} times."
        for job in self.jobs:
            needed, had = _needed_runs(job), runs[job["id"]]
            if had not in needed:
                yield f"{job['id']} ended as {_end(job)}, and {had} runs were bought for it."

    def _of_posts(self) -> Iterator[str]:
        """One post for each video, and one notice for each failure; a day later that is gone."""
        known = {job["id"] for job in self.jobs}
        for job in self.jobs:
            is_over = job["state"] in UNMADE and job["delivery_message_id"] is None
            is_told = job["delivered"] in IN_A_MESSAGE and job["state"] in ENDS
            wanted = int(is_told and not is_over)
            posts = self._posts[job["id"]]
            if len(posts) != wanted:
                yield f"{job['id']} ended as {_end(job)}, and has {len(posts)} posts."
            if wanted and job["delivery_message_id"] not in {message.id for message in posts}:
                yield f"{job['id']}: its post is another one than it has saved."
        for job in self._world.rows(f"SELECT * FROM jobs WHERE {UNTOLD}"):
            yield f"{job['id']} ended as {_end(job)}, and its requester was never told."
        for job_id in self._posts.keys() - known:
            yield f"{job_id}: there is a post of a job that nobody knows."

    def _of_links(self) -> Iterator[str]:
        """A notice leads to the card each time that a job waits for a decision, and to an old reply
        that has its video."""
        waits = Counter(
            row["job_id"]
            for row in self._world.rows("SELECT job_id FROM actions WHERE action = 'review'")
        )
        for job in self.jobs:
            links, may_be = self._links[str(job["card_message_id"])], waits[job["id"]]
            if links > may_be + (job["delivered"] == "reply"):
                yield f"{job['id']} waited {may_be} times, and {links} notices lead to its card."
            if job["state"] == "review" and job["delivered"] in IN_A_MESSAGE and not links:
                yield f"{job['id']} waits for a decision, and its notice is gone."

    def _of_money(self) -> Iterator[str]:
        by_job: defaultdict[str, list[Job]] = defaultdict(list)
        for entry in self._entries:
            by_job[entry["job_id"]].append(entry)
        held: Counter[tuple[int, int]] = Counter()
        granted: Counter[tuple[int, int]] = Counter()
        for job in self.jobs:
            kinds = sorted(entry["kind"] for entry in by_job[job["id"]])
            if kinds != _wanted_entries(job):
                yield f"{job['id']} ended as {_end(job)}, with {kinds} in the journal."
            total = sum(entry["allowance"] + entry["granted"] for entry in by_job[job["id"]])
            paid = 0 if "release" in kinds or not kinds else job["price"]
            if total != -paid:
                yield f"{job['id']} costs {paid}, and its entries come to {total}."
            if kinds == ["hold"]:
                held[job["server_id"], job["person_id"]] += job["price"]
        for entry in self._entries:
            granted[entry["server_id"], entry["person_id"]] += entry["granted"]
        for wallet in self._world.rows("SELECT * FROM wallets"):
            key = (wallet["server_id"], wallet["person_id"])
            if (wallet["held"], wallet["granted"]) != (held[key], granted[key]):
                yield f"The wallet {key} differs from its journal."

    def _of_budgets(self) -> Iterator[str]:
        """Of what came to nothing they count each run that may be billed, and nothing else."""
        counted = {row["attempt_id"]: row for row in self._world.rows("SELECT * FROM unproven")}
        jobs = {job["id"]: job for job in self.jobs}
        for attempt in self._attempts:
            job, row = jobs[attempt["job_id"]], counted.get(attempt["id"])
            is_last = attempt["id"] == job["attempt_id"] and job["state"] == "failed"
            ran = attempt["request_id"] is not None
            is_counted = not _is_free(job) and attempt["cost"] != 0
            if is_last and ran and (row is not None) != is_counted:
                cost = attempt["cost"]
                yield f"{job['id']} failed, its run cost {cost}, and budgets count {row}."
            if row and not (is_last and row["credits"] == job["price"]):
                yield f"{job['id']} is {job['state']}, and budgets count {row} besides."

    def _of_cards(self) -> Iterator[str]:
        shown = {message.id: message for message in self._messages}
        fleeting = self._world.rows(f"SELECT id FROM jobs WHERE {FLEETING}")
        is_to_go = {row["id"] for row in fleeting}
        for job in self.jobs:
            card = shown.get(job["card_message_id"]) or self._newer_card(job)
            if job["id"] in is_to_go:
                if card is not None:
                    yield f"{job['id']} is {_end(job)}, and its card still says: {text(card)!r}"
            elif reason := _wrong_with_card(job, card):
                yield f"{job['id']} ended as {_end(job)}, and {reason}"
        states = {job["id"]: job for job in self.jobs}
        for message in self._messages:
            for part in walk(message.components):
                _, what, job_id, *_ = (part.get("custom_id") or ":::").split(":")
                leads_on = {Button.START, Button.CANCEL, Button.GIVE_UP}
                if what in leads_on and message.visible_to is None:
                    yield f"{job_id} is {states[job_id]['state']}, and a card still offers {what}."
                    break

    def _newer_card(self, job: Job) -> Message | None:
        """The one on which an offer was let go before a kill let it be saved."""
        if job["source"] != "message" or job["state"] != "cancelled" or job["queued_at"]:
            return None
        named = f"job `{job['id']}`"
        return next((message for message in self._messages if named in text(message)), None)

    def _of_what_hangs(self) -> Iterator[str]:
        jobs = {job["origin_id"]: job["id"] for job in self.jobs}
        for message in self._messages:
            if _thinks(message) and _is_reply(message):
                assert message.interaction is not None
                yield f"{jobs.get(message.interaction.id)}: its reply still thinks."


def files_left(world: World) -> Iterator[str]:
    """What no job has any longer; only finished and unsettled ones keep anything, and all of it
    whole."""
    kept = world.rows("SELECT id FROM jobs WHERE state IN ('delivered', 'review')")
    known = {row["id"] for row in kept}
    for path in (world.folder / "data" / "media").glob("*/*"):
        if path.parent.name not in known or path.name not in WHOLE:
            yield f"{path.parent.name}: its file {path.name} is left."


def _is_free(job: Job) -> bool:
    return bool(job["price"] == 0)


def _end(job: Job) -> str:
    return f"draft {_end_of_any(job)}" if _is_free(job) else _end_of_any(job)


def _end_of_any(job: Job) -> str:
    if job["state"] == "delivered":
        return f"delivered ({job['delivered']})"
    if job["failure"]:
        found = re.search(r'"problem": ?"(\w+)"', job["failure"])
        return f"failed ({found[1] if found else '?'})"
    return str(job["state"])


def _needed_runs(job: Job) -> set[int]:
    """How many accepted runs that did not fail may stand behind a job that ended so."""
    if _is_free(job):
        return {*range(job["state"] == "delivered", FREE_TRIES + 1)}
    return {"delivered": {1}, "review": {0, 1}}.get(str(job["state"]), {0})


def _wanted_entries(job: Job) -> list[str]:
    if job["queued_at"] is None or _is_free(job):
        return []
    settlement = {"delivered": ["capture"], "review": []}.get(job["state"], ["release"])
    return sorted(["hold", *settlement])


def _wrong_with_card(job: Job, card: Message | None) -> str | None:
    """What is wrong, if anything is."""
    by_command = job["source"] == "slash"
    if by_command and job["failure"] and job["queued_at"] is None:
        is_fine = card is None or text(card) == NEUTRAL
        return None if is_fine else f"its public reply says: {text(card)!r}" if card else None
    if job["state"] in UNMADE and job["delivered"] in IN_A_MESSAGE:
        return None if card is None else f"its card stands beside its notice: {text(card)!r}"
    if job["card_message_id"] is None:
        return None if job["state"] == "cancelled" else "it has no card."
    is_taken_back = by_command and job["queued_at"] is None and job["state"] == "cancelled"
    if is_taken_back and job["is_open"] and not job["failure"]:
        return None if card is None else f"its card still stands: {text(card)!r}"
    if card is None:
        return "its card is gone."
    if job["delivered"] == "reply":
        ready = f"your {'draft' if _is_free(job) else 'video'} is ready."
        return None if ready in text(card).lower() else f"its reply says: {text(card)!r}"
    if job["state"] == "delivered" and job["delivered"] in {"channel", "direct"}:
        what = "draft" if _is_free(job) else "video"
        is_line = f"[Your {what}](" in text(card) or "the post was deleted" in text(card)
        return None if is_line else f"its card says: {text(card)!r}"
    title = f"### {TITLES.get(JobState(job['state']), 'Waits for a decision')}"
    return None if title in text(card) else f"its card says: {text(card)!r}"


def _thinks(message: Message) -> bool:
    return bool(message.flags & Flag.LOADING)


def _is_reply(message: Message) -> bool:
    return message.interaction is not None and asks(message.interaction)
