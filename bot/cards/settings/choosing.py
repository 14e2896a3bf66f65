"""The cards on which channels, qualities and models are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.cards import wording
from bot.cards.languages.speech import mark, tr
from bot.cards.parts import BLURPLE, GREEN, view, words
from bot.cards.settings.overview import Here, What, channels_text, named, offered_in
from bot.core.actions import Snapshot
from bot.core.rules import OperatorLimits, RoleRules, ServerRules, snapshot

CHANNELS_SELECT = r"marionette:channels:(?P<server>\d{1,20}):(?P<actor>\d{1,20})"
OPEN_SELECT = (
    r"marionette:(?P<what>qualities|models):"
    r"(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<role>\d{1,20})"
)
"""The `custom_id`s; role 0 is everybody."""

REASON_ID = 500
"""The part of a card that carries the reason from the command to the choice."""

MOST_CHANNELS = 25
CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
]
WHICH: Mapping[What, str] = {
    "qualities": mark("### Which qualities may everybody use?"),
    "models": mark("### Which models may everybody use?"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Who chooses for which server, and (`role_id`) for which role; 0 is everybody."""

    server_id: int
    actor_id: int
    role_id: int = 0
    reason: str = ""


def choose_channels(
    choice: Choice, rules: ServerRules, here: Here, news: Sequence[str] = ()
) -> ui.LayoutView:
    """Where `/mimic` may be used; `news` is what has just been changed."""
    chosen = sorted(rules.channels & here.channels)[:MOST_CHANNELS]
    select = ui.ChannelSelect[ui.LayoutView](
        custom_id=f"marionette:channels:{choice.server_id}:{choice.actor_id}",
        channel_types=CHANNEL_TYPES,
        placeholder=tr("Everywhere"),
        min_values=0,
        max_values=MOST_CHANNELS,
        default_values=[
            discord.SelectDefaultValue(id=id_, type=discord.SelectDefaultValueType.channel)
            for id_ in chosen
        ],
    )
    text = words(
        tr("### Where may videos be asked for?"),
        tr("Now: {channels}.", channels=channels_text(rules, here))
        if rules.channels
        else tr("Now: everywhere."),
        tr("Choose the channels; their threads count too. None chosen means everywhere."),
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
        placeholder=tr("Nothing more"),
        min_values=0 if choice.role_id else 1,
        max_values=len(offered),
        options=[
            discord.SelectOption(label=name, value=one, default=opened is None or one in opened)
            for one, name in offered.items()
        ],
    )
    if choice.role_id:
        text = words(
            tr("### What more may {role} use?", role=f"<@&{choice.role_id}>"),
            tr(
                "Everybody may use {names}; the role adds to that.",
                names=named(what, getattr(rules, what), limits),
            ),
        )
    else:
        text = words(tr(WHICH[what]), tr("Roles can add further ones."))
    return _choosing(choice, text, select, news)


def _choosing(
    choice: Choice,
    text: ui.TextDisplay[ui.LayoutView],
    select: ui.Item[ui.LayoutView],
    news: Sequence[str],
) -> ui.LayoutView:
    items: list[ui.Item[ui.LayoutView]] = [text]
    if news:
        items.append(words(tr("**Changed**"), *news))
    if choice.reason:
        carried = tr("-# Reason: {reason}", reason=choice.reason)
        items.append(ui.TextDisplay(carried, id=REASON_ID))
    return view(*items, ui.ActionRow(select), colour=GREEN if news else BLURPLE)


def reason_on(message: discord.Message) -> str:
    """The reason that a card carries: what follows the first colon, in any language."""
    found = ui.LayoutView.from_message(message).find_item(REASON_ID)
    return found.content.partition(":")[2].strip() if isinstance(found, ui.TextDisplay) else ""


def news_of(before: ServerRules, after: ServerRules, name: str, role_id: int = 0) -> list[str]:
    """What a choice has changed, in words; `role_id` names whose it is."""
    if not role_id:
        return wording.changes(snapshot(before, [name]), snapshot(after, [name]))
    was, now = (rules.roles.get(role_id, RoleRules()) for rules in (before, after))
    role: Snapshot = {"role_id": role_id}
    return wording.changes(role | snapshot(was, [name]), role | snapshot(now, [name]))
