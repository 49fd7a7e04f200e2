"""Samples of the checks that look at what was built and run: each bad one yields a finding, each good one none."""

from __future__ import annotations

import pytest

from graders.check import AnyCheck
from graders.finding import Finding
from graders.outcome import Level
from graders.registry import all_checks

CHECKS = tuple(all_checks().values())
OBSERVED = tuple(check for check in CHECKS if check.level is not Level.DOCKERFILE)
"""Samples of checks of a text: dockerfile/test_samples.py, which asks for more."""


def _findings(check: AnyCheck, sample: object) -> list[Finding]:
    return [item for item in check.find(sample, check.params()) if isinstance(item, Finding)]


@pytest.mark.parametrize("check", OBSERVED, ids=lambda check: check.id)
def test_bad_samples_yield_a_finding_each(check: AnyCheck) -> None:
    """Each bad sample is found."""
    assert [] == [sample for sample in check.bad if not _findings(check, sample)]


@pytest.mark.parametrize("check", OBSERVED, ids=lambda check: check.id)
def test_good_samples_yield_nothing(check: AnyCheck) -> None:
    """Each good sample yields neither a finding nor a doubt."""
    for sample in check.good:
        assert [] == list(check.find(sample, check.params())), sample


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_check_declares_all_that_a_page_needs(check: AnyCheck) -> None:
    """Each check has samples of both kinds, a claim without a full stop, and refers to checks that exist."""
    assert check.bad
    assert check.good
    assert check.why
    assert check.hint
    assert check.sources
    assert not check.claim.endswith(".")
    assert set() == {*check.needs, *check.decided_by} - set(all_checks())
    assert (check.change is not None) == (check.level is Level.REBUILD)
    assert check.level is Level.IMAGE or not check.of_build
    assert check.level is Level.CONTAINER or not (check.service or check.watches)
