"""Choosing a slash command and filling in its options, as a person's client lets them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.discord import permissions
from sandbox.discord.model import Channel, Command, User
from sandbox.discord.people.resolving import Resolver
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import Upload
from sandbox.discord.rest.command_forms import NESTED, CommandType, OptionType
from sandbox.discord.wire import Json
from sandbox.discord.world import World


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


@dataclass(slots=True)
class Chosen:
    """What a person filled in."""

    resolver: Resolver
    options: dict[str, object]
    files: Mapping[str, Upload]


def choose(found: list[Command], name: str, chosen: Chosen) -> Json:
    """An interaction's `data` for a command such as "jobs show"; Refusal if it does not fit."""
    first, *rest = name.split()
    for command in found:
        if command.key == (CommandType.CHAT_INPUT, first):
            break
    else:
        raise Refusal(f"There is no command /{first} here for you.")
    options = _descend(command.body.get("options", []), rest, chosen, name)
    data: Json = {"id": str(command.id), "name": first, "type": int(CommandType.CHAT_INPUT)}
    if options:
        data["options"] = options
    if chosen.resolver.found:
        data["resolved"] = chosen.resolver.found
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    return data


def _descend(definitions: list[Json], rest: list[str], chosen: Chosen, name: str) -> list[Json]:
    nested = {option["name"]: option for option in definitions if option["type"] in NESTED}
    if nested:
        if not rest or rest[0] not in nested:
            raise Refusal(f"/{name} is not complete: one of {', '.join(nested)} is needed.")
        option = nested[rest[0]]
        inner = _descend(option.get("options", []), rest[1:], chosen, name)
        return [{"name": option["name"], "type": option["type"], "options": inner}]
    if rest:
        raise Refusal(f"There is no command /{name}.")
    return _fill(definitions, chosen)


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
