"""Owns the check of who really runs, seen from outside; must never trust a name or the image's configuration.

Under no-new-privileges a program with root's setuid bit fails to become root instead of showing. So an image whose own
layers hold such a program, or an account of root that is open, is run once more without it, as by a plain `docker run`.
What the base brings (su, passwd) asks for a password, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graders.check import Check, NoParams
from graders.context import ContainerContext, LayerFile
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.layers.program import PROGRAM
from graders.layers.rights import SETUID, open_accounts
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import ORDINARY, container_context, run, scan, watched
from graders.text_case import as_input


def find(context: ContainerContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding a process whose user is number 0; none seen can't be told apart from a quick one."""
    result = context.container.run(stdin=as_input(context.cases))
    if not result.processes:
        yield Undecidable("The program ended before its processes could be seen: did it read its standard input?")
        return
    line = context.source.setting_line("USER")
    findings = [_finding(process, line) for process in result.processes if process.is_root]
    yield from findings or _without_walls(context)


def _without_walls(context: ContainerContext) -> Iterator[Finding]:
    """A finding for the first process that is root in a plain `docker run`, where the layers hold a way to be it."""
    layers = context.built.layers.scan()
    givers = [file for file in layers.files if _gives_rights(file)]
    if not (givers or open_accounts(layers) or layers.problem):
        return
    result = context.container.run(stdin=as_input(context.cases), hardened=False)
    for process in (each for look in result.looks for each in look if each.is_root):
        line = context.built.layer_line(givers[0].layer) if givers else None
        yield replace(
            _finding(process, line if line is not None else context.source.setting_line("USER")),
            hint="find / -perm -4000 lists what makes whoever starts it root. What of that did your Dockerfile make?",
        )
        return


def _gives_rights(file: LayerFile) -> bool:
    """Whether whoever starts it is root, or has some of root's rights."""
    return bool(file.program) and (bool(file.mode & SETUID and file.uid == 0) or file.capabilities != 0)


def _finding(process: Process, line: int | None) -> Finding:
    return Finding(
        f"The process runs as root: {process.args}",
        observed=f"user number {process.uid}, started by {process.real_uid}",
        expected="a user number other than 0",
        line=line,
    )


ROOT = Process(pid=1, uid=0, real_uid=0, args="python src/predict.py")
SETUID_ROOT = Process(pid=1, uid=0, real_uid=1000, args="python src/predict.py")
WITH_THE_BIT = scan(files=(LayerFile(1, "usr/local/bin/python3.11", 14_000, 0o4755, 0, 0, "file", program=PROGRAM),))

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
        watched(WITH_THE_BIT, (ORDINARY,), (SETUID_ROOT,)),
    ),
    good=(container_context(run()), watched(WITH_THE_BIT, (ORDINARY,)), watched(scan(), (SETUID_ROOT,))),
)
