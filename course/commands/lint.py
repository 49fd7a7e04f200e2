"""Owns `dockyard lint`: the dockerfile checks over any Dockerfile; must never call an engine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.options import format_option, output_option, verbosity_options
from course.commands.output import emit, say, say_error
from graders.errors import SubmissionError
from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.exercise import ExerciseSpec
    from graders.finding import Finding

NEIGHBOURS = (".dockerignore", "requirements.txt")
"""Files beside a Dockerfile that the checks look into."""
NEIGHBOUR_BYTES = 1024 * 1024
SKIPPED_FOLDERS = frozenset({".git", ".venv", "node_modules", "__pycache__", ".tox"})


@dataclass(frozen=True, slots=True)
class LintedFile:
    """One Dockerfile and what was found; (check id, finding), by line."""

    name: str
    findings: tuple[tuple[str, Finding], ...]


@click.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@format_option
@output_option
@verbosity_options
@click.pass_context
def lint_command(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    output_format: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Check Dockerfiles without building them: files, folders that hold some, or - for standard input.

    All checks that read text alone, with their default settings. An inspection of an image sees more:
    that is what "dockyard check" does.

    \b
    Examples:
      dockyard lint Dockerfile
      dockyard lint services/ --format json --output findings.json

    \b
    Exit codes: 0 nothing found, 1 findings, 2 a file can't be read.
    """
    spec = _spec()
    linted: list[LintedFile] = []
    unreadable = 0
    for path in (found for file in files for found in _dockerfiles(file)):
        try:
            linted.append(_lint(spec, path))
        except SubmissionError as error:
            unreadable += 1
            say_error(f"{path}: {error.message}", error.hint)
            continue
        if verbose:
            say(f"{clean(linted[-1].name)}: {len(linted[-1].findings)} findings")
    emit(_json(linted) if output_format == "json" else _text(linted), output)
    found = sum(len(item.findings) for item in linted)
    if not quiet and output_format == "text":
        say(f"{len(linted)} files, {found} findings" if len(linted) != 1 else f"{found} findings")
    ctx.exit(2 if unreadable else 1 if found else 0)


def _spec() -> ExerciseSpec:
    """A made-up exercise that uses every dockerfile check as it is."""
    from graders.exercise import BuildSpec, CheckUse, ExerciseSpec, TextSpec
    from graders.limits import Limits
    from graders.outcome import Level
    from graders.registry import all_checks

    uses = tuple(
        CheckUse(check, check.params())
        for check in all_checks().values()
        if check.level is Level.DOCKERFILE and not check.deprecated
    )
    return ExerciseSpec(
        root=Path(),
        id="lint",
        title="lint",
        summary="",
        minutes=0,
        files=("*",),
        limits=Limits(),
        build=BuildSpec(requirements="requirements.txt"),
        texts=TextSpec(),
        checks=uses,
    )


def _dockerfiles(path: Path) -> Iterator[Path]:
    """The file itself, or every Dockerfile below the folder, by name; where there is none, the one that is missing."""
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    found = False
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if _is_dockerfile(name):
                found = True
                yield Path(folder) / name
    if not found:
        yield path / "Dockerfile"


def _is_dockerfile(name: str) -> bool:
    """By the names that Docker's and Podman's tools look for, and their usual variants."""
    if name.endswith(".dockerignore"):
        return False
    stem, _, ending = name.lower().partition(".")
    return stem in ("dockerfile", "containerfile") or ending in ("dockerfile", "containerfile")


def _lint(spec: ExerciseSpec, path: Path) -> LintedFile:
    from graders.pipeline import static_findings
    from graders.submission import read_dockerfile

    if path == Path("-"):
        data, beside = _read_standard_input(), {}
    else:
        data, beside = read_dockerfile(path), _neighbours(path)
    found = static_findings(spec, data, {"Dockerfile": data, **beside})
    ordered = sorted(found, key=lambda item: (item[1].line or 0, item[0]))
    return LintedFile(str(path), tuple(ordered))


def _read_standard_input() -> bytes:
    data = sys.stdin.buffer.read(NEIGHBOUR_BYTES + 1)
    if len(data) > NEIGHBOUR_BYTES:
        raise SubmissionError("Standard input holds more than 1 MiB", hint="A Dockerfile is a short text.")
    return data


def _neighbours(path: Path) -> dict[str, bytes]:
    """The files beside a Dockerfile that checks look into, where they can be read."""
    from graders.submission import read_dockerfile

    files: dict[str, bytes] = {}
    for name in NEIGHBOURS:
        try:
            files[name] = read_dockerfile(path.parent / name)
        except SubmissionError:
            continue
    return files


def _text(linted: list[LintedFile]) -> str:
    """`file:line: id: message`, as compilers write it, the hint under it."""
    lines = []
    for item in linted:
        for check_id, finding in item.findings:
            where = clean(item.name) if finding.line is None else f"{clean(item.name)}:{finding.line}"
            lines.append(
                f"{click.style(where, bold=True)}: {click.style(check_id, fg='red')}: {clean(finding.message)}"
            )
            if finding.hint:
                lines.append(f"    {clean(finding.hint)}")
    return "\n".join(lines)


def _json(linted: list[LintedFile]) -> str:
    """dockyard/lint/v1."""
    value = {
        "schema": "dockyard/lint/v1",
        "files": [
            {
                "file": item.name,
                "findings": [
                    {
                        "id": check_id,
                        "line": finding.line,
                        "end_line": finding.end_line,
                        "message": clean(finding.message),
                        "hint": clean(finding.hint),
                    }
                    for check_id, finding in item.findings
                ],
            }
            for item in linted
        ],
    }
    return json.dumps(value, indent=2)
