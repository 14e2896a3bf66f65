"""No line of a whole run, at any level, holds what somebody else could use."""

import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest
import structlog

from bot.telemetry import set_up_logs
from tests.bot.life.world import Life
from tests.e2e.stage import says


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the bot writes at DEBUG while a test runs."""
    written = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        set_up_logs("DEBUG")
        yield written
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
    for handler in before:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


async def test_a_whole_run_at_debug_tells_no_token_and_no_signature(
    life: Life, log: io.StringIO
) -> None:
    await life.start()
    ada = await life.person("ada")
    given = {"image_url": "https://me:hush@10.0.0.1/a.png?key=hush#hush"}
    await ada.use(life.channel("general"), "mimic", given, {"video": life.motion})
    await ada.wait_for(says("I could not get the picture"))
    await life.mimic(ada)
    await life.reaches("failed", "delivered", step_s=1.0)
    await ada.wait_for(says("is ready"))
    await life.stop()
    told = log.getvalue()
    tokens = {each.token for each in life.world.interactions.values()}
    assert tokens
    assert "INTERACTION_CREATE" in told, "the level is not what this test needs"
    assert "cdn" in told or "/attachments/" in told
    for secret in (*tokens, life.world.token, life.provider.api_key, "hush"):
        assert secret not in told
    assert not re.search(r"[?&](?:hm|is|ex)=[0-9a-f]", told)
