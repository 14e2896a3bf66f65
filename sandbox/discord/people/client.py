"""Everybody's clients together: their routes, and what they hear."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.interactions import Interactions
from sandbox.discord.people.languages import Languages
from sandbox.discord.people.messages import Messages
from sandbox.discord.people.places import Places
from sandbox.discord.people.reactions import Reactions
from sandbox.discord.people.screens import Screens
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.world import World
from sandbox.discord.traffic import Traffic
from sandbox.discord.wire import Json


class People(Screens):
    """Everybody's clients; hears of the world's changes and shows each person their own."""

    def __init__(
        self,
        world: World,
        cdn: Cdn,
        payloads: Payloads,
        traffic: Traffic,
        tell_controls: Callable[[], Awaitable[Json]],
    ) -> None:
        api = PeopleApi(world, cdn, payloads)
        super().__init__(api, traffic)
        self._interactions = Interactions(api)
        self._families = (
            Places(api),
            Languages(api, tell_controls),
            Messages(api),
            Reactions(api),
            self._interactions,
        )

    def routes(self) -> list[web.RouteDef]:
        """Every route below the people's address."""
        families = [route for family in self._families for route in family.routes()]
        return super().routes() + families

    async def close(self) -> None:
        """End every screen and deadline."""
        await super().close()
        await self._interactions.close()
