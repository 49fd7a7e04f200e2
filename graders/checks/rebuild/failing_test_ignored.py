"""Owns the check that a failing test breaks the build; must never look for a test runner in the Dockerfile.

A test that must fail is planted, and the build has to fail. Then one that passes takes its place, and the build
has to go through: so what broke it was the test's outcome, and not that there is one file more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from graders.check import Change, Check, Planted
from graders.context import RebuildContext
from graders.engine.base import BuildResult, StepStatus
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.network_trouble import tells_of_network
from graders.outcome import Level
from graders.rebuild.counterpart import ran_again
from graders.recorded import build, rebuild_context, step

TAIL_LINES = 4
UNITTEST = """import unittest


class Test{id}(unittest.TestCase):
    def test_{id}(self):
        self.assertEqual({wanted}, {got})
"""


@dataclass(frozen=True, slots=True)
class Params:
    """What is planted in the exercise's folder of tests."""

    name: str = "test_{id}.py"
    """Name of the file; `{id}` is filled in, new for every check."""
    text: str = UNITTEST
    """Its content; `{id}`, `{wanted}` and `{got}` are filled in, the last two with numbers, equal when it must pass."""

    def __post_init__(self) -> None:
        if "/" in self.name or "{id}" not in self.name:
            raise ValueError("the name must hold {id} and no folder")
        if "{wanted}" not in self.text or "{got}" not in self.text:
            raise ValueError("the text must hold {wanted} and {got}")


def plant(params: Params, nonce: str) -> Planted:
    """The file to plant, with an id and numbers that nobody can know before."""
    digest = sha256(f"planted {nonce}".encode()).hexdigest()
    wanted = 100 + int(digest[:6], 16)

    def filled(text: str, got: int) -> str:
        for key, value in (("{id}", f"p{digest[:12]}"), ("{wanted}", str(wanted)), ("{got}", str(got))):
            text = text.replace(key, value)
        return text

    return Planted(
        filled(params.name, wanted),
        failing=filled(params.text, wanted + 1 + int(digest[6:8], 16)),
        passing=filled(params.text, wanted),
    )


def find(context: RebuildContext, _params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: the build went through all the same, or it fails for any new test."""
    second, control = context.second, context.control
    if second.ok:
        yield _ignored(context)
    elif second.timed_out or control is None or control.timed_out:
        yield Undecidable("The build did not end in time after a test was planted")
    elif not control.ok:
        if tells_of_network((*_said(second), *_said(control))):
            yield Undecidable("The build could not reach the network, so it can't be told what broke it")
            return
        failed = next((each for each in control.steps if each.status is StepStatus.FAILED), None)
        yield Finding(
            f"The build fails for any new file among the tests, also when {context.changed} is a test that passes",
            observed="\n".join((*_said(control)[-TAIL_LINES:], control.error)),
            expected="it fails for a test that fails, and for nothing else",
            line=failed.line if failed else None,
        )
    elif not any(context.probe in text for text in _said(second)) and tells_of_network(_said(second)):
        yield Undecidable("The build could not reach the network, so it can't be told whether the test broke it")


def _ignored(context: RebuildContext) -> Finding:
    ignore = context.source.ignore
    expected = "the build fails on that test"
    if ignore is not None and ignore.excludes(context.changed):
        return Finding(
            f"A test that must fail was planted at {context.changed}, and the .dockerignore keeps it out of the build",
            observed="the build went through",
            expected=expected,
            file=".dockerignore",
        )
    again = ran_again(context.second)
    seen = f"{len(again)} steps ran again and none failed" if again else "no step ran again"
    return Finding(
        f"A test that must fail was planted at {context.changed}, and the build went through: {seen}",
        observed=f"the build went through: {seen}",
        expected=expected,
        line=again[-1].line if again else None,
    )


def _said(made: BuildResult) -> tuple[str, ...]:
    failed = {each.id for each in made.steps if each.status is StepStatus.FAILED}
    return tuple(text for step_id, text in made.log if step_id in failed)


TESTS = step("[test 2/2] RUN python -m unittest discover -s tests", line=6)
FAILED = step("[test 2/2] RUN python -m unittest discover -s tests", line=6, status=StepStatus.FAILED)
CACHED = step("[test 2/2] RUN python -m unittest discover -s tests", line=6, status=StepStatus.CACHED)
SAID = ((FAILED.id, "FAIL: test_p0 (dockyard_probe_0.TestP0)"), (FAILED.id, "FAILED (failures=1)"))
BROKEN = build(FAILED, error="exit code: 1", log=SAID)

CHECK = Check(
    id="failing-test-ignored",
    claim="A failing test breaks the build",
    why="Tests that can't stop a build are decoration: the image ships whatever they say.",
    hint="Is the stage that runs the tests built at all? Which line of the last stage asks it for something?",
    sources=("https://docs.docker.com/build/building/multi-stage/#differences-between-legacy-builder-and-buildkit",),
    level=Level.REBUILD,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    change=Change.TEST,
    plant=plant,
    bad=(
        rebuild_context(build(TESTS), build(CACHED), ()),
        rebuild_context(build(TESTS), build(TESTS), ()),
        rebuild_context(build(), build(), ()),
        rebuild_context(build(TESTS), BROKEN, (), control=build(FAILED, error="exit code: 1")),
    ),
    good=(
        rebuild_context(build(TESTS), BROKEN, (), control=build(TESTS)),
        rebuild_context(build(TESTS), build(FAILED, error="exit code: 1"), (), control=build(TESTS)),
    ),
)
