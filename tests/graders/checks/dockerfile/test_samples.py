"""Owns the proof that every check of the folder catches its bad samples and lets its good ones pass."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest

import graders.checks.dockerfile as folder
from graders import registry
from graders.check import AnyCheck
from graders.finding import Finding
from graders.outcome import Level


def all_checks() -> Iterator[AnyCheck]:
    for module in pkgutil.iter_modules(folder.__path__):
        check: AnyCheck = importlib.import_module(f"graders.checks.dockerfile.{module.name}").CHECK
        yield check


CHECKS = list(all_checks())
GARBAGE = (
    "",
    "\0\1\2",
    "FROM",
    "FROM $A\nUSER $B\nRUN $C $(",
    "RUN '",
    "COPY\nADD [\nCMD [",
    "FROM a\nFROM a AS a\nFROM A",
)


def name(value: object) -> str:
    return value.id if hasattr(value, "id") else ""


def test_checks_of_the_folder_are_those_of_a_text() -> None:
    """No check of a text is missing here."""
    declared = {check_id for check_id, check in registry.all_checks().items() if check.level is Level.DOCKERFILE}

    assert declared == {check.id for check in CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_bad_samples_yield_findings(check: AnyCheck, ask: Callable[..., list[object]]) -> None:
    """Every bad sample yields findings and nothing else, in words and with a line of the file."""
    for sample in check.bad:
        answers = ask(check, sample)

        assert answers, sample
        for answer in answers:
            assert isinstance(answer, Finding), sample
            assert answer.message
            assert not answer.message.endswith(".")
            assert answer.observed or answer.expected, sample
            assert answer.file != "Dockerfile" or answer.line is not None, sample


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_good_samples_yield_none(check: AnyCheck, ask: Callable[..., list[object]]) -> None:
    """No good sample yields a finding."""
    for sample in check.good:
        assert [] == ask(check, sample), sample


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
def test_check_never_raises(check: AnyCheck, ask: Callable[..., list[object]]) -> None:
    """Whatever the text, a check answers with values."""
    for garbage in GARBAGE:
        assert isinstance(ask(check, garbage), list)
