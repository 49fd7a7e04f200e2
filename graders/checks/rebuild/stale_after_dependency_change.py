"""Owns the check that changed requirements are really read; must never install anything.

The requirements get a line that no installer accepts: an install that reads them fails, at once and offline.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Change, Check, NoParams
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable
from graders.outcome import Level
from graders.rebuild import counterpart
from graders.recorded import build, rebuild_context, step


def find(context: RebuildContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding when the build did not stumble over the changed requirements."""
    steps = context.dependency_steps
    if not steps:
        yield Finding(
            "No step of the build installs the requirements",
            observed="no install step",
            expected=f"a RUN that installs what {context.changed} lists",
        )
        return
    again = [counterpart(each, context.first, context.second) for each in steps]
    if any(each is not None and each.status is StepStatus.FAILED for each in again):
        return
    if context.second.timed_out:
        yield Undecidable(f"The build did not end in time after {context.changed} was changed")
        return
    cached = all(each is None or each.status is StepStatus.CACHED for each in again)
    if context.second.ok or cached:
        observed = "the install came from the cache" if cached else "the install went through"
    else:
        observed = f"the build failed, but not in the install: {context.second.error}"
    yield Finding(
        f"{context.changed} was given a line that can't be installed, and {observed}",
        observed=observed,
        expected="the install fails on that line",
        line=steps[-1].line,
    )


INSTALL = step("[3/4] RUN pip install -r requirements.txt", line=4)
FAILED = step("[3/4] RUN pip install -r requirements.txt", line=4, status=StepStatus.FAILED)
CACHED = step("[3/4] RUN pip install -r requirements.txt", line=4, status=StepStatus.CACHED)
OTHER_FAILED = step("[4/4] RUN check", line=5, status=StepStatus.FAILED)

CHECK = Check(
    id="stale-after-dependency-change",
    claim="Changed requirements reach the image",
    why="An install that does not read the requirements ships old or different packages, and nobody notices.",
    hint="Which file does the install read, and is it copied before the install?",
    sources=("https://docs.docker.com/build/cache/invalidation/",),
    level=Level.REBUILD,
    find=find,
    params=NoParams,
    needs=("unpinned-base", "fat-base", "build-fails"),
    change=Change.DEPENDENCY,
    bad=(
        rebuild_context(build(INSTALL), build(CACHED), (INSTALL,)),
        rebuild_context(build(INSTALL), build(INSTALL), (INSTALL,)),
        rebuild_context(build(INSTALL), build(INSTALL, OTHER_FAILED, error="exit code: 1"), (INSTALL,)),
        rebuild_context(build(), build(), ()),
    ),
    good=(rebuild_context(build(INSTALL), build(FAILED, error="exit code: 1"), (INSTALL,)),),
)
