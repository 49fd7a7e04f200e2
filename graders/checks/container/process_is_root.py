"""Owns the check of who really runs, seen from outside; must never trust a name or the image's configuration."""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.context import ContainerContext
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import ORDINARY, container_context, run
from graders.text_case import as_input


def find(context: ContainerContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding a process whose user is number 0; none seen can't be told apart from a quick one."""
    result = context.container.run(stdin=as_input(context.cases))
    if not result.processes:
        yield Undecidable("The program ended before its processes could be seen: did it read its standard input?")
        return
    for process in result.processes:
        if 0 in {process.uid, process.real_uid}:
            yield Finding(
                f"The process runs as root: {process.args}",
                observed=f"user number {process.uid}, started by {process.real_uid}",
                expected="a user number other than 0",
                line=context.source.setting_line("USER"),
            )


ROOT = Process(pid=1, uid=0, real_uid=0, args="python src/predict.py")

CHECK = Check(
    id="process-is-root",
    claim="The running program is an ordinary user",
    why="What counts is who runs, not what the Dockerfile says: a start script can change the user.",
    hint="Whose process is it, seen with docker top from outside?",
    sources=("https://docs.docker.com/reference/cli/docker/container/top/",),
    level=Level.CONTAINER,
    find=find,
    params=NoParams,
    watches=True,
    needs=AN_IMAGE,
    bad=(
        container_context(run(processes=(ROOT,))),
        container_context(run(processes=(ORDINARY, ROOT))),
        container_context(run(processes=(Process(pid=1, uid=1000, real_uid=0, args="su-exec"),))),
    ),
    good=(container_context(run()),),
)
