"""Every route of the REST API."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.application.commands import Commands
from sandbox.discord.rest.application.emojis import Emojis
from sandbox.discord.rest.callbacks import Callbacks
from sandbox.discord.rest.channels import Channels
from sandbox.discord.rest.directory import Directory
from sandbox.discord.rest.reactions import Reactions
from sandbox.discord.rest.webhooks import Webhooks


def rest_routes(api: Api) -> list[web.RouteDef]:
    """Every route below /api/v10."""
    families = (Channels, Reactions, Callbacks, Commands, Emojis, Directory, Webhooks)
    return [route for family in families for route in family(api).routes()]
