"""Owns the proof that every check of the folder catches its bad samples and lets its good ones pass."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest

import graders.checks.dockerfile as folder
from graders.check import AnyCheck, Sample
from graders.finding import Finding
from graders.outcome import Level


def all_checks() -> Iterator[AnyCheck]:
    for module in pkgutil.iter_modules(folder.__path__):
        check: AnyCheck = importlib.import_module(f"graders.checks.dockerfile.{module.name}").CHECK
        yield check


CHECKS = list(all_checks())
BAD = [(check, sample) for check in CHECKS for sample in check.bad]
GOOD = [(check, sample) for check in CHECKS for sample in check.good]


def name(value: object) -> str:
    return value.id if hasattr(value, "id") else ""


@pytest.mark.parametrize(("check", "sample"), BAD, ids=name)
def test_bad_sample_yields_findings(check: AnyCheck, sample: Sample | str, ask: Callable[..., list[object]]) -> None:
    """Every bad sample yields findings and nothing else, in words and with a line of the file."""
    answers = ask(check, sample)

    assert answers
    for answer in answers:
        assert isinstance(answer, Finding)
        assert answer.message
        assert not answer.message.endswith(".")
        assert answer.observed or answer.expected
        assert answer.file != "Dockerfile" or answer.line is not None


@pytest.mark.parametrize(("check", "sample"), GOOD, ids=name)
def test_good_sample_yields_none(check: AnyCheck, sample: Sample | str, ask: Callable[..., list[object]]) -> None:
    """No good sample yields a finding."""

    assert [] == ask(check, sample)


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_check_declares_what_it_must(check: AnyCheck) -> None:
    """Each check says all that a learner and an author need, and has two samples of each kind."""

    assert check.level is Level.DOCKERFILE
    assert len(check.bad) >= 2
    assert len(check.good) >= 2
    assert check.why
    assert check.hint
    assert check.sources
    assert not check.claim.endswith(".")


@pytest.mark.parametrize("check", CHECKS, ids=name)
@pytest.mark.parametrize(
    "garbage",
    ["", "\0\1\2", "FROM", "FROM $A\nUSER $B\nRUN $C $(", "RUN '", "COPY\nADD [\nCMD [", "FROM a\nFROM a AS a\nFROM A"],
)
def test_check_never_raises(check: AnyCheck, garbage: str, ask: Callable[..., list[object]]) -> None:
    """Whatever the text, a check answers with values."""

    assert isinstance(ask(check, garbage), list)
