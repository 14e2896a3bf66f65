"""What must be true in the end: the books, the posts that cost money, and the log."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from bot.console.doctor import doctor
from bot.console.usage import parser
from bot.settings import Settings
from sandbox.faults.injector import Effect, Fault
from tests.fuzz.tally import Tally
from tests.torture.world import World

ANSWERS_CHANGED = 0.25


class Posts:
    """Counts what is posted to the provider, by its inputs."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.is_over = False

    def fault(self, changed: Fault, chance: random.Random) -> Fault:
        """Count; and the answer is changed now and then."""

        async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
            body = json.loads(await request.read())
            self.counts[body["image_url"], body["video_url"], body["quality"]] += 1
            if not self.is_over and chance.random() < ANSWERS_CHANGED:
                return await changed.strike(request, effect)
            return await effect()

        return Fault("counted", strike)


def wrong_in_log(folder: Path) -> Iterator[str]:
    """Lines of an error that is not one of those that tell the operator what to mend."""
    seen: Counter[str] = Counter()
    for line in (folder / "bot.log").read_text(errors="replace").splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            yield f"No line of the log: {line[:300]}"
            continue
        is_error = told.get("level") in {"error", "critical"} and "advice" not in told
        if is_error or "exception" in told:
            kind = f"{told.get('event')} {str(told.get('exception'))[-200:]}"
            seen[kind] += 1
            if seen[kind] == 1:
                yield f"It was logged: {line[:200]} … {line[-700:]}"
    yield from (f"{count} times: {kind}" for kind, count in seen.items() if count > 1)


async def look_at_books(world: World, posts: Posts, tally: Tally) -> None:
    """The doctor's word, and each post against the attempt that was saved before it."""
    attempts = Counter(
        (row["image_url"], row["video_url"], row["quality"])
        for row in world.rows("SELECT image_url, video_url, quality FROM attempts")
    )
    for inputs, count in posts.counts.items():
        if count > attempts[inputs]:
            tally.wrong.append(
                f"{inputs} was posted {count} times for {attempts[inputs]} attempts."
            )
    states = world.rows("SELECT state, count(*) AS number FROM jobs GROUP BY state")
    tally.notes["jobs"] = ", ".join(f"{row['number']} {row['state']}" for row in states)
    urls = world.provider
    settings = Settings(
        _env_file=None,
        discord_token=SecretStr(world.discord.token),
        discord_api_url=world.server.api_url,
        discord_gateway_url=world.server.gateway_url,
        segmind_api_key=SecretStr(urls.api_key),
        segmind_api_url=urls.api_url,
        segmind_history_url=urls.history_url,
        segmind_upload_url=urls.upload_url,
        segmind_credits_url=urls.credits_url,
        data_dir=world.folder / "data",
    )
    said, code = await doctor(parser().parse_args(["doctor"]), settings, world.clock)
    if code:
        tally.wrong.append(f"The doctor: {said}")
    tally.notes["the doctor"] = said.splitlines()[0]
