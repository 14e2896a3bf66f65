"""Requests that no client sends, and changed answers, to a real bot between two real servers."""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.schema.parts import walk
from sandbox.discord.state.model import (
    Channel,
    Flag,
    Interaction,
    InteractionType,
    Message,
    State,
    User,
)
from sandbox.discord.wire import Json
from sandbox.faults.injector import Faults, Rule, resets
from tests.bot.life.kept import RenderOnce, samples
from tests.fuzz.answers import Answers
from tests.fuzz.books import ANSWERS_CHANGED, Posts, look_at_books, wrong_in_log
from tests.fuzz.oddities import TEXTS, Oddities
from tests.fuzz.payloads import Forger, Leaf, leaves
from tests.fuzz.tally import Tally, memory_mib
from tests.fuzz.world import Hurried
from tests.torture.people import UNENDED, UNTOLD

AT_ONCE = 6
BATCH = 30
BREATH_S = 0.3
"""After each batch: time moves on only while nobody waits."""

START_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
PATIENCE_S, TRIES = 4.0, 4
"""Discord gives three real seconds for a first answer, and the machine may be busy: what is missed
is asked again, and whoever keeps silent does so each time."""

END_PATIENCE_S = 300.0
GROWTH_MIB = 120.0
CALM_REQUESTS = 500
"""After so many the bot has its code, its caches and its database's pages."""

SUBMIT = "/v2/{model}"
GENERIC = "Something went wrong"
SERVERS_CHANNELS = ("general", "showroom", "nofiles", "lawn", "lawn", "lawn", "den")
MODERATED = frozenset({"quota", "moderate", "settings"})
GOES_ON = f"({UNENDED}) AND state != 'review' AND NOT (state = 'checking' AND is_open)"
"""What waits for a person, to settle it or to start it, goes on for as long as they like."""


class Requests:
    """Sends so many; `tally` holds whatever was wrong."""

    def __init__(self, world: Hurried, seed: int) -> None:
        chance = random.Random(seed)
        self.tally = Tally("requests of people")
        self._world = world
        self._chance = chance
        self._odd = Oddities(chance)
        self._forger = Forger(world.discord, chance)
        self._leaves: list[Leaf] = []
        self._modals: list[tuple[Json, Interaction]] = []
        self._first_mib = 0.0

    async def prepare(self) -> None:
        """Let people have odd names, and upload what the commands point at."""
        world = self._world
        short = [text for text in TEXTS if 0 < len(text.strip()) <= 32 and text.isprintable()]
        guests = [user for user in world.discord.users.values() if user.username[:5] == "guest"]
        for guest, name in zip(guests, short, strict=False):
            guest.display_name = name
        picture, motion = await asyncio.to_thread(samples, world.folder)
        sent = {"image.jpg": picture.read_bytes(), "video.mp4": motion.read_bytes()}
        sent |= {"image.png": sent["video.mp4"], "video.mov": sent["image.jpg"]}
        sent |= {"image.gif": b"GIF89a", "video-cut.mp4": sent["video.mp4"][:900]}
        folder = world.folder / "uploads"
        await asyncio.to_thread(_write, folder, sent)
        ada, general = world.discord.users["ada"], world.discord.channels["general"]
        async with PersonClient(world.server.people_url, ada.id) as person:
            message = await person.send(general.id, "for later", [folder / name for name in sent])
        self._forger.attachments = message["attachments"]

    async def run(self, count: int) -> None:
        """Batch by batch."""
        self._leaves = leaves(self._world.discord.commands)
        sent = 0
        while sent < count:
            self._look_around()
            batch = min(BATCH, count - sent)
            turns = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for _ in range(batch):
                    group.create_task(self._in_turn(turns))
            sent += batch
            if sent >= CALM_REQUESTS and not self._first_mib:
                self._first_mib = memory_mib(self._pid)
            await asyncio.sleep(BREATH_S)

    @property
    def _pid(self) -> int:
        assert self._world.program is not None
        return self._world.program.process.pid

    def _look_around(self) -> None:
        """Whose jobs there are, and what lies open."""
        found = self._world.rows("SELECT id FROM jobs ORDER BY created_at DESC LIMIT 40")
        self._forger.jobs = sorted(row["id"] for row in found)

    async def _in_turn(self, turns: asyncio.Semaphore) -> None:
        async with turns:
            kinds = (self._use, self._type, self._press, self._press_forged, self._submit)
            [send] = self._chance.choices([*kinds, self._write], [40, 6, 18, 18, 10, 8])
            person, channel = self._who_and_where()
            await send(person, channel)

    def _who_and_where(self) -> tuple[User, Channel]:
        chance, discord = self._chance, self._world.discord
        people = [user for user in discord.users.values() if not user.bot]
        person = chance.choice([*people, *[discord.users["dana"], discord.users["ada"]] * 4])
        if chance.random() < 0.25:
            return person, discord.dm_between(discord.bot_id, person.id)
        channels = [discord.channels[name] for name in SERVERS_CHANNELS]
        mine = [one for one in channels if person.id in self._members(one)]
        if not mine:
            return person, discord.dm_between(discord.bot_id, person.id)
        return person, chance.choice(mine)

    def _members(self, channel: Channel) -> set[int]:
        guild = self._world.discord.guild(channel.guild_id)
        return set(guild.members) if guild else set()

    # --- the kinds of requests ------------------------------------------------------------------

    async def _use(self, person: User, channel: Channel) -> None:
        mimic = [leaf for leaf in self._leaves if leaf.words == ("mimic",)]
        leaf = self._chance.choice([*self._leaves, *mimic * 12])
        if leaf.words[0] in MODERATED and self._chance.random() < 0.9:
            person, channel = self._moderator()
        is_fair = self._chance.random() < 0.3
        data = self._forger.command(leaf, channel, is_fair=is_fair)
        await self._send(InteractionType.COMMAND, person, channel, data, leaf.words[0])

    def _moderator(self) -> tuple[User, Channel]:
        discord = self._world.discord
        if self._chance.random() < 0.1:
            return discord.users["cleo"], discord.channels["lawn"]
        name = self._chance.choice(["dana", "ada"])
        return discord.users[name], discord.channels["general"]

    async def _type(self, person: User, channel: Channel) -> None:
        offering = [
            leaf
            for leaf in self._leaves
            if any(option.get("autocomplete") for option in leaf.options)
        ]
        leaf = self._chance.choice(offering)
        if leaf.words[0] in MODERATED and self._chance.random() < 0.9:
            person, channel = self._moderator()
        data = self._forger.typing(leaf, channel)
        assert data is not None
        await self._send(InteractionType.AUTOCOMPLETE, person, channel, data)

    async def _press(self, person: User, channel: Channel) -> None:
        """A control that stands on a card, mostly by whom it is for."""
        found = [
            (message, part)
            for message in list(channel.messages.values())[-60:]
            if message.author_id == self._world.discord.bot_id
            for part in walk(message.components)
            if "custom_id" in part
        ]
        if not found:
            await self._press_forged(person, channel)
            return
        message, part = self._chance.choice(found)
        if message.visible_to is not None and self._chance.random() < 0.8:
            person = self._world.discord.user(message.visible_to) or person
        data = self._forger.press(part["custom_id"], part["type"]) | {"id": part["id"]}
        if (token := part["custom_id"].rpartition(":")[2]) and "-ask:" in part["custom_id"]:
            self._forger.tokens.append(token)
        await self._send(InteractionType.COMPONENT, person, channel, data, message_id=message.id)

    async def _press_forged(self, person: User, channel: Channel) -> None:
        """A control as nobody has made it, on a card that looks like the bot's."""
        world = self._world.discord
        if self._chance.random() < 0.5:
            person, channel = self._moderator()
        custom_id = self._forger.custom_id(channel, person)
        card = world.new_message(channel, world.bot_id)
        card.components = self._forger.card_with(custom_id)
        world.post(card)
        kind = card.components[0]["components"][0]["type"]
        data = self._forger.press(custom_id, kind)
        await self._send(InteractionType.COMPONENT, person, channel, data, message_id=card.id)
        channel.messages.pop(card.id, None)

    async def _submit(self, person: User, channel: Channel) -> None:
        self._modals = self._modals[-30:]
        opener = None
        if self._modals and self._chance.random() < 0.8:
            _, opener = self._chance.choice(self._modals)
            channel = self._world.discord.channel(opener.channel_id) or channel
            if self._chance.random() < 0.8 or person.id not in self._members(channel):
                person = self._world.discord.user(opener.user_id) or person
        data = self._forger.form([modal for modal, _ in self._modals])
        await self._send(InteractionType.MODAL_SUBMIT, person, channel, data, opener=opener)

    async def _write(self, person: User, channel: Channel) -> None:
        """A message, to the bot or not, with files or none; it need not be answered."""
        world, chance = self._world.discord, self._chance
        message = world.new_message(channel, person.id)
        message.content = self._odd.text()[:2000]
        if channel.guild_id and chance.random() < 0.7:
            message.content = f"<@{world.bot_id}> {message.content}"[:2000]
            message.mention_ids = [world.bot_id]
        ids = [int(file["id"]) for file in self._forger.attachments]
        for id_ in chance.sample(ids, chance.choice([0, 1, 2, 2, 3])):
            message.attachments.append(world.attachments[id_])
        if message.content.strip() or message.attachments:
            world.post(message)
        self.tally.ends["message written"] += 1

    # --- what becomes of each -------------------------------------------------------------------

    async def _send(
        self,
        kind: InteractionType,
        person: User,
        channel: Channel,
        data: Json,
        name: str | None = None,
        *,
        message_id: int | None = None,
        opener: Interaction | None = None,
    ) -> None:
        world = self._world.discord
        what = f"{kind.name.lower().replace('_', ' ')} {json.dumps(data, default=str)[:200]}"
        for _ in range(TRIES):
            interaction = world.new_interaction(kind, person.id, channel, data)
            interaction.name, interaction.message_id = name, message_id
            if opener is not None:
                interaction.opener, interaction.message_id = opener, opener.message_id
            elif kind is InteractionType.MODAL_SUBMIT:
                interaction.opener = self._nobodys(person, channel)
            began = time.monotonic()
            world.interact(interaction)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await interaction.settled.wait()
            except TimeoutError:
                world.settle(interaction, State.FAILED)
            else:
                self.tally.took(time.monotonic() - began, what)
                break
        else:
            self.tally.wrong.append(f"No answer to {person.username}'s {what[:300]}")
        if interaction.state is State.MODAL and interaction.modal:
            self._modals.append((interaction.modal, interaction))
        self.tally.ends[f"{kind.name.lower().replace('_', ' ')}: {interaction.state}"] += 1

    def _nobodys(self, person: User, channel: Channel) -> Interaction:
        """What may once have opened a form of which nothing is known any more."""
        data = {"type": 1, "name": "quota", "id": "1"}
        world = self._world.discord
        return world.new_interaction(InteractionType.COMMAND, person.id, channel, data)

    # --- the end --------------------------------------------------------------------------------

    async def until_over(self) -> None:
        """Until every job has ended, or only a person can end it."""
        deadline = time.monotonic() + END_PATIENCE_S
        while time.monotonic() < deadline and self._goes_on():
            self._world.hurry()
            await asyncio.sleep(LOOK_EVERY_S)
        left = self._world.rows(f"SELECT id, state FROM jobs WHERE {GOES_ON}")
        self.tally.wrong += [f"{row['id']} is still {row['state']}." for row in left]

    def _goes_on(self) -> bool:
        """Whether something is under way, or yet to be told."""
        thinks = any(message.flags & Flag.LOADING for message in self._world.messages())
        return thinks or bool(self._world.count(GOES_ON) or self._world.count(UNTOLD))

    def look_at_what_was_said(self) -> None:
        """Every answer is a sentence of ours, and nobody is left waiting, or called."""
        for message in self._world.messages():
            said = text_of({"content": message.content, "components": message.components})
            if message.flags & Flag.LOADING:
                self.tally.wrong.append(f"An answer still thinks: {_asked(message)}")
            elif GENERIC in said:
                self.tally.wrong.append(f"{said!r} was the answer to {_asked(message)}")
            if message.mention_everyone:
                self.tally.wrong.append(f"Everyone is called by {said!r}.")

    def look_at_memory(self) -> None:
        """Of the bot, while it runs."""
        now, most = memory_mib(self._pid), memory_mib(self._pid, "VmHWM")
        grown = now - self._first_mib if self._first_mib else 0.0
        self.tally.notes["memory of the bot"] = f"{now:.0f} MiB, at most {most:.0f} MiB"
        self.tally.notes["growth of the bot"] = f"{grown:.0f} MiB"
        if grown > GROWTH_MIB:
            self.tally.wrong.append(f"The bot has grown by {grown:.0f} MiB.")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _asked(message: Message) -> str:
    asked = message.interaction
    return json.dumps(asked.data, default=str)[:300] if asked else "nobody"


async def fuzz_requests(count: int, seed: int, folder: Path) -> Tally:
    """A bot of its own, from its start to its end; its log stays in the folder."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    faults, posts = Faults(seed), Posts()
    answers = Answers(random.Random(seed + 1))
    async with Hurried(folder, faults, RenderOnce(is_plain=True)) as world:
        faults.add(
            Rule(posts.fault(answers.fault(), random.Random(seed)), "provider", "POST", SUBMIT),
            Rule(answers.fault(), "provider", chance=ANSWERS_CHANGED),
            Rule(resets(after=True), "provider", chance=0.02),
            Rule(answers.spoiled_file(), "provider", "GET", "/generations/{name}", chance=0.2),
            Rule(answers.spoiled_file(), "cdn", "GET", chance=0.1),
        )
        requests = Requests(world, seed)
        kept = [asyncio.create_task(work) for work in (world.processes.keep(), world.pass_time())]
        try:
            async with asyncio.timeout(START_WITHIN_S):
                while not world.is_online:  # noqa: ASYNC110 - the bot is another process
                    await asyncio.sleep(LOOK_EVERY_S)
            await requests.prepare()
            await requests.run(count)
            posts.is_over, faults.rules = True, faults.rules[:1]  # what counts goes on
            await requests.until_over()
            requests.look_at_memory()
        finally:
            kept[0].cancel()
            await asyncio.gather(kept[0], return_exceptions=True)
        codes = await world.processes.stop()
        kept[1].cancel()
        await asyncio.gather(kept[1], return_exceptions=True)
        requests.look_at_what_was_said()
        await look_at_books(world, posts, requests.tally)
        tally = requests.tally
        tally.notes["changed answers and files"] = str(answers.count)
        tally.wrong += [f"The bot ended with {code}." for code in codes.elements() if code]
        falls = world.processes.falls
        tally.wrong += [f"The bot ended by itself with {code}." for code, _ in falls]
        tally.wrong += wrong_in_log(folder)
    tally.end()
    return tally
