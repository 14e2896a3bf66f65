"""Which language is spoken to whom: their own, or a server's where others read along.

What somebody, or a server's admins, have chosen comes first; of all others Discord says it.
"""

from collections.abc import Mapping
from typing import Self

import discord

from bot.core.jobs import Job, Source
from bot.core.people.languages import Language, asked_for
from bot.store.store import Store

MOST_SEEN = 10_000


class Languages:
    """Remembers what has been chosen, so that no answer waits for a question to the database.

    A plain message does not tell its writer's language: there, what their last command or press in
    this run of the program has told is taken for it.
    """

    def __init__(self, client: discord.Client, chosen: Mapping[tuple[int, int], Language]) -> None:
        self._client = client
        self._chosen = dict(chosen)
        self._seen: dict[int, Language] = {}

    @classmethod
    async def load(cls, client: discord.Client, store: Store) -> Self:
        """With what was chosen before this start."""
        people, servers = await store.preferences.spoken(), await store.rulebook.spoken()
        of_people = {(0, person_id): language for person_id, language in people}
        return cls(
            client, of_people | {(server_id, 0): language for server_id, language in servers}
        )

    def learn(
        self, chosen: Mapping[tuple[int, int], Language | None], *, is_all: bool = False
    ) -> None:
        """These have just been chosen, or (`None`) left to Discord again; see `Changes`.

        Where they are all, what else was known holds no longer.
        """
        if is_all:
            self._chosen.clear()
        for whose, language in chosen.items():
            if language is None:
                self._chosen.pop(whose, None)
            else:
                self._chosen[whose] = language

    def of_interaction(self, person_id: int, locale: str) -> Language:
        """Somebody's own, of whose Discord this locale has just been told."""
        self._seen.pop(person_id, None)
        self._seen[person_id] = asked_for(locale)
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        return self.of_person(person_id)

    def of_person(self, person_id: int, otherwise: Language = Language.ENGLISH) -> Language:
        """Somebody's own, as far as it is known."""
        chosen = self._chosen.get((0, person_id))
        return chosen or self._seen.get(person_id) or otherwise

    def of_server(self, server_id: int) -> Language:
        """What is spoken where all of a server may read it."""
        if (language := self._chosen.get((server_id, 0))) is not None:
            return language
        guild = self._client.get_guild(server_id)
        return asked_for(guild.preferred_locale.value if guild else None)

    def of_requester(self, job: Job) -> Language:
        """What only a job's requester reads of it."""
        return self.of_person(job.person_id, job.language)

    def of_card(self, job: Job) -> Language:
        """What a job's card says; others read that of a tray once it is started."""
        is_tray = job.source is Source.TRAY and job.promised is None
        is_theirs = job.is_shown_directly or is_tray
        return self.of_requester(job) if is_theirs else self.of_server(job.server_id)

    def of_message(self, job: Job, channel_id: int) -> Language:
        """What a message about a job says in this channel, of which discord.py may know no more."""
        is_read_along = channel_id == job.channel_id and not job.is_shown_directly
        return self.of_server(job.server_id) if is_read_along else self.of_requester(job)
