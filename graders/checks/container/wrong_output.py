"""Owns the check of what a program prints for texts that it has never seen; must never run it twice.

Standard output is the result: a line for each text, in their order, and nothing else. Logs belong on standard
error. White space at the end of a line, CRLF and empty lines at the end are forgiven.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.answer import LineForm, compare, expected_lines
from graders.check import Check
from graders.context import ContainerContext
from graders.finding import Finding, Undecidable
from graders.need import AN_END
from graders.outcome import Level
from graders.recorded import ANSWER, container_context, run
from graders.text_case import as_input

Params = LineForm


def find(context: ContainerContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: the first line that is wrong, is missing, or is too many."""
    if not context.cases:
        yield Undecidable("The exercise has no texts to try")
        return
    result = context.container.run(stdin=as_input(context.cases))
    fault = compare(result, expected_lines(params.line, context.cases), given="on its standard input")
    if fault:
        yield fault


CHECK = Check(
    id="wrong-output",
    claim="The container gives the right answer for texts it has never seen",
    why="An image that builds and starts but answers wrongly is worse than none.",
    hint="Send a text of your own to the container and compare line by line with the form in the lesson.",
    sources=("https://docs.docker.com/engine/containers/run/",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_END,
    bad=(
        container_context(run(b"")),
        container_context(run(b"Hello\n" + ANSWER)),
        container_context(run(ANSWER + b"Bye\n")),
        container_context(run(ANSWER.replace(b"negative", b"positive"))),
        container_context(run(ANSWER.splitlines(keepends=True)[0])),
        container_context(run(b"positive\tbuilt-in example\n")),
    ),
    good=(
        container_context(run()),
        container_context(run(ANSWER.replace(b"\n", b" \r\n") + b"\n\n")),
        container_context(run(stderr=b"loading the model\n")),
    ),
)
