"""Owns the proof that every check of the folder catches its bad samples and lets its good ones pass."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

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


def test_checks_of_the_folder_are_those_of_a_text() -> None:
    """No check of a text is missing here."""
    declared = {check_id for check_id, check in registry.all_checks().items() if check.level is Level.DOCKERFILE}

    assert declared == {check.id for check in CHECKS}


def test_bad_samples_yield_findings(ask: Callable[..., list[object]]) -> None:
    """Every bad sample yields findings and nothing else, in words and with a line of the file."""
    for check, sample in [(each, sample) for each in CHECKS for sample in each.bad]:
        answers = ask(check, sample)

        assert answers, (check.id, sample)
        for answer in answers:
            assert isinstance(answer, Finding), (check.id, sample)
            assert answer.message, (check.id, sample)
            assert not answer.message.endswith("."), (check.id, sample)
            assert answer.observed or answer.expected, (check.id, sample)
            assert answer.file != "Dockerfile" or answer.line is not None, (check.id, sample)


def test_good_samples_yield_none(ask: Callable[..., list[object]]) -> None:
    """No good sample yields a finding."""
    assert [] == [(check.id, sample) for check in CHECKS for sample in check.good if ask(check, sample)]


def test_check_declares_what_it_must() -> None:
    """Each check is of a text and has two samples of each kind; what else it says, ../test_samples.py looks at."""
    for check in CHECKS:
        assert check.level is Level.DOCKERFILE, check.id
        assert len(check.bad) >= 2, check.id
        assert len(check.good) >= 2, check.id


def test_check_never_raises(ask: Callable[..., list[object]]) -> None:
    """Whatever the text, a check answers with values."""
    for check in CHECKS:
        for garbage in GARBAGE:
            assert isinstance(ask(check, garbage), list), (check.id, garbage)
