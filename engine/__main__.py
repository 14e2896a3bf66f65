"""`python -m engine`: motion transfer on this machine, alone or behind the provider's API.

Without a command it serves the API until SIGTERM or Ctrl-C. Commands: `render IMAGE VIDEO OUT`
makes one video, `weights` fetches what the engine needs, `agreement REFERENCE OUTPUT` measures.
"""

import argparse
import asyncio
import json
import math
import os
import signal
import sys
from pathlib import Path

from engine.api.jobs import RenderPlan
from engine.api.server import ProviderServer
from engine.beside import beside
from engine.media import SHORT_SIDE_PIXELS, RenderError
from engine.seeing.weights import DEFAULT_FOLDER, WeightsError, fetch, ready

BAR_WIDTH = 30


async def serve(server: ProviderServer) -> None:
    """Print the addresses as one line of JSON once they answer; return on SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        sys.stdout.write(json.dumps(server.urls()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 0 to 65535")
    return int(text)


def _not_negative(text: str) -> float:
    try:
        if 0 <= (number := float(text)) < math.inf:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="0: any free one")
    parser.add_argument("--api-key", help="what clients must show; default: a new one")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        dest="names",
        help="it is reached by, beside addresses; repeat it",
    )
    parser.add_argument(
        "--run-time-s", type=_not_negative, default=0.0, help="the least of one job, in seconds"
    )
    parser.add_argument("--media-dir", type=Path, help="kept; default: a temporary folder")
    parser.add_argument(
        "--credits", type=_not_negative, default=100.0, help="the account's balance"
    )
    parser.add_argument(
        "--plain", action="store_true", help="no motion transfer: the subject beside the motion"
    )
    parser.add_argument(
        "--at-once", type=_count, default=os.cpu_count() or 1, help="renders; default: one per core"
    )
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="their folder")
    parser.add_argument("--no-mark", action="store_true", help="no “draft” in the corner")
    parser.add_argument(
        "--beside",
        nargs=argparse.REMAINDER,
        default=[],
        metavar="COMMAND",
        help="run this too, with ENGINE_URL and ENGINE_KEY set, and end with it",
    )
    return parser


def _serve(words: list[str]) -> int:
    given = vars(_parser().parse_args(words))
    plan = RenderPlan(
        is_plain=given.pop("plain"),
        at_once=given.pop("at_once"),
        weights=given.pop("weights").resolve(),
        has_mark=not given.pop("no_mark"),
    )
    if not plan.is_plain and plan.weights is not None:
        ready(plan.weights)
    command = given.pop("beside")
    server = ProviderServer(plan=plan, **given)
    if command:
        return asyncio.run(beside(server, command))
    asyncio.run(serve(server))
    return 0


def _render(words: list[str]) -> int:
    from engine.render import render  # noqa: PLC0415  # needs the extra [engine]

    parser = argparse.ArgumentParser(prog="python -m engine render")
    for name in ("image", "video", "out"):
        parser.add_argument(name, type=Path, metavar=name.upper())
    parser.add_argument("--quality", choices=sorted(SHORT_SIDE_PIXELS), default="540p")
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="their folder")
    parser.add_argument("--no-mark", action="store_true", help="no “draft” in the corner")
    given = parser.parse_args(words)
    try:
        outcome = render(
            given.image,
            given.video,
            given.out,
            given.quality,
            weights=given.weights,
            marking="none" if given.no_mark else "small",
            progress=_show,
        )
    except RenderError as error:
        names = {"image_url": str(given.image), "video_url": str(given.video)}
        text = str(error)
        for name, path in names.items():
            text = text.replace(name, path)
        raise RenderError(text) from None
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
    note = f" {outcome.note}." if outcome.note else ""
    sys.stdout.write(f"{given.out}: {outcome.duration_s:.1f} s.{note}\n")
    return 0


def _show(share: float) -> None:
    if sys.stderr.isatty():
        full = round(share * BAR_WIDTH)
        sys.stderr.write(f"\r{'█' * full}{'░' * (BAR_WIDTH - full)} {share:4.0%}")
        sys.stderr.flush()


def _weights(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine weights")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    folder = fetch(parser.parse_args(words).folder)
    sys.stdout.write(f"The weights are in {folder}, and are what they should be.\n")
    return 0


def _agreement(words: list[str]) -> int:
    from engine.seeing.agreement import agreement  # noqa: PLC0415  # needs the extra [engine]
    from engine.seeing.pose import PoseModel  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m engine agreement")
    parser.add_argument("reference", type=Path, metavar="REFERENCE")
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="their folder")
    given = parser.parse_args(words)
    found = agreement(given.reference, given.output, PoseModel(ready(given.weights)))
    sys.stdout.write(
        json.dumps({"mean_degrees": found.mean_degrees, "close_share": found.close_share}) + "\n"
    )
    return 0


COMMANDS = {"render": _render, "weights": _weights, "agreement": _agreement}


def main() -> int:
    """Exit status 0 when done; 1 and one sentence when it cannot be."""
    words = sys.argv[1:]
    command = COMMANDS.get(words[0]) if words else None
    try:
        return command(words[1:]) if command else _serve(words)
    except (RenderError, WeightsError) as error:
        sys.stderr.write(f"{error}\n")
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error.name} is missing: install the extra [engine], or make setup.\n")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"The engine cannot start: {where}{error.strerror or error}.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
