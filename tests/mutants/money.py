"""The rules of money, and by which change of the source each is broken."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.mutant import one as _one

LIFE, STORE, MODEL = "tests/bot/life", "tests/bot/store", "tests/bot/life/model"
POINTS = f"{LIFE}/jobs/test_points.py"
BILLED = f"{LIFE}/provider/test_billed_failures.py"
DECISIONS, PAUSES = f"{STORE}/test_decisions.py", f"{STORE}/test_pauses.py"
JOBS, MONEY = f"{STORE}/test_jobs.py", f"{STORE}/test_journal.py"
STORE_PY, FIRST_TABLES = "bot/store/store.py", "bot/store/migrations/versions/0001_first_tables.py"
UNIQUE = "the database itself refuses a second one"

_RENDERED = (
    "        return transition("
    "connection, job, JobState.FETCHING, at, failure=None, remark=remark)\n"
)
_CAPTURE = "        journal.settle(connection, job, EntryKind.CAPTURE, at)\n"
_BRING = "            await self._bring(job, attempt.result_url)\n"
_PAID = "        await self._store.fetched(job, self._clock.time())\n        return 0\n"
_FAILED = """JobState.FAILED, at, failure=told, lease=None)
        journal.settle(connection, job, EntryKind.RELEASE, at)
"""
_RELEASE = "        journal.settle(connection, job, EntryKind.RELEASE, at)\n"
_NOT_ACCEPTED = (
    "        return transition(connection, job, JobState.QUEUED, at, attempt_id=None, lease=None)\n"
)

MONEYS = (
    _one(
        "no unique hold",
        FIRST_TABLES,
        '("one_hold", ["job_id"], "kind = \'hold\'", True)',
        '("one_hold", ["job_id"], "kind = \'hold\'", False)',
        MONEY,
    ),
    _one(
        "no unique settlement",
        FIRST_TABLES,
        "kind IN ('capture', 'release')\", True)",
        "kind IN ('capture', 'release')\", False)",
        MONEY,
    ),
    Mutant(
        "a job that was charged may fail, and is settled twice",
        (
            Edit(
                FIRST_TABLES,
                "kind IN ('capture', 'release')\", True)",
                "kind IN ('capture', 'release')\", False)",
            ),
            Edit(
                "bot/core/jobs.py",
                "    S.DELIVERING: frozenset({S.DELIVERED}),\n",
                "    S.DELIVERING: frozenset({S.DELIVERED, S.FAILED}),\n",
            ),
        ),
        (MONEY, MODEL),
    ),
    _one(
        "no unique refund",
        FIRST_TABLES,
        '("one_refund", ["job_id"], "kind = \'refund\'", True)',
        '("one_refund", ["job_id"], "kind = \'refund\'", False)',
        *(MONEY, MODEL),
    ),
    Mutant(
        "captured before the video is fetched",
        (
            Edit(
                "bot/jobs/renders.py",
                _BRING,
                "            job = await self._store.fetched(job, self._clock.time())\n" + _BRING,
            ),
            Edit("bot/jobs/renders.py", _PAID, "        return 0\n"),
        ),
        (POINTS, MODEL),
    ),
    Mutant(
        "captured when the run ends",
        (
            Edit(STORE_PY, _RENDERED, _CAPTURE + _RENDERED),
            Edit(STORE_PY, _CAPTURE + "        return delivering\n", "        return delivering\n"),
        ),
        (POINTS, MODEL),
    ),
    Mutant(
        "downloads are written in place, not renamed",
        (
            Edit(
                "bot/media/saving/part.py",
                "self._part = part_of(path)",
                "self._part = path",
            ),
            Edit(
                "bot/media/downloads.py",
                "                await in_thread(part.drop)\n",
                "                pass\n",
            ),
        ),
        ("tests/bot/media/test_downloads.py",),
    ),
    _one(
        "what two processes make for one place has one name",
        "bot/media/saving/part.py",
        'f"{path.name}.{_PROCESS}.{_PART}"',
        'f"{path.name}.0.{_PART}"',
        "tests/bot/media/saving/test_part.py",
    ),
    _one(
        "a failure does not give credits back",
        STORE_PY,
        _FAILED,
        _FAILED.rpartition("        journal")[0],
        *(MONEY, MODEL),
    ),
    _one(
        "giving up does not give credits back",
        "bot/store/decisions.py",
        "        if outcome is Outcome.GIVE_UP:\n            journal",
        "        if outcome is Outcome.AGAIN and not at:\n            journal",
        *(DECISIONS, MODEL),
    ),
    _one(
        "no budget counts what was given up in doubt",
        "bot/store/decisions.py",
        "        journal.keep_counting(connection, job, at)\n        return failed\n",
        "        return failed\n",
        *(DECISIONS, MODEL),
    ),
    _one(
        "no budget counts a run that failed and may be billed",
        STORE_PY,
        "        if job.attempt and job.attempt.request_id and cost != 0:\n",
        "        if job.attempt and job.attempt.request_id and cost != cost:\n",
        *(DECISIONS, BILLED, MODEL),
    ),
    _one(
        "no budget counts a run that somebody has followed by another",
        "bot/store/decisions.py",
        "        if outcome is not Outcome.RAN:",
        "        if outcome is Outcome.GIVE_UP:",
        *(DECISIONS, MODEL),
    ),
    _one(
        "what a failed run cost is taken for nothing where nobody says it",
        "bot/provider/runs.py",
        "        return self.state in UNSUCCESSFUL and self.cost == 0\n",
        "        return self.state in UNSUCCESSFUL and not self.cost\n",
        *(BILLED, MODEL),
    ),
    _one(
        "a submit that was turned away gives credits back",
        STORE_PY,
        _NOT_ACCEPTED,
        _RELEASE + _NOT_ACCEPTED,
        *(JOBS, MODEL),
    ),
    _one(
        "a hold takes granted credits first",
        "bot/core/ledger.py",
        "    allowance = min(price, has.allowance_left)\n",
        "    allowance = max(0, price - has.granted)\n",
        *("tests/bot/core/test_ledger.py", MONEY, MODEL),
    ),
    _one(
        "weeks begin on Sunday",
        "bot/core/ledger.py",
        "            begun = day - timedelta(days=day.weekday())\n",
        "            begun = day - timedelta(days=(day.weekday() + 1) % 7)\n",
        *("tests/bot/core/test_ledger.py", MODEL),
    ),
    _one(
        "a released hold stays spent",
        "bot/store/journal.py",
        "_release.c.kind == _named(EntryKind.RELEASE)\n",
        "_release.c.kind == _named(EntryKind.REFUND)\n",
        *(MONEY, MODEL),
    ),
    _one(
        "a submit asks no pause, block or cap",
        STORE_PY,
        "        journal.may_submit(connection, job, rules, at)\n",
        "",
        PAUSES,
    ),
    _one(
        "a server pays for who has left it",
        "bot/accounts/wallets.py",
        "            raise Refused(left, server=self._members.server_name(server_id))\n",
        "            return frozenset()\n",
        *(f"{LIFE}/members/test_moved.py", MODEL),
    ),
    _one(
        "what is sent directly joins a server's offer",
        "bot/services/requests.py",
        "    asked_in = offer.moved_from_id or offer.channel_id\n    return asked_in == "
        "place.channel_id and offer.is_direct == place.is_direct\n",
        "    return offer.channel_id == place.channel_id\n",
        f"{LIFE}/members/test_moved.py",
    ),
    _one(
        "a part costs what it costs by now, whatever its button said",
        "bot/jobs/intake.py",
        "cost if job.promised is None else min(cost, job.promised)",
        "cost",
        f"{LIFE}/choices/test_parts.py",
    ),
    _one(
        "an answer is taken beyond the limits",
        "bot/store/offers/answers.py",
        "    admission.may_ask(rules, standing, Ask(choice=taken.choice), at)\n",
        "",
        f"{STORE}/test_offers.py",
    ),
    _one(
        "an answer is held against the limits of an offer that has gone on",
        "bot/store/offers/answers.py",
        "    job = update_job(connection, job, server_id=taken.server_id)",
        "    job = replace(job, server_id=taken.server_id)",
        f"{STORE}/test_offers.py",
    ),
    _one(
        "a tray that was started stays full",
        "bot/store/people/trays.py",
        '        connection.execute(_FORGET, {"whose": job.person_id})\n',
        "",
        f"{STORE}/people/test_trays.py",
    ),
    _one(
        "a changed tray leaves its offer open",
        "bot/store/people/trays.py",
        "        end_offers(connection, person_id, jobs.c.source == Source.TRAY, at=at)\n"
        "        _save(",
        "        _save(",
        f"{STORE}/people/test_trays.py",
    ),
    _one(
        "a button is paid for at whatever the price is by now",
        "bot/core/models.py",
        "cost > at_most",
        "False",
        *(f"{LIFE}/choices/test_{name}.py" for name in ("again", "cheaper")),
    ),
    _one(
        "what could not be paid is had cheaper by anybody",
        "bot/services/remakes.py",
        "has_failed and job.person_id == press.place.person_id",
        "has_failed",
        f"{LIFE}/choices/test_cheaper.py",
    ),
    _one(
        "what could not be paid is had twice, by two buttons",
        "bot/store/transitions.py",
        "source_state == JobState.DELIVERED and ",
        "",
        f"{LIFE}/choices/test_cheaper.py",
    ),
    _one(
        "files that nobody could pay for lie about until a sweep",
        "bot/jobs/runner.py",
        "return kept_until - now",
        "return None",
        f"{LIFE}/choices/test_cheaper.py",
    ),
    _one(
        "files that nobody could pay for pile up",
        "bot/store/offers/answers.py",
        "note_on(connection, job_id, duration_s=None)",
        "note_on(connection, job_id, duration_s=1.0)",
        f"{LIFE}/choices/test_cheaper.py",
    ),
    _one(
        "what nobody can pay either is offered instead",
        "bot/accounts/wallets.py",
        "admission.refused_hold(rules, standing, cost, at) is None\n",
        "True\n",
        f"{LIFE}/choices/test_cheaper.py",
    ),
    _one(
        "a double click buys two videos",
        "bot/store/transitions.py",
        "if _has_another(made) or (is_again and has_begun and is_later):",
        "if True:",
        *(f"{LIFE}/choices/test_again.py", f"{LIFE}/choices/test_drafts.py"),
    ),
    _one(
        "somebody else's files are used wherever one is",
        "bot/services/remakes.py",
        "        if not _is_at_post(job, place):\n"
        "            raise Refused(Problem.NOT_AT_ITS_POST)\n",
        "",
        f"{LIFE}/choices/test_more.py",
    ),
    _one(
        "two remakes send the very same inputs",
        "bot/jobs/inputs.py",
        "if job.files_of is None and 0 <=",
        "if 0 <=",
        f"{LIFE}/choices/test_again.py",
    ),
    _one(
        "two jobs of the same messages send the very same inputs",
        "bot/jobs/inputs.py",
        "may_serve=is_own",
        "may_serve=True",
        f"{LIFE}/jobs/test_inputs.py",
    ),
    _one(
        "a lost submit takes the run of one that is about to be answered",
        "bot/jobs/lookups.py",
        "            if is_contested:\n",
        "            if False:\n",
        *("tests/bot/jobs/test_lookups.py", MODEL),
    ),
)
