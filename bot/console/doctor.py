"""`doctor`: compare, and with `--repair` mend what needs no guess."""

import argparse

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.clock import Clock
from bot.console.findings import Doctor, Findings
from bot.core.books import Difference, HoldRepair, WalletRepair
from bot.provider.connect import providers
from bot.settings import Settings
from bot.store.books import Reconciliation
from bot.store.database import Database

REASON = "doctor --repair: {}"


async def doctor(
    wanted: argparse.Namespace,
    settings: Settings,
    clock: Clock,
    names: AbstractResolver | None = None,
) -> tuple[str, int]:
    """What was found (and mended), and the exit code: 1 when differences are left.

    Raises `MarionetteError`; a repair also while a bot runs.
    """
    async with providers(settings, clock) as asked:
        examiner = Doctor(settings, asked, clock, names or aiohttp.ThreadedResolver())
        async with await Database.open(settings.database) as database:
            found = await examiner.examine(database, wanted.days)
        mended: list[str] = []
        if wanted.repair:
            alone = await Database.open(settings.database, exclusive=True, folder=settings.data_dir)
            async with alone as database:
                found = await examiner.examine(database, wanted.days)
                mended = await _mend(found.differences, Reconciliation(database), clock)
                if mended:
                    found = await examiner.examine(database, wanted.days)
    return _told(found, mended, repaired=wanted.repair), 1 if found.differences else 0


async def _mend(found: list[Difference], audit: Reconciliation, clock: Clock) -> list[str]:
    """Wallets first: settling a hold counts on what is cached."""
    mended = []
    for difference in found:
        if isinstance(difference.repair, WalletRepair):
            await audit.repair_wallet(
                difference.repair.server_id,
                difference.repair.person_id,
                reason=REASON.format(difference.text),
                at=clock.time(),
            )
            mended.append(difference.text)
    for difference in found:
        if isinstance(difference.repair, HoldRepair):
            await audit.repair_hold(
                difference.repair.job_id, reason=REASON.format(difference.text), at=clock.time()
            )
            mended.append(difference.text)
    return mended


def _told(found: Findings, mended: list[str], *, repaired: bool) -> str:
    lines = list(found.notes)
    if mended:
        lines += ["", f"Mended ({len(mended)}):", *(f"- {text}" for text in mended)]
    if not found.differences:
        return "\n".join([*lines, "", "Everything agrees."])
    lines += ["", f"Differences ({len(found.differences)}):"]
    for difference in found.differences:
        hint = " [--repair mends it]" if difference.repair and not repaired else ""
        lines.append(f"- {difference.text}{hint}")
    return "\n".join(lines)
