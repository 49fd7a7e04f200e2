"""Owns the dockerfile checks over text alone; must never build, and never import what talks to an engine.

Linting a thousand files, and the findings while a learner types, pay for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from graders.build_context import read_ignore
from graders.context_file import DOCKERFILE, ContextFile
from graders.dockerfile.parse import parse
from graders.dockerfile.script import with_scripts
from graders.dockerfile_context import DockerfileContext
from graders.exercise import ExerciseSpec
from graders.finding import Finding
from graders.judgement import look
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
    found: list[tuple[str, Finding]] = []
    fine: set[str] = set()
    for use in spec.checks:
        if use.check.level is not Level.DOCKERFILE or (use.needs and not fine.issuperset(use.needs)):
            continue
        try:
            findings, _ = look(use, source)
        except Exception:  # noqa: BLE001, S112 - a bug in one check must not cost the others, nor read as a fault here
            continue
        if not findings:
            fine.add(use.check.id)
        found += [(use.check.id, finding) for finding in findings]
    return tuple(found)


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
