"""The engine beside another program: it is told where it is, and its end is the engine's."""

import sys

from engine.api.server import ProviderServer
from engine.beside import beside

ASKS = """
import os, sys, urllib.request as web
asked = web.Request(f"{os.environ['ENGINE_URL']}/v1/get-user-credits")
asked.add_header("x-api-key", os.environ["ENGINE_KEY"])
with web.urlopen(asked) as answer:
    sys.exit(7 if answer.status == 200 else 1)
"""


async def test_it_serves_whoever_it_has_started_and_ends_with_it() -> None:
    assert await beside(ProviderServer(), [sys.executable, "-c", ASKS]) == 7
