"""Owns the check that a file which nobody needs does not cost a build; must never look at the ignore file.

The planted files change between the two builds, nothing else: then every step must come from the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Change, Check, NoParams
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable, listed
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.rebuild.counterpart import ran_again
from graders.recorded import build, rebuild_context, step


def find(context: RebuildContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """One finding: the first step that ran again."""
    if not context.changed:
        yield Undecidable("The exercise plants no files that could change")
        return
    again = ran_again(context.second)
    if again:
        yield Finding(
            f"Only {context.changed} changed, and this step ran again: {listed([step.name for step in again], 1)}",
            observed="the step ran again",
            expected="every step comes from the cache",
            line=again[0].line,
        )
    elif not context.second.ok:
        yield Undecidable(f"The second build broke off: {context.second.error}")


FROM = step("[1/3] FROM docker.io/library/python:3.11-slim", line=1)
COPY = step("[2/3] COPY . .", line=2)
CACHED = step("[2/3] COPY . .", line=2, status=StepStatus.CACHED)
CONTEXT = step("[internal] load build context")

CHECK = Check(
    id="cache-lost-on-ignored-file",
    claim="A change to a file that the image does not need builds nothing again",
    why="Notebooks and data change all day long: if the build notices, each of those edits costs a build.",
    hint="Which line takes those files along, and where would you say that they stay at home?",
    sources=("https://docs.docker.com/build/concepts/context/#dockerignore-files",),
    level=Level.REBUILD,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    change=Change.IGNORED,
    bad=(
        rebuild_context(build(FROM, COPY), build(FROM, COPY), ()),
        rebuild_context(build(FROM, COPY), build(FROM, COPY, error="exit code: 1"), ()),
    ),
    good=(
        rebuild_context(build(FROM, COPY), build(CONTEXT, FROM, CACHED), ()),
        rebuild_context(build(FROM, CACHED), build(FROM, CACHED), ()),
    ),
)
