"""Many people who ask, press, cancel and look, none of whom waits for anybody."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.schema.parts import walk
from sandbox.discord.state.model import Message
from tests.media_samples import make_motion, make_picture
from tests.torture.world import FREE, PAID, World, text

GLANCE_S = 0.3
PRESS_AGAIN_S = 3.0
CHANNELS = ("general", "showroom", "readonly", "nofiles", *(f"stage{n}" for n in range(6)))
UNENDED = "state NOT IN ('delivered', 'failed', 'cancelled')"
UNTOLD = (
    "(state IN ('failed', 'cancelled') AND failure IS NOT NULL AND queued_at IS NOT NULL"
    " AND delivered IS NULL)"
    " OR (delivered = 'reply' AND coalesce(delivery_channel_id, 0) != channel_id)"
    " OR (state = 'review' AND delivered IS NULL)"
)
"""What a message is yet to tell whoever asked."""
FLEETING = (
    "state IN ('failed', 'cancelled') AND NOT is_direct AND moved_from_id IS NULL"
    " AND (failure IS NULL OR (source = 'message' AND queued_at IS NULL))"
    " AND NOT ((is_open OR promised IS NOT NULL) AND queued_at IS NULL AND failure IS NULL)"
)
"""Of what a channel shows nothing any more, a minute later."""

HALF = "Now send me the"
"""On the card of an offer whose other file may have been sent while nobody listened."""

WISHES: Mapping[str, Sequence[str | None]] = {
    PAID[0]: ["360p", "360p", "540p"],
    PAID[1]: [None],
    FREE: [None],
}
"""What is asked for by each model; nothing is its usual quality."""

TOGETHER = 3
"""So many unended jobs a person has at most."""


class People:
    """`ask` and `press` go on until they are cancelled; `wanted` is how many jobs there shall be.

    `did` counts what they did.
    """

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._clients: dict[int, PersonClient] = {}
        self._stack = AsyncExitStack()
        self._pressed_at: dict[str, float] = {}
        self._made_of: set[str] = set()
        self.did: Counter[str] = Counter()
        self.wanted = 0

    async def __aenter__(self) -> Self:
        """Everybody connects."""
        for name, user in self._world.discord.users.items():
            if not user.bot and name != "finn":
                client = PersonClient(self._world.server.people_url, user.id)
                self._clients[user.id] = await self._stack.enter_async_context(client)
        self._picture = await asyncio.to_thread(
            make_picture, self._world.folder / "subject.jpg", size=(100, 150)
        )
        self._motions = [
            await asyncio.to_thread(
                make_motion, self._world.folder / f"motion{n}.mp4", duration_s=n, size=(96, 128)
            )
            for n in (1.0, 2.0)
        ]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    # --- asking -------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Let everybody ask, each in their own time, while more jobs are wanted than there are."""
        async with asyncio.TaskGroup() as group:
            for user_id in self._clients:
                group.create_task(self._ask_on(user_id))

    async def _ask_on(self, user_id: int) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.1, 1.0))
            world = self._world
            mine = world.count(f"person_id = {user_id} AND {UNENDED}")
            if world.is_open and world.count("true") < self.wanted and mine < TOGETHER:
                await self._try(self._ask_once(user_id))

    async def _ask_once(self, user_id: int) -> None:
        person, motion = self._clients[user_id], self._chance.choice(self._motions)
        takes_messages = self._world.discord.users["eve"].id != user_id
        if self._chance.random() < 0.65 or not takes_messages:
            channel = self._world.discord.channels[self._chance.choice(CHANNELS)]
            model = self._chance.choice([*WISHES])
            options = {"model": model, "quality": self._chance.choice(WISHES[model])}
            files = {"image": self._picture, "video": motion}
            self.did["asked by command"] += 1
            given = {name: value for name, value in options.items() if value is not None}
            await person.use(channel.id, "mimic", given, files)
            return
        channel_id = await person.open_dm()
        self.did["asked by message"] += 1
        if self._chance.random() < 0.5:
            await person.send(channel_id, "", [self._picture, motion])
            return
        halves: list[Path] = [self._picture, motion]
        self._chance.shuffle(halves)
        for half in halves:
            await person.send(channel_id, "", [half])
            await asyncio.sleep(self._chance.uniform(0.0, 1.0))

    # --- pressing -----------------------------------------------------------------------------

    async def press(self) -> None:
        """Press the buttons that there are: every offer's start, some cancels, some details, and
        of what may follow a draft."""
        while True:
            await asyncio.sleep(GLANCE_S)
            if self._world.is_open:
                for message in self._world.messages():
                    if message.visible_to is None:
                        await self._look_at(message)

    async def _look_at(self, message: Message) -> None:
        buttons = [part["custom_id"] for part in walk(message.components) if "custom_id" in part]
        for custom_id in buttons:
            _, what, job_id, *_ = custom_id.split(":")
            if what == "start":
                await self._decide(message, job_id, buttons)
                return
            if what == "make" and job_id not in self._made_of and self.wanted:
                self._made_of.add(job_id)
                await self._make_of(message, job_id, buttons)
                return
            is_half = HALF in text(message)  # which may offer motions to choose from, too
            impatience = 0.05 if is_half else 0.004
            is_all = is_half or len(buttons) == 1
            if what == "cancel" and is_all and self._chance.random() < impatience:
                await self._click("cancel", message, job_id, custom_id)
            elif what == "details" and self._chance.random() < 0.0005:
                await self._click("details", message, job_id, custom_id)

    async def _decide(self, message: Message, job_id: str, buttons: list[str]) -> None:
        """An offer: started, sometimes by two presses at once, seldom dropped."""
        now = asyncio.get_running_loop().time()
        if now - self._pressed_at.get(job_id, -PRESS_AGAIN_S) < PRESS_AGAIN_S:
            return
        self._pressed_at[job_id] = now
        if self._chance.random() < 0.1:
            await self._click("never mind", message, job_id, buttons[-1])
            return
        choices = [button for button in buttons if ":start:" in button]
        await self._click("start", message, job_id, self._chance.choice(choices))
        if self._chance.random() < 0.2:
            await self._click("start again", message, job_id, self._chance.choice(choices))

    async def _make_of(self, message: Message, draft_id: str, buttons: list[str]) -> None:
        """A finished draft: most of them become a video, or two, or the same one twice."""
        if self._chance.random() < 0.3:
            return
        choices = [button for button in buttons if ":make:" in button]
        await self._click("make", message, draft_id, self._chance.choice(choices))
        if self._chance.random() < 0.4:
            await self._click("make again", message, draft_id, self._chance.choice(choices))

    async def _click(self, what: str, message: Message, job_id: str, custom_id: str) -> None:
        owner = self._world.rows("SELECT person_id FROM jobs WHERE id = ?", job_id)
        if owner:
            self.did[f"pressed {what}"] += 1
            person = self._clients[owner[0]["person_id"]]
            await self._try(person.click(message.channel_id, message.id, custom_id))

    async def _try(self, deed: Awaitable[object]) -> None:
        try:
            await deed
        except PersonError:
            self.did["could not"] += 1  # it changed while they reached for it
