"""What can be said of a job's future: its place in the line, when its video will be ready."""

from bot.cards import Outlook
from bot.clock import Clock
from bot.core import policy
from bot.core.jobs import Job, JobState
from bot.core.schedule import PastRun, RunTimes
from bot.line import Line
from bot.store import Store

PAST_RUNS = 200


class Forecast:
    """Learns from what has happened."""

    def __init__(self, store: Store, line: Line, clock: Clock) -> None:
        self._store = store
        self._line = line
        self._clock = clock

    async def run_times(self, job: Job) -> RunTimes:
        """How long runs like this one take."""
        assert job.quality is not None
        past = await self._store.read.run_times(PAST_RUNS)
        return RunTimes.learn([PastRun(*run) for run in past], job.quality, job.duration_s or 10.0)

    async def outlook(self, job: Job) -> Outlook:
        """What a job's card says of its future."""
        if job.state is JobState.QUEUED:
            if self._line.is_ailing:
                return Outlook(unavailable=True)
            queued, running = await self._store.read.line()
            order = policy.next_fairly(queued, running, max_running_per_person=len(queued) + 1000)
            places = {entry.job_id: place for place, entry in enumerate(order, 1)}
            return Outlook(place=places.get(job.id))
        attempt = job.attempt
        if job.state is not JobState.RENDERING or not attempt or attempt.submitted_at is None:
            return Outlook()
        now = self._clock.time()
        left_s = (await self.run_times(job)).remaining_s(now - attempt.submitted_at)
        return Outlook(ready_at=now + left_s)
