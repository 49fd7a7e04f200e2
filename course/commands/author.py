"""Owns the proof of `dockyard author`, and the group; must never judge an answer itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.author_write import export_group, new_command, preview_command
from course.commands.check_work import narration
from course.commands.choice import complete_exercises
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.options import format_option, output_option, verbosity, verbosity_options
from course.commands.output import emit
from course.commands.verbosity import Verbosity
from course.errors import ConfigError

if TYPE_CHECKING:
    from course.author.verify import ExerciseResult, Grade
    from graders.cancel import Cancel
    from graders.event import GradeEvent
    from graders.exercise import ExerciseSpec

HEADINGS = ("exercise", "mutants caught", "right answers passed", "false passes", "false failures", "seconds")


@click.group("author")
def author_group() -> None:
    """For authors: write an exercise, and prove that its grader can't be fooled."""


author_group.add_command(new_command)
author_group.add_command(preview_command)
author_group.add_command(export_group)


@author_group.command("verify")
@click.argument("slug", required=False, metavar="[SLUG|DIR]", shell_complete=complete_exercises)
@click.option("--only", default="", metavar="NAME", help="Only the answer in this folder, such as root-again.")
@click.option("-j", "--jobs", type=click.IntRange(1, 32), default=1, show_default=True, help="Answers side by side.")
@click.option("--quick", is_flag=True, help="A sample that trips every check of the engine.")
@click.option("--fresh", is_flag=True, help="Grade every answer again, also what was proved and is unchanged.")
@format_option
@output_option
@verbosity_options("the build log and each check")
@click.pass_context
def verify_command(
    ctx: click.Context,
    *,
    slug: str | None,
    only: str,
    jobs: int,
    quick: bool,
    fresh: bool,
    output_format: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Grade every answer that an exercise ships, on the real engine, and compare.

    The starter must fail, the solution must pass without a finding, each answer in also-right must pass, and each
    in wrong must trip exactly the checks that its expected.toml lists. DIR is the folder of an exercise that the
    course does not hold yet, such as ./my-exercise.

    An answer that was graded before is not graded again while it, its exercise, the graders and the base images stay
    the same; --fresh grades all of them.

    \b
    Examples:
      dockyard author verify
      dockyard author verify --quick -j 2
      dockyard author verify ship-the-classifier --only root-again -v

    \b
    Exit codes: 0 all of it is so, 1 it is not, 2 the content is wrong,
    3 something could not be judged.
    """
    from course.author.sample import representative
    from course.author.verify import CaseResult, CaseStarted, ExerciseResult, verify

    invocation = ctx.ensure_object(Invocation)
    level = verbosity(quiet=quiet, verbose=verbose)
    results: list[ExerciseResult] = []
    with ExitStack() as stack:
        specs = _specs(invocation, slug)
        cancel = stack.enter_context(cancel_on_signal())
        narrator = stack.enter_context(narration(invocation, level))
        grade = _grader(invocation, cancel, fresh=fresh)
        for spec in specs:
            for event in verify(spec, grade, only=only, sample=representative if quick else None, jobs=jobs):
                match event:
                    case CaseStarted():
                        narrator.headline(
                            f"{event.exercise} {event.index}/{event.count}: {event.case.kind}/{event.case.name}"
                        )
                    case CaseResult():
                        narrator.verdict(
                            not event.problem,
                            f"{event.case.kind}/{event.case.name}",
                            event.problem or f"{event.verdict} {', '.join(event.tripped)}".rstrip(),
                            0.0 if event.from_store else event.elapsed_s,
                        )
                    case ExerciseResult():
                        results.append(event)
                    case _ if level is Verbosity.VERBOSE:
                        narrator.tell(event)
                    case _:
                        pass
    emit(_json(results) if output_format == "json" else _table(results), output)
    ctx.exit(max((result.exit_code for result in results), default=0))


@author_group.command("page")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    metavar="DIR",
    help="Where the pages go; docs/checks of the checkout when left out.",
)
@click.pass_context
def page_command(ctx: click.Context, *, folder: Path | None) -> None:
    """Write the reference page of every check, from its declaration; without --to, docs/commands.md as well.

    \b
    Examples:
      dockyard author page
    """
    from course.author.page import write_pages
    from graders.registry import all_checks

    docs = ctx.ensure_object(Invocation).paths().content / "docs"
    if folder is None and not docs.is_dir():
        raise ConfigError("This Dockyard was installed, so it has no docs folder", hint="Say where: --to DIR")
    changed = list(write_pages(folder or docs / "checks", all_checks()))
    if folder is None:
        from course.author.command_page import write_command_page

        program = ctx.find_root().command
        assert isinstance(program, click.Group)
        if write_command_page(docs / "commands.md", program):
            changed.append("commands.md")
    emit("\n".join(changed), None)


def _specs(invocation: Invocation, slug: str | None) -> list[ExerciseSpec]:
    """The exercise that is named, or whose folder is; else all of the course."""
    from graders.exercise import read_exercise

    if slug is not None and ("/" in slug or slug == "."):
        return [read_exercise(Path(slug).resolve())]
    root = invocation.paths().content / "exercises"
    names = sorted(path.parent.name for path in root.glob("*/exercise.toml"))
    if slug is None:
        return [read_exercise(root / name) for name in names]
    if slug not in names:
        from course.errors import ContentError

        raise ContentError(
            f"There is no exercise {slug!r}",
            hint=f"There are: {', '.join(names)}. A folder is named with a slash: ./{slug}",
        )
    return [read_exercise(root / slug)]


def _grader(invocation: Invocation, cancel: Cancel, *, fresh: bool) -> Grade:
    """Grades a folder for one exercise on the engine of this invocation, or answers from the store of proofs."""
    from course.grading import new_nonce
    from graders import pipeline
    from graders.layers.store import FolderStore
    from graders.recall import grade_or_recall
    from graders.report_store import ReportStore, engine_address
    from graders.submission import read_submission

    state = invocation.paths().state
    store = ReportStore(state / "proofs", where=engine_address(invocation.environ, invocation.home))

    def grade(spec: ExerciseSpec, folder: Path) -> Iterator[GradeEvent]:
        submission = read_submission(folder, spec.limits, starter=spec.starter, editable=spec.files)
        return grade_or_recall(
            store,
            store.key(spec.terms, submission),
            lambda: pipeline.grade(
                submission,
                spec,
                invocation.engine,
                cancel=cancel,
                nonce=new_nonce(),
                now=lambda: datetime.now(UTC),
                clock=time.monotonic,
                environ=invocation.environ,
                layer_store=FolderStore(state / "layers"),
            ),
            fresh=fresh,
        )

    return grade


def _table(results: list[ExerciseResult]) -> str:
    """The table for people, and under it what is wrong."""
    from graders.safe_text import clean

    rows = [HEADINGS, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    remembered = sum(case.from_store for result in results for case in result.cases)
    if remembered:
        lines.append(f"{remembered} of these answers were graded before and are unchanged; --fresh grades all again")
    for result in results:
        lines += [f"{result.exercise}: {clean(problem)}" for problem in result.all_problems]
    return "\n".join(lines)


def _cells(result: ExerciseResult) -> tuple[str, ...]:
    return (
        result.exercise,
        f"{result.mutants_caught}/{len(result.mutants)}",
        f"{result.right_passed}/{len(result.right_answers)}",
        str(result.false_passes),
        str(result.false_failures),
        f"{result.elapsed_s:.1f}",
    )


def _json(results: list[ExerciseResult]) -> str:
    """The table for programs: dockyard/verify/v1."""
    value = {
        "schema": "dockyard/verify/v1",
        "exercises": [
            {
                "exercise": result.exercise,
                "mutants": len(result.mutants),
                "mutants_caught": result.mutants_caught,
                "right_answers": len(result.right_answers),
                "right_passed": result.right_passed,
                "false_passes": result.false_passes,
                "false_failures": result.false_failures,
                "errored": result.errored,
                "elapsed_s": round(result.elapsed_s, 3),
                "problems": list(result.all_problems),
                "cases": [
                    {
                        "kind": case.case.kind.value,
                        "name": case.case.name,
                        "as_expected": not case.problem,
                        "status": case.verdict.value,
                        "expected": sorted(case.case.trips),
                        "tripped": list(case.tripped),
                        "problem": case.problem,
                        "elapsed_s": round(case.elapsed_s, 3),
                        "from_store": case.from_store,
                    }
                    for case in result.cases
                ],
            }
            for result in results
        ],
    }
    return json.dumps(value, indent=2)
