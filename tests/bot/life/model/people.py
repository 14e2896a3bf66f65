"""People ask for videos, by command and by message, press buttons, and Discord repeats itself."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.accounts.wallets import Place
from bot.core.jobs import DEFAULT_MODEL, Attempt, Quality
from bot.core.models import Choice
from bot.core.uploads import Upload
from bot.services.given import GivenFile
from tests.bot.life.model.bench import COST, NUMBER, PEOPLE, RARELY, SERVERS, Bench
from tests.bot.life.model.decisions import FIRST_S, offer_of, takes_first
from tests.bot.life.model.doubts import followed, gives_up, looks_for
from tests.bot.life.model.outside import Weather
from tests.bot.life.model.purses import RATES, Wallet
from tests.bot.life.model.told import Told

T = TypeVar("T")
SOMEBODY_ELSE = 99
PICTURES = (*("1-a",) * 5, "1-b", "broken-c")
MOTIONS = (*("2-a",) * 5, "5-a", "40-a", "broken-b")
"""Most often the same, so that runs of the very same inputs meet."""
WALLETS = st.tuples(st.sampled_from(SERVERS), st.sampled_from(PEOPLE))
FILES = st.tuples(st.sampled_from(PICTURES), st.sampled_from(MOTIONS))


class People(Bench):
    """Several of them, in several servers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[int, Callable[[str | None], None]] = {}
        self.was_down = False

    async def noting_outages(self, work: Coroutine[Any, Any, T]) -> T:
        """The same; whether nobody new is let in is the bot's to say, if it has a reason."""
        self.was_down = await self.bot.runner.why_closed() is not None
        assert not self.was_down or self.model.run.may_be_down(self.clock.monotonic())
        return await work

    def given(self, name: str | None, kind: str) -> GivenFile | None:
        """A file as Discord describes it."""
        if name is None:
            return None
        url = f"{self.outside.url}/attachments/{name}?ex=ffffffff"
        return GivenFile(Upload(url, name, 10), f"{kind}/x")

    @rule(
        wallet=WALLETS,
        names=FILES,
        quality=st.sampled_from(sorted(RATES)),
        reply=st.sampled_from(["stands", "stands", "stands", "lost", "refused", "unknown"]),
        dies=RARELY,
    )
    def ask_by_command(
        self,
        wallet: Wallet,
        names: tuple[str, str],
        quality: Quality,
        reply: str,
        dies: bool,
    ) -> None:
        """`/mimic`, and what becomes of the first reply to it."""
        event = next(self.numbers)

        def ask(death: str | None) -> None:
            self.command(event, wallet, names, quality, reply, death)

        self.asked[event] = ask
        ask("commit 1" if dies else None)

    def command(
        self,
        event: int,
        wallet: Wallet,
        names: tuple[str, str],
        quality: Quality,
        reply: str,
        death: str | None,
    ) -> None:
        image, video = self.given(names[0], "image"), self.given(names[1], "video")
        assert image is not None
        assert video is not None
        work = self.bot.service.request(
            place_of(wallet),
            interaction_id=event,
            token="token",
            image=image,
            video=video,
            quality=quality,
        )
        known = self.model.job_of_event(event)
        self.outside.left.discard(wallet)  # where somebody asks, they are

        def promised() -> object:
            if self.was_down or (known is None and not self.model.may_ask(wallet)):
                return False
            if known is None:
                self.model.commits()
            return None

        job = self.both(self.noting_outages(work), promised, death=None if known else death)
        if job is None:
            return
        assert known is None
        told = Told(
            id=job.id,
            source="slash",
            wallet=wallet,
            created_at=self.clock.at,
            events={event},
            subject=image.upload.url,
            motion=video.upload.url,
            quality=quality,
        )
        self.model.jobs[job.id] = told
        match reply:
            case "stands":
                self.loop.run(self.bot.service.replied(job.id, event))
                told.has_card = True
            case "unknown":
                self.bot.discord.replies[job.id] = event
            case "refused":
                self.both(self.bot.service.unanswered(job), lambda: self.model.fails(told))

    @rule(server=st.sampled_from(SERVERS[1:]), person=st.sampled_from(PEOPLE))
    def leaves(self, server: int, person: int) -> None:
        """Somebody leaves a server: it pays for nothing of theirs that it does not hold yet."""
        self.outside.left.add((server, person))

    @rule(
        person=st.sampled_from(PEOPLE),
        picture=st.sampled_from((None, *PICTURES)),
        motion=st.sampled_from((None, *MOTIONS)),
        dies=RARELY,
    )
    def ask_by_message(
        self, person: int, picture: str | None, motion: str | None, dies: bool
    ) -> None:
        """A direct message with one file or both."""
        if picture is None and motion is None:
            picture = PICTURES[0]
        event = next(self.numbers)

        def ask(death: str | None) -> None:
            self.message(event, person, picture, motion, death)

        self.asked[event] = ask
        ask("commit 1" if dies else None)

    def message(
        self,
        event: int,
        person: int,
        picture: str | None,
        motion: str | None,
        death: str | None,
    ) -> None:
        image, video = self.given(picture, "image"), self.given(motion, "video")
        subject = image.upload.url if image else None
        moves = video.upload.url if video else None
        work = self.bot.service.offer(place_of((0, person)), event, image, video)
        known, waiting = self.model.job_of_event(event), offer_of(self.model, person)
        completes = waiting is not None and not (image and video)

        def promised() -> object:
            if known is not None:
                return None
            if self.was_down or (not completes and not self.model.may_ask((0, person))):
                return False
            self.model.commits()
            if waiting is not None and completes:
                for name, new in (("subject", subject), ("motion", moves)):
                    if new is not None:
                        if old := getattr(waiting, name):
                            waiting.taken_back.setdefault(name, old)
                        setattr(waiting, name, new)
                waiting.events = {min(waiting.events), event}
                waiting.is_checked = waiting.is_asked = False
                waiting.age += 1
            elif waiting is not None:
                self.model.enters(waiting, "cancelled")
            return None

        job = self.both(self.noting_outages(work), promised, death=death)
        if job is not None and not completes:
            self.model.jobs[job.id] = Told(
                id=job.id,
                source="message",
                wallet=(0, person),
                created_at=self.clock.at,
                events={event},
                subject=subject,
                motion=moves,
            )

    @precondition(lambda self: self.asked)
    @rule(number=NUMBER)
    def discord_repeats_an_event(self, number: int) -> None:
        """The same command or message once more; what was refused or lost may now be taken."""
        events = sorted(self.asked)
        self.asked[events[number % len(events)]](None)

    @precondition(lambda self: self.has())
    @rule(number=NUMBER, quality=st.sampled_from(sorted(RATES)), mine=st.booleans(), dies=RARELY)
    def press_start(self, number: int, quality: Quality, mine: bool, dies: bool) -> None:
        """The button of an offer, or of what was one."""
        offers = [job for job in self.model.jobs.values() if job.is_offer]
        job = offers[number % len(offers)] if offers else self.pick(number)
        person = job.wallet[1] if mine or offers else SOMEBODY_ELSE

        def promised() -> bool:
            is_ready = job.is_offer and job.is_checked and person == job.wallet[1]
            may = is_ready and not self.was_down
            return may and self.model.may_ask(job.wallet) and self.model.admits(job, quality)

        choice = Choice(DEFAULT_MODEL, quality)
        work = self.bot.service.start(job.id, place_of((0, person)), choice, None, None)
        self.both(self.noting_outages(work), promised, death="commit 1" if dies else None)

    @precondition(lambda self: any(job.is_asked for job in self.model.jobs.values()))
    @rule(number=NUMBER, mine=st.booleans(), dies=RARELY)
    def press_first(self, number: int, mine: bool, dies: bool) -> None:
        """The button of a motion that is too long, or that was."""
        asked = [job for job in self.model.jobs.values() if job.is_asked or job.is_taken]
        job = asked[number % len(asked)]
        self.take_first(job, job.wallet[1] if mine else SOMEBODY_ELSE, dies)

    @rule(
        wallet=WALLETS,
        quality=st.sampled_from(["360p", "360p", "540p"]),
        wait_s=st.sampled_from([1.0, 200.0, 400.0]),
        dies=RARELY,
        looks=st.integers(0, 5),
    )
    def ask_with_too_long_a_motion(
        self, wallet: Wallet, quality: Quality, wait_s: float, dies: bool, looks: int
    ) -> None:
        """It is asked which part is wanted, and goes on with the answer."""
        before = set(self.model.jobs)
        self.outside.weather = Weather()
        self.command(next(self.numbers), wallet, ("1-a", "40-a"), quality, "stands", None)
        for job_id in self.model.jobs.keys() - before:
            job = self.model.jobs[job_id]
            self.advance(job)
            self.clock.passes(wait_s)
            self.take_first(job, wallet[1], dies)
            for _ in range(looks):
                if not job.is_over:
                    self.advance(job)

    def take_first(self, job: Told, person: int, dies: bool) -> None:
        """Whoever presses is there."""
        is_theirs = person == job.wallet[1]
        quality, wallet = job.quality or "540p", (job.wallet[0], person)

        def promised() -> bool:
            may = is_theirs and not self.was_down
            return may and takes_first(self.model, job, quality)

        if is_theirs and job.is_offer:
            self.outside.left.discard(wallet)
        choice = Choice(DEFAULT_MODEL, quality)
        work = self.bot.service.start(job.id, place_of(wallet), choice, None, FIRST_S)
        self.both(self.noting_outages(work), promised, death="commit 1" if dies else None)

    @precondition(lambda self: self.has())
    @rule(number=NUMBER, mine=st.booleans(), dies=RARELY)
    def press_cancel(self, number: int, mine: bool, dies: bool) -> None:
        """Before the submit, and by nobody else."""
        job = self.pick(number)
        person = job.wallet[1] if mine else SOMEBODY_ELSE

        def promised() -> object:
            if not mine or job.state not in ("checking", "queued"):
                return False
            self.model.cancels(job)
            return None

        work = self.bot.service.cancel(job.id, person)
        self.both(work, promised, death="commit 1" if dies else None)

    @precondition(lambda self: self.has("submitting"))
    @rule(number=NUMBER, mine=st.booleans(), dies=RARELY)
    def press_give_up(self, number: int, mine: bool, dies: bool) -> None:
        """In doubt, and by nobody else; not while somebody waits for the submit's answer."""
        job = self.pick(number, "submitting")
        person = job.wallet[1] if mine else SOMEBODY_ELSE
        work = self.bot.service.give_up(job.id, person)
        self.both(
            work,
            lambda: mine and gives_up(self.model, job),
            death="commit 1" if dies else None,
        )

    @precondition(lambda self: bool(followed(self.model)))
    @rule(
        number=NUMBER,
        wait_s=st.sampled_from([1.0, 400.0, 1000.0]),
        down=RARELY,
        ends=st.sampled_from([None, "COMPLETED", "FAILED"]),
        cost=COST,
        death=st.sampled_from([None, None, "commit 1", "history", "row"]),
    )
    def look_for_what_was_given_up(
        self,
        number: int,
        wait_s: float,
        down: bool,
        ends: Literal["COMPLETED", "FAILED"] | None,
        cost: float | None,
        death: str | None,
    ) -> None:
        """One look at the history, as the bot takes them now and then."""
        wanted = followed(self.model)
        job, which = wanted[number % len(wanted)]
        self.clock.passes(wait_s)
        self.outside.weather = Weather(provider_is_down=down)
        for run in self.outside.runs:
            if ends and run.asked_by == job.id and run.state == "PROCESSING":
                run.state, run.cost = ends, cost
        unproven = self.loop.run(self.bot.store.read.unproven(-1e12))
        assert len(unproven) == len(wanted)
        [seen] = [
            seen
            for seen, _ in unproven
            if seen.id == job.id and seen.attempt == self.attempt_of(job, which)
        ]
        work = self.bot.given_up.look_for(seen)
        self.both(work, lambda: looks_for(self.model, job, which), job_id=job.id, death=death)

    def attempt_of(self, job: Told, which: int) -> Attempt:
        """One of a job's submits, as it is saved."""
        return self.loop.run(self.bot.store.read.attempts_of(job.id))[which]


def place_of(wallet: Wallet) -> Place:
    """Where somebody asks whose wallet this is."""
    server, person = wallet
    return Place(server, 5, person, 10**7, is_direct=not server)
