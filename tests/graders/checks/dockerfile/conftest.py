"""Owns the ways in which the tests of this folder ask a check; must never build anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from graders.check import AnyCheck, Sample
from graders.dockerfile.ignore import IgnoreFile
from graders.dockerfile.parse import parse
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable

Answers = list[Finding | Undecidable]
Ask = Callable[..., Answers]


def context_of(sample: Sample | str) -> DockerfileContext:
    """The evidence that a sample gives."""
    if isinstance(sample, str):
        sample = Sample(sample)
    files = {path: text.encode() for path, text in sample.files}
    ignore = files.get(".dockerignore")
    return DockerfileContext(
        dockerfile=parse(sample.dockerfile.encode()),
        files=files,
        ignore=None if ignore is None else IgnoreFile.parse(ignore),
        must_ignore=sample.must_ignore,
    )


@pytest.fixture
def ask() -> Ask:
    """All answers of a check to a Dockerfile."""

    def answers(
        check: AnyCheck, sample: Sample | str, files: Mapping[str, str] | None = None, **params: object
    ) -> Answers:
        if isinstance(sample, str):
            sample = Sample(sample, files=tuple((files or {}).items()))
        return list(check.find(context_of(sample), check.params(**params)))

    return answers


@pytest.fixture
def lines(ask: Ask) -> Callable[..., list[int | None]]:
    """The lines of a check's findings; an undecidable answer is 0."""

    def found(check: AnyCheck, sample: Sample | str, files: Mapping[str, str] | None = None) -> list[int | None]:
        return [answer.line if isinstance(answer, Finding) else 0 for answer in ask(check, sample, files)]

    return found


@pytest.fixture
def wrong_answers(lines: Callable[..., list[int | None]]) -> Callable[..., dict[str, list[int | None]]]:
    """What a check answers to the texts of its tables where it should answer something else: text -> lines.

    `bad` are texts with the lines of their findings; to one of `good` it has nothing to say, and one of `undecided`, in
    which a build argument or the base image holds the value, it leaves to what can be observed. `sample` makes of a
    text what is asked.
    """

    def wrong(
        check: AnyCheck,
        *,
        bad: list[tuple[str, list[int | None]]],
        good: list[str],
        undecided: Sequence[str] = (),
        sample: Callable[[str], Sample | str] = str,
    ) -> dict[str, list[int | None]]:
        expected = [*bad, *((text, []) for text in good), *((text, [0]) for text in undecided)]
        return {text: found for text, right in expected if (found := lines(check, sample(text))) != right}

    return wrong
