"""What no client of today sends: a command of another form, a card or a form that nobody knows."""

import logging
from typing import Any

import pytest

from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Interaction, InteractionType, State
from sandbox.discord.wire import Json
from tests.bot.life.moderators.desk import desk
from tests.bot.life.world import Life
from tests.e2e.stage import says

OLD_FORM = "Your Discord shows this command in an old form: reload it (Ctrl+R), and use it again."
UNKNOWN = "I do not know this button or form any more, so nothing was done: use the command again."
ELSEWHERE = "That does not belong to this server, or is gone by now: nothing was changed."
BUTTON, SELECT = 2, 3


class Sender:
    """Sends interactions as they are, past what a person's client would refuse."""

    def __init__(self, life: Life, name: str = "ada", channel: str | None = "general") -> None:
        self.life = life
        self.person = life.world.users[name]
        self.channel = (
            life.world.channels[channel]
            if channel
            else life.world.dm_between(life.world.bot_id, self.person.id)
        )

    async def says(
        self,
        data: Json,
        kind: InteractionType = InteractionType.COMMAND,
        message_id: int | None = None,
        *,
        vanishes: bool = False,
    ) -> str:
        """What is answered; the words of it."""
        return self._text(await self.send(data, kind, message_id, vanishes=vanishes))

    async def presses(
        self, custom_id: str, *values: str, kind: int = BUTTON, vanishes: bool = False
    ) -> str:
        """Press or choose what stands on a card, as if it were the bot's; it may then be gone."""
        control = {"type": kind, "id": 2, "custom_id": custom_id, "disabled": False}
        menu = {"min_values": 1, "max_values": 1, "options": [{"label": "a", "value": "a"}]}
        like = {"style": 2, "label": "?"} if kind == BUTTON else menu
        data: Json = {"custom_id": custom_id, "component_type": kind, "id": 2}
        if kind != BUTTON:
            data["values"] = list(values)
        on = self.card([control | like])
        return self._text(await self.send(data, InteractionType.COMPONENT, on, vanishes=vanishes))

    def card(self, controls: list[Json]) -> int:
        """A message of the bot's with these; its id."""
        card = self.life.world.new_message(self.channel, self.life.world.bot_id)
        card.components = [{"type": 1, "id": 1, "components": controls}]
        self.life.world.post(card)
        return card.id

    async def send(
        self,
        data: Json,
        kind: InteractionType,
        message_id: int | None = None,
        *,
        vanishes: bool = False,
    ) -> Interaction:
        """Send it, and wait until there is an answer that is more than a promise."""
        world = self.life.world
        sent = world.new_interaction(kind, self.person.id, self.channel, data)
        sent.name, sent.message_id = data.get("name"), message_id
        if kind is InteractionType.MODAL_SUBMIT:
            sent.opener = world.new_interaction(
                InteractionType.COMMAND, self.person.id, self.channel, {"type": 1}
            )
            sent.opener.name = "moderate"
        world.interact(sent)
        if vanishes and message_id:
            del self.channel.messages[message_id]
        await self.life.until(sent.settled.is_set)
        await self.life.until(lambda: sent.state is not State.DEFERRED or bool(self._text(sent)))
        return sent

    def _text(self, sent: Interaction) -> str:
        message = self.channel.messages.get(sent.original_id or 0)
        return text_of({"components": message.components}) if message else ""


def used(*words: str, resolved: Json | None = None, **options: tuple[int, object]) -> Json:
    """The use of a command, with the type and the value of each option."""
    given: list[Json] = [
        {"name": name, "type": kind, "value": value} for name, (kind, value) in options.items()
    ]
    for word in reversed(words[1:]):
        given = [{"name": word, "type": 1, "options": given}]
    data: Json = {"id": "1", "type": 1, "name": words[0], "options": given}
    return data | ({"resolved": resolved} if resolved else {})


ADAS = "1323802873036800001"
OLD: list[Any] = [
    used("mimic", image=(11, "1"), video=(11, "2")),
    used("mimic", image=(11, {"odd": []}), video=(11, "2")),
    used("imitate"),
    used("jobs"),
    used("jobs", "list", "all"),
    used("jobs", "burn"),
    used("jobs", "show", job=(4, 5)),
    used("jobs", "show", job=(3, "")),
    used("jobs", "show", job=(3, "x" * 101)),
    used("jobs", "show", job=(3, "abc"), color=(3, "red")),
    used("moderate", "jobs", state=(3, "lost")),
    used("quota", "grant", member=(6, ADAS), credits=(4, 5), reason=(3, "so")),
    used("quota", "allowance", credits=(4, 10**400)),
    used("quota", "allowance", credits=(4, 0.5)),
    used("quota", "allowance", credits=(4, True)),
    used("settings", "qualities", role=(5, "1")),
    used("settings", "direct-messages", allowed=(3, "yes")),
    {"id": "1", "type": 3, "name": "mimic", "target_id": "1"},
]


@pytest.fixture(autouse=True)
def _nothing_breaks(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever comes in, discord.py finds no error to tell of."""
    yield
    records = caplog.get_records("call")
    errors = [record for record in records if record.levelno >= logging.ERROR]
    assert not errors, "\n".join(record.getMessage() for record in errors)


async def test_a_command_that_does_not_fit_is_answered(life: Life) -> None:
    await life.start()
    sender = Sender(life)
    for data in OLD:
        assert await sender.says(data) == OLD_FORM, data
    direct = Sender(life, channel=None)
    assert await direct.says(used("quota", "top")) == OLD_FORM, "Discord offers it in servers only"
    assert (await sender.says(used("jobs", "list"))).startswith("You have no jobs")
    assert not life.states()


async def test_a_menus_command_is_called_with_what_it_was_opened_on(life: Life) -> None:
    """And with nothing else: whatever else claims to be of a menu is answered as it always was."""
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    said = await ada.send(general, "hello")
    offered = {(one["type"], one["name"]) for one in await ada.commands(general)}
    assert (3, "Make this move") in offered
    await ada.use_on_message(general, "Make this move", int(said["id"]))
    await ada.wait_for(says("I see no picture in that message"))
    menu: Json = {"id": "1", "type": 3, "name": "Make this move", "target_id": said["id"]}
    message: Json = {"messages": {said["id"]: {}}}
    sender = Sender(life)
    for data in (
        menu,
        menu | {"resolved": {"messages": {}}},
        menu | {"resolved": {"users": {said["id"]: {}}}},
        menu | {"type": 2, "target_id": ADAS, "resolved": {"users": {ADAS: {}}}},
        menu | {"resolved": message, "type": 1},
        menu | {"resolved": message, "type": 9},
        menu | {"resolved": message, "name": "Make that move"},
        menu | {"resolved": message, "target_id": int(said["id"])},
    ):
        assert await sender.says(data) == OLD_FORM, data
    focused = {"name": "job", "type": 3, "value": "x", "focused": True}
    data = menu | {"resolved": message, "options": [focused]}
    typed = await sender.send(data, InteractionType.AUTOCOMPLETE)
    assert (typed.state, typed.choices) == (State.REPLIED, [])


async def test_what_is_typed_into_an_unknown_option_is_offered_nothing(life: Life) -> None:
    await life.start()
    typed = {"name": "job", "type": 3, "value": "x", "focused": True}
    for name in ("shw", "list"):
        data = {"id": "1", "type": 1, "name": "jobs"}
        data["options"] = [{"name": name, "type": 1, "options": [typed]}]
        sent = await Sender(life).send(data, InteractionType.AUTOCOMPLETE)
        assert (sent.state, sent.choices) == (State.REPLIED, [])


async def test_a_control_that_nobody_knows_is_answered(life: Life) -> None:
    await life.start()
    sender = Sender(life)
    for custom_id in ("marionette:burn:abc", "marionette:start:abc", "x" * 100):
        assert await sender.presses(custom_id) == UNKNOWN
    direct = Sender(life, channel=None)
    assert "Only moderators can do this" in await direct.presses("marionette-review:abc")
    assert "abc" in await sender.presses("marionette:details:abc", kind=SELECT)


async def test_a_form_of_before_a_restart_is_answered(life: Life) -> None:
    await life.start()
    field = {"type": 4, "id": 2, "custom_id": "reason", "value": "because"}
    rows = [{"type": 1, "id": 1, "components": [field]}]
    form = {"custom_id": "0123456789abcdef", "components": rows}
    assert await Sender(life).says(form, InteractionType.MODAL_SUBMIT) == UNKNOWN


async def test_what_cannot_be_chosen_changes_nothing(life: Life) -> None:
    await life.start()
    direct = Sender(life, channel=None)
    for values in ((), ("somebody",), ("9" * 19,), ("9" * 5000,), ("٣",)):
        assert await direct.presses("marionette:payer", *values, kind=SELECT) == ELSEWHERE
    dana = await desk(life, "dana")
    await dana.use("moderate jobs")
    await dana.use("quota history")
    whose = f"{life.world.guilds['studio'].id}:{life.world.users['dana'].id}"
    sender = Sender(life, "dana")
    for book, title in (("jobs", "in this server"), ("past", "### What happened here")):
        for values in ((), ("x" * 300,)):
            pick = f"marionette-{book}:pick:{whose}:{'9' * 20}:all:0"
            assert title in await sender.presses(pick, *values, kind=SELECT)
