"""Choosing a command, and filling in its options or pointing at its target."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sandbox.discord.people.resolving import Resolver
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.application.command_forms import NESTED, OptionType
from sandbox.discord.rest.bodies import Upload
from sandbox.discord.state import permissions
from sandbox.discord.state.model import Channel, Command, CommandType, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json


def available(world: World, channel: Channel, person: User, rights: int) -> list[Command]:
    """The commands that this person is offered there; a guild's own hide global ones."""
    in_guild = channel.guild_id is not None
    if in_guild and not rights & Permission.USE_APPLICATION_COMMANDS:
        return []
    if not in_guild and world.bot_id not in channel.recipient_ids:
        return []
    found: dict[tuple[int, str], Command] = {}
    for command in world.commands.values():
        if command.guild_id not in {None, channel.guild_id}:
            continue
        context = 0 if in_guild else 1
        if context not in command.body.get("contexts", [0]):
            continue
        needed = command.body["default_member_permissions"]
        if in_guild and needed is not None and not _permitted(int(needed), rights):
            continue
        if command.key not in found or command.guild_id is not None:
            found[command.key] = command
    return list(found.values())


def _permitted(needed: int, rights: int) -> bool:
    """ "0" hides a command from all but administrators."""
    if rights == permissions.ALL:
        return True
    return needed != 0 and rights & needed == needed


# Turns the definitions of options into what is sent of them.
Fill = Callable[[list[Json]], list[Json]]


@dataclass(slots=True)
class Chosen:
    """What a person filled in."""

    resolver: Resolver
    options: dict[str, object]
    files: Mapping[str, Upload]


def choose(found: list[Command], name: str, chosen: Chosen) -> Json:
    """An interaction's `data` for a command such as "jobs show"; Refusal if it does not fit."""
    return _typed(found, name, lambda options: _fill(options, chosen)) | _resolved(chosen.resolver)


def suggest(found: list[Command], name: str, chosen: Chosen, focused: str) -> Json:
    """The `data` of an AUTOCOMPLETE interaction: what is filled in so far, however little."""
    return _typed(found, name, lambda options: _fill_so_far(options, chosen, focused))


def choose_from_menu(
    found: list[Command], kind: CommandType, name: str, target_id: int, resolver: Resolver
) -> Json:
    """An interaction's `data` for a command in the menu of a user or a message."""
    command = _find(found, kind, name)
    if kind is CommandType.MESSAGE:
        resolver.message(target_id)
    elif not resolver.is_here(target_id) or not resolver.user(target_id):
        raise Refusal("You see nobody of that id here.")
    return _heading(command) | {"target_id": str(target_id)} | _resolved(resolver)


def _find(found: list[Command], kind: CommandType, name: str) -> Command:
    for command in found:
        if command.key == (kind, name):
            return command
    shown = f"/{name}" if kind is CommandType.CHAT_INPUT else name
    raise Refusal(f"There is no command {shown} here for you.")


def _heading(command: Command) -> Json:
    kind, name = command.key
    data: Json = {"id": str(command.id), "name": name, "type": int(kind)}
    return data | ({"guild_id": str(command.guild_id)} if command.guild_id is not None else {})


def _resolved(resolver: Resolver) -> Json:
    return {"resolved": resolver.found} if resolver.found else {}


def _typed(found: list[Command], name: str, fill: Fill) -> Json:
    first, *rest = name.split() or [""]
    command = _find(found, CommandType.CHAT_INPUT, first)
    options = _descend(command.body.get("options", []), rest, fill, name)
    return _heading(command) | ({"options": options} if options else {})


def _descend(definitions: list[Json], rest: list[str], fill: Fill, name: str) -> list[Json]:
    nested = {option["name"]: option for option in definitions if option["type"] in NESTED}
    if nested:
        if not rest or rest[0] not in nested:
            raise Refusal(f"/{name} is not complete: one of {', '.join(nested)} is needed.")
        option = nested[rest[0]]
        inner = _descend(option.get("options", []), rest[1:], fill, name)
        return [{"name": option["name"], "type": option["type"], "options": inner}]
    if rest:
        raise Refusal(f"There is no command /{name}.")
    return fill(definitions)


def _fill(definitions: list[Json], chosen: Chosen) -> list[Json]:
    unknown = {*chosen.options, *chosen.files} - {option["name"] for option in definitions}
    if unknown:
        raise Refusal(f"There is no option {', '.join(sorted(unknown))}.")
    filled = []
    for option in definitions:
        name = option["name"]
        if name not in chosen.options and name not in chosen.files:
            if option.get("required"):
                raise Refusal(f"The option {name} is required.")
            continue
        value = _READERS[OptionType(option["type"])](option, chosen)
        filled.append({"name": name, "type": option["type"], "value": value})
    return filled


def _fill_so_far(definitions: list[Json], chosen: Chosen, focused: str) -> list[Json]:
    if focused not in {option["name"] for option in definitions if option.get("autocomplete")}:
        raise Refusal(f"There is no option {focused} that offers something while you type.")
    filled = []
    for option in definitions:
        name, body = option["name"], {"name": option["name"], "type": option["type"]}
        if name == focused:
            typed = _as_typed(option, chosen.options.get(name, ""))
            filled.append(body | {"value": typed, "focused": True})
        elif name in chosen.options:
            # What does not fit yet is not sent: the client still marks it in red.
            with suppress(Refusal):
                filled.append(
                    body | {"value": _READERS[OptionType(option["type"])](option, chosen)}
                )
    return filled


def _as_typed(option: Json, value: object) -> str:
    typed = str(value)
    if typed and option["type"] != OptionType.STRING:
        try:
            float(typed)
        except ValueError as error:
            raise Refusal(f"The option {option['name']} takes a number.") from error
    return typed


def _text(option: Json, chosen: Chosen) -> object:
    value = chosen.options.get(option["name"])
    if not isinstance(value, str):
        raise Refusal(f"The option {option['name']} takes a text.")
    least, most = option.get("min_length", 0), option.get("max_length", 6000)
    if not least <= len(value) <= most:
        raise Refusal(f"The option {option['name']} takes {least} to {most} characters.")
    return _among_choices(option, value)


def _number(option: Json, chosen: Chosen) -> object:
    value = chosen.options.get(option["name"])
    kinds = (int,) if option["type"] == OptionType.INTEGER else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise Refusal(f"The option {option['name']} takes a number.")
    least, most = option.get("min_value", -(2**53)), option.get("max_value", 2**53)
    if not least <= value <= most:
        raise Refusal(f"The option {option['name']} takes a number from {least} to {most}.")
    return _among_choices(option, value)


def _among_choices(option: Json, value: object) -> object:
    choices = [choice["value"] for choice in option.get("choices", [])]
    if choices and value not in choices:
        raise Refusal(f"The option {option['name']} takes one of {', '.join(map(str, choices))}.")
    return value


def _truth(option: Json, chosen: Chosen) -> object:
    value = chosen.options.get(option["name"])
    if not isinstance(value, bool):
        raise Refusal(f"The option {option['name']} takes true or false.")
    return value


def _id(option: Json, chosen: Chosen) -> int:
    value = str(chosen.options.get(option["name"]))
    if not value.isdecimal():
        raise Refusal(f"The option {option['name']} takes an id.")
    return int(value)


def _user(option: Json, chosen: Chosen) -> object:
    user_id = _id(option, chosen)
    if not chosen.resolver.user(user_id):
        raise Refusal(f"The option {option['name']} takes somebody you can see.")
    return str(user_id)


def _role(option: Json, chosen: Chosen) -> object:
    role_id = _id(option, chosen)
    if not chosen.resolver.role(role_id):
        raise Refusal(f"The option {option['name']} takes a role of this server.")
    return str(role_id)


def _mentionable(option: Json, chosen: Chosen) -> object:
    id_ = _id(option, chosen)
    if not chosen.resolver.role(id_) and not chosen.resolver.user(id_):
        raise Refusal(f"The option {option['name']} takes a role or somebody you can see.")
    return str(id_)


def _channel(option: Json, chosen: Chosen) -> object:
    channel_id = _id(option, chosen)
    if not chosen.resolver.channel_of(channel_id, option.get("channel_types")):
        raise Refusal(f"The option {option['name']} takes another channel, one of this server.")
    return str(channel_id)


def _attachment(option: Json, chosen: Chosen) -> object:
    upload = chosen.files.get(option["name"])
    if upload is None:
        raise Refusal(f"The option {option['name']} takes a file.")
    return chosen.resolver.attachment(upload)


_READERS: Mapping[OptionType, Callable[[Json, Chosen], object]] = {
    OptionType.STRING: _text,
    OptionType.INTEGER: _number,
    OptionType.BOOLEAN: _truth,
    OptionType.USER: _user,
    OptionType.CHANNEL: _channel,
    OptionType.ROLE: _role,
    OptionType.MENTIONABLE: _mentionable,
    OptionType.NUMBER: _number,
    OptionType.ATTACHMENT: _attachment,
}
