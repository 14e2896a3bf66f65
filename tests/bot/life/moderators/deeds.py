"""What admins do in these worlds, and what is kept of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.discord.state.model import InteractionType, Role
from tests.bot.life.world import Life

PATRON_ID = 777_000_000_000_000_001


def add_patrons(life: Life, *names: str) -> int:
    """A role in the studio, and who has it; to be called before the bot starts."""
    studio = life.world.guilds["studio"]
    studio.roles.append(Role(PATRON_ID, "Patron", 0, 5))
    for name in names:
        studio.members[life.world.users[name].id].role_ids.append(PATRON_ID)
    return PATRON_ID


async def settings(life: Life, person: PersonClient, command: str, **options: object) -> Json:
    """The private answer to `/settings …`; what asks first is confirmed."""
    channel_id = life.channel("general")
    outcome = await person.outcome(await person.use(channel_id, f"settings {command}", options))
    assert outcome["ephemeral"]
    message: Json = outcome["message"]
    if yes := _yes(message):
        await person.click(channel_id, int(message["id"]), yes)
        was = text_of(message)
        message = (
            await person.wait_for(
                lambda event: (
                    event.get("type") == "message_update"
                    and event["message"]["id"] == message["id"]
                    and text_of(event["message"]) != was
                )
            )
        )["message"]
    return message


def _yes(message: Json) -> str | None:
    """The button that does what is asked about, if anything is."""
    found = buttons_of(message)
    return next(iter(found.values())) if "Never mind" in found else None


async def choose(
    person: PersonClient, channel_id: int, card: Json, *values: object, among: int = 0
) -> Json:
    """The outcome of choosing these in a card's first select, or in another one."""
    select = selects(card["components"])[among]
    pressed = await person.click(
        channel_id, int(card["id"]), select["custom_id"], list(map(str, values))
    )
    return await person.outcome(pressed)


async def forge(
    life: Life,
    person: str,
    channel_id: int,
    card: Json,
    *values: object,
    among: int = 0,
    **data: object,
) -> str:
    """What is answered to a choice that no client lets anybody make."""
    select = selects(card["components"])[among]
    sent = {"component_type": select["type"], "custom_id": select["custom_id"], "id": select["id"]}
    chosen = {"values": list(map(str, values))}
    return await forge_press(life, person, channel_id, card, sent | chosen | data)


async def forge_press(
    life: Life, person: str, channel_id: int, card: Json, sent: Mapping[str, Any]
) -> str:
    """What is answered to what no client sends: a part of a card, as if it stood there."""
    channel = life.world.channel(channel_id)
    assert channel is not None
    interaction = life.world.new_interaction(
        InteractionType.COMPONENT, life.world.users[person].id, channel, dict(sent)
    )
    interaction.message_id = int(card["id"])
    life.world.interact(interaction)
    await life.until(interaction.settled.is_set)
    answer = channel.messages.get(interaction.original_id or 0)
    return text_of({"components": answer.components}) if answer else ""


def selects(components: list[Json]) -> list[Json]:
    """The selects among these parts."""
    return [part for part in _walk(components) if part["type"] in {3, 8}]


def _walk(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))


def actions(life: Life) -> list[Mapping[str, Any]]:
    """What is remembered, oldest first: actor, action, reason, before, after."""
    names = ("actor_id", "server_id", "action", "reason", "before", "after")
    rows = life.rows(f"SELECT {', '.join(names)} FROM actions ORDER BY id")
    return [
        dict(zip(names, (*row[:4], *(json.loads(seen) for seen in row[4:])), strict=True))
        for row in rows
    ]


async def refused(life: Life, person: PersonClient, channel: str = "general") -> str:
    """What somebody is told alone whose `/mimic` is refused at once."""
    outcome = await person.outcome(await life.mimic(person, channel))
    assert outcome["ephemeral"], text_of(outcome["message"])
    return text_of(outcome["message"])
