"""Two hundred `/mimic` of fifty people on the wire, in a server with a budget for twenty."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.core.actions import OPERATOR, ActionKind
from bot.core.ledger import Period
from bot.jobs.given.fetching import DOWNLOADS_AT_ONCE
from bot.store.database import Database
from bot.store.store import Store
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Member, User
from sandbox.discord.state.seed import BASE, FOUNDED_AT
from sandbox.faults.injector import Rule, late
from tests.bot.life.world import Life

PEOPLE, EACH, PRICE, STARTED = 50, 4, 2, 20
AT_ONCE = 8
"""All of them in one process with Discord and the bot: more would miss Discord's three seconds."""


async def people_of(life: Life) -> list[PersonClient]:
    """Fifty further members of the studio."""
    names = [f"guest{number}" for number in range(PEOPLE)]
    for number, name in enumerate(names, 1000):
        life.world.users[name] = User(BASE + number, name, name.title())
        life.world.guilds["studio"].members[BASE + number] = Member(BASE + number, [], FOUNDED_AT)
    return [await life.person(name) for name in names]


async def lay_down(life: Life) -> None:
    """A budget for a week."""
    settings = life.settings()
    async with await Database.open(settings.database) as database:
        await Store(database, settings.operator_limits()).rulebook.set_rules(
            life.world.guilds["studio"].id,
            {"budget_credits": PRICE * STARTED, "period": Period.WEEK},
            kind=ActionKind.SETTINGS,
            actor_id=OPERATOR,
            reason="",
            at=life.clock.time(),
        )


def monday_after(at: float) -> int:
    """When a server's week ends (unix s)."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((day + timedelta(days=7 - day.weekday())).timestamp())


async def test_a_budget_for_twenty_starts_twenty_and_tells_all_others_why(life: Life) -> None:
    life.provider.workshop.pause()
    await life.start(max_running=1)
    await lay_down(life)
    spent = (
        f"This server's budget for videos, {PRICE * STARTED} credits, is spent. It renews "
        f"<t:{monday_after(life.clock.time())}:R>: please come back then."
    )
    endings = {"### In line": "started", "learning to move": "started", spent: "spent"}
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(person: PersonClient) -> str:
        """What came of it, as its requester reads it."""
        async with turn:
            used = await life.mimic(person)

            def has_ended(event: Json) -> bool:
                message = event.get("message") or {}
                cause = message.get("interaction_metadata") or {}
                told = text_of(message) if cause.get("id") == str(used) else ""
                return any(words in told for words in endings)

            told = text_of((await person.wait_for(has_ended, 120))["message"])
        return next(ending for words, ending in endings.items() if words in told)

    people = await people_of(life)
    heard = await asyncio.gather(*(ask(person) for _ in range(EACH) for person in people))
    assert Counter(heard) == {"started": STARTED, "spent": PEOPLE * EACH - STARTED}
    states = Counter(life.states())
    assert states["queued"] + states["rendering"] == STARTED
    held = "SELECT count(*), -sum(allowance + granted) FROM entries WHERE kind = 'hold'"
    assert life.rows(held) == [(STARTED, PRICE * STARTED)]
    assert life.money() == ["hold"] * STARTED


async def test_one_persons_slow_files_leave_the_others_line_free(life: Life) -> None:
    """All of Ada's hang on their way: that is one download, whatever else she has asked for."""
    goes_on = asyncio.Event()
    file = ("cdn", "GET", "/ephemeral-attachments/{channel_id}/{attachment_id}/{name}")
    life.faults.add(Rule(late(goes_on.wait), *file, times=DOWNLOADS_AT_ONCE))
    await life.start(max_waiting_per_person=DOWNLOADS_AT_ONCE)
    ada, ben = await life.person("ada"), await life.person("ben")
    for _ in range(DOWNLOADS_AT_ONCE):
        await life.mimic(ada)
    await life.until(lambda: bool(life.faults.struck))
    await life.clock.until_quiet()
    assert life.faults.struck.total() == 1
    life.faults.rules.clear()
    await ben.outcome(await life.mimic(ben))
    await life.reaches(*["checking"] * DOWNLOADS_AT_ONCE, "delivered", step_s=1.0)
    goes_on.set()
