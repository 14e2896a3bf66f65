"""A Discord with thousands of people in many channels, who use commands at a set pace.

They live in the server's own process: what they do costs it a dictionary, and no HTTP.
"""

import asyncio
import functools
import json
import re
import time
from dataclasses import dataclass, field

from bench.load.samples import MOTION_SIZE, PICTURE_SIZE, Samples
from sandbox.discord.server import DiscordServer
from sandbox.discord.state import cdn
from sandbox.discord.state.dimensions import dimensions
from sandbox.discord.state.model import (
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Interaction,
    InteractionType,
    Member,
    Message,
    Role,
    State,
    User,
)
from sandbox.discord.state.permissions import MEMBER
from sandbox.discord.state.seed import BASE, BOT_ID, FOUNDED_AT
from sandbox.discord.state.world import REPLY_DEADLINE_S, World
from sandbox.discord.wire import Json

SERVERS, CHANNELS_EACH = 20, 10
CHANNELS = SERVERS * CHANNELS_EACH
FIRST_SERVER_ID, FIRST_PERSON_ID = BASE + 10_000, BASE + 1_000_000
ATTACHMENT_OPTION = 11
SIZES_KEPT = 16
OF_INTERACTIONS = ("/webhooks", "/interactions")
MENTION = re.compile(r"<@(\d+)>")


# Each posted video is the same one: opening it anew every time would be most of what a post costs.
cdn.dimensions = functools.lru_cache(SIZES_KEPT)(dimensions)  # type: ignore[attr-defined]


class CrowdedWorld(World):
    """People are found by id at once: walking through thousands would be the figure measured."""

    def __init__(self, people: int) -> None:
        super().__init__(BOT_ID)
        self._users: dict[int, User] = {}
        self._guilds: dict[int, Guild] = {}
        self._channels: dict[int, Channel] = {}
        self._add_user(User(BOT_ID, "marionette", "Marionette", bot=True))
        for number in range(SERVERS):
            self._add_server(number)
        for number in range(people):
            self._add_person(number)

    def user(self, user_id: int) -> User | None:
        """The user of that id."""
        return self._users.get(user_id)

    def guild(self, guild_id: int | None) -> Guild | None:
        """The guild of that id."""
        return self._guilds.get(guild_id or 0)

    def channel(self, channel_id: int) -> Channel | None:
        """The channel or direct message of that id."""
        return self._channels.get(channel_id) or self.dms.get(channel_id)

    def place(self, number: int) -> Channel:
        """The channel that this person writes in."""
        return list(self._channels.values())[number % CHANNELS]

    def _add_user(self, user: User) -> None:
        self.users[user.username] = self._users[user.id] = user

    def _add_server(self, number: int) -> None:
        id_ = FIRST_SERVER_ID + number * 100
        bot_role = Role(id_ + 2, "Marionette", int(MEMBER), 1, bot_id=BOT_ID)
        guild = Guild(
            id_,
            f"Server {number}",
            owner_id=FIRST_PERSON_ID + number * CHANNELS_EACH,
            roles=[Role(id_, "@everyone", int(MEMBER)), bot_role],
            members={BOT_ID: Member(BOT_ID, [bot_role.id], FOUNDED_AT)},
        )
        self.guilds[guild.name] = self._guilds[id_] = guild
        for position in range(CHANNELS_EACH):
            name = f"channel-{number}-{position}"
            channel = Channel(id_ + 10 + position, ChannelType.TEXT, name, id_, position)
            guild.channel_ids.append(channel.id)
            self.channels[name] = self._channels[channel.id] = channel

    def _add_person(self, number: int) -> None:
        user = User(FIRST_PERSON_ID + number, f"person{number}", f"Person {number}")
        self._add_user(user)
        guild = self.guild(self.place(number).guild_id)
        assert guild is not None
        guild.members[user.id] = Member(user.id, [], FOUNDED_AT)


@dataclass(slots=True)
class Watcher:
    """Notes what the world hears, in unix seconds; it ignores all else that a listener is told.

    `answered_s` has how long each command waited for its first answer, None if in vain;
    `posted_at` when each person's video appeared.
    """

    video: bytes
    answered_s: list[float | None] = field(default_factory=list)
    posted_at: dict[int, float] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    @property
    def lost(self) -> int:
        """How many commands were not answered in time."""
        return sum(waited_s is None for waited_s in self.answered_s)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_args: None

    def interaction_created(self, interaction: Interaction) -> None:
        """Somebody used a command."""
        self._open.add(interaction.id)

    def interaction_changed(self, interaction: Interaction) -> None:
        """It was answered, or its time ran out."""
        if interaction.id in self._open:
            self._open.discard(interaction.id)
            waited_s = time.time() - interaction.created_at
            self.answered_s.append(None if interaction.state is State.FAILED else waited_s)

    def message_created(self, message: Message, _nonce: object) -> None:
        """A post; one with a video is somebody's."""
        found = MENTION.search(message.content + json.dumps(message.components))
        self._note(message, int(found[1]) if found else None)

    def message_updated(self, message: Message) -> None:
        """An edit; the video may be in the reply."""
        self._note(message, message.interaction.user_id if message.interaction else None)

    def _note(self, message: Message, person_id: int | None) -> None:
        videos = [file for file in message.attachments if file.filename.endswith(".mp4")]
        if message.author_id != BOT_ID or not videos or person_id is None:
            return
        self.posted_at.setdefault(person_id, time.time())
        for file in videos:
            if file.data == self.video:
                file.data = self.video  # thousands of copies would only fill the machine


class CrowdedDiscord(DiscordServer):
    """Serves the crowd's world, and lets its people act; use it with `async with`."""

    def __init__(self, people: int, samples: Samples) -> None:
        self.crowd = CrowdedWorld(people)
        super().__init__(self.crowd)
        self.watcher = Watcher(samples.result)
        self.crowd.listeners.append(self.watcher)  # type: ignore[arg-type]
        self.asked: dict[int, int] = {}
        """The person who sent each picture, by its attachment's id."""
        self.refused = 0
        """Requests of the bot's that were answered 429."""
        self.calls = self.limited_calls = 0
        """Requests of the bot's, and those of them that Discord's limit of 50 a second counts."""
        self._samples = samples
        self.traffic.listeners.append(self._count)

    def _count(self, entry: Json) -> None:
        self.refused += entry["status"] == 429
        if entry["kind"] == "rest":
            path = self.traffic.requests[-1].path
            self.calls += 1
            self.limited_calls += not path.startswith(OF_INTERACTIONS)

    async def until_ready(self, command: str) -> None:
        """Wait until the bot is connected and offers this command."""
        while BOT_ID not in self.crowd.online or not self._offers(command):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _offers(self, command: str) -> bool:
        return any(c.body["name"] == command for c in self.crowd.commands.values())

    async def mimic(self, count: int, per_s: float, first: int = 0) -> None:
        """So many `/mimic`, each by another person from the `first` on, evenly spaced."""
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(began + number / per_s - time.monotonic())
            self._mimic(first + number)

    def credits(self, count: int) -> None:
        """So many `/credits` of one person at once."""
        for _ in range(count):
            self._use("credits", 0, [], {})

    def _mimic(self, number: int) -> None:
        channel = self.crowd.place(number)
        files = {
            "image": self._upload(channel, "picture.jpg", self._samples.picture, PICTURE_SIZE),
            "video": self._upload(channel, "motion.mp4", self._samples.motion, MOTION_SIZE),
        }
        self.asked[files["image"].id] = FIRST_PERSON_ID + number
        options = [
            {"name": name, "type": ATTACHMENT_OPTION, "value": str(file.id)}
            for name, file in files.items()
        ]
        payloads = self._api.payloads
        resolved = {str(file.id): payloads.attachment(file) for file in files.values()}
        self._use("mimic", number, options, {"resolved": {"attachments": resolved}})

    def _use(self, name: str, number: int, options: list[Json], extra: Json) -> None:
        command = next(c for c in self.crowd.commands.values() if c.body["name"] == name)
        data: Json = {"id": str(command.id), "name": name, "type": 1, "options": options} | extra
        interaction = self.crowd.new_interaction(
            InteractionType.COMMAND, FIRST_PERSON_ID + number, self.crowd.place(number), data
        )
        interaction.name = name
        self.crowd.interact(interaction)
        asyncio.get_running_loop().call_later(REPLY_DEADLINE_S, self._give_up, interaction)

    def _give_up(self, interaction: Interaction) -> None:
        if interaction.state is State.PENDING:
            self.crowd.settle(interaction, State.FAILED)

    def _upload(
        self, channel: Channel, filename: str, data: bytes, size: tuple[int, int]
    ) -> Attachment:
        """A file as `Cdn.store` keeps it, without measuring the same one again."""
        kind = "image/jpeg" if filename.endswith("jpg") else "video/mp4"
        file = Attachment(
            self.crowd.snowflakes.next(),
            channel.id,
            filename,
            data,
            kind,
            width=size[0],
            height=size[1],
            ephemeral=True,
        )
        self.crowd.attachments[file.id] = file
        return file
