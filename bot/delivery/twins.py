"""Whether another bot with this token is running: it would buy and post everything once more.

Discord hands every event to both, and takes one answer. Whoever comes second hears of it: to an
interaction there is one reply, and a post with the nonce of an earlier one *is* that earlier one.
What stands there is read then, and if it is about a job that our database has never had, another
bot wrote it. So each request is one bot's alone, and only who was second stops.
"""

import discord

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import Job
from bot.delivery.searches import jobs_named
from bot.jobs.live import Jobs

SOURCE = "discord"


class Twins:
    """Told by the alarm, which stays until the program ends."""

    def __init__(self, jobs: Jobs, alarms: Alarms, clock: Clock) -> None:
        self._jobs = jobs
        self._alarms = alarms
        self._began_at = clock.time()

    async def wrote(self, job: Job, *messages: discord.Message) -> bool:
        """Whether another bot wrote one of these, each with our token and where `job` belongs.

        Two programs on one database, such as the old and the new one at an update, are no twins.
        """
        for message in messages:
            for named in jobs_named(message) - {job.id}:
                if await self._jobs.job(named) is None:
                    self._alarms.raise_(Alarm.TWIN, SOURCE, job=job.id, others=named)
                    return True
        return False

    async def answered(self, job: Job, since: list[discord.Message]) -> bool:
        """Whether another bot wrote what was written with our token since a job was asked for.

        Of a job from before this start nothing is believed: cards of jobs that a restored backup
        has forgotten are no other bot's.
        """
        return job.created_at >= self._began_at and await self.wrote(job, *since)
