"""What somebody likes: asked for, and changed by themselves alone. No action tells of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.core.accounts import Preferences
from bot.core.admission import NewJob
from bot.core.models import MODELS, Choice, Rates
from bot.core.people.languages import Language
from bot.core.rules import MOST_CREDITS, Named, Rules, chosen, within
from bot.errors import Refused
from bot.store.people.preferences import Choosing
from bot.store.store import Store


class PreferenceService:
    """Reads and changes; what an offer's card promises follows."""

    def __init__(self, *, store: Store, rates: Rates, wake: Callable[[str], None]) -> None:
        self._store = store
        self.rates = rates
        self._wake = wake

    async def of(self, person_id: int) -> Preferences:
        """What somebody has chosen."""
        return await self._store.preferences.of(person_id)

    async def like(self, person_id: int, choice: Choice | None) -> Preferences:
        """From now on they have this made, or (`None`) the usual. Raises `Refused`."""
        liked = self.rates.choice(*choice) if choice else None
        chosen = {"model": liked.model, "quality": liked.quality} if liked else _NOTHING
        preferences = await self._change(person_id, chosen)
        for offer in await self._store.read.offers_of(person_id):
            self._wake(offer.id)
        return preferences

    async def tell_directly(self, person_id: int, *, wanted: bool) -> Preferences:
        """Whether a direct message tells them of their videos."""
        return await self._change(person_id, {"notify_directly": wanted})

    async def keep_private(self, person_id: int, *, wanted: bool) -> Preferences:
        """Whether others may use nothing of what they post."""
        return await self._change(person_id, {"keep_private": wanted})

    async def speak(self, person_id: int, language: Language | None) -> Preferences:
        """In which language they are spoken to; `None` is that of their Discord."""
        return await self._change(person_id, {"language": language})

    async def ask_above(self, person_id: int, credits: int | None) -> Preferences:
        """Above which price they are asked first; `None` is never. Raises `Refused`."""
        bound = None if credits is None else within(credits, 0, MOST_CREDITS)
        return await self._change(person_id, {"ask_above": bound})

    async def _change(self, person_id: int, changes: Mapping[str, Any]) -> Preferences:
        return await self._store.preferences.change(person_id, changes)


def choosing(rates: Rates, named: Named, prompt: str, closed: Mapping[str, Refused]) -> Choosing:
    """What a request becomes, settled where it is saved: by what its requester likes and by the
    rules of then. `closed` is why requests to some models could only wait."""

    def choose(new: NewJob, likes: Preferences, rules: Rules) -> NewJob:
        choice, instead_of = chosen(rates, rules, likes.choice, named, closed)
        if choice.model in closed:
            raise closed[choice.model]
        told = MODELS[choice.model].told(prompt)
        return replace(new, **choice._asdict(), prompt=told, instead_of=instead_of)

    return choose


_NOTHING: Mapping[str, Any] = {"model": None, "quality": None}
