"""All that holds in a server, and what everybody and each of its roles may spend."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from discord import ui

from bot.cards.languages.speech import OWN_NAMES, mark, tr, tr_many
from bot.cards.parts import view, words
from bot.cards.wording import clean, credits_per, credits_text, listed, model_text
from bot.core.models import made_by
from bot.core.rules import OperatorLimits, ServerRules

What = Literal["qualities", "models"]
"""What may be open, to everybody or to a role; the fields of their rules."""

SHOWN_ROLES = 20
ROLES_LIMIT_CHARS = 1400
"""Fewer of them where they give much: a card has 4,000 characters, in every language."""


class CapWords(NamedTuple):
    """How it is said how many of one person there may be at once."""

    operators: str
    own: str
    too_high: str
    """The server's own number, where the operator's is lower."""


MADE_AT_ONCE = CapWords(
    operators=mark("**Made at once, per person**: {limit} (the operator’s limit)"),
    own=mark("**Made at once, per person**: {own}"),
    too_high=mark(
        "**Made at once, per person**: {own}, but the operator’s limit of {limit} is lower and "
        "holds"
    ),
)
WAITING_AT_ONCE = CapWords(
    operators=mark("**Waiting at once, per person**: {limit} (the operator’s limit)"),
    own=mark("**Waiting at once, per person**: {own}"),
    too_high=mark(
        "**Waiting at once, per person**: {own}, but the operator’s limit of {limit} is lower and "
        "holds"
    ),
)


@dataclass(frozen=True, slots=True)
class Here:
    """What there is in the server now, and its name.

    Of its audit channel, whether the bot may post there and whether everybody can see it.
    """

    roles: frozenset[int]
    channels: frozenset[int]
    may_post: bool
    is_public: bool = True
    server_id: int = 0
    name: str = ""


def overview(rules: ServerRules, limits: OperatorLimits, here: Here) -> ui.LayoutView:
    """Everything that holds in a server, and which command changes it."""
    return view(
        *_closed(limits, here.server_id),
        words(
            tr("### Settings of {server}", server=clean(here.name, 100))
            if here.name
            else tr("### Settings of this server"),
            _allowance(rules, limits) + _by("quota", "allowance"),
            *(limit + _by("settings", "limits") for limit in _limits(rules, limits)),
        ),
        words(
            tr(
                "**Qualities**: {qualities}, for everybody",
                qualities=named("qualities", rules.qualities, limits),
            )
            + _by("settings", "qualities"),
            tr(
                "**Models**: {models}, for everybody",
                models=named("models", rules.models, limits),
            )
            + _by("settings", "models")
            if len(limits.models) > 1
            else None,
            _channels(rules, here) + _by("settings", "channels"),
            _direct(rules) + _by("settings", "direct-messages"),
            _language(rules) + _by("settings", "language"),
            _audit(rules, here) + _by("settings", "audit"),
            _reports(rules, here),
        ),
        *_roles(rules, limits, here.roles),
    )


def _by(group: str, command: str) -> str:
    """The command that changes what stands before it."""
    return f" · `/{group} {command}`"


def allowances(
    rules: ServerRules, limits: OperatorLimits, roles: frozenset[int], server_id: int
) -> ui.LayoutView:
    """What everybody and each of the server's roles may spend; `roles` are those there are."""
    return view(
        *_closed(limits, server_id),
        words(tr("### What everybody may spend here"), _allowance(rules, limits)),
        *_roles(rules, limits, roles),
    )


def _closed(limits: OperatorLimits, server_id: int) -> list[ui.Item[ui.LayoutView]]:
    if not limits.allowed_servers or server_id in limits.allowed_servers:
        return []
    return [
        words(
            tr(
                "⚠️ The operator of this bot has not opened it for this server: no videos are made "
                "here until they do, and until then nothing below counts."
            )
        )
    ]


def _roles(
    rules: ServerRules, limits: OperatorLimits, there_are: frozenset[int]
) -> list[ui.Item[ui.LayoutView]]:
    """A line for each role that adds something; a deleted one does not."""
    known = sorted(rules.roles.keys() & there_are)
    told = [_role(role_id, rules, limits) for role_id in known[:SHOWN_ROLES]]
    ends = accumulate(map(len, told))
    lines = [line for line, end in zip(told, ends, strict=True) if end <= ROLES_LIMIT_CHARS]
    gone, more = len(rules.roles) - len(known), len(known) - len(lines)
    if more:
        lines.append(tr("-# … and {count} more.", count=more))
    if gone:
        lines.append(
            tr_many(
                "-# {count} deleted role gave more; that counts no longer.",
                "-# {count} deleted roles gave more; that counts no longer.",
                gone,
            )
        )
    return [words(tr("**Roles**"), *lines)] if lines else []


def _allowance(rules: ServerRules, limits: OperatorLimits) -> str:
    if rules.allowance_credits is None:
        usual = credits_per(limits.allowance_credits, rules.period)
        return tr("**Allowance**: {amount} each (the operator’s default)", amount=usual)
    own = credits_per(rules.allowance_credits, rules.period)
    return tr("**Allowance**: {amount} each", amount=own)


def _limits(rules: ServerRules, limits: OperatorLimits) -> list[str]:
    return [
        _budget(rules, credits_text(limits.daily_budget_credits)),
        _cap(MADE_AT_ONCE, rules.max_running_per_person, limits.max_running_per_person),
        _cap(WAITING_AT_ONCE, rules.max_waiting_per_person, limits.max_waiting_per_person),
    ]


def _budget(rules: ServerRules, all_servers: str) -> str:
    if rules.budget_credits is None:
        return tr(
            "**Budget of the whole server**: none of its own; all servers together have "
            "{all_servers} a day",
            all_servers=all_servers,
        )
    return tr(
        "**Budget of the whole server**: {amount}; all servers together have {all_servers} a day",
        amount=credits_per(rules.budget_credits, rules.period),
        all_servers=all_servers,
    )


def _cap(said: CapWords, own: int | None, limit: int) -> str:
    if own is None:
        return tr(said.operators, limit=limit)
    if own > limit:
        return tr(said.too_high, own=own, limit=limit)
    return tr(said.own, own=own)


def named(what: What, opened: frozenset[str] | None, limits: OperatorLimits) -> str:
    """Of what is offered, what is open."""
    offered = offered_in(what, limits)
    return listed([name for one, name in offered.items() if opened is None or one in opened])


def offered_in(what: What, limits: OperatorLimits) -> dict[str, str]:
    """All that can be opened, and what each is called."""
    if what == "models":
        return {slug: model_text(slug) for slug in limits.models}
    return {quality: quality for quality in made_by(limits.models)}


def _channels(rules: ServerRules, here: Here) -> str:
    if not rules.channels:
        return tr("**Channels**: everywhere")
    return tr("**Channels**: {channels}", channels=channels_text(rules, here))


def channels_text(rules: ServerRules, here: Here) -> str:
    """Where videos may be asked for, if not everywhere."""
    return listed(
        [
            f"<#{channel_id}>"
            if channel_id in here.channels
            else tr("a deleted channel (`{channel_id}`)", channel_id=channel_id)
            for channel_id in sorted(rules.channels)
        ]
    )


def _language(rules: ServerRules) -> str:
    if rules.language is None:
        return tr("**Language**: the server’s own in Discord")
    return tr("**Language**: {language}", language=OWN_NAMES[rules.language])


def _direct(rules: ServerRules) -> str:
    if rules.direct_use:
        return tr("**Direct messages**: members may let their credits here pay for them")
    return tr("**Direct messages**: nobody’s credits here pay for them")


def _audit(rules: ServerRules, here: Here) -> str:
    channel_id = rules.audit_channel_id
    if channel_id is None:
        return tr("**Audit channel**: none")
    if channel_id not in here.channels:
        return tr(
            "**Audit channel**: a deleted channel (`{channel_id}`): nothing is posted",
            channel_id=channel_id,
        )
    if not here.may_post:
        return tr(
            "**Audit channel**: {channel}, where I may not post: give me *View Channel* and *Send "
            "Messages* there",
            channel=f"<#{channel_id}>",
        )
    return tr("**Audit channel**: {channel}, where I can post", channel=f"<#{channel_id}>")


def _reports(rules: ServerRules, here: Here) -> str:
    if rules.audit_channel_id is None:
        return tr("**Reports**: a note in the channel itself; with an audit channel they go there")
    if rules.audit_channel_id not in here.channels or not here.may_post:
        return tr(
            "**Reports**: a note in the channel itself, as long as I cannot post in the audit "
            "channel"
        )
    if here.is_public:
        return tr(
            "**Reports**: a note in the audit channel; if only moderators saw it, they would be "
            "there in full"
        )
    return tr("**Reports**: in the audit channel")


def _role(role_id: int, rules: ServerRules, limits: OperatorLimits) -> str:
    role = rules.roles[role_id]
    gives = []
    if role.allowance_credits is not None:
        gives.append(credits_per(role.allowance_credits, rules.period))
    more = [
        named("qualities", role.qualities, limits),
        named("models", role.models, limits),
    ]
    if also := listed([names for names in more if names]):
        gives.append(tr("also {names}", names=also))
    return f"<@&{role_id}>: {listed(gives)}"
