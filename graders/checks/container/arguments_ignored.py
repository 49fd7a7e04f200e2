"""Owns the check that arguments after the image's name reach the program; must never look at CMD or ENTRYPOINT.

So many texts are given in one run that nobody writes a place for each of them. Who starts the program anew for each
argument may not be done with them in time, and is right all the same: then a dozen have to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.answer import LineForm, compare, expected_lines
from graders.check import Check
from graders.context import ContainerContext
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import ANSWER, CASES, container_context, run

TAIL_LINES = 4
MANY = 300
"""At least so many arguments."""

Params = LineForm


def find(context: ContainerContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: the image was run with a text an argument, and did not answer exactly those."""
    if not context.cases:
        yield Undecidable("The exercise has no texts to try")
        return
    cases = context.cases * -(-MANY // len(context.cases))
    result = context.container.run(args=tuple(case.text for case in cases))
    if result.timed_out:
        cases = context.cases * 2
        result = context.container.run(args=tuple(case.text for case in cases))
    line = context.source.setting_line("ENTRYPOINT", "CMD")
    expected = f"{len(cases)} answers and exit code 0"
    if result.start_error:
        message = "With arguments after the image's name the container could not be started"
        yield Finding(message, observed=result.start_error, expected=expected, line=line)
    elif result.timed_out or result.exit_code is None:
        message = f"With arguments after the image's name the program was still running after {result.elapsed_s:.0f} s"
        yield Finding(message, observed="no end", expected=expected, line=line)
    elif result.exit_code != 0:
        message = f"With arguments after the image's name the program ended with exit code {result.exit_code}"
        tail = result.tail(TAIL_LINES)
        yield Finding(message, observed="\n".join(tail) or "no word", expected=expected, line=line)
    elif fault := compare(result, expected_lines(params.line, cases), given="as arguments"):
        yield fault


CHECK = Check(
    id="arguments-ignored",
    claim="Arguments after the image's name reach the program",
    why="An image that takes arguments is a command: one image serves many inputs without being built again.",
    hint="What stands after the image's name takes the place of CMD. What is left of your command then?",
    sources=("https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        container_context(run(b"", exit_code=127, start_error="exec: The film was superb.: not found")),
        container_context(run(b"positive\tbuilt-in example\n")),
        container_context(run(b"")),
        container_context(run(exit_code=2, stderr=b"usage: predict.py\n")),
        container_context(run(exit_code=None)),
        container_context(run(ANSWER)),
        container_context(run(ANSWER * 6)),
    ),
    good=(
        container_context(run(ANSWER * (MANY // len(CASES)))),
        container_context(run(ANSWER * (MANY // len(CASES)), stderr=b"loading\n", processes=())),
    ),
)
