"""Two small files, a provider whose jobs take no time but their work, and its customer."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.api.server import ProviderServer
from engine.painting.inpainting import inpaint
from engine.seeing.arrays import Floats
from engine.seeing.pose import PoseModel
from engine.seeing.weights import ready
from tests.engine.customer import Customer, customer_of
from tests.media_samples import make_motion, make_picture


@pytest.fixture(scope="session")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_picture(tmp_path_factory.mktemp("subject") / "subject.jpg", size=(160, 240))


@pytest.fixture(scope="session")
def motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("motion") / "motion.mp4"
    return make_motion(path, duration_s=0.5, size=(120, 160))


@pytest.fixture(scope="session")
def weights() -> Path:
    """Fetched by set-up; their absence fails the tests that need them with what to do."""
    return ready()


@pytest.fixture(scope="session")
def model(weights: Path) -> PoseModel:
    return PoseModel(weights)


@pytest.fixture
def holes_filled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fills a hole follows from the picture alone, and is sought for most of a render.

    So whoever renders the same picture again and again, because the films are what matters, has
    it sought once.
    """
    monkeypatch.setattr("engine.painting.background.inpaint", _inpaint_once)


_FOUND: dict[bytes, Floats | None] = {}


def _inpaint_once(*given: Floats) -> Floats | None:
    key = b"".join(hashlib.sha256(each.tobytes()).digest() for each in given)
    key += repr([each.shape for each in given]).encode()
    if key not in _FOUND:
        _FOUND[key] = inpaint(*given)
    found = _FOUND[key]
    return None if found is None else found.copy()


@pytest.fixture
async def customer(subject: Path, motion: Path) -> AsyncIterator[Customer]:
    async with customer_of(ProviderServer(run_time_s=0), subject, motion) as customer:
        yield customer


@pytest.fixture
def server(customer: Customer) -> ProviderServer:
    return customer.server


@pytest.fixture
async def slow_customer(subject: Path, motion: Path) -> AsyncIterator[Customer]:
    """Of a server whose jobs take 133 s of its clock."""
    async with customer_of(ProviderServer(run_time_s=133), subject, motion) as customer:
        yield customer
