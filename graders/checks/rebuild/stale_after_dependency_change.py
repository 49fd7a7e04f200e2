"""Owns the check that changed requirements are really read; must never install anything.

The requirements get a line that no installer accepts: an install that reads them fails, at once and offline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.check import Change, Check, NoParams
from graders.context import RebuildContext
from graders.dockerfile.dependency import dependency_installs, named_packages, requirement_sources
from graders.dockerfile.install import compiles_a_list
from graders.dockerfile.model import Instruction
from graders.engine.base import BuildStep, StepStatus
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.network_trouble import tells_of_network
from graders.outcome import Level
from graders.rebuild.counterpart import counterpart
from graders.recorded import build, rebuild_context, step

TAIL_LINES = 4
REFUSED = re.compile(r"invalid.?requirement|(?:could not|couldn't|failed to) parse|parse error", re.IGNORECASE)
"""What pip, pip-tools and uv say of a line that is no requirement; most of them repeat the line as well."""


def find(context: RebuildContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding when the build did not stumble over the changed requirements."""
    steps = context.dependency_steps
    if not steps:
        yield Finding(
            "No step of the build installs the requirements",
            observed="no install step",
            expected=f"a RUN that installs what {context.changed} lists",
            hint="Which line of the Dockerfile brings the packages into the image?",
        )
        return
    again = [counterpart(each, context.first, context.second) for each in steps]
    failed = next((each for each in again if each is not None and each.status is StepStatus.FAILED), None)
    if failed is not None:
        yield from _about_the_probe(context, failed)
        return
    if context.second.timed_out:
        yield Undecidable(f"The build did not end in time after {context.changed} was changed")
        return
    if _is_stopped_by_a_compiler(context) and not any(each is not None for each in again):
        return
    reached = [each for each in again if each is not None]
    cached = all(each.status is StepStatus.CACHED for each in reached) and (bool(reached) or context.second.ok)
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


def _is_stopped_by_a_compiler(context: RebuildContext) -> bool:
    """Whether pip-compile or its kin refused the line, and nothing but what they make of it is installed."""
    by_line = {each.line: each for each in context.source.dockerfile.instructions}
    origins = context.source.origins()
    for instruction in _install_lines(context):
        for install in dependency_installs(instruction):
            lists = [source.origin for source in requirement_sources(install, instruction, origins)]
            if named_packages(install) or any(each and each.path != context.changed for each in lists):
                return False
    failed = {each.id: each.line for each in context.second.steps if each.status is StepStatus.FAILED}
    lines = {failed[step_id] for step_id, text in context.second.log if step_id in failed and context.probe in text}
    return any(line in by_line and compiles_a_list(by_line[line]) for line in lines if line is not None)


def _named_all_the_same(context: RebuildContext, failed: BuildStep) -> Iterator[Finding]:
    """A finding when the list is only looked at, as by `--dry-run`, and each install names what it installs."""
    origins = context.source.origins()
    installs = [
        (install, bool(requirement_sources(install, instruction, origins)))
        for instruction in _install_lines(context)
        for install in dependency_installs(instruction)
        if not {"download", "wheel"} & set(install.command.words[1:3])
    ]
    if installs and all(named_packages(install) and not reads for install, reads in installs):
        first = installs[0][0].command
        yield Finding(
            f'{context.changed} is read, but what is installed stands in the Dockerfile: "{first.text[:120]}"',
            observed=first.text[:200],
            expected=f"an install of what {context.changed} lists",
            line=failed.line,
        )


def _install_lines(context: RebuildContext) -> list[Instruction]:
    """The instructions of the steps that install the dependencies."""
    by_line = {each.line: each for each in context.source.dockerfile.instructions}
    return [by_line[each.line] for each in context.dependency_steps if each.line in by_line]


def _about_the_probe(context: RebuildContext, failed: BuildStep) -> Iterator[Finding | Undecidable]:
    """Nothing when the install stumbled over the line that was added, else what it stumbled over."""
    said = [text for step_id, text in context.second.log if step_id == failed.id]
    if any(context.probe in text or REFUSED.search(text) for text in said):
        yield from _named_all_the_same(context, failed)
        return
    if context.second.timed_out:
        yield Undecidable(f"The build did not end in time after {context.changed} was changed")
    elif not said:
        yield Undecidable("The install failed without a word, so what it failed over can't be told")
    elif tells_of_network(said):
        yield Undecidable("The install could not reach the network, so it can't be told whether it read the change")
    else:
        yield Finding(
            f"{context.changed} was given a line that can't be installed; the step failed, but not over that line",
            observed="\n".join(said[-TAIL_LINES:]),
            expected="the install reads the file and refuses that line",
            line=failed.line,
            hint="Does the installer itself read the file, and every line of it as it stands?",
        )


INSTALL = step("[3/4] RUN pip install -r requirements.txt", line=4)
FAILED = step("[3/4] RUN pip install -r requirements.txt", line=4, status=StepStatus.FAILED)
CACHED = step("[3/4] RUN pip install -r requirements.txt", line=4, status=StepStatus.CACHED)
OTHER_FAILED = step("[4/4] RUN check", line=5, status=StepStatus.FAILED)
SAID = ((FAILED.id, "ERROR: Invalid requirement: 'dockyard_probe_0=!=' (from line 2 of requirements.txt)"),)
UV_SAID = ((FAILED.id, "error: Couldn't parse requirement in `requirements.txt` at position 14"),)
CHECKSUM_SAID = ((FAILED.id, "requirements.txt: FAILED"),)

CHECK = Check(
    id="stale-after-dependency-change",
    claim="Changed requirements reach the image",
    why="An install that does not read the requirements ships old or different packages, and nobody notices.",
    hint="Which file does the install read, and is it copied before the install?",
    sources=("https://docs.docker.com/build/cache/invalidation/",),
    level=Level.REBUILD,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    change=Change.DEPENDENCY,
    bad=(
        rebuild_context(build(INSTALL), build(CACHED), (INSTALL,)),
        rebuild_context(build(INSTALL), build(INSTALL), (INSTALL,)),
        rebuild_context(build(INSTALL), build(INSTALL, OTHER_FAILED, error="exit code: 1"), (INSTALL,)),
        rebuild_context(build(INSTALL), build(FAILED, error="exit code: 1", log=CHECKSUM_SAID), (INSTALL,)),
        rebuild_context(build(), build(), ()),
    ),
    good=(
        rebuild_context(build(INSTALL), build(FAILED, error="exit code: 1", log=SAID), (INSTALL,)),
        rebuild_context(build(INSTALL), build(FAILED, error="exit code: 1", log=UV_SAID), (INSTALL,)),
    ),
)
