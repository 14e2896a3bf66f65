"""Choosing in a select menu, as far as a person's client lets them."""

from collections.abc import Sequence

from sandbox.discord.people.resolving import Resolver
from sandbox.discord.refusals import Refusal
from sandbox.discord.schema.forms import Fields
from sandbox.discord.schema.parts import Kind
from sandbox.discord.wire import Json


def texts(fields: Fields, name: str) -> Sequence[str]:
    """A list of strings in a request; none if it is absent."""
    return [str(value) for value in fields.array(name) or []]


def check_count(menu: Json, values: Sequence[object]) -> None:
    """Refusal if it is not as many as a menu, a group or an upload asks for."""
    optional = menu.get("required") is False and not values
    least, most = 0 if optional else menu["min_values"], menu["max_values"]
    if not least <= len(values) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise Refusal(f"Choose {wanted} there, not {len(values)}.")


def check_options(menu: Json, values: Sequence[object]) -> None:
    """Refusal if something is not among the options, or is chosen twice."""
    options = [option["value"] for option in menu["options"]]
    for value in values:
        if value not in options:
            raise Refusal(f"{value!r} cannot be chosen there.")
        options.remove(value)


def choose_in(select: Json, values: Sequence[str], resolver: Resolver) -> Sequence[str]:
    """The values of a select menu, with what they point at resolved; Refusal if they do not fit."""
    check_count(select, values)
    if "options" in select:
        check_options(select, values)
        return values
    for value in values:
        if not _found(select, value, resolver) or values.count(value) > 1:
            raise Refusal(f"{value!r} cannot be chosen there.")
    return values


def _found(select: Json, value: str, resolver: Resolver) -> bool:
    kind = Kind(select["type"])
    if not value.isdecimal():
        return False
    id_ = int(value)
    if kind is Kind.CHANNEL_SELECT:
        return resolver.channel_of(id_, select.get("channel_types"))
    if kind in {Kind.ROLE_SELECT, Kind.MENTIONABLE_SELECT} and resolver.role(id_):
        return True
    may_be_user = kind in {Kind.USER_SELECT, Kind.MENTIONABLE_SELECT}
    return may_be_user and resolver.is_here(id_) and resolver.user(id_)
