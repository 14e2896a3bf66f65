"""Discord's REST API v10, as far as it is served."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.callbacks import Callbacks
from sandbox.discord.rest.channels import Channels
from sandbox.discord.rest.commands import Commands
from sandbox.discord.rest.directory import Directory
from sandbox.discord.rest.reactions import Reactions
from sandbox.discord.rest.webhooks import Webhooks

__all__ = ["Api", "rest_routes"]


def rest_routes(api: Api) -> list[web.RouteDef]:
    """Every route below /api/v10."""
    families = (Channels, Reactions, Callbacks, Commands, Directory, Webhooks)
    return [route for family in families for route in family(api).routes()]
