"""What people can use of the bot in Discord, and what that asks."""

from bot.delivery.deletions import DeletedPosts
from bot.jobs.given.newcomers import Newcomers
from bot.jobs.runner import Runner
from bot.services.copies import Copies
from bot.services.moderation import Moderation
from bot.services.preferences import PreferenceService
from bot.services.quotas import Quotas
from bot.services.small_talk import SmallTalk
from bot.wiring import Parts, Told, library_of, remakes_of, removals_of, requests_of, trays_of
from cogs.members.buttons import CardButton
from cogs.members.credits import Credits, PayerSelect
from cogs.members.deletions import Deletions
from cogs.members.jobs import Jobs
from cogs.members.messages import Messages
from cogs.members.mimic import Mimic
from cogs.members.motions import MotionControl, Motions
from cogs.members.preferences import PreferenceControl, PreferencesCog
from cogs.members.removals import ReportMenu
from cogs.members.trays import Gather, TrayControl
from cogs.moderators.job_buttons import JobButton
from cogs.moderators.keeping import KeepButton
from cogs.moderators.library import LibraryCog
from cogs.moderators.moderate import Moderate
from cogs.moderators.quota import Quota
from cogs.moderators.reports import ReportButton
from cogs.moderators.settings import ChannelsSelect, OpenSelect
from cogs.moderators.settings import Settings as SettingsCog
from cogs.moderators.settling import ReviewButton, SettleControl
from cogs.shared.access import CardAccess
from cogs.shared.command_words import CommandWords
from cogs.shared.confirm_buttons import AnswerButton
from cogs.shared.confirmations import Confirmations
from cogs.shared.door import Unanswered
from cogs.shared.interactions import Bot
from cogs.shared.pages import PageControl


def place_services(
    client: Bot, parts: Parts, told: Told, runner: Runner, newcomers: Newcomers
) -> None:
    """What its faces ask."""
    store, clock, rates = parts.store, parts.clock, parts.settings.rates()
    client.requests = requests_of(parts, runner)
    client.library = library_of(parts, newcomers)
    client.remakes, client.copies = remakes_of(parts, told, runner), Copies(clock)
    client.trays = trays_of(parts, runner, client.requests, told)
    client.moderation = Moderation(
        store=store, providers=parts.providers, wake=runner.wake, clock=clock
    )
    client.preferences = PreferenceService(store=store, rates=rates, wake=runner.wake)
    client.removals = removals_of(parts, told, runner)
    client.quotas = Quotas(store=store, wake=runner.wake, clock=clock, runner=runner)
    client.confirmations, client.card_access = Confirmations(clock), CardAccess(clock)


async def load_cogs(client: Bot, parts: Parts, deleted: DeletedPosts) -> None:
    """What people can use, and the buttons that outlive a restart."""
    moderate = Moderate(client.moderation, parts.members, parts.clock.time)
    for cog in (
        Mimic(client.requests, client.tree),
        Gather(client.trays, client.tree),
        Jobs(client.requests),
        Credits(client.requests),
        PreferencesCog(),
        Messages(
            client,
            requests=client.requests,
            crowd=client.crowd,
            small_talk=SmallTalk(parts.clock),
            doors=parts.doors,
            languages=parts.languages,
        ),
        Deletions(deleted.saw),
        Motions(client.library),
        ReportMenu(client.tree),
        moderate,
        LibraryCog(client.library),
        Quota(client.quotas),
        SettingsCog(client.quotas, parts.store.limits),
        Unanswered(),
    ):
        await client.add_cog(cog)
    await client.tree.set_translator(CommandWords())
    client.add_dynamic_items(CardButton, AnswerButton, PageControl, PayerSelect, TrayControl)
    client.add_dynamic_items(JobButton, ReviewButton, SettleControl, ReportButton, KeepButton)
    client.add_dynamic_items(ChannelsSelect, OpenSelect, PreferenceControl, MotionControl)
