"""What may follow a draft: the same files, made by a model that is paid."""

from bot.accounts.wallets import Place, Wallets
from bot.clock import Clock
from bot.core.admission import NewJob
from bot.core.jobs import DRAFT_FILES_LIFE_S, Job, JobState, Source
from bot.core.models import Choice, price
from bot.core.typed.job_ids import new_job_id
from bot.errors import Problem, Refused
from bot.services.requests import TOKEN_LIFE_S, JobRunner
from bot.store.store import Store


class Drafts:
    """The way in for a finished draft's buttons."""

    def __init__(self, *, store: Store, runner: JobRunner, wallets: Wallets, clock: Clock) -> None:
        self._store = store
        self._runner = runner
        self._wallets = wallets
        self._clock = clock

    async def make(
        self, draft_id: str, place: Place, choice: Choice, *, interaction_id: int, token: str
    ) -> Job | None:
        """Save a request for this, before it is answered; `None` for a repeated event.

        Its files are not looked at again. Raises `Refused`.
        """
        draft = await self._store.read.job(draft_id)
        if draft is None or draft.state is not JobState.DELIVERED:
            raise Refused(Problem.UNKNOWN_JOB, job=draft_id)
        if draft.person_id != place.person_id:
            raise Refused(Problem.NOT_YOUR_JOB)
        at = self._clock.time()
        is_old = at - draft.state_since >= DRAFT_FILES_LIFE_S
        if is_old or draft.removed_by_id is not None:
            raise Refused(Problem.FILES_GONE)
        choice = self._wallets.rates.choice(*choice)
        place = await self._wallets.paying_for(draft, place)
        if closed := await self._runner.why_closed(choice.model):
            raise closed
        new = NewJob(
            id=new_job_id(),
            source=Source.SLASH,
            origin_id=interaction_id,
            server_id=place.server_id,
            channel_id=place.channel_id,
            person_id=place.person_id,
            upload_limit_bytes=place.upload_limit_bytes,
            is_direct=place.is_direct,
            above_id=place.above_id,
            subject=draft.subject,
            motion=draft.motion,
            model=choice.model,
            quality=choice.quality,
            files_of=draft.id,
            promised=price(choice, draft.duration_s or 0.0, self._wallets.rates),
            cut=draft.cut,
            token=token,
            token_expires_at=at + TOKEN_LIFE_S,
        )
        return await self._store.begin(new, at, place.roles)
