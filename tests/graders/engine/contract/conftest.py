"""Both engines of the contract, the one in memory and the real one, with the base image that its tests build on."""

from __future__ import annotations

import pytest

from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine

BASE = "busybox:1.35"
NOWHERE = "registry.invalid/nothing:1"
"""An image that no registry gives."""
SOON_S = 15.0
"""What ends "at once" is over by then, also on a machine with a slow disk, and long before it would end by itself."""


def moment_s(engine: Engine, real_s: float) -> float:
    """So long on a real engine; the one in memory starts at once and needs no such while."""
    return 0.2 if isinstance(engine, FakeEngine) else real_s


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.engine)])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """One engine, then the other."""
    if request.param == "fake":
        fake = FakeEngine(bases=(BASE,))
        fake.unavailable.add(NOWHERE)
        return fake
    request.getfixturevalue("busybox_base")
    engine: Engine = request.getfixturevalue("engine")
    return engine
