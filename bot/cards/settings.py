"""The cards of `/settings`: all that holds in a server, what was changed, and what to choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import discord
from discord import ui

from bot.cards import wording
from bot.cards.parts import AMBER, BLURPLE, GREEN, Asked, view, words
from bot.cards.wording import EVERY, clean, credits_text, listed
from bot.core.actions import Snapshot
from bot.core.models import MODELS, made_by
from bot.core.rules import OperatorLimits, RoleRules, ServerRules, snapshot

CHANNELS_SELECT = r"marionette:channels:(?P<server>\d{1,20}):(?P<actor>\d{1,20})"
OPEN_SELECT = (
    r"marionette:(?P<what>qualities|models):"
    r"(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<role>\d{1,20})"
)
"""The `custom_id`s; role 0 is everybody."""

What = Literal["qualities", "models"]
"""What may be open, to everybody or to a role; the fields of their rules."""

REASON_ID, REASON = 500, "-# Reason: "
"""The part of a card that carries the reason from the command to the choice."""

SHOWN_ROLES = 20
MOST_CHANNELS = 25
CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
]
OPERATOR = "the operator’s default"


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


CLOSED = (
    "⚠️ The operator of this bot has not opened it for this server: no videos are made here until "
    "they do, and until then nothing below counts."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who chooses for which server, and (`role_id`) for which role; 0 is everybody."""

    server_id: int
    actor_id: int
    role_id: int = 0
    reason: str = ""


def overview(rules: ServerRules, limits: OperatorLimits, here: Here) -> ui.LayoutView:
    """Everything that holds in a server, and which command changes it."""
    whose = clean(here.name, 100) if here.name else "this server"
    return view(
        *_closed(limits, here.server_id),
        words(
            f"### Settings of {whose}",
            _allowance(rules, limits) + _by("quota allowance"),
            *(limit + _by("settings limits") for limit in _limits(rules, limits)),
        ),
        words(
            f"**Qualities**: {_named('qualities', rules.qualities, limits)}, for everybody"
            f"{_by('settings qualities')}",
            f"**Models**: {_named('models', rules.models, limits)}, for everybody"
            f"{_by('settings models')}"
            if len(limits.models) > 1
            else None,
            f"**Channels**: {_channels(rules, here)}{_by('settings channels')}",
            f"**Direct messages**: {_direct(rules)}{_by('settings direct-messages')}",
            f"**Audit channel**: {_audit(rules, here)}{_by('settings audit')}",
            f"**Reports**: {_reports(rules, here)}",
        ),
        *_roles(rules, limits, here.roles),
    )


def _by(command: str) -> str:
    """The command that changes what stands before it."""
    return f" · `/{command}`"


def allowances(
    rules: ServerRules, limits: OperatorLimits, roles: frozenset[int], server_id: int
) -> ui.LayoutView:
    """What everybody and each of the server's roles may spend; `roles` are those there are."""
    return view(
        *_closed(limits, server_id),
        words("### What everybody may spend here", _allowance(rules, limits)),
        *_roles(rules, limits, roles),
    )


def _closed(limits: OperatorLimits, server_id: int) -> list[ui.Item[ui.LayoutView]]:
    is_open = not limits.allowed_servers or server_id in limits.allowed_servers
    return [] if is_open else [words(CLOSED)]


def _roles(
    rules: ServerRules, limits: OperatorLimits, there_are: frozenset[int]
) -> list[ui.Item[ui.LayoutView]]:
    """A line for each role that adds something; a deleted one does not."""
    known = sorted(rules.roles.keys() & there_are)
    gone, more = len(rules.roles) - len(known), len(known) - SHOWN_ROLES
    lines = [_role(role_id, rules, limits) for role_id in known[:SHOWN_ROLES]]
    if more > 0:
        lines.append(f"-# … and {more} more.")
    if gone:
        roles = "1 deleted role" if gone == 1 else f"{gone} deleted roles"
        lines.append(f"-# {roles} gave more; that counts no longer.")
    return [words("**Roles**", *lines)] if lines else []


def _allowance(rules: ServerRules, limits: OperatorLimits) -> str:
    every = EVERY[rules.period]
    if rules.allowance_credits is None:
        return f"**Allowance**: {credits_text(limits.allowance_credits)} {every} each ({OPERATOR})"
    return f"**Allowance**: {credits_text(rules.allowance_credits)} {every} each"


def _limits(rules: ServerRules, limits: OperatorLimits) -> list[str]:
    whole_bot = credits_text(limits.daily_budget_credits)
    budget = (
        "none of its own"
        if rules.budget_credits is None
        else f"{credits_text(rules.budget_credits)} {EVERY[rules.period]}"
    )
    running = _cap(rules.max_running_per_person, limits.max_running_per_person)
    waiting = _cap(rules.max_waiting_per_person, limits.max_waiting_per_person)
    return [
        f"**Budget of the whole server**: {budget}; all servers together have {whole_bot} a day",
        f"**Made at once, per person**: {running}",
        f"**Waiting at once, per person**: {waiting}",
    ]


def _cap(own: int | None, operators: int) -> str:
    if own is None:
        return f"{operators} (the operator’s limit)"
    if own > operators:
        return f"{own}, but the operator’s limit of {operators} is lower and holds"
    return str(own)


def _named(what: What, opened: frozenset[str] | None, limits: OperatorLimits) -> str:
    """Of what is offered, what is open."""
    offered = offered_in(what, limits)
    return listed([name for one, name in offered.items() if opened is None or one in opened])


def offered_in(what: What, limits: OperatorLimits) -> dict[str, str]:
    """All that can be opened, and what each is called."""
    if what == "models":
        return {slug: MODELS[slug].name for slug in limits.models}
    return {quality: quality for quality in made_by(limits.models)}


def _channels(rules: ServerRules, here: Here) -> str:
    if not rules.channels:
        return "everywhere"
    return listed(
        [
            f"<#{channel_id}>"
            if channel_id in here.channels
            else f"a deleted channel (`{channel_id}`)"
            for channel_id in sorted(rules.channels)
        ]
    )


def _direct(rules: ServerRules) -> str:
    if rules.direct_use:
        return "members may let their credits here pay for them"
    return "nobody’s credits here pay for them"


def _audit(rules: ServerRules, here: Here) -> str:
    channel_id = rules.audit_channel_id
    if channel_id is None:
        return "none"
    if channel_id not in here.channels:
        return f"a deleted channel (`{channel_id}`): nothing is posted"
    if not here.may_post:
        return (
            f"<#{channel_id}>, where I may not post: give me *View Channel* and *Send Messages* "
            "there"
        )
    return f"<#{channel_id}>, where I can post"


def _reports(rules: ServerRules, here: Here) -> str:
    if rules.audit_channel_id is None:
        return "a note in the channel itself; with an audit channel they go there"
    if rules.audit_channel_id not in here.channels or not here.may_post:
        return "a note in the channel itself, as long as I cannot post in the audit channel"
    if here.is_public:
        return "a note in the audit channel; if only moderators saw it, they would be there in full"
    return "in the audit channel"


def _role(role_id: int, rules: ServerRules, limits: OperatorLimits) -> str:
    role = rules.roles[role_id]
    gives = []
    if role.allowance_credits is not None:
        gives.append(f"{credits_text(role.allowance_credits)} {EVERY[rules.period]}")
    more = [_named(what, getattr(role, what), limits) for what in ("qualities", "models")]
    if also := listed([names for names in more if names]):
        gives.append(f"also {also}")
    return f"<@&{role_id}>: {listed(gives)}"


def changed(before: Snapshot, after: Snapshot, notes: Sequence[str] = ()) -> ui.LayoutView:
    """What held before → what holds now."""
    lines = wording.changes(before, after)
    if not lines:
        return view(words("### Nothing was changed", "It was so already.", *notes), colour=BLURPLE)
    return view(words("### Changed", *lines, *notes), colour=GREEN)


def asks_budget(rules: ServerRules, budget: int | None) -> Asked:
    """Before the budget that a server has is changed."""
    assert rules.budget_credits is not None
    every, has = EVERY[rules.period], credits_text(rules.budget_credits)
    if budget is None:
        text = (
            f"Take the budget of the whole server away? It is {has} {every}; then only the bot’s "
            "own daily budget holds."
        )
        return Asked(text, "Take the budget away")
    to = credits_text(budget)
    text = f"Change the budget of the whole server **from {has} to {to}** {every}?"
    return Asked(text, f"Change it to {to}")


def asks_no_audit(channel_id: int) -> Asked:
    """Before decisions are posted nowhere."""
    text = (
        f"Post decisions nowhere any more? They are posted in <#{channel_id}>, which will be told "
        "of this. `/quota history` has them all the same."
    )
    return Asked(text, "Post them nowhere")


def everybody_reads(channel_id: int) -> str:
    """What an audit channel is not told that is no secret of the moderators."""
    return (
        f"**Everybody can read <#{channel_id}>.** Reports say there only that something was "
        "reported; choose a channel that only moderators see to have them in full."
    )


def audit_unasked() -> ui.LayoutView:
    """`/settings audit` without a channel, where there is none."""
    return view(words("Decisions are posted nowhere. Give `channel` to change that."))


def limits_unasked() -> ui.LayoutView:
    """`/settings limits` without any limit."""
    told = "Give `budget`, `running` or `waiting`. `/settings show` tells what holds now."
    return view(words("### Nothing was changed", told), colour=AMBER)


def limit_notes(changes: Mapping[str, int | None], limits: OperatorLimits) -> list[str]:
    """Where the operator's own limits are lower than what was set."""
    return [
        f"The operator’s own limit of {operators} {what} at once for a person is lower, and holds."
        for what, own, operators in (
            ("made", changes.get("max_running_per_person"), limits.max_running_per_person),
            ("waiting", changes.get("max_waiting_per_person"), limits.max_waiting_per_person),
        )
        if own is not None and own > operators
    ]


def choose_channels(
    choice: Choice, rules: ServerRules, here: Here, news: Sequence[str] = ()
) -> ui.LayoutView:
    """Where `/mimic` may be used; `news` is what has just been changed."""
    chosen = sorted(rules.channels & here.channels)[:MOST_CHANNELS]
    select = ui.ChannelSelect[ui.LayoutView](
        custom_id=f"marionette:channels:{choice.server_id}:{choice.actor_id}",
        channel_types=CHANNEL_TYPES,
        placeholder="Everywhere",
        min_values=0,
        max_values=MOST_CHANNELS,
        default_values=[
            discord.SelectDefaultValue(id=id_, type=discord.SelectDefaultValueType.channel)
            for id_ in chosen
        ],
    )
    text = words(
        "### Where may videos be asked for?",
        f"Now: {_channels(rules, here)}.",
        "Choose the channels; their threads count too. None chosen means everywhere.",
    )
    return _choosing(choice, text, select, news)


def choose_open(
    what: What,
    choice: Choice,
    rules: ServerRules,
    limits: OperatorLimits,
    news: Sequence[str] = (),
) -> ui.LayoutView:
    """The qualities or the models that are open to everybody, or those that a role adds."""
    role = rules.roles.get(choice.role_id, RoleRules())
    opened, offered = getattr(role if choice.role_id else rules, what), offered_in(what, limits)
    select = ui.Select[ui.LayoutView](
        custom_id=f"marionette:{what}:{choice.server_id}:{choice.actor_id}:{choice.role_id}",
        placeholder="Nothing more",
        min_values=0 if choice.role_id else 1,
        max_values=len(offered),
        options=[
            discord.SelectOption(label=name, value=one, default=opened is None or one in opened)
            for one, name in offered.items()
        ],
    )
    if choice.role_id:
        everybody = _named(what, getattr(rules, what), limits)
        text = words(
            f"### What more may <@&{choice.role_id}> use?",
            f"Everybody may use {everybody}; the role adds to that.",
        )
    else:
        text = words(f"### Which {what} may everybody use?", "Roles can add further ones.")
    return _choosing(choice, text, select, news)


def _choosing(
    choice: Choice,
    text: ui.TextDisplay[ui.LayoutView],
    select: ui.Item[ui.LayoutView],
    news: Sequence[str],
) -> ui.LayoutView:
    items: list[ui.Item[ui.LayoutView]] = [text]
    if news:
        items.append(words("**Changed**", *news))
    if choice.reason:
        items.append(ui.TextDisplay(f"{REASON}{choice.reason}", id=REASON_ID))
    return view(*items, ui.ActionRow(select), colour=GREEN if news else BLURPLE)


def reason_on(message: discord.Message) -> str:
    """The reason that a card carries."""
    found = ui.LayoutView.from_message(message).find_item(REASON_ID)
    return found.content.removeprefix(REASON) if isinstance(found, ui.TextDisplay) else ""


def news_of(before: ServerRules, after: ServerRules, name: str, role_id: int = 0) -> list[str]:
    """What a choice has changed, in words; `role_id` names whose it is."""
    if not role_id:
        return wording.changes(snapshot(before, [name]), snapshot(after, [name]))
    was, now = (rules.roles.get(role_id, RoleRules()) for rules in (before, after))
    role: Snapshot = {"role_id": role_id}
    return wording.changes(role | snapshot(was, [name]), role | snapshot(now, [name]))
