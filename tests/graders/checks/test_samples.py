"""Every check's samples: each bad one yields a finding, each good one none."""

from __future__ import annotations

import pytest

from graders.check import AnyCheck, Sample
from graders.context import DockerfileContext
from graders.dockerfile.ignore import IgnoreFile
from graders.dockerfile.parse import parse
from graders.finding import Finding
from graders.outcome import Level
from graders.registry import all_checks

CHECKS = tuple(all_checks().values())
BAD = [pytest.param(check, sample, id=f"{check.id}-{at}") for check in CHECKS for at, sample in enumerate(check.bad)]
GOOD = [pytest.param(check, sample, id=f"{check.id}-{at}") for check in CHECKS for at, sample in enumerate(check.good)]


def _context(sample: object) -> object:
    if isinstance(sample, str):
        sample = Sample(sample)
    if not isinstance(sample, Sample):
        return sample
    files = {path: text.encode() for path, text in sample.files}
    ignore = IgnoreFile.parse(files[".dockerignore"]) if ".dockerignore" in files else None
    return DockerfileContext(
        dockerfile=parse(sample.dockerfile.encode()),
        files=files,
        ignore=ignore,
        must_ignore=sample.must_ignore,
    )


def _findings(check: AnyCheck, sample: object) -> list[Finding]:
    return [item for item in check.find(_context(sample), check.params()) if isinstance(item, Finding)]


@pytest.mark.parametrize(("check", "sample"), BAD)
def test_bad_sample_yields_a_finding(check: AnyCheck, sample: object) -> None:
    """A bad sample is found."""
    assert _findings(check, sample)


@pytest.mark.parametrize(("check", "sample"), GOOD)
def test_good_sample_yields_nothing(check: AnyCheck, sample: object) -> None:
    """A good sample yields neither a finding nor a doubt."""
    assert [] == list(check.find(_context(sample), check.params()))


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
