"""Owns `dockyard lint`: the dockerfile checks over any Dockerfile; must never call an engine."""

from __future__ import annotations

from pathlib import Path

import click

from course.commands.invocation import Invocation
from course.commands.options import formats_option, output_option, verbosity_options
from course.commands.output import emit, ensure_writable, say, say_error
from graders.errors import SubmissionError
from graders.safe_text import clean

SKIPPED_SHOWN = 3


@click.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@formats_option("text", "json", "github", "sarif")
@output_option
@verbosity_options("each file, and all that was passed over")
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

    In a folder these count: Dockerfile, Dockerfile.*, *.Dockerfile, Containerfile, Containerfile.*.
    A comment lets a finding of the next instruction be (a graded exercise obeys no such comment):

    \b
      # dockyard: ignore=unpinned-base[,ID] the reason why

    \b
    Examples:
      dockyard lint Dockerfile
      dockyard lint services/ --format json --output findings.json
      dockyard lint . --format sarif --output dockyard.sarif

    \b
    Exit codes: 0 nothing found, 1 findings, 2 a file can't be read.
    """
    from course.commands.lint_output import write
    from course.lint import Linter, search

    ensure_writable(output)
    linter = Linter()
    searched = search(files)
    failures = list(searched.missing)
    for text in searched.missing:
        say_error(text, "Name the file itself, if its name is another.")
    linted = []
    for path, result in zip(searched.files, linter.lint_all(searched.files), strict=True):
        if isinstance(result, SubmissionError):
            failures.append(f"{path}: {result.message}")
            say_error(failures[-1], result.hint)
            continue
        linted.append(result)
        if verbose and not quiet:
            say(f"{clean(linted[-1].name)}: {_count(len(linted[-1].findings), 'finding')}")
    terminal = ctx.ensure_object(Invocation).terminal
    colour = output is None and terminal.stdout and terminal.colours > 0
    emit(write(linted, output_format, rules=linter.rules, failures=failures, colour=colour), output)
    found = sum(len(item.findings) for item in linted)
    if not quiet:
        _say_skipped(searched.skipped, verbose=verbose)
        if output_format == "text" or output is not None:
            say(f"{_count(len(linted), 'file')}, {_count(found, 'finding')}")
    ctx.exit(2 if failures else 1 if found else 0)


def _say_skipped(skipped: list[str], *, verbose: bool) -> None:
    shown = skipped if verbose else skipped[:SKIPPED_SHOWN]
    for text in shown:
        say(f"Skipped {clean(text)}")
    if len(skipped) > len(shown):
        say(f"Skipped {len(skipped) - len(shown)} more: -v names them")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
