"""The rules, and by which change of the source each is broken."""

from tests.mutants.money import MONEYS
from tests.mutants.mutant import Edit, Mutant
from tests.mutants.mutant import one as _one

LIFE, STORE, MODEL = "tests/bot/life", "tests/bot/store", "tests/bot/life/model"
POINTS, DOUBT, OFFERS, WAITING, INPUTS = (
    f"{LIFE}/jobs/test_{name}.py" for name in ("points", "doubt", "offers", "waiting", "inputs")
)
FAILURES = f"{LIFE}/provider/test_failures.py"
DELIVERY = f"{LIFE}/delivery/test_delivery.py"
JOBS, MONEY = f"{STORE}/test_jobs.py", f"{STORE}/test_journal.py"
STORE_PY, FIRST_TABLES = "bot/store/store.py", "bot/store/migrations/versions/0001_first_tables.py"

_STATE = 'jobs.c.state == bindparam("leaves")'
_REVISION = 'jobs.c.revision == bindparam("seen")'
_FENCE = f"{_STATE}, {_REVISION}"
_ANY_STATE, _ANY_REVISION = (f"({fence}) | _THIS" for fence in (_STATE, _REVISION))
_POST = "            request_id = await self._providers.of(job.model).submit(job.attempt)\n"
_SAVE = "            try:\n                submitting = await self._store.submit(\n"
_EARLY = """            assert job.quality is not None
            from bot.core.jobs import Attempt
            early = Attempt(0, image_url, video_url, 0.0, model=job.model, quality=job.quality)
            self._early = await self._providers.of(job.model).submit(early)
"""
_CLAIMED = '    return connection.scalar(_CLAIM, {"request_id": request_id}) is not None\n'

SENDING = (
    Mutant(
        "the POST is sent before it is saved",
        (
            Edit("bot/jobs/submits.py", _SAVE, _EARLY + _SAVE),
            Edit("bot/jobs/submits.py", _POST, "            request_id = self._early\n"),
        ),
        (POINTS, MODEL),
    ),
    _one(
        "a link is handed on without being asked",
        "bot/jobs/inputs.py",
        "        return await self._downloads.answers(\n",
        "        return True or await self._downloads.answers(\n",
        INPUTS,
    ),
    _one(
        "a link is handed on however old it is",
        "bot/jobs/inputs.py",
        "LINK_YOUNG_S = 600.0\n",
        "LINK_YOUNG_S = 1e9\n",
        INPUTS,
    ),
    _one(
        "a stranger's link is handed on",
        "bot/jobs/inputs.py",
        "        if not is_attachment(url, self._supplier) or self._expires_soon(url):\n",
        "        if self._expires_soon(url):\n",
        f"{LIFE}/links/test_given.py",
    ),
    _one(
        "a message is read for whoever has its link",
        "bot/accounts/sight.py",
        "_can_read(ours, place) and _can_read(theirs, place)",
        "_can_read(ours, place)",
        *("tests/bot/accounts/test_sight.py", f"{LIFE}/links/test_messages.py"),
    ),
    _one(
        "a job that is found submitting is sent again",
        "bot/jobs/submits.py",
        "            found = await self._look_up(job)\n",
        "            return await self._send(job)\n",
        *(POINTS, DOUBT, MODEL),
    ),
    _one(
        "rows of the history may be claimed twice",
        "bot/jobs/lookups.py",
        "        if not await store.read.is_claimed(row.request_id):\n",
        "        if row.request_id:\n",
        *(DOUBT, MODEL),
    ),
    _one(
        "… and answers to submits as well",
        "bot/store/transitions.py",
        _CLAIMED,
        "    return request_id is None\n",
        *(JOBS, DOUBT, MODEL),
    ),
    _one(
        "no unique run",
        FIRST_TABLES,
        '        sa.UniqueConstraint("request_id"),\n',
        "",
        JOBS,
    ),
    _one(
        "no unique event",
        FIRST_TABLES,
        '        sa.UniqueConstraint("origin_id"),\n',
        "",
        JOBS,
    ),
    Mutant(
        "an id may be claimed twice, and nothing refuses it",
        (
            Edit(FIRST_TABLES, '        sa.UniqueConstraint("request_id"),\n', ""),
            Edit("bot/store/transitions.py", _CLAIMED, "    return request_id is None\n"),
        ),
        (JOBS, DOUBT, MODEL),
    ),
    _one(
        "a failed run is tried again without proof that it cost nothing",
        "bot/jobs/renders.py",
        "        is_proved = row is not None and row.state is RunState.FAILED and row.cost == 0\n",
        "        is_proved = row is None or row.state is RunState.FAILED\n",
        *(FAILURES, MODEL),
    ),
    _one(
        "… and again and again",
        "bot/core/queue.py",
        "problem in PASSING and retries < MOST_RETRIES",
        "problem in PASSING and retries < 99",
        *("tests/bot/core/test_retries.py", JOBS, FAILURES),
    ),
    _one(
        "a doubt goes to review after one reading",
        "bot/jobs/deadlines.py",
        "        enough = self._of(job_id).count >= self._min_tries\n",
        "        enough = self._of(job_id).count >= 1\n",
        *("tests/bot/jobs/test_deadlines.py", MODEL),
    ),
    _one(
        "any number of submits may come to be in doubt",
        "bot/core/queue.py",
        "        and load.unanswered_of_person < most.of_person\n",
        "",
        *("tests/bot/core/test_queue.py", JOBS),
    ),
    _one(
        "a model in trouble is sent a second submit by another process",
        "bot/core/queue.py",
        "        and not (one_at_a_time and load.in_flight_of_model)\n",
        "",
        "tests/bot/store/test_pauses.py",
    ),
    _one(
        "what a process has lost of the provider's requests it sends all the same",
        "bot/core/token_bucket.py",
        "        return self._whole_per_s * self._share\n",
        "        return self._whole_per_s\n",
        "tests/bot/provider/test_shared_limit.py",
    ),
    _one(
        "somebody's further lost submits keep all others waiting longer",
        "bot/provider/outage.py",
        "        is_news = person_id not in self._failed\n",
        "        is_news = True\n",
        *("tests/bot/provider/test_breaker.py", f"{LIFE}/provider/test_poison.py"),
    ),
)
FENCES = (
    _one(
        "changes name neither state nor revision",
        "bot/store/transitions.py",
        _FENCE,
        f"{_ANY_STATE}, {_ANY_REVISION}",
        *(JOBS, MONEY, MODEL),
    ),
    _one(
        "changes name the state alone",
        "bot/store/transitions.py",
        _FENCE,
        f"{_STATE}, {_ANY_REVISION}",
        *(JOBS, MODEL),
    ),
    _one(
        "changes name the revision alone",
        "bot/store/transitions.py",
        _FENCE,
        f"{_ANY_STATE}, {_REVISION}",
        *(JOBS, MODEL),
        harmless="each change raises it, so it is enough; the state is there for the reader",
    ),
    _one(
        "a repeated event makes another job",
        STORE_PY,
        '        if connection.scalar(_KNOWN, {"origin_id": new.origin_id}) is not None:\n',
        '        if connection.scalar(_KNOWN, {"origin_id": new.origin_id}) == new.id:\n',
        *(JOBS, MODEL),
    ),
    _one(
        "a newer offer leaves the earlier one",
        STORE_PY,
        "        if new.source is Source.MESSAGE:\n",
        "        if new.source is Source.MESSAGE and not new.person_id:\n",
        *(WAITING, MODEL),
    ),
    _one(
        "transactions do not lock when they begin",
        "bot/store/file/sqlite.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        f"{STORE}/test_database.py",
    ),
    _one(
        "an event that fails leaves its half in the others' commit",
        "bot/store/group_commit.py",
        '            plainly("ROLLBACK TO event")\n',
        "",
        f"{STORE}/test_database.py",
    ),
    _one(
        "an event is told of before its commit",
        "bot/store/group_commit.py",
        "            waiting.outcome = waiting.work(connection)\n",
        "            waiting.outcome = waiting.work(connection)\n"
        "            self._on_commit(waiting.changes)\n",
        f"{STORE}/test_database.py",
    ),
    _one(
        "who was turned away is saved all the same",
        "cogs/shared/requesting.py",
        "        await interaction.client.requests.abandon(interaction.id)\n",
        "        log.debug('told')\n",
        "tests/bot/life/members/test_answers.py",
    ),
    _one(
        "a private word, or another bot's, is taken for the reply",
        "bot/delivery/replies.py",
        "is_ours=job.id in jobs_named(reply)",
        "is_ours=True",
        *("tests/bot/life/members/test_answers.py", f"{LIFE}/operator/test_twins.py"),
    ),
    _one(
        "what is remembered is read over what was committed meanwhile",
        "bot/jobs/live.py",
        "            if job is None or job_id not in changed:\n",
        "            if job is None or changed is not None:\n",
        "tests/bot/jobs/test_live.py",
    ),
)
SHOWING = (
    _one(
        "no nonce on the post",
        "bot/delivery/post.py",
        "view=view, file=file, nonce=job.id,",
        "view=view, file=file,",
        DELIVERY,
    ),
    _one(
        "no nonce on a post with a link",
        "bot/delivery/post.py",
        "view=view, nonce=job.id,",
        "view=view,",
        DELIVERY,
    ),
    _one(
        "a late repeat does not look first",
        "bot/delivery/routes.py",
        "        if tried_at is not None and not 0 <= now - tried_at <= NONCE_WINDOW_S:\n",
        "        if tried_at is not None and now < 0:\n",
        DELIVERY,
    ),
    _one(
        "a try to post is not saved",
        "bot/delivery/routes.py",
        "            await self._store.delivery_begins(job, channel.id, now)\n",
        "            tried_at = now\n",
        *(DELIVERY, POINTS),
    ),
    _one(
        "a try to reply is not saved",
        "bot/delivery/post.py",
        "            job = await self._store.reply_begins(job, card_id)\n",
        "",
        DELIVERY,
    ),
    _one(
        "who stood still goes on as if nothing had been",
        "bot/delivery/doors.py",
        '            raise StoodStillError("This process stood still")\n',
        "            pass\n",
        "tests/bot/delivery/test_doors.py",
    ),
    _one(
        "a lost card is not looked for",
        "bot/delivery/status.py",
        "            found = [message for message in ours if is_card_of(job, message)]\n",
        "            found = ours[:0]\n",
        OFFERS,
    ),
)
MUTANTS = SENDING + FENCES + SHOWING + MONEYS
