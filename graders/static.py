"""Owns the dockerfile checks over text alone; must never build, and never import what talks to an engine.

Linting a thousand files, and the findings while a learner types, pay for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from graders.build_context import DOCKERFILE, read_ignore
from graders.context import DockerfileContext
from graders.dockerfile.parse import parse
from graders.engine.base import ContextFile
from graders.exercise import ExerciseSpec
from graders.finding import Finding
from graders.judgement import Ledger, judge
from graders.outcome import Level


def static_findings(
    spec: ExerciseSpec, dockerfile: bytes, files: Mapping[str, bytes]
) -> tuple[tuple[str, Finding], ...]:
    """(check id, finding) of the exercise's dockerfile checks over text that is being typed; no engine call.

    `files` are the submission's other files by path; a `Dockerfile` among them is not looked at. A check whose
    needs did not pass finds nothing.
    """
    entries = [ContextFile(path, data) for path, data in files.items() if path != DOCKERFILE]
    source = context_of(spec, dockerfile, (*entries, ContextFile(DOCKERFILE, dockerfile)))
    ledger = Ledger(spec)
    found: list[tuple[str, Finding]] = []
    for use in spec.checks:
        if use.check.level is Level.DOCKERFILE and not ledger.blocked(use):
            outcome, undecided = judge(use, source, lambda: 0.0)
            found += [(use.check.id, finding) for finding in outcome.findings]
            ledger.record(outcome, undecided=undecided)
    return tuple(found)


def context_of(spec: ExerciseSpec, dockerfile: bytes, files: tuple[ContextFile, ...]) -> DockerfileContext:
    """The evidence of the dockerfile level."""
    return DockerfileContext(
        dockerfile=parse(dockerfile),
        files={file.path: file.data for file in files if not file.link},
        ignore=read_ignore(files),
        requirements=spec.build.requirements,
        source=spec.build.source,
        must_ignore=spec.build.canaries,
    )
