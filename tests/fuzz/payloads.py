"""What people's clients would never send, as the payloads of interactions.

What Discord itself writes (who it is, from where, the kind of each thing) stays as it is.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.rest.application.command_forms import NESTED, OptionType
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.model import Channel, Command, User
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json
from tests.fuzz.oddities import Oddities

BUTTONS = (
    *("details", "cancel", "give-up", "start", "more"),
    *("motion", "send", "describe", "delete", "report"),
)
FORGED = (
    *(f"marionette:{button}:{{job}}" for button in BUTTONS),
    *(
        f"marionette:{button}:{{job}}:{choice}"
        for button in ("make", "picture")
        for choice in ("540p:pixverse-mimic:0", "540p:pixverse-mimic:9999999", "8k:none:1", "360p")
    ),
    *(f"marionette:start:{{job}}:{quality}" for quality in ("360p", "540p", "720p", "8k", "")),
    *(f"marionette-ask:{answer}:{{token}}" for answer in ("yes", "no", "perhaps")),
    "marionette-past:{turn}:{server}:{person}:{person}:{filter}:{number}",
    "marionette-jobs:{turn}:{server}:{person}:{person}:{filter}:{number}",
    *(f"marionette-job:{deed}:{{server}}:{{person}}:{{job}}" for deed in ("cancel", "refund")),
    "marionette-job:resolve:{server}:{person}:{job}",
    *(f"marionette-settle:{end}:{{server}}:{{person}}:{{job}}" for end in ("ran", "again")),
    "marionette-settle:give-up:{server}:{person}:{job}",
    "marionette-review:{job}",
    *(f"marionette-report:{deed}:{{person}}" for deed in ("look", "remove", "dismiss")),
    "marionette:channels:{server}:{person}",
    "marionette:qualities:{server}:{person}:{role}",
    "marionette:payer",
    *(f"marionette:preference:{what}" for what in ("direct:on", "private:off", "ask", "choice")),
    "somebody-elses:button:1",
)
BUTTON, STRING_SELECT, TEXT_INPUT, CHANNEL_SELECT = 2, 3, 4, 8
COMPONENT_TYPES = (2, 2, 3, 3, 5, 6, 7, 8)
QUALITIES = ("360p", "540p", "720p")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One command that can be used: its words, and its options as they are registered."""

    command: Command
    words: tuple[str, ...]
    kinds: tuple[int, ...]
    options: tuple[Json, ...]


def leaves(commands: Mapping[int, Command]) -> list[Leaf]:
    """All of them, in a fixed order."""
    found = [leaf for command in commands.values() for leaf in _leaves(command, command.body)]
    return sorted(found, key=lambda leaf: leaf.words)


def _leaves(
    command: Command, body: Json, words: tuple[str, ...] = (), kinds: tuple[int, ...] = ()
) -> Iterator[Leaf]:
    options = body.get("options", [])
    words = (*words, body["name"])
    if any(option["type"] in NESTED for option in options):
        for option in options:
            yield from _leaves(command, option, words, (*kinds, option["type"]))
    else:
        yield Leaf(command, words, kinds, tuple(options))


def _likelihood(option: Json) -> float:
    """How often an option is given that may be left out: files mostly, and links in their place."""
    if option["type"] == OptionType.ATTACHMENT:
        return 0.9
    return 0.1 if option["name"].endswith("_url") else 0.4


class Forger:
    """Writes payloads; `jobs` are ids of anybody's, `attachments` files that can be fetched."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._odd = Oddities(chance)
        self._payloads = Payloads(world, Cdn(world))
        self.jobs: list[str] = []
        self.tokens: list[str] = []
        self.attachments: list[Json] = []

    # --- commands -----------------------------------------------------------------------------

    def command(self, leaf: Leaf, channel: Channel, *, is_fair: bool = False) -> Json:
        """A use of a command: fair, or with something that no client sends."""
        resolved: Json = {}
        options = [
            {"name": option["name"], "type": option["type"], "value": self._value(option, channel)}
            for option in leaf.options
            if option.get("required") or self._chance.random() < _likelihood(option)
        ]
        for option in options:
            self._resolve(option, channel, resolved)
        if not is_fair:
            options = self._spoil_options(options)
            resolved = self._spoil_resolved(resolved)
        data: Json = {"id": str(leaf.command.id), "name": leaf.words[0], "type": 1}
        words = leaf.words[1:]
        if not is_fair and self._chance.random() < 0.05:
            words = self._other_words(words)
        nested = options
        for word, kind in zip(reversed(words), reversed(leaf.kinds), strict=False):
            nested = [{"name": word, "type": kind, "options": nested}]
        data["options"] = nested
        if not is_fair and self._chance.random() < 0.02:
            data["name"] = self._odd.text()[:32] or "x"
        return data | ({"resolved": resolved} if resolved else {})

    def typing(self, leaf: Leaf, channel: Channel) -> Json | None:
        """What is sent while somebody types in an option that offers choices."""
        offering = [option for option in leaf.options if option.get("autocomplete")]
        if not offering:
            return None
        focused = self._chance.choice(offering)
        data = self.command(leaf, channel, is_fair=True)
        inner = data["options"]
        while inner and "options" in inner[0]:
            inner = inner[0]["options"]
        inner[:] = [option for option in inner if option["name"] != focused["name"]]
        typed = {"name": focused["name"], "type": focused["type"], "value": self._odd.text()}
        inner.append(typed | {"focused": True})
        return data

    def _value(self, option: Json, channel: Channel) -> object:
        chance, odd = self._chance, self._odd
        is_odd = chance.random() < 0.3
        choices = [choice["value"] for choice in option.get("choices", [])]
        if choices and not is_odd:
            return chance.choice(choices)
        match OptionType(option["type"]):
            case OptionType.STRING if option["name"] == "job" and not is_odd and self.jobs:
                return chance.choice(self.jobs)
            case OptionType.STRING if option["name"] == "until" and not is_odd:
                return chance.choice(["1h", "2 days", "1 week", "2030-12-24 18:00"])
            case OptionType.STRING if option["name"].endswith("_url") and not is_odd:
                return self._link(channel)
            case OptionType.STRING:
                return odd.text() if is_odd else "because I looked"
            case OptionType.INTEGER | OptionType.NUMBER:
                return odd.number() if is_odd else chance.choice([0, 1, 5, 50, 200])
            case OptionType.BOOLEAN:
                return chance.random() < 0.5
            case OptionType.ATTACHMENT:
                fitting = [file for file in self.attachments if option["name"] in file["filename"]]
                odd_file = chance.choice(self.attachments)
                return (fitting[0] if fitting and not is_odd else odd_file)["id"]
            case kind:
                return self._id_of(kind, channel, is_odd=is_odd)

    def _link(self, channel: Channel) -> str:
        """To a file of Discord's, to somebody's message, or to what must not be asked."""
        message_id = self._chance.choice([*channel.messages, 1])
        place = f"{channel.guild_id or '@me'}/{channel.id}/{message_id}"
        files: list[str] = [file["url"] for file in self.attachments]
        others = "https://127.0.0.1/metrics", "https://[::1]/", "http://me:too@10.0.0.1:22/a.png"
        return self._chance.choice([*files, f"https://discord.com/channels/{place}", *others])

    def _id_of(self, kind: OptionType, channel: Channel, *, is_odd: bool) -> str:
        guild = self._world.guild(channel.guild_id)
        if is_odd or guild is None:
            return self._odd.snowflake()
        ids = {
            OptionType.USER: sorted(guild.members),
            OptionType.ROLE: [role.id for role in guild.roles],
            OptionType.CHANNEL: guild.channel_ids,
        }
        return str(self._chance.choice(ids.get(kind) or [1]))

    def _resolve(self, option: Json, channel: Channel, resolved: Json) -> None:
        value, guild = str(option["value"]), self._world.guild(channel.guild_id)
        id_ = int(value) if value.isdecimal() and value.isascii() else 0
        match option["type"]:
            case OptionType.ATTACHMENT:
                found = next((file for file in self.attachments if file["id"] == value), None)
                if found:
                    resolved.setdefault("attachments", {})[value] = found
            case OptionType.USER if user := self._world.user(id_):
                resolved.setdefault("users", {})[value] = self._payloads.user(user)
                if guild and id_ in guild.members:
                    member = self._payloads.member_fields(guild.members[id_])
                    resolved.setdefault("members", {})[value] = member | {"permissions": "0"}
            case OptionType.ROLE if guild:
                for role in (role for role in guild.roles if role.id == id_):
                    resolved.setdefault("roles", {})[value] = self._payloads.role(role)
            case OptionType.CHANNEL if found_channel := self._world.channel(id_):
                shown = self._payloads.channel(found_channel) | {"permissions": "0"}
                resolved.setdefault("channels", {})[value] = shown

    def _spoil_options(self, options: list[Json]) -> list[Json]:
        chance, odd = self._chance, self._odd
        spoiled = [dict(option) for option in options]
        for _ in range(chance.choice([0, 1, 1, 2])):
            extra = {"name": odd.text()[:32] or "x", "type": 3, "value": odd.text()}
            at = chance.randrange(len(spoiled)) if spoiled else -1
            match chance.randrange(6):
                case 0:
                    spoiled.append(extra)
                case 1 if at >= 0:
                    del spoiled[at]
                case 2 if at >= 0:
                    spoiled[at]["value"] = odd.value()
                case 3 if at >= 0:
                    spoiled[at]["type"] = chance.choice([*range(3, 12), 12, 99])
                case 4 if at >= 0:
                    spoiled.append(spoiled[at] | {"value": odd.value()})
                case 5 if at >= 0:
                    spoiled[at]["name"] = extra["name"]
        return spoiled

    def _spoil_resolved(self, resolved: Json) -> Json:
        chance = self._chance
        if not resolved or chance.random() < 0.7:
            return resolved
        kind = chance.choice(sorted(resolved))
        if chance.random() < 0.4:
            return {name: found for name, found in resolved.items() if name != kind}
        if kind != "attachments":
            return resolved
        files = {}
        for id_, file in resolved[kind].items():
            changes: dict[str, object] = {
                "filename": self._odd.text(),
                "content_type": chance.choice([self._odd.text(), "image/png", "video/mp4"]),
                "url": self._odd.text(),
                "size": chance.choice([0, 1, 2**31, 2**53, 10**9]),
            }
            name = chance.choice(sorted(changes))
            files[id_] = file | {name: changes[name]}
        return resolved | {kind: files}

    def _other_words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words or self._chance.random() < 0.3:
            return ()
        return (*words[:-1], self._odd.text()[:32] or "x")

    # --- what is pressed, chosen, sent ----------------------------------------------------------

    def custom_id(self, channel: Channel, presser: User) -> str:
        """As if a card had had it: of any kind, about anybody's job."""
        chance, odd = self._chance, self._odd
        servers = [guild.id for guild in self._world.guilds.values()]
        people = [user.id for user in self._world.users.values()]
        is_odd = chance.random() < 0.2
        here = [channel.guild_id or 0] * 9
        values = {
            "job": chance.choice(self.jobs or ["abcd"]),
            "server": str(chance.choice([*here, *servers])),
            "person": str(chance.choice([*people, *[presser.id] * 3 * len(people)])),
            "role": str(chance.choice([0, servers[0], 1])),
            "token": chance.choice([*self.tokens[-40:], f"{chance.randrange(16**16):016x}"]),
            "turn": chance.choice(["back", "here", "next", "pick", "csv"]),
            "filter": chance.choice(["all", "waiting", "review", "credits", "nonsense"]),
            "number": str(chance.choice([0, 1, 99_999, chance.randrange(99_999)])),
        }
        if is_odd:
            values[chance.choice(sorted(values))] = chance.choice([odd.text()[:60], "9" * 20, "٣"])
        custom_id = chance.choice(FORGED).format(**values)
        return custom_id + odd.text() if is_odd and chance.random() < 0.3 else custom_id

    def card_with(self, custom_id: str) -> list[Json]:
        """The components of a card with one control of that id."""
        control: Json = {"type": BUTTON, "id": 2, "style": 2, "label": "?", "disabled": False}
        if self._chance.random() < 0.4:
            few = {"placeholder": "?", "min_values": 1, "max_values": 1, "disabled": False}
            control = {"type": STRING_SELECT, "id": 2, **few}
            control["options"] = [{"label": "a", "value": "a"}, {"label": "b", "value": "360p"}]
            if "channels" in custom_id:
                control = {"type": CHANNEL_SELECT, "id": 2, "channel_types": [0], **few}
        return [{"type": 1, "id": 1, "components": [control | {"custom_id": custom_id}]}]

    def press(self, custom_id: str, component_type: int) -> Json:
        """What a press of it sends."""
        chance = self._chance
        if chance.random() < 0.05:
            component_type = chance.choice(COMPONENT_TYPES)
        data: Json = {"custom_id": custom_id, "component_type": component_type, "id": 2}
        if component_type != BUTTON:
            guilds = list(self._world.guilds.values())
            fair = [*QUALITIES, *(str(guild.id) for guild in guilds), "all", "0"]
            fair += [str(id_) for guild in guilds for id_ in guild.channel_ids]
            count = chance.choice([0, 1, 1, 1, 2, 30])
            data["values"] = [
                chance.choice(fair) if chance.random() < 0.7 else self._odd.text()
                for _ in range(count)
            ]
        return data

    def form(self, modals: Sequence[Json]) -> Json:
        """A form sent back, one of those that are open or of none, filled in strangely."""
        chance, odd = self._chance, self._odd
        is_known = bool(modals) and chance.random() < 0.85
        custom_id = chance.choice(modals)["custom_id"] if is_known else odd.text()[:100] or "x"
        value = "because" if chance.random() < 0.5 else odd.text()
        field: Json = {"type": TEXT_INPUT, "id": 2, "custom_id": "reason", "value": value}
        rows: list[Any] = [{"type": 1, "id": 1, "components": [field]}]
        match chance.randrange(8):
            case 0:
                rows = []
            case 1:
                rows = [{"type": 18, "id": 1, "component": field}]
            case 2:
                rows = [{"type": 1, "id": 1, "components": []}]
            case 3:
                rows *= 3
            case 4:
                field["custom_id"] = odd.text()[:100]
            case 5:
                for _ in range(5):
                    rows = [{"type": 1, "id": 1, "components": rows}]
            case 6:
                field |= {"type": chance.choice([3, 5, 19, 21, 22, 99]), "values": [odd.text()]}
        return {"custom_id": custom_id, "components": rows}
