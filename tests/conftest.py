"""Owns what every test gets: a sealed environment, and the real engine where a test asks for one."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from graders.engine.base import Engine
from graders.source_sum import source_sum
from tests.memory_folder import forget_memory, use_memory
from tests.side_by_side import rank, scheduler

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.register_assert_rewrite("tests.proof", "tests.content.solution_image")

REAL_ENVIRON = dict(os.environ)
"""The developer's own environment: only finding the real engine may look at it."""

SEALED = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKYARD_WORKSPACE", "NO_COLOR", "EDITOR", "VISUAL")

# The plugin of trio's is the only one: hypothesis would import trio for it in each process of each run.
os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"

ALONE = (
    "e2e/test_story.py",
    "course/test_check_engine.py::test_killed_check",
    "graders/checks/test_fixtures.py::test_fixture_is_proved[answers-when-ready]",
    "graders/checks/test_fixtures.py::test_fixture_is_proved[well-kept-service]",
    "graders/dockerfile/test_meaning.py::test_steps_lead_back_to_their_lines",
)
"""Engine tests that nothing else may run beside: they measure, sweep the engine or say what is left on it, or ask what
it calls its steps. One that is shared with somebody else's build has either's name. The attacks of the hostile suite
that take much of the machine, and the tests that fill a disk, say so themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what has to run alone; `make test` runs the other engine tests side by side, the longest first."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(ALONE) and item.get_closest_marker("engine"):
            item.add_marker("alone")
    # Those that run alone keep their order: the attacks come last, for what they leave of the load average excuses the
    # slow services that others must catch.
    items.sort(key=lambda item: -1 if item.get_closest_marker("alone") else rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Deal out tests in the order of collection, and some files as one."""
    return scheduler(config, log) if config.getoption("dist") == "loadgroup" else None


GARBAGE = (20_000, 20, 50)
"""How rarely Python looks for garbage: what a test makes is gone with it."""


def pytest_configure(config: pytest.Config) -> None:
    """Take ctrl+c as a terminal would: a shell's background job starts with it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(*GARBAGE)
    use_memory(config)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """When all is over, give back the memory that held what the tests wrote."""
    forget_memory(session.config, exitstatus)


def pytest_collection_finish() -> None:
    """Leave what was collected out of every look for garbage: it stays to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes homes. A `tmp_path` for each test is slow: pytest numbers it by a look at all that are there."""
    homes, numbers = tmp_path_factory.mktemp("homes"), itertools.count()

    def make() -> Path:
        home = homes / str(next(numbers))
        home.mkdir()
        return home

    return make


@pytest.fixture(autouse=True)
def sealed_environment(new_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for every test, and none of the developer's settings."""
    home = new_home()
    for name in list(os.environ):
        if name in SEALED or name.startswith(("XDG_", "TEXTUAL")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    return home


@pytest.fixture(scope="session", autouse=True)
def code_hashed_once() -> Iterator[None]:
    """The hash of the code that grades, worked out once: an empty home remembers none, and it takes 15 ms."""
    known = functools.cache(source_sum)
    with ExitStack() as stack:
        for module in ("graders.report_store", "graders.cohort.grade_key"):
            stack.enter_context(patch(f"{module}.source_sum", lambda *_: known()))
        yield


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The real engine; a missing one is a failure with the command that mends it, never a skip."""
    from graders.engine.find import find_engine

    real = find_engine(REAL_ENVIRON, Path(REAL_ENVIRON.get("HOME", "/root")))
    yield real
    real.close()


@pytest.fixture(scope="session")
def python_base(engine: Engine) -> str:
    """The tag of the course's Python base image, made ready."""
    return _ready(engine, "python:3.11-slim")


@pytest.fixture(scope="session")
def busybox_base(engine: Engine) -> str:
    """The tag of the small base image that tests build on, made ready."""
    return _ready(engine, "busybox:1.35")


def _ready(engine: Engine, reference: str) -> str:
    from graders.base_images.ensure import ensure
    from graders.cancel import Cancel

    for _ in ensure(engine, reference, Cancel(), REAL_ENVIRON):
        pass
    return reference


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chrome]:
    """A real Chromium with an empty profile; a missing one is a failure. Mark its tests `engine`: not all have it."""
    from tests.browser import open_chromium

    with open_chromium(tmp_path / "chromium") as browser:
        yield browser
