"""What holds in one place: what the operator has set, what a server's admins have, and the roles.

Credits are whole numbers; ids are Discord's.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.core.actions import Snapshot
from bot.core.jobs import DEFAULT_MODEL, QUALITIES, Quality
from bot.core.ledger import Period
from bot.core.models import MODELS, Choice, Rates, made_by
from bot.core.people.languages import Language
from bot.errors import Problem, Refused

MOST_CREDITS, MOST_JOBS = 1_000_000, 10_000
"""No rule and no gift is larger; the command line and Discord's forms say so too."""

DRAFTS_AT_ONCE = 2
"""Free runs are made on the operator's own machine, beside the bot."""


def within(number: int, least: int, most: int) -> int:
    """The number, wherever it comes from. Raises `Refused` for one that is out of bounds."""
    if not least <= number <= most:
        raise Refused(Problem.OUT_OF_BOUNDS, least=least, most=most)
    return number


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """What the operator has set; it holds everywhere, whatever a server wants.

    A spending cap is what one server, or one person in all servers together, may take of the daily
    budget; direct messages that no server pays for count as one server. `None` is no cap. `models`
    are the slugs of those that are offered, the usual one first. What a video was made of is
    kept for `keep_files_s` after it.
    """

    allowance_credits: int
    dm_allowance_credits: int
    daily_budget_credits: int
    max_running: int
    max_running_per_person: int
    max_waiting: int
    max_waiting_per_person: int
    allowed_servers: frozenset[int] = frozenset()
    daily_server_cap_credits: int | None = None
    daily_person_cap_credits: int | None = None
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    drafts_per_day: int = 10
    keep_files_s: float = 24 * 3600.0

    @property
    def max_running_of_model(self) -> int:
        """One slow model never fills every slot while others are offered."""
        paid = [slug for slug in self.models if not MODELS[slug].is_free]
        return max(1, self.max_running - (len(paid) > 1))

    @property
    def has_spending_caps(self) -> bool:
        """Whether there is one of either kind."""
        return (self.daily_server_cap_credits, self.daily_person_cap_credits) != (None, None)


@dataclass(frozen=True, slots=True)
class RoleRules:
    """What a role adds: an allowance (the highest counts), further qualities and models."""

    allowance_credits: int | None = None
    qualities: frozenset[Quality] = frozenset()
    models: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ServerRules:
    """What a server's moderators and admins have set; `None` leaves it to the operator.

    `channels` are those where videos may be asked for; none named means all. The budget counts
    what everybody's holds take in a period. `language` is what is spoken where all can read it
    (`None`: that of the server in Discord).
    """

    allowance_credits: int | None = None
    period: Period = Period.DAY
    budget_credits: int | None = None
    max_running_per_person: int | None = None
    max_waiting_per_person: int | None = None
    channels: frozenset[int] = frozenset()
    qualities: frozenset[Quality] = frozenset(QUALITIES)
    models: frozenset[str] | None = None
    direct_use: bool = False
    audit_channel_id: int | None = None
    language: Language | None = None
    roles: Mapping[int, RoleRules] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one person in one server, or in direct messages (server 0).

    `allowance_role_id` is the role whose allowance it is, `None` for everybody's. The limits
    with `_here` count in this server alone, the others in the whole bot. Of one model no more than
    `max_running_of_model` run at once, where that is set.
    """

    server_id: int
    allowance_credits: int
    daily_budget_credits: int
    max_running: int
    max_running_per_person: int
    max_waiting: int
    max_waiting_per_person: int
    max_running_of_model: int | None = None
    drafts_per_day: int = 10
    allowed_servers: frozenset[int] = frozenset()
    daily_server_cap_credits: int | None = None
    daily_person_cap_credits: int | None = None
    allowance_role_id: int | None = None
    period: Period = Period.DAY
    budget_credits: int | None = None
    max_running_here: int | None = None
    max_waiting_here: int | None = None
    channels: frozenset[int] = frozenset()
    qualities: frozenset[Quality] = frozenset(QUALITIES)
    models: tuple[str, ...] = (DEFAULT_MODEL,)

    @property
    def open_qualities(self) -> list[Quality]:
        """Those that some model which is open makes, from coarse to fine."""
        return [quality for quality in made_by(self.models) if quality in self.qualities]

    def allow(self, choice: Choice) -> bool:
        """Whether this may be asked for."""
        is_open = choice.quality in self.qualities or MODELS[choice.model].is_free
        return choice.model in self.models and is_open

    @property
    def has_free_model(self) -> bool:
        """Whether something may be asked for that costs nothing."""
        return any(MODELS[slug].is_free for slug in self.models)


class Named(NamedTuple):
    """What a request says of how it is to be made; `None` is left to what its requester likes."""

    model: str | None
    quality: str | None


class Slots(NamedTuple):
    """How many runs one provider may make at once: in all, of one person, and of one model."""

    running: int
    of_person: int
    of_model: int


def slots(of: OperatorLimits | Rules, model: str) -> Slots:
    """Those of a model's provider. What is free has its own, and takes nobody's who pays."""
    if MODELS[model].is_free:
        return Slots(DRAFTS_AT_ONCE, 1, DRAFTS_AT_ONCE)
    most = of.max_running
    return Slots(most, of.max_running_per_person, of.max_running_of_model or most)


def chosen(
    rates: Rates,
    rules: Rules,
    likes: Choice | None,
    named: Named,
    closed: Collection[str] = (),
) -> tuple[Choice, Choice | None]:
    """What is made where so much was named by somebody who likes this; and what they like, where
    they have named nothing else and it is not to be had: not open to them, or its model `closed`.

    Raises `Refused` for what is not offered.
    """
    model, quality = named
    is_theirs = likes is not None and model in {None, likes.model}
    if likes and is_theirs and (quality or likes.quality) in rates.by_model.get(likes.model, {}):
        wanted = rates.choice(likes.model, quality or likes.quality)
        if rules.allow(wanted) and wanted.model not in closed:
            return wanted, None
    return rates.choice(model, quality), likes if is_theirs and quality is None else None


def rules_for(
    limits: OperatorLimits, server_id: int, server: ServerRules, roles: frozenset[int] = frozenset()
) -> Rules:
    """The rules for somebody with these roles."""
    allowance, role_id = server.allowance_credits, None
    if allowance is None:
        allowance = limits.allowance_credits if server_id else limits.dm_allowance_credits
    qualities, opened = server.qualities, server.models
    for held in sorted(roles & server.roles.keys()):
        role = server.roles[held]
        qualities |= role.qualities
        opened = None if opened is None else opened | role.models
        if role.allowance_credits is not None and role.allowance_credits > allowance:
            allowance, role_id = role.allowance_credits, held
    return Rules(
        server_id=server_id,
        allowance_credits=allowance,
        allowance_role_id=role_id,
        period=server.period,
        daily_budget_credits=limits.daily_budget_credits,
        budget_credits=server.budget_credits,
        max_running=limits.max_running,
        max_running_per_person=limits.max_running_per_person,
        max_running_here=server.max_running_per_person,
        max_waiting=limits.max_waiting,
        max_waiting_per_person=limits.max_waiting_per_person,
        max_waiting_here=server.max_waiting_per_person,
        max_running_of_model=limits.max_running_of_model,
        drafts_per_day=limits.drafts_per_day,
        allowed_servers=limits.allowed_servers,
        daily_server_cap_credits=limits.daily_server_cap_credits,
        daily_person_cap_credits=limits.daily_person_cap_credits,
        channels=server.channels,
        qualities=qualities,
        models=tuple(slug for slug in limits.models if opened is None or slug in opened),
    )


def snapshot(rules: ServerRules | RoleRules, names: Iterable[str]) -> Snapshot:
    """These fields, as the actions remember them; with a budget, how often it renews."""
    told = {name: _plain(getattr(rules, name)) for name in names}
    if isinstance(rules, ServerRules) and "budget_credits" in told:
        told["period"] = rules.period.value
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Period):
        return value.value
    return sorted(map(str, value)) if isinstance(value, frozenset) else value
