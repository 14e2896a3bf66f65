"""Two small files, a provider whose jobs take no time but their work, and its customer."""

import hashlib
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from engine.api.server import ProviderServer
from engine.painting.inpainting import inpaint
from engine.seeing.matte import person_matte
from engine.seeing.pose import PoseModel
from engine.seeing.weights import ready
from tests.engine.customer import Customer, customer_of
from tests.media_samples import make_motion, make_picture

KEPT_AT_ONCE = 128
Made = TypeVar("Made")


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
def seen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is seen in a picture, and what fills a hole in it, follows from its pixels alone.

    It is most of a render. So whoever renders the same pictures again and again, because something
    else of the files matters, has them looked at once.
    """
    monkeypatch.setattr("engine.render.PoseModel", _MODEL)
    monkeypatch.setattr(PoseModel, "pose", _POSE)
    monkeypatch.setattr("engine.painting.staging.person_matte", _MATTE)
    monkeypatch.setattr("engine.painting.background.inpaint", _FILLING)


def _once(work: Callable[..., Made]) -> Callable[..., Made]:
    """What it has made is handed out again to whoever gives the same."""
    kept: dict[bytes, Made] = {}

    def known(*given: object, **named: object) -> Made:
        key = b"".join(map(_digest, (*given, named)))
        if key not in kept:
            kept[key] = work(*given, **named)
            if len(kept) > KEPT_AT_ONCE:
                del kept[next(iter(kept))]
        return deepcopy(kept[key])

    return known


def _digest(given: object) -> bytes:
    if isinstance(given, PoseModel):  # all are the same
        return b""
    if isinstance(given, np.ndarray):
        return hashlib.blake2b(given.tobytes()).digest() + repr(given.shape).encode()
    return repr(given).encode()


_MODEL = cache(PoseModel)
_POSE, _MATTE, _FILLING = _once(PoseModel.pose), _once(person_matte), _once(inpaint)


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
