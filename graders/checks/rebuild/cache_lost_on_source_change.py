"""Owns the check that a changed source line keeps the installed dependencies; must never look at line order."""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Change, Check, NoParams
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.rebuild.counterpart import counterpart
from graders.recorded import build, rebuild_context, step


def find(context: RebuildContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding a dependency step that ran again."""
    if not context.dependency_steps:
        yield Finding(
            "No step of the build installs the requirements",
            observed="no install step",
            expected="a RUN that installs what the requirements file lists",
            hint="Which line of the Dockerfile brings the packages into the image?",
        )
        return
    is_told = is_open = False
    for dependency in context.dependency_steps:
        second = counterpart(dependency, context.first, context.second)
        if second is None:
            is_open = True
        elif second.status is not StepStatus.CACHED:
            is_told = True
            yield Finding(
                f"One line of {context.changed} was changed and this step ran again: {dependency.name}",
                observed="the step ran again",
                expected="the step comes from the cache",
                line=dependency.line,
            )
    if context.second.ok or context.stopped_early or is_told:
        return
    if context.second.timed_out:
        yield Undecidable(f"The build did not end in time after one line of {context.changed} was changed")
    else:
        yield Finding(
            f"After a comment was added to {context.changed} the image no longer builds",
            observed=context.second.error,
            expected="an image",
            hint="Which line compares the source with something, or can't do with a comment in it?",
        )
    if is_open:
        yield Undecidable("The second build ended before it came to the install")


INSTALL = step("[3/4] RUN pip install -r requirements.txt", line=4)
CACHED = step("[3/4] RUN pip install -r requirements.txt", line=4, status=StepStatus.CACHED)

CHECK = Check(
    id="cache-lost-on-source-change",
    claim="A changed source line does not install the dependencies again",
    why="The code changes many times a day, the dependencies once a month: each edit should cost seconds.",
    hint="Everything below the first line that depends on a changed file is built again. Which line is that?",
    sources=("https://docs.docker.com/build/cache/optimize/",),
    level=Level.REBUILD,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    change=Change.SOURCE,
    bad=(
        rebuild_context(build(INSTALL), build(INSTALL), (INSTALL,)),
        rebuild_context(build(INSTALL), build(INSTALL, error="stopped"), (INSTALL,), stopped_early=True),
        rebuild_context(build(), build(), ()),
        rebuild_context(build(INSTALL), build(CACHED, error="checksum differs"), (INSTALL,)),
    ),
    good=(
        rebuild_context(build(INSTALL), build(CACHED), (INSTALL,)),
        rebuild_context(build(CACHED), build(CACHED), (CACHED,)),
    ),
)
