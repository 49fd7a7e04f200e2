"""Owns how tests are dealt out to the workers of `--numprocesses`; must never decide which tests run.

The mark `xdist_group` is not used: xdist 3.8 writes the group where pytest 9.2 no longer reads the name of a test, so
that the mark does nothing and says nothing. The files are named here instead.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

TOGETHER = (
    "tests/content/test_model.py",
    "tests/graders/cohort/test_page_browser.py",
    "tests/graders/engine/test_closed_network.py",
    "tests/hostile/test_attacks.py",
    "tests/hostile/test_faults.py",
    "tests/test_packaging.py",
)
"""Files whose tests go to one worker: what a fixture of theirs makes once, each worker would make for itself."""

FIRST = (
    "tests/content/test_proof.py::test_exercise_is_proved[ship-the-classifier]",
    "tests/e2e/test_walk.py",
    "tests/hostile/test_faults.py",
    "tests/hostile/test_attacks.py",
    "tests/test_packaging.py",
    "tests/content/test_proof.py",
    "tests/graders/checks/test_fixtures.py",
    "tests/graders/dockerfile/test_refusals.py",
    "tests/content/test_docs.py",
)
"""What takes longest, longest first: begun last, one of them would be waited for by idle workers."""


def rank(nodeid: str) -> int:
    """The place of a test among the others: small ones first."""
    return next((place for place, name in enumerate(FIRST) if nodeid.startswith(name)), len(FIRST))


class SideBySide(LoadScopeScheduling):  # type: ignore[misc]
    """Each test for itself, in the order of collection; but all of a file of `TOGETHER` to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def scheduler(config: pytest.Config, log: object) -> SideBySide:
    """What deals out the tests; xdist would put files with the most tests first."""
    config.option.loadscopereorder = False
    return SideBySide(config, log)
