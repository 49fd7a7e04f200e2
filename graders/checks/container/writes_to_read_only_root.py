"""Owns the check that a program works on a root file system that can't be written to; must never look at its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.context import ContainerContext
from graders.finding import Finding
from graders.need import AN_END
from graders.outcome import Level
from graders.recorded import container_context, run
from graders.text_case import as_input

TAIL_LINES = 6


@dataclass(frozen=True, slots=True)
class Params:
    """What may still be written to."""

    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108 - a folder inside the container
    """Folders in memory; empty means none."""


def find(context: ContainerContext, params: Params) -> Iterator[Finding]:
    """One finding: run with a read-only root, the program did not end well."""
    result = context.container.run(stdin=as_input(context.cases), read_only=True, tmpfs=params.writable)
    if result.exit_code == 0 and not result.start_error and not result.timed_out:
        return
    if result.start_error:
        end = result.start_error
    elif result.timed_out or result.exit_code is None:
        end = "no end"
    else:
        end = f"exit code {result.exit_code}"
    tail = result.tail(TAIL_LINES)
    allowed = ", ".join(params.writable) or "nothing"
    yield Finding(
        f"With a read-only root file system the program did not end well ({end}); only {allowed} could be written to",
        observed="\n".join([*tail, end]),
        expected="exit code 0",
        file="",
    )


CHECK = Check(
    id="writes-to-read-only-root",
    claim="The program works with a read-only root file system",
    why="On a root that can't be written to, an intruder can't change the program, and nothing piles up unseen.",
    hint="Which file does the program write, and does it belong in the image, in memory, or in a volume?",
    sources=("https://docs.docker.com/reference/cli/docker/container/run/#read-only",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_END,
    bad=(
        container_context(run(b"", exit_code=1, stderr=b"OSError: [Errno 30] Read-only file system: '/app/cache'\n")),
        container_context(run(b"", exit_code=None)),
        container_context(run(b"", exit_code=126, start_error="mkdir /app: read-only file system")),
    ),
    good=(container_context(run()), container_context(run(b"", stderr=b"no cache, going on without\n"))),
)
