"""For all tests of the bot."""

from collections.abc import Iterator

import pytest

from tests.bot.databases import drop_databases


@pytest.fixture(autouse=True)
def _no_database_is_left() -> Iterator[None]:
    """Those on a server are in nobody's folder."""
    yield
    drop_databases()
