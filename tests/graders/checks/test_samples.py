"""Samples of the checks that look at what was built and run: each bad one yields a finding, each good one none."""

from __future__ import annotations

from graders.check import AnyCheck
from graders.finding import Finding
from graders.outcome import Level
from graders.registry import all_checks

CHECKS = tuple(all_checks().values())
OBSERVED = tuple(check for check in CHECKS if check.level is not Level.DOCKERFILE)
"""Samples of checks of a text: dockerfile/test_samples.py, which asks for more."""


def _findings(check: AnyCheck, sample: object) -> list[Finding]:
    return [item for item in check.find(sample, check.params()) if isinstance(item, Finding)]


def test_bad_samples_yield_a_finding_each() -> None:
    """Each bad sample is found."""
    assert [] == [(check.id, sample) for check in OBSERVED for sample in check.bad if not _findings(check, sample)]


def test_good_samples_yield_nothing() -> None:
    """Each good sample yields neither a finding nor a doubt."""
    samples = ((check, sample) for check in OBSERVED for sample in check.good)

    assert [] == [(check.id, sample) for check, sample in samples if [*check.find(sample, check.params())]]


def test_check_declares_all_that_a_page_needs() -> None:
    """Each check has samples of both kinds, a claim without a full stop, and refers to checks that exist."""
    for check in CHECKS:
        assert check.bad, check.id
        assert check.good, check.id
        assert check.why, check.id
        assert check.hint, check.id
        assert check.sources, check.id
        assert not check.claim.endswith("."), check.id
        assert set() == {*check.needs, *check.decided_by} - set(all_checks()), check.id
        assert (check.change is not None) == (check.level is Level.REBUILD), check.id
        assert check.level is Level.IMAGE or not check.of_build, check.id
        assert check.level is Level.CONTAINER or not (check.service or check.watches), check.id
