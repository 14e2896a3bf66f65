"""What can be typed. Wrong usage ends with 2 and argparse's own words."""

import argparse
import re
from pathlib import Path
from typing import NoReturn

from bot.core.actions import EVERYWHERE, HISTORY_KINDS
from bot.core.jobs import JobState, Outcome
from bot.core.ledger import Period
from bot.core.rules import MOST_CREDITS
from bot.gateway.shares import Share

LONGEST_ID = 2**63 - 1


def parser() -> argparse.ArgumentParser:
    """Every command; `command` and `action` in the result say which it is."""
    top = _Discreet(prog="python -m bot", description="Marionette, a Discord bot")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _run(commands.add_parser("run", help="run the bot until SIGTERM or Ctrl-C"))
    commands.add_parser("worker", help="make videos for a bot whose other processes are run")
    _jobs(commands.add_parser("jobs", help="list and show jobs, cancel, refund and settle them"))
    _quota(
        commands.add_parser(
            "quota", help="somebody's credits, blocks, a server's allowances and its past"
        )
    )
    pause = commands.add_parser("pause", help="start nothing new, until it is resumed")
    resume = commands.add_parser("resume", help="go on after a pause")
    for switch in (pause, resume):
        switch.add_argument(
            "--server",
            type=_id,
            metavar="ID",
            help="this one alone (0: direct messages); else the whole bot",
        )
        switch.add_argument("--json", action="store_true", help="one JSON document")
    pause.add_argument("--reason", required=True, metavar="TEXT", help="it is told on cards")
    resume.add_argument("--reason", default="", metavar="TEXT")
    _db(commands.add_parser("db", help="back the database up, move it, and say its version"))
    doctor = commands.add_parser("doctor", help="compare what is written down with what is there")
    doctor.add_argument(
        "--repair",
        action="store_true",
        help="mend what can be mended without guessing; no bot may run meanwhile",
    )
    doctor.add_argument(
        "--days",
        type=_whole(1, 365),
        default=7,
        help="how far back the provider's history is read (default: 7)",
    )
    return top


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--shards",
        type=_share,
        metavar="FROM-TO/TOTAL",
        help="keep these of so many connections to Discord, such as 0-3/16, while other processes "
        "on the same PostgreSQL keep the others, and workers make the videos; else this process "
        "does all",
    )


def _jobs(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the newest jobs, a line each")
    listing.add_argument("--state", choices=[state.value for state in JobState])
    listing.add_argument("--server", type=_id, metavar="ID", help="0: direct messages")
    listing.add_argument("--person", type=_id, metavar="ID")
    _limited(listing)
    show = actions.add_parser("show", help="everything about one job")
    cancel = actions.add_parser("cancel", help="cancel a job that has not been sent off")
    refund = actions.add_parser("refund", help="give a charged job's price back, once")
    resolve = actions.add_parser("resolve", help="settle a job in review")
    for action in (show, cancel, refund, resolve):
        action.add_argument("job", metavar="JOB")
    resolve.add_argument("--outcome", required=True, choices=[outcome.value for outcome in Outcome])
    resolve.add_argument("--request-id", metavar="ID", help="the run that it takes, if it ran")
    for action in (cancel, refund, resolve):
        action.add_argument("--reason", required=True, metavar="TEXT")
    _for_machines(actions)


def _quota(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="what somebody has, and what keeps them from asking")
    grant = actions.add_parser("grant", help="give credits that stay until they are spent")
    revoke = actions.add_parser("revoke", help="take granted credits away, as far as there are any")
    bring = actions.add_parser("set", help="bring the granted credits to a number")
    block = actions.add_parser("block", help="let somebody ask no more; cancels what they wait for")
    unblock = actions.add_parser("unblock", help="let somebody ask again")
    allowance = actions.add_parser("allowance", help="what everybody, or a role, can spend")
    history = actions.add_parser("history", help="what happened to credits and rules, newest first")
    actions.add_parser("top", help="who has spent most since the period began")
    anywhere = (block, unblock, history)
    for action in actions.choices.values():
        if action in anywhere:
            told = "0: direct messages; else the whole bot"
            action.add_argument("--server", type=_id, default=EVERYWHERE, metavar="ID", help=told)
        else:
            told = "0: direct messages"
            action.add_argument("--server", type=_id, required=True, metavar="ID", help=told)
    for action in (show, grant, revoke, bring, block, unblock):
        action.add_argument("--person", type=_id, required=True, metavar="ID")
    history.add_argument("--person", type=_id, metavar="ID")
    for action in (grant, revoke):
        action.add_argument("--credits", type=_whole(1, MOST_CREDITS), required=True, metavar="N")
    bring.add_argument("--credits", type=_whole(0, MOST_CREDITS), required=True, metavar="N")
    allowance.add_argument(
        "--credits",
        type=_allowance,
        required=True,
        metavar="N",
        help="or `default`, as the settings say",
    )
    for action in (grant, revoke, bring, block):
        action.add_argument("--reason", required=True, metavar="TEXT")
    for action in (unblock, allowance):
        action.add_argument("--reason", default="", metavar="TEXT")
    block.add_argument(
        "--until",
        metavar="WHEN",
        help="how long, such as 2h, 3d or 1w, or when, in UTC or with a zone; else for good",
    )
    allowance.add_argument("--period", choices=[period.value for period in Period])
    allowance.add_argument("--role", type=_id, metavar="ID", help="0 credits take its own away")
    history.add_argument(
        "--kind", choices=HISTORY_KINDS, action="append", help="may be given repeatedly"
    )
    _limited(history)
    _for_machines(actions)


def _limited(action: argparse.ArgumentParser) -> None:
    action.add_argument("--limit", type=_whole(1, 100_000), default=50, metavar="N")


def _for_machines(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="one JSON document instead of text")


def _db(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    backup = actions.add_parser("backup", help="copy the database to a new file")
    backup.add_argument("path", type=Path, metavar="PATH")
    actions.add_parser("version", help="the revision of the database and of this program")
    copy = actions.add_parser(
        "copy", help="move a stopped bot to another database, from SQLite to PostgreSQL or back"
    )
    copy.add_argument("source", metavar="FROM", help="as in DATABASE_URL")
    copy.add_argument("target", metavar="TO", help="likewise, of an empty one")


class _Discreet(argparse.ArgumentParser):
    """Wrong usage is repeated without the passwords in it."""

    def error(self, message: str) -> NoReturn:
        if message == "argument --shards: expected one argument":  # it was given a negative number
            message = "argument --shards: it takes shards and how many there are, such as 0-3/16"
        super().error(re.sub(r"(\w://[^\s:@]*):\S*@", r"\1:…@", message))


class _whole:  # noqa: N801 - argparse shows its name
    """A whole number within bounds."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if not self._least <= number <= self._most:
            raise argparse.ArgumentTypeError(
                f"{text} is no whole number from {self._least} to {self._most}"
            )
        return number


def _allowance(text: str) -> int | None:
    return None if text == "default" else _whole(0, MOST_CREDITS)(text)


def _share(text: str) -> Share:
    try:
        return Share.parse(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


_id = _whole(0, LONGEST_ID)
