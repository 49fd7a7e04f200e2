"""Owns the check that the program ends well; must never look at what it printed for its answer."""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.context import ContainerContext
from graders.finding import Finding
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import container_context, run
from graders.start_line import start_line
from graders.text_case import as_input

TAIL_LINES = 8
MEANINGS = {
    126: "the program is not executable",
    127: "the program was not found",
    137: "it was killed",
    139: "it crashed",
}


def find(context: ContainerContext, _params: NoParams) -> Iterator[Finding]:
    """One finding that says how the run ended, with the last lines that it wrote."""
    result = context.container.run(stdin=as_input(context.cases))
    line = context.source.setting_line("ENTRYPOINT", "CMD")
    if result.start_error:
        message, observed = "The container could not be started", result.start_error
        line = start_line(context.source, result.start_error)
    elif result.timed_out or result.exit_code is None:
        message, observed = f"The program was still running after {result.elapsed_s:.0f} s", "no end"
    elif result.oom_killed:
        message, observed = "The program used more memory than it may have", "killed for memory"
    elif result.exit_code != 0:
        meaning = MEANINGS.get(result.exit_code)
        message = f"The program ended with exit code {result.exit_code}" + (f": {meaning}" if meaning else "")
        observed = f"exit code {result.exit_code}"
    else:
        return
    tail = result.tail(TAIL_LINES)
    yield Finding(message, observed="\n".join([*tail, observed]), expected="exit code 0", line=line)


CHECK = Check(
    id="exits-with-error",
    claim="The container does its work and ends without an error",
    why="An exit code other than 0 is how a scheduler learns that a job failed.",
    hint="Run the image yourself and read the last line that it prints.",
    sources=("https://docs.docker.com/engine/containers/run/#exit-status",),
    level=Level.CONTAINER,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    bad=(
        container_context(run(exit_code=1, stderr=b"FileNotFoundError: models/sentiment.joblib\n")),
        container_context(run(exit_code=None)),
        container_context(run(exit_code=0, oom_killed=True)),
        container_context(run(exit_code=None, start_error="exec: no such file")),
    ),
    good=(container_context(run()), container_context(run(b"", stderr=b"a warning\n"))),
)
