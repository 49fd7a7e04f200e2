"""Owns the dockerfile checks over text alone; must never build, and never import what talks to an engine.

Linting a thousand files, and the findings while a learner types, pay for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graders.build_context import read_ignore
from graders.context_file import DOCKERFILE, ContextFile
from graders.dockerfile.parse import parse
from graders.dockerfile.script import with_scripts
from graders.dockerfile_context import DockerfileContext
from graders.exercise import ExerciseSpec
from graders.finding import Finding
from graders.judgement import look
from graders.outcome import Level


class Text(NamedTuple):
    """A Dockerfile and the files beside it."""

    dockerfile: bytes
    files: Mapping[str, bytes]
    """By path; a `Dockerfile` among them is not looked at."""


class _Looked:
    """What was found in one text so far."""

    __slots__ = ("context", "fine", "found")

    def __init__(self, context: DockerfileContext) -> None:
        self.context = context
        self.found: list[tuple[str, Finding]] = []
        self.fine: set[str] = set()
        """Checks that passed."""


def static_findings(
    spec: ExerciseSpec, dockerfile: bytes, files: Mapping[str, bytes]
) -> tuple[tuple[str, Finding], ...]:
    """(check id, finding) of the exercise's dockerfile checks over text that is being typed; no engine call.

    `files` are the submission's other files by path; a `Dockerfile` among them is not looked at. A check whose
    needs did not pass finds nothing.
    """
    return findings_of_many(spec, (Text(dockerfile, files),))[0]


def findings_of_many(spec: ExerciseSpec, texts: Iterable[Text]) -> list[tuple[tuple[str, Finding], ...]]:
    """As `static_findings` for each of the texts, one check after the other over all of them.

    A check that has just run is still in the processor's own memory: over a thousand files that saves a tenth.
    """
    looked = [_Looked(_context(spec, text)) for text in texts]
    for use in spec.checks:
        if use.check.level is not Level.DOCKERFILE:
            continue
        for each in looked:
            if use.needs and not each.fine.issuperset(use.needs):
                continue
            try:
                findings, _ = look(use, each.context)
            except Exception:  # noqa: BLE001, S112 - a bug in one check must not cost the others, nor read as a fault
                continue
            if not findings:
                each.fine.add(use.check.id)
            each.found += [(use.check.id, finding) for finding in findings]
    return [tuple(each.found) for each in looked]


def _context(spec: ExerciseSpec, text: Text) -> DockerfileContext:
    entries = [ContextFile(path, data) for path, data in text.files.items() if path != DOCKERFILE]
    return context_of(spec, text.dockerfile, (*entries, ContextFile(DOCKERFILE, text.dockerfile)))


def context_of(spec: ExerciseSpec, dockerfile: bytes, files: tuple[ContextFile, ...]) -> DockerfileContext:
    """The evidence of the dockerfile level."""
    beside, ignore = {file.path: file.data for file in files if not file.link}, read_ignore(files)
    return DockerfileContext(
        dockerfile=with_scripts(parse(dockerfile), beside, ignore),
        files=beside,
        ignore=ignore,
        requirements=spec.build.requirements,
        source=spec.build.source,
        must_ignore=spec.build.canaries,
    )
