"""A moderator at work: commands, buttons and forms, and what comes back to them alone."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.schema.parts import walk
from sandbox.discord.state.model import Flag
from tests.bot.life.world import Life
from tests.e2e.stage import button


class Desk:
    """Somebody's client in one channel."""

    def __init__(self, life: Life, person: PersonClient, channel: str) -> None:
        self.life = life
        self.person = person
        self.channel_id = life.channel(channel)

    async def use(self, command: str, **options: object) -> Json:
        """Use a command; its answer, which only they can see."""
        used = await self.person.use(self.channel_id, command, options)
        return await self._answer(used)

    async def says(self, command: str, **options: object) -> str:
        """Use a command; the answer's text."""
        return text_of(await self.use(command, **options))

    async def confirmed(self, command: str, **options: object) -> str:
        """Use a command that asks first, and confirm; what was done."""
        question = await self.use(command, **options)
        return await self.press(question, yes(question))

    async def press(self, message: Json, label: str) -> str:
        """Press a button; what its message says then, or what is answered."""
        return text_of(await self.pressed(message, button(message, label)))

    async def pressed(self, message: Json, custom_id: str, values: Sequence[str] = ()) -> Json:
        """Press a button or choose; the message as it is then, or the answer."""
        return await self._answer(await self.click(message, custom_id, values), message)

    async def click(self, message: Json, custom_id: str, values: Sequence[str] = ()) -> int:
        """Press, without waiting."""
        return await self.person.click(self.channel_id, int(message["id"]), custom_id, values)

    async def offers(self, command: str, option: str, typed: str = "") -> list[Json]:
        """What is offered while they type."""
        return await self.person.autocomplete(self.channel_id, command, {option: typed}, option)

    async def fill_in(self, message: Json, label: str, **values: object) -> Json:
        """Press a button that opens a form, and submit it; the answer."""
        opened = await self.click(message, button(message, label))
        outcome = await self.person.outcome(opened)
        assert outcome["state"] == "modal", outcome
        return await self._answer(await self.person.submit(opened, values))

    async def settle(self, card: Json, outcome: str, *, run: str | None = None) -> str:
        """Decide on the card of a job in review, perhaps with a run, and say why; the answer."""
        [custom_id] = [
            part["custom_id"]
            for part in walk(card["components"])
            if f"settle:{outcome}:" in part.get("custom_id", "")
        ]
        opened = await self.click(card, custom_id, [run] if run else ())
        outcome_of_press = await self.person.outcome(opened)
        if outcome_of_press["state"] != "modal":
            return text_of(outcome_of_press["message"])
        sent = await self.person.submit(opened, {"reason": "I asked them"})
        return text_of(await self._answer(sent, card))

    async def _answer(self, used: int, edited: Json | None = None) -> Json:
        def is_answer(event: Json) -> bool:
            message = event.get("message") or {}
            if not text_of(message):
                return False
            if edited and event["type"] == "message_update" and message["id"] == edited["id"]:
                return True
            return (message.get("interaction_metadata") or {}).get("id") == str(used)

        message: Json = (await self.person.wait_for(is_answer, 60))["message"]
        assert message["flags"] & Flag.EPHEMERAL
        return message


async def desk(life: Life, name: str, channel: str = "general") -> Desk:
    """Somebody's desk."""
    return Desk(life, await life.person(name), channel)


async def asks(life: Life, person: PersonClient) -> None:
    """`/mimic`, answered: from here on time may pass."""
    await person.outcome(await life.mimic(person))


def labels(message: Json) -> list[str]:
    """What stands on its buttons, of which several may be named alike."""
    return [part["label"] for part in walk(message["components"]) if "label" in part]


def yes(question: Json) -> str:
    """What stands on the button that does what was asked about."""
    return labels(question)[0]


def copied(life: Life, message: Json, channel: str) -> Json:
    """The same message, where everybody in a channel can press its buttons."""
    [found] = [
        known
        for place in life.world.channels.values()
        for known in place.messages.values()
        if known.id == int(message["id"])
    ]
    there = life.world.channels[channel]
    other = replace(
        found, id=life.world.snowflakes.next(), channel_id=there.id, flags=1 << 15, visible_to=None
    )
    there.messages[other.id] = other
    return message | {"id": str(other.id)}


def actions(life: Life) -> list[tuple[Any, ...]]:
    """What is remembered: who did what to whom, why, and what was before and after."""
    names = {user.id: name for name, user in life.world.users.items()}
    rows = life.rows(
        "SELECT actor_id, action, person_id, reason, before, after FROM actions "
        "WHERE action != 'review' ORDER BY id"
    )
    return [
        (names[actor], action, names.get(person), reason, _read(before), _read(after))
        for actor, action, person, reason, before, after in rows
    ]


def _read(snapshot: str | None) -> Any:
    return None if snapshot is None else json.loads(snapshot)
